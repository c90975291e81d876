-- What the application role may do with what billers report: add, and never change.
grant select, insert on
    loyalty.biller_movement, loyalty.biller_settlement, loyalty.biller_payout
    to :application;
