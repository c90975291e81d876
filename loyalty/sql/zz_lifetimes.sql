-- What the application role may do with changes of expiry: what was previewed stays as it was seen;
-- only its confirmation and the progress of the work are added.
grant select, insert on loyalty.expiry_change to :application;
grant update (policy, confirmed_at, confirmed_by, last_holder, lots_moved, points_moved,
    members_moved, done) on loyalty.expiry_change to :application;
