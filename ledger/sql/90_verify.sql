-- The proof. Each function answers the first row that breaks one promise, or nothing. All are set
-- based and read everything; run them in one snapshot. No nested loops: right after an import
-- nothing is counted yet, and the planner would take a million rows for a handful.

-- What a canonical text says, or nothing when it is none any more.
CREATE OR REPLACE FUNCTION ledger.parsed(canonical text) RETURNS json
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN canonical::json;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END
$$;

-- Counters against the transfers of the journal.
CREATE OR REPLACE FUNCTION ledger.verify_wallets()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    SELECT 'wallet ' || coalesce(w.holder, t.holder) || ' ' || coalesce(w.asset, t.asset),
        (w.available, w.pending, w.held, w.debt)::text,
        (t.available, t.pending, t.held, t.debt)::text
    FROM ledger.wallet AS w
    FULL JOIN (
        SELECT holder, asset,
            sum(CASE 'available' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END)
                AS available,
            sum(CASE 'pending' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END)
                AS pending,
            sum(CASE 'held' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END) AS held,
            sum(CASE 'debt' WHEN debit THEN amount WHEN credit THEN -amount ELSE 0 END) AS debt
        FROM ledger.transfer GROUP BY holder, asset
    ) AS t ON t.holder = w.holder AND t.asset = w.asset
    WHERE (coalesce(w.available, -1), w.pending, w.held, w.debt) IS DISTINCT FROM
        (coalesce(t.available, 0), coalesce(t.pending, 0), coalesce(t.held, 0),
            coalesce(t.debt, 0))
    ORDER BY 1 LIMIT 1
$$;

-- Counters against lots, holds and what time will do next.
CREATE OR REPLACE FUNCTION ledger.verify_counters()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    SELECT 'wallet ' || w.holder || ' ' || w.asset,
        (w.available, w.pending, w.held, w.next_due)::text,
        (l.available, l.pending, h.held, LEAST(l.due, h.due))::text
    FROM ledger.wallet AS w
    LEFT JOIN (
        SELECT holder, asset, sum(remaining) FILTER (WHERE NOT pending) AS available,
            sum(remaining) FILTER (WHERE pending) AS pending,
            min(LEAST(CASE WHEN pending THEN activates_at END, expires_at)) AS due
        FROM ledger.lot WHERE open GROUP BY holder, asset
    ) AS l ON l.holder = w.holder AND l.asset = w.asset
    LEFT JOIN (
        SELECT holder, asset, sum(amount - captured - released) AS held, min(until) AS due
        FROM ledger.hold WHERE open GROUP BY holder, asset
    ) AS h ON h.holder = w.holder AND h.asset = w.asset
    WHERE (w.available, w.pending, w.held, w.next_due) IS DISTINCT FROM (
        coalesce(l.available, 0), coalesce(l.pending, 0), coalesce(h.held, 0),
        LEAST(l.due, h.due))
    ORDER BY 1 LIMIT 1
$$;

-- Lots against the transfers that name them.
CREATE OR REPLACE FUNCTION ledger.verify_lots()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    SELECT 'lot ' || coalesce(l.id, t.lot) || ' of ' || coalesce(l.holder, t.holder),
        (l.asset, l.remaining, l.pending)::text,
        (t.asset, t.available + t.pending, t.pending > 0)::text
    FROM ledger.lot AS l
    FULL JOIN (
        SELECT holder, lot, asset,
            sum(CASE 'available' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END)
                AS available,
            sum(CASE 'pending' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END)
                AS pending,
            bool_or(credit = 'available' AND debit IN (
                'issued', 'opening', 'adjusted', 'restored', 'in-transit', 'pending'))
                AS was_available
        FROM ledger.transfer WHERE lot IS NOT NULL GROUP BY holder, lot, asset
    ) AS t ON t.holder = l.holder AND t.lot = l.id
    WHERE (l.asset, l.remaining, l.pending) IS DISTINCT FROM
        (t.asset, t.available + t.pending, NOT t.was_available)
    ORDER BY 1 LIMIT 1
$$;

-- What journals say of lots after their birth: ends given by a late return, a notice or a policy,
-- and what arrived from another wallet. The latest word on a lot is the last.
CREATE OR REPLACE FUNCTION ledger.told_of_lots()
RETURNS TABLE (holder uuid, journal uuid, sequence bigint, kind text, lot text, entry json)
LANGUAGE sql STABLE
AS $$
    SELECT j.holder, j.id, j.sequence, j.kind, e.entry ->> 0, e.entry
    FROM ledger.journal AS j
    CROSS JOIN LATERAL (SELECT ledger.parsed(j.canonical) -> 17 AS facts OFFSET 0) AS f
    CROSS JOIN LATERAL (
        SELECT CASE f.facts ->> 0 WHEN 'graced' THEN f.facts -> 1 WHEN 'ends' THEN f.facts -> 1
            WHEN 'moved-from' THEN f.facts -> 3 END AS lots
    ) AS named
    CROSS JOIN LATERAL json_array_elements(
        CASE WHEN json_typeof(named.lots) = 'array' THEN named.lots ELSE '[]' END) AS e (entry)
    WHERE j.kind IN ('release', 'restore', 'capture', 'notify', 'reschedule', 'move')
$$;

