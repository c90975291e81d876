-- What the application role may do with the books of fees: what was allocated, and what ended early,
-- stays; both move only with their charge, when two members are merged.
grant select, insert on loyalty.fee_allocation, loyalty.fee_end to :application;
