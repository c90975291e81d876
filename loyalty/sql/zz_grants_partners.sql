-- What the application role may do with partner benefits: they are archived and never edited, a code
-- is taken once, and a code that was given is only ever made void.
grant select, insert on
    loyalty.partner_benefit, loyalty.partner_code, loyalty.partner_grant to :application;
grant update (archived_at) on loyalty.partner_benefit to :application;
grant update (taken_at) on loyalty.partner_code to :application;
grant update (voided_at) on loyalty.partner_grant to :application;
