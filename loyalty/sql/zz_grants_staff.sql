-- What the application role may do with staff. People and links are never deleted; sessions and
-- counted attempts are kept only while they matter.
grant select, insert on loyalty.staff, loyalty.staff_link to :application;
grant update (roles, password_hash, retired_at, actor, request_id) on loyalty.staff to :application;
grant update (used_at) on loyalty.staff_link to :application;
grant select, insert, update, delete on loyalty.staff_session, loyalty.staff_attempt
    to :application;
