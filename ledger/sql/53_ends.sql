-- Ends of lots that move: a notice was given, or policy gives another end.

-- An instant for people to read, in no zone but its own.
CREATE OR REPLACE FUNCTION ledger.shown_instant(instant timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$;

-- The lots that a posting names, or those of its schedule that would end sooner.
CREATE OR REPLACE FUNCTION ledger.lots_named(i ledger.item) RETURNS SETOF ledger.lot
LANGUAGE sql STABLE
AS $$
    SELECT l.* FROM ledger.lot AS l WHERE l.holder = i.holder AND l.id = ANY (i.lots)
    UNION ALL
    SELECT l.* FROM ledger.lot AS l
    WHERE i.lots IS NULL AND l.holder = i.holder AND l.asset = i.asset
        AND l.schedule = i.schedule
        AND CASE WHEN l.notice THEN l.ends_at ELSE l.expires_at END
            < coalesce(i.expires_at, 'infinity')
        AND (l.open OR l.id IN (
            SELECT s.lot FROM ledger.hold AS h
            JOIN ledger.slice AS s
                ON s.holder = h.holder AND s.journal = h.id AND s.undone < s.amount
            WHERE h.holder = i.holder AND h.asset = i.asset AND h.open))
$$;

-- A lot as a notice or another end leaves it. The first notice that counts is kept; a lot that is
-- named follows the schedule given from then on, or none.
CREATE OR REPLACE FUNCTION ledger.with_end(l ledger.lot, i ledger.item) RETURNS ledger.lot
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF i.kind = 'notify' AND ledger.lapse(l.ends_at, l.notified_at) IS NULL THEN
        l.notified_at := GREATEST(l.notified_at, i.effective_at);
    ELSIF i.kind = 'reschedule' THEN
        l.schedule := i.schedule;
        l.notice := coalesce(i.firm, l.notice);
        l.ends_at := CASE WHEN l.notice THEN i.expires_at END;
        l.expires_at := i.expires_at;
    END IF;
    IF l.notice THEN
        l.expires_at := ledger.lapse(l.ends_at, l.notified_at);
    END IF;
    RETURN l;
END
$$;

-- Why lots cannot get their new ends, if so: nothing lapses before it is recorded, or before it
-- is active.
CREATE OR REPLACE FUNCTION ledger.refused_end(
    i ledger.item, lots ledger.lot[], renewed ledger.lot[], instant timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql STABLE
AS $$
DECLARE
    found_one record;
BEGIN
    SELECT n.id INTO found_one FROM unnest(i.lots) AS n (id)
    WHERE n.id NOT IN (SELECT l.id FROM unnest(lots) AS l) ORDER BY n.id LIMIT 1;
    IF FOUND THEN
        RETURN ledger.refused(i, 'unknown-lot', 'lots', NULL, found_one.id::text);
    END IF;
    SELECT l.asset INTO found_one FROM unnest(lots) AS l WHERE l.asset <> i.asset LIMIT 1;
    IF FOUND THEN
        RETURN ledger.refused(i, 'wrong-asset', 'asset', found_one.asset, i.asset);
    END IF;
    SELECT LEAST(r.expires_at, CASE WHEN i.kind = 'reschedule' THEN r.ends_at END) AS ends,
        GREATEST(instant, r.activates_at) AS after
    INTO found_one
    FROM unnest(renewed) AS r JOIN unnest(lots) AS l ON l.id = r.id
    WHERE (r.expires_at, r.ends_at) IS DISTINCT FROM (l.expires_at, l.ends_at)
        AND LEAST(r.expires_at, CASE WHEN i.kind = 'reschedule' THEN r.ends_at END)
            <= GREATEST(instant, r.activates_at)
    ORDER BY r.id LIMIT 1;
    IF FOUND THEN
        RETURN ledger.refused(i, 'end-too-early', 'expires_at', ledger.shown_instant(found_one.ends),
            ledger.shown_instant(found_one.after));
    END IF;
    RETURN NULL;
END
$$;

-- Give lots the ends that a notice or a policy makes theirs.
CREATE OR REPLACE FUNCTION ledger.set_ends(
    w ledger.wallet, i ledger.item, instant timestamptz, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    lots ledger.lot[] := ARRAY(SELECT l FROM ledger.lots_named(i) AS l ORDER BY l.id);
    renewed ledger.lot[] := ARRAY(SELECT ledger.with_end(l, i) FROM unnest(lots) AS l);
    refusal ledger.outcome := ledger.refused_end(i, lots, renewed, instant);
    points bigint := (SELECT coalesce(sum(l.remaining), 0) FROM unnest(lots) AS l);
BEGIN
    IF refusal.code IS NOT NULL THEN
        RETURN refusal;
    ELSIF cardinality(lots) = 0 THEN
        RETURN ROW(0, 'posted', i.key, NULL, false, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0)
            ::ledger.outcome;
    END IF;
    UPDATE ledger.lot AS l
    SET expires_at = r.expires_at, ends_at = r.ends_at, notified_at = r.notified_at,
        notice = r.notice, schedule = r.schedule
    FROM unnest(renewed) AS r
    WHERE l.holder = w.holder AND l.id = r.id;
    w.next_due := ledger.next_due(w.holder, w.asset);
    PERFORM ledger.write(w, i, '{}',
        json_build_array('ends', ledger.ends(w.holder, ARRAY(SELECT r.id FROM unnest(renewed) AS r)),
            points), NULL, recorded_at);
    RETURN ROW(0, 'posted', i.key, i.journal, false, NULL, NULL, NULL, points, 0, 0, 0, 0, 0, 0,
        0)::ledger.outcome;
END
$$;
