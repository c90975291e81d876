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
