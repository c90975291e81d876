-- Small pure functions: instants as integers, ids, the canonical text, outcomes.

-- Microseconds since 1970: an instant that no session setting can render differently.
CREATE OR REPLACE FUNCTION ledger.micros(instant timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT (extract(epoch FROM instant) * 1000000)::bigint $$;

-- A UUID v7 for the journals that time itself causes; all others are minted by the caller.
CREATE OR REPLACE FUNCTION ledger.next_id(instant timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    SELECT pg_catalog.encode(
        pg_catalog.set_byte(drawn, 6, (pg_catalog.get_byte(drawn, 6) & 15) | 112), 'hex')::uuid
    FROM (
        SELECT pg_catalog.substr(
                pg_catalog.int8send((extract(epoch FROM instant) * 1000)::bigint), 3)
            || pg_catalog.substr(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()), 7) AS drawn
    ) AS id
$$;

-- The text of a journal that a sealer may chain: versioned, and independent of any setting.
-- Places 16 and 17 are what its receipt compares, and what its lot or hold is born with.
CREATE OR REPLACE FUNCTION ledger.canonical_of_own_day(
    j ledger.journal, content json, facts json, legs ledger.leg[]
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.json_build_array(
        'ledger/1', j.holder, j.asset, j.sequence, j.id, j.kind, j.key, j.refers_to,
        ledger.micros(j.effective_at), ledger.micros(j.recorded_at),
        j.available_after, j.balance_after, j.reason, j.actor, j.request_id, j.labels::text,
        content, facts, legs::text)::text
$$;

-- The same with the day it is booked on, where that is not its own.
CREATE OR REPLACE FUNCTION ledger.canonical(
    j ledger.journal, content json, facts json, legs ledger.leg[]
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN j.booked_on IS NULL
        THEN ledger.canonical_of_own_day(j, content, facts, legs)
        ELSE ledger.dated(ledger.canonical_of_own_day(j, content, facts, legs), j.booked_on) END
$$;

-- What else must be the same when a business key comes a second time. Instants are not content,
-- but for an end that is given to lots.
CREATE OR REPLACE FUNCTION ledger.terms(i ledger.item) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.concat_ws('/', i.source, i.lot_class, i.policy, i.firm, i.schedule,
        i.lots::text, CASE WHEN i.kind = 'reschedule' THEN ledger.micros(i.expires_at)::text END)
$$;

-- What a receipt keeps of a posting, to be compared when its key comes again.
CREATE OR REPLACE FUNCTION ledger.content(i ledger.item) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN i.key IS NOT NULL THEN
        pg_catalog.json_build_array(i.amount, i."of", ledger.terms(i), i.lot) END
$$;

-- What most lots are born with, as the canonical text carries it: no notice is needed before they
-- lapse, and their end follows no schedule.
CREATE OR REPLACE FUNCTION ledger.plain_birth(
    lot uuid, source text, lot_class text, granted bigint, waits boolean,
    activates_at timestamptz, expires_at timestamptz, allocated bigint
) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.json_build_array(
        'lot', lot, source, lot_class, granted, waits, ledger.micros(activates_at),
        ledger.micros(expires_at), allocated)
$$;

-- What any lot is born with.
CREATE OR REPLACE FUNCTION ledger.birth(l ledger.lot) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN l.notice OR l.schedule IS NOT NULL THEN
        pg_catalog.json_build_array(
            'lot', l.id, l.source, l.class, l.granted, l.pending, ledger.micros(l.activates_at),
            ledger.micros(l.expires_at), l.allocated, l.notice, ledger.micros(l.ends_at),
            l.schedule)
    ELSE
        ledger.plain_birth(l.id, l.source, l.class, l.granted, l.pending, l.activates_at,
            l.expires_at, l.allocated)
    END
$$;

-- The canonical text of a posting's journal from what the posting says and the figures of the
-- wallet that it leaves.
CREATE OR REPLACE FUNCTION ledger.canonical(
    i ledger.item, sequence bigint, available bigint, balance bigint, refers_to uuid,
    recorded_at timestamptz, facts json, legs ledger.leg[]
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.json_build_array(
        'ledger/1', i.holder, i.asset, sequence, i.journal, i.kind, i.key, refers_to,
        ledger.micros(i.effective_at), ledger.micros(recorded_at), available, balance, i.reason,
        i.actor, i.request_id, i.labels::text, ledger.content(i), facts, legs::text)::text
$$;

-- The same from the wallet itself.
CREATE OR REPLACE FUNCTION ledger.canonical(
    w ledger.wallet, i ledger.item, refers_to uuid, recorded_at timestamptz, facts json,
    legs ledger.leg[]
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT ledger.canonical(i, w.version, w.available,
        w.available + w.pending + w.held - w.debt, refers_to, recorded_at, facts, legs)
$$;

CREATE OR REPLACE FUNCTION ledger.leg(debit text, credit text, amount bigint, lot uuid)
RETURNS ledger.leg LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW(debit, credit, amount, lot)::ledger.leg $$;

CREATE OR REPLACE FUNCTION ledger.refused(
    i ledger.item, code text, field text DEFAULT NULL, seen text DEFAULT NULL,
    wanted text DEFAULT NULL
) RETURNS ledger.outcome LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ROW(0, code, i.key, NULL, false, field, seen, wanted, 0, 0, 0, 0, 0, 0, 0, 0)
        ::ledger.outcome
$$;

-- The answer to a posting that stands, with its figures read off its transfers.
CREATE OR REPLACE FUNCTION ledger.posted(
    i ledger.item, journal uuid, replayed boolean, legs ledger.leg[], origin uuid DEFAULT NULL
) RETURNS ledger.outcome LANGUAGE plpgsql STABLE
AS $$
DECLARE
    o ledger.outcome := ROW(
        0, 'posted', i.key, journal, replayed, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0);
    l ledger.leg;
    moved bigint := 0;
BEGIN
    FOREACH l IN ARRAY legs LOOP
        IF l.debit IN ('pending', 'held') THEN
            moved := moved + l.amount;
        END IF;
        IF l.debit = 'debt' THEN
            o.to_debt := o.to_debt + l.amount;
        ELSIF l.credit = 'debt' AND l.debit = 'written-off' THEN
            o.deducted := o.deducted + l.amount;
        ELSIF l.credit = 'debt' THEN
            o.repaid := o.repaid + l.amount;
        ELSIF l.credit = 'expired' THEN
            o.lapsed := o.lapsed + l.amount;
        ELSIF l.credit = 'clawed-back' AND l.lot = origin THEN
            o.from_lot := o.from_lot + l.amount;
        ELSIF l.credit = 'clawed-back' THEN
            o.from_others := o.from_others + l.amount;
        END IF;
    END LOOP;
    o.amount := coalesce(i.amount, moved);
    IF i.kind = 'claw-back' THEN
        o.forgiven := i.amount - o.from_lot - o.from_others - o.to_debt;
        o.to_debt := o.to_debt - o.deducted;
    ELSIF i.kind = 'write-off' THEN
        o.deducted := 0;
    END IF;
    RETURN o;
END
$$;
