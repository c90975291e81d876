-- The proof, continued: holds, reversals, receipts, journals, rollup. No nested loops: right after
-- an import nothing is counted yet, and the planner would take a million rows for a handful.

-- Holds against what was set aside, taken and given back.
CREATE OR REPLACE FUNCTION ledger.verify_holds()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    WITH moved AS (
        SELECT j.holder, coalesce(j.refers_to, j.id) AS id, min(j.asset) AS asset,
            coalesce(sum(t.amount) FILTER (WHERE t.credit = 'held'), 0) AS amount,
            coalesce(sum(t.amount)
                FILTER (WHERE t.debit = 'held' AND t.credit = 'redeemed'), 0) AS captured,
            coalesce(sum(t.amount)
                FILTER (WHERE t.debit = 'held' AND t.credit = 'available'), 0) AS released,
            bool_or(j.kind = 'release' AND j.key IS NULL) AS timed_out
        FROM ledger.journal AS j
        LEFT JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
        WHERE j.kind IN ('hold', 'capture', 'release') GROUP BY 1, 2
    ), ends AS (
        SELECT DISTINCT ON (holder, coalesce(refers_to, id)) holder,
            coalesce(refers_to, id) AS id, ledger.parsed(canonical) -> 17 ->> 1 AS until
        FROM ledger.journal WHERE kind IN ('hold', 'extend')
        ORDER BY holder, coalesce(refers_to, id), sequence DESC
    )
    SELECT 'hold ' || coalesce(h.id, m.id) || ' of ' || coalesce(h.holder, m.holder),
        (h.asset, h.amount, h.captured, h.released, h.timed_out, ledger.micros(h.until)::text)::text,
        (m.asset, m.amount, m.captured, m.released, m.timed_out, e.until)::text
    FROM ledger.hold AS h
    FULL JOIN moved AS m ON m.holder = h.holder AND m.id = h.id
    LEFT JOIN ends AS e ON e.holder = m.holder AND e.id = m.id
    WHERE (h.asset, h.amount, h.captured, h.released, h.timed_out, ledger.micros(h.until)::text)
        IS DISTINCT FROM (m.asset, m.amount, m.captured, m.released, m.timed_out, e.until)
    ORDER BY 1 LIMIT 1
$$;

-- No reversal takes back more than its original gave.
CREATE OR REPLACE FUNCTION ledger.verify_reversals()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    WITH arrived AS (
        SELECT DISTINCT ON (t.holder, t.lot) t.holder, t.lot, l.journal, t.sequence,
            (t.entry ->> 6)::bigint AS clawed_back
        FROM ledger.told_of_lots() AS t
        JOIN ledger.lot AS l ON l.holder = t.holder AND l.id::text = t.lot
        WHERE t.kind = 'move' ORDER BY t.holder, t.lot, t.sequence DESC
    )
    SELECT 'lot ' || l.id || ' of ' || l.holder, l.clawed_back::text,
        (coalesce(a.clawed_back, 0) + coalesce(c.amount, 0))::text
    FROM ledger.lot AS l
    LEFT JOIN arrived AS a ON a.holder = l.holder AND a.lot = l.id::text
    LEFT JOIN (
        SELECT j.holder, j.refers_to, sum(r.amount) AS amount
        FROM ledger.journal AS j
        JOIN ledger.receipt AS r ON r.holder = j.holder AND r.key = j.key
        LEFT JOIN arrived AS b ON b.holder = j.holder AND b.journal = j.refers_to
        WHERE j.kind = 'claw-back' AND j.sequence > coalesce(b.sequence, 0)
        GROUP BY j.holder, j.refers_to
    ) AS c ON c.holder = l.holder AND c.refers_to = l.journal
    WHERE l.clawed_back <> coalesce(a.clawed_back, 0) + coalesce(c.amount, 0)
        OR l.clawed_back > l.granted
    ORDER BY 1 LIMIT 1
$$;

-- Every business key has its journal, with the content that it stands for.
CREATE OR REPLACE FUNCTION ledger.verify_receipts()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    SELECT 'receipt ' || coalesce(r.key, j.key) || ' of ' || coalesce(r.holder, j.holder)
            || CASE WHEN j.id IS NULL THEN ', without its journal ' || r.journal ELSE '' END,
        (r.journal, r.kind, r.asset, r.amount, r."of", r.terms, r.lot)::text,
        (j.id, j.kind, j.asset, j.content)::text
    FROM ledger.receipt AS r
    FULL JOIN (
        SELECT holder, key, id, kind, asset, ledger.parsed(canonical) -> 16 AS content
        FROM ledger.journal WHERE key IS NOT NULL
    ) AS j ON j.holder = r.holder AND j.key = r.key
    WHERE (r.journal, r.kind, r.asset, r.amount::text, r."of", r.terms, r.lot::text)
        IS DISTINCT FROM (j.id, j.kind, j.asset, j.content ->> 0, j.content ->> 1,
            j.content ->> 2, j.content ->> 3)
    ORDER BY 1 LIMIT 1
$$;

