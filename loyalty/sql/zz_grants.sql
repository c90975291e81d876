-- What the application role may do with the programme's tables. Trails are insert-only; erasure
-- may empty the texts of profile_history; nothing else of a trail can be changed or removed.
grant usage on schema loyalty to :application;

grant select, insert, update on loyalty.member, loyalty.profile to :application;
grant select, insert, update on loyalty.adjustment_day, loyalty.live_version to :application;
grant select, insert, update, delete on loyalty.name to :application;
grant select, insert, delete on loyalty.answer to :application;
grant select, insert on
    loyalty.consent, loyalty.birthday_voucher, loyalty.policy, loyalty.change,
    loyalty.event, loyalty.profile_history, loyalty.api_key, loyalty.signing_key
    to :application;
grant update (before, after) on loyalty.profile_history to :application;
grant update (revoked_at) on loyalty.api_key to :application;
grant update (retired_at, accepted_until) on loyalty.signing_key to :application;

revoke execute on function
    loyalty.begin_write(text, text, text, bytea, uuid, text, text, uuid, timestamptz),
    loyalty.resolve(text, text, uuid), loyalty.survivor(uuid)
    from public;
grant execute on function
    loyalty.begin_write(text, text, text, bytea, uuid, text, text, uuid, timestamptz),
    loyalty.resolve(text, text, uuid), loyalty.survivor(uuid)
    to :application;
