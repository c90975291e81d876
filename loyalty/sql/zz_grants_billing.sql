-- Billing by Stripe: what came in and what was asked is kept; only how far it has come may move.
grant select, insert on
    loyalty.stripe_customer, loyalty.stripe_price, loyalty.stripe_event, loyalty.stripe_lease,
    loyalty.stripe_operation, loyalty.stripe_checkout, loyalty.stripe_comparison
    to :application;
grant update (closed_at) on loyalty.stripe_price to :application;
grant update (next_at, attempts, handled_at, failed_at, outcome) on loyalty.stripe_event
    to :application;
grant update (fence, until) on loyalty.stripe_lease to :application;
-- A merge of members lets all of it be the survivor's.
grant update (member, customer) on loyalty.stripe_customer to :application;
grant update (member, done_at, refused) on loyalty.stripe_operation to :application;
grant update (member, session) on loyalty.stripe_checkout to :application;