-- Whether a lot is not what it was born as: here, by the journal that made it; or elsewhere, as it
-- arrived; or from an overdrawn spend that was undone.
CREATE OR REPLACE FUNCTION ledger.misborn(
    l ledger.lot, facts json, effective_at timestamptz, arrived json
) RETURNS boolean LANGUAGE sql STABLE
AS $$
    SELECT CASE
        WHEN arrived IS NOT NULL THEN
            (l.source, l.class, l.granted::text, l.allocated::text,
                ledger.micros(l.activates_at)::text, ledger.micros(l.earned_at)::text,
                l.birth_labels::text, l.moved_from::text)
            IS DISTINCT FROM
            (arrived ->> 7, arrived ->> 8, arrived ->> 9, arrived ->> 10, arrived ->> 11,
                arrived ->> 12, arrived ->> 13, arrived ->> 14)
        WHEN l.source = 'overdrawn' AND l.id = l.journal THEN
            effective_at IS DISTINCT FROM l.earned_at OR l.allocated <> 0
                OR l.activates_at IS NOT NULL OR l.class <> 'goodwill'
                OR num_nonnulls(l.moved_from, l.birth_labels) > 0
        ELSE (l.id::text, l.source, l.class, l.granted::text, l.allocated::text,
                ledger.micros(l.activates_at)::text, l.earned_at, l.moved_from, l.birth_labels)
            IS DISTINCT FROM
            (facts ->> 1, facts ->> 2, facts ->> 3, facts ->> 4, facts ->> 8, facts ->> 6,
                effective_at, NULL::uuid, NULL::jsonb)
        END
$$;

-- Lots against the facts they were born with, and the ends that they were given since.
CREATE OR REPLACE FUNCTION ledger.verify_births()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    WITH told AS MATERIALIZED (SELECT * FROM ledger.told_of_lots()), latest AS (
        SELECT DISTINCT ON (holder, lot) holder, lot, entry FROM told
        ORDER BY holder, lot, sequence DESC
    )
    SELECT 'lot ' || l.id || ' of ' || l.holder,
        (l.journal, l.source, l.class, l.granted, l.earned_at, l.activates_at, l.expires_at,
            l.allocated, l.notice, l.notified_at, l.ends_at, l.schedule, l.moved_from)::text,
        concat_ws(' then ', coalesce(a.entry, b.facts), g.entry)
    FROM ledger.lot AS l
    LEFT JOIN (
        SELECT j.holder, j.id, j.effective_at, j.kind, ledger.parsed(j.canonical) -> 17 AS facts
        FROM ledger.journal AS j WHERE j.kind IN ('earn', 'open', 'adjust', 'restore', 'release')
    ) AS b ON b.holder = l.holder AND b.id = l.journal
    LEFT JOIN told AS a
        ON a.holder = l.holder AND a.lot = l.id::text AND a.journal = l.journal AND a.kind = 'move'
    LEFT JOIN latest AS g ON g.holder = l.holder AND g.lot = l.id::text
    WHERE ledger.misborn(l, b.facts, b.effective_at, a.entry)
        OR (ledger.micros(l.expires_at)::text, ledger.micros(l.ends_at)::text,
            ledger.micros(l.notified_at)::text, l.notice::text, l.schedule) IS DISTINCT FROM (
            CASE WHEN g.entry IS NULL THEN b.facts ->> 7 ELSE g.entry ->> 1 END,
            CASE WHEN g.entry IS NULL THEN b.facts ->> 10 ELSE g.entry ->> 2 END,
            g.entry ->> 3,
            coalesce(CASE WHEN g.entry IS NULL THEN b.facts ->> 9 ELSE g.entry ->> 4 END, 'false'),
            CASE WHEN g.entry IS NULL THEN b.facts ->> 11 ELSE g.entry ->> 5 END)
        OR CASE WHEN l.notice THEN l.expires_at IS DISTINCT FROM
                ledger.lapse(l.ends_at, l.notified_at)
            ELSE l.ends_at IS NOT NULL END
    ORDER BY 1 LIMIT 1
$$;

-- Slices against the transfers they stand for, and against what was undone of them.
CREATE OR REPLACE FUNCTION ledger.verify_slices()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    (SELECT 'slice ' || coalesce(s.position, t.position) || ' of journal '
            || coalesce(s.journal, t.journal) || ' of ' || coalesce(s.holder, t.holder),
        (s.lot, s.amount)::text, (t.lot, t.amount)::text
    FROM ledger.slice AS s
    FULL JOIN (
        SELECT * FROM ledger.transfer WHERE credit IN ('redeemed', 'held')
    ) AS t ON t.holder = s.holder AND t.journal = s.journal AND t.position = s.position
    WHERE (s.lot, s.amount) IS DISTINCT FROM (t.lot, t.amount)
    ORDER BY 1 LIMIT 1)
    UNION ALL
    (SELECT 'slices of journal ' || s.journal || ' of ' || s.holder, s.undone::text,
        coalesce(t.undone, 0)::text
    FROM (
        SELECT holder, journal, sum(undone) AS undone FROM ledger.slice GROUP BY holder, journal
    ) AS s
    LEFT JOIN (
        SELECT j.holder, j.refers_to, sum(t.amount) AS undone
        FROM ledger.journal AS j
        JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
        WHERE j.kind IN ('capture', 'release', 'restore') AND t.debit IN ('held', 'restored')
        GROUP BY j.holder, j.refers_to
    ) AS t ON t.holder = s.holder AND t.refers_to = s.journal
    WHERE s.undone <> coalesce(t.undone, 0)
    ORDER BY 1 LIMIT 1)
    LIMIT 1
$$;