-- Every journal's canonical text says what its row and its transfers say.
CREATE OR REPLACE FUNCTION ledger.verify_journals()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    SELECT 'journal ' || coalesce(j.id, t.journal) || ' of ' || coalesce(j.holder, t.holder),
        ledger.canonical(j, f.parsed -> 16, f.parsed -> 17, coalesce(t.legs, '{}')), j.canonical
    FROM ledger.journal AS j
    FULL JOIN (
        SELECT holder, journal, array_agg(
            ROW(debit, credit, amount, lot)::ledger.leg ORDER BY position) AS legs,
            min(asset) AS asset, max(asset) AS other_asset, max(position) AS last,
            count(*) AS transfers
        FROM ledger.transfer GROUP BY holder, journal
    ) AS t ON t.holder = j.holder AND t.journal = j.id
    CROSS JOIN LATERAL (SELECT ledger.parsed(j.canonical) AS parsed OFFSET 0) AS f
    WHERE j.id IS NULL OR t.asset <> j.asset OR t.other_asset <> j.asset
        OR t.last <> t.transfers
        OR ledger.canonical(j, f.parsed -> 16, f.parsed -> 17, coalesce(t.legs, '{}'))
            IS DISTINCT FROM j.canonical
    ORDER BY 1 LIMIT 1
$$;

-- The journals of a wallet are numbered without a gap, and their running balances add up.
CREATE OR REPLACE FUNCTION ledger.verify_sequences()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off
AS $$
    WITH own AS (
        SELECT j.holder, j.asset, j.id, j.sequence, j.balance_after, j.available_after, j.kind,
            j.canonical, coalesce(t.balance, 0) AS change, coalesce(t.available, 0) AS available
        FROM ledger.journal AS j
        LEFT JOIN (
            SELECT holder, journal,
                sum(CASE WHEN credit IN ('available', 'pending', 'held', 'debt') THEN amount
                    ELSE 0 END - CASE WHEN debit IN ('available', 'pending', 'held', 'debt')
                    THEN amount ELSE 0 END) AS balance,
                sum(CASE 'available' WHEN credit THEN amount WHEN debit THEN -amount ELSE 0 END)
                    AS available
            FROM ledger.transfer GROUP BY holder, journal
        ) AS t ON t.holder = j.holder AND t.journal = j.id
    ), counted AS (
        SELECT *, row_number() OVER wallet AS place,
            sum(change) OVER wallet AS balance_wanted,
            sum(available) OVER wallet AS available_wanted
        FROM own WINDOW wallet AS (PARTITION BY holder, asset ORDER BY sequence)
    ), frozen AS (
        SELECT DISTINCT ON (holder, asset) holder, asset,
            ledger.parsed(canonical) -> 17 ->> 1 AS frozen
        FROM own WHERE kind = 'freeze' ORDER BY holder, asset, sequence DESC
    )
    (SELECT 'journal ' || id || ' of ' || holder,
        (sequence, balance_after, available_after)::text,
        (place, balance_wanted, available_wanted)::text
    FROM counted
    WHERE (sequence, balance_after, available_after)
        IS DISTINCT FROM (place, balance_wanted, available_wanted)
    ORDER BY holder, asset, sequence LIMIT 1)
    UNION ALL
    (SELECT 'wallet ' || w.holder || ' ' || w.asset, (w.version, w.frozen)::text,
        (coalesce(n.journals, 0), coalesce(f.frozen, 'false'))::text
    FROM ledger.wallet AS w
    LEFT JOIN (SELECT holder, asset, count(*) AS journals FROM own GROUP BY holder, asset) AS n
        ON n.holder = w.holder AND n.asset = w.asset
    LEFT JOIN frozen AS f ON f.holder = w.holder AND f.asset = w.asset
    WHERE (w.version, w.frozen::text) <> (coalesce(n.journals, 0), coalesce(f.frozen, 'false'))
    ORDER BY 1 LIMIT 1)
    LIMIT 1
$$;

-- The rollup is what its journals say.
CREATE OR REPLACE FUNCTION ledger.verify_rollup()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
AS $$
    SELECT 'rollup ' || concat_ws(
            ' ', debit, credit, asset, class, tier, booked_on, recorded_on),
        r.amount::text, w.amount::text
    FROM ledger.rollup AS r
    FULL JOIN (
        SELECT f.debit, f.credit, f.asset, f.class, f.tier, f.booked_on, f.recorded_on,
            sum(f.amount) AS amount
        FROM ledger.watermark AS m
        CROSS JOIN LATERAL ledger.folded(m.cluster, '0', m.rolled_below) AS f
        GROUP BY 1, 2, 3, 4, 5, 6, 7
    ) AS w USING (debit, credit, asset, class, tier, booked_on, recorded_on)
    WHERE r.amount IS DISTINCT FROM w.amount
    UNION ALL
    SELECT 'journal ' || j.id || ' of ' || j.holder, j.cluster::text, 'a cluster with a watermark'
    FROM ledger.journal AS j
    WHERE j.cluster NOT IN (SELECT m.cluster FROM ledger.watermark AS m)
    ORDER BY 1 LIMIT 1
$$;
