-- What the application role may do with the books of fees: what was allocated stays; it moves only
-- with its charge, when two members are merged.
grant select, insert on loyalty.fee_allocation to :application;
