-- What the application may do in this schema: ladders and changes are written once and never
-- changed, of activity only the returned total moves, and nothing is ever deleted.
grant usage on schema tiers to :application;
grant select, insert on tiers.ladder to :application;
grant select, insert, update (returned) on tiers.activity to :application;
grant select, insert, update on tiers.standing to :application;
grant select, insert on tiers.standing_change to :application;
grant select, insert, update (document, moves, starts_on, published, retired_at)
    on tiers.draft to :application;
grant select, insert on tiers.draft_preview to :application;
