-- Reading a wallet when time has moved on but nothing was settled: what settling would leave.

-- The parts of open lots as of an instant, by the account they stand on; 'repaid' are parts that
-- became available on the way and went into debt. Lots that have expired by then are not among
-- them. It mirrors settle_wallet; a property test holds the two together.
CREATE OR REPLACE FUNCTION ledger.lots_at(of_holder uuid, of_asset text, instant timestamptz)
RETURNS TABLE (
    lot uuid, account text, amount bigint, activates_at timestamptz, expires_at timestamptz,
    earned_at timestamptz
) LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 10
AS $$
    WITH freed AS (
        SELECT l.activates_at AS due, 1 AS rank, NULL::uuid AS hold, l.id, l.expires_at,
            l.earned_at, l.remaining AS amount
        FROM ledger.lot AS l
        WHERE l.holder = of_holder AND l.asset = of_asset AND l.open AND l.pending
            AND l.activates_at <= instant
        UNION ALL
        SELECT h.until, 2, h.id, l.id, l.expires_at, l.earned_at, s.amount - s.undone
        FROM ledger.hold AS h
        JOIN ledger.slice AS s
            ON s.holder = h.holder AND s.journal = h.id AND s.undone < s.amount
        JOIN ledger.lot AS l ON l.holder = h.holder AND l.id = s.lot
        WHERE h.holder = of_holder AND h.asset = of_asset AND h.open AND h.until <= instant
            AND (l.expires_at > h.until) IS NOT FALSE
    ), repaying AS (
        SELECT f.*, GREATEST(0, LEAST(f.amount, w.debt - coalesce(sum(f.amount) OVER (
            ORDER BY f.due, f.rank, f.hold, f.expires_at, f.earned_at, f.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)))::bigint AS repaid
        FROM freed AS f
        JOIN ledger.wallet AS w ON w.holder = of_holder AND w.asset = of_asset
    ), part AS (
        SELECT r.id, 'repaid' AS account, r.repaid AS amount, NULL::timestamptz AS activates_at,
            NULL::timestamptz AS expires_at, r.earned_at
        FROM repaying AS r
        UNION ALL
        SELECT r.id, 'available', r.amount - r.repaid, NULL, r.expires_at, r.earned_at
        FROM repaying AS r WHERE (r.expires_at > instant) IS NOT FALSE
        UNION ALL
        SELECT l.id, CASE WHEN l.pending THEN 'pending' ELSE 'available' END, l.remaining,
            CASE WHEN l.pending THEN l.activates_at END, l.expires_at, l.earned_at
        FROM ledger.lot AS l
        WHERE l.holder = of_holder AND l.asset = of_asset AND l.open
            AND (l.expires_at > instant) IS NOT FALSE
            AND NOT (l.pending AND coalesce(l.activates_at <= instant, false))
    )
    SELECT p.id, p.account, sum(p.amount)::bigint, p.activates_at, p.expires_at, p.earned_at
    FROM part AS p WHERE p.amount > 0
    GROUP BY p.id, p.account, p.activates_at, p.expires_at, p.earned_at
$$;

-- The counters of a wallet that is due, as settling up to an instant would leave them. STRICT:
-- asked for no instant, it is not run at all.
CREATE OR REPLACE FUNCTION ledger.wallet_due(of_holder uuid, of_asset text, instant timestamptz)
RETURNS TABLE (
    available bigint, pending bigint, held bigint, debt bigint, next_due timestamptz
) LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
AS $$
    SELECT
        coalesce(sum(p.amount) FILTER (WHERE p.account = 'available'), 0)::bigint,
        coalesce(sum(p.amount) FILTER (WHERE p.account = 'pending'), 0)::bigint,
        w.held - ended.amount,
        w.debt - coalesce(sum(p.amount) FILTER (WHERE p.account = 'repaid'), 0)::bigint,
        LEAST(min(LEAST(p.activates_at, p.expires_at)), ended.next_until)
    FROM ledger.wallet AS w
    CROSS JOIN LATERAL (
        SELECT min(h.until) FILTER (WHERE h.until > instant) AS next_until,
            coalesce(sum(h.amount - h.captured - h.released)
                FILTER (WHERE h.until <= instant), 0)::bigint AS amount
        FROM ledger.hold AS h
        WHERE h.holder = w.holder AND h.asset = w.asset AND h.open
    ) AS ended
    LEFT JOIN ledger.lots_at(of_holder, of_asset, instant) AS p ON true
    WHERE w.holder = of_holder AND w.asset = of_asset
    GROUP BY w.held, w.debt, ended.amount, ended.next_until
$$;
