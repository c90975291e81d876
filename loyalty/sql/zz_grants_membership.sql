-- What the application role may do with paid membership. Plans and prices are archived and never
-- edited; the timeline, charges and refunds are added; of a charge only what was refunded moves.
-- Nobody changes the key of the prints, and nobody forgets who had a trial.
grant select, insert on loyalty.plan, loyalty.plan_price to :application;
grant update (archived_at) on loyalty.plan, loyalty.plan_price to :application;
grant select, insert, update on loyalty.membership to :application;
grant select, insert on
    loyalty.membership_change, loyalty.membership_charge, loyalty.membership_refund,
    loyalty.trial_taken, loyalty.trial_print
    to :application;
grant update (refunded_net, refunded_tax) on loyalty.membership_charge to :application;
grant select on loyalty.trial_secret to :application;
