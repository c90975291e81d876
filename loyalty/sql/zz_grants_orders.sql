-- What the application role may do with orders. What was decided and what happened is added and
-- never changed; of an order only its state, payment and hold move, of an exception its end.
grant select, insert on
    loyalty."order", loyalty.order_line, loyalty.decision, loyalty.order_voucher,
    loyalty.shipment, loyalty.shipment_line, loyalty."return", loyalty.return_line,
    loyalty.unmatched_return, loyalty.order_exception, loyalty.order_exchange,
    loyalty.order_claim, loyalty.delivery
    to :application;
grant update (state, paid_at, hold_until) on loyalty."order" to :application;
grant update (locked, settled_at, settled_by, outcome, reason, reference)
    on loyalty.order_exception to :application;

-- Rows of an order are never changed or removed but by a claim, which moves all of a guest's.
revoke execute on function
    loyalty.copy_claimed(text, uuid, uuid, jsonb),
    loyalty.claim_order(uuid, uuid, bigint, jsonb)
    from public;
grant execute on function loyalty.claim_order(uuid, uuid, bigint, jsonb) to :application;
