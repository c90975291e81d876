-- Batches of codes are counted on and never deleted; guesses are forgotten.
grant select, insert on loyalty.voucher_batch, loyalty.voucher_batch_member, loyalty.voucher_guess
    to :application;
grant update (made, finished_at, codes_read_at, voided_at, void_reason, voided)
    on loyalty.voucher_batch to :application;
grant update (began_at, guesses), delete on loyalty.voucher_guess to :application;
grant select, insert on loyalty.order_grant to :application;
