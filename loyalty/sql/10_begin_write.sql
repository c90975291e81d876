-- The first statement of every keyed write: it claims the idempotency key for this transaction,
-- looks for an answer already given, checks that the API key still stands, resolves whom the
-- write is about and locks that member's row. Each step sees what committed before it.
create or replace function loyalty.begin_write(
    in principal text, in operation text, in idempotency_key text, in fingerprint bytea,
    in api_key uuid, in subject_kind text, in subject_name text, in subject_id uuid,
    in at timestamptz,
    out state text, out status smallint, out body bytea, out media_type text, out location text,
    out member uuid, out subject uuid, out holder uuid, out class text,
    out joined_at timestamptz, out closed_at timestamptz, out merged_into uuid)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    stored loyalty.answer;
begin
    if idempotency_key is not null then
        if not pg_try_advisory_xact_lock(
                hashtextextended(principal || chr(31) || operation || chr(31) || idempotency_key, 7))
        then
            state := 'in-progress';
            return;
        end if;
        select a.* into stored from loyalty.answer a
         where a.principal = begin_write.principal and a.operation = begin_write.operation
           and a.key = idempotency_key;
        if found then
            if stored.fingerprint <> begin_write.fingerprint then
                state := 'reused';
                return;
            end if;
            state := 'replay';
            status := stored.status;
            body := stored.body;
            media_type := stored.media_type;
            location := stored.location;
            return;
        end if;
    end if;
    if api_key is not null and not exists (
        select from loyalty.api_key k
         where k.id = begin_write.api_key and k.revoked_at is null
           and (k.expires_at is null or k.expires_at > begin_write.at))
    then
        state := 'key-revoked';
        return;
    end if;
    select r.member, r.subject into member, subject
      from loyalty.resolve(subject_kind, subject_name, subject_id) r;
    select m.holder, m.class, m.joined_at, m.closed_at, m.merged_into
      into holder, class, joined_at, closed_at, merged_into
      from loyalty.member m where m.id = begin_write.member
       for no key update;
    if subject is not null then
        -- All that follows is about one member or order and finds its rows by key, so one plan serves
        -- whatever values come; left to itself, PostgreSQL plans long statements anew at each call
        -- for as long as a connection remembers how small the tables were (decision 0279).
        perform set_config('plan_cache_mode', 'force_generic_plan', true);
    end if;
    state := 'fresh';
end
$$;
