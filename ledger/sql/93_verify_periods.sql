-- The proof of the calendar: its row and those of the periods say what their texts say, months
-- follow each other without a gap, and nothing was booked into one after it was drained.
CREATE OR REPLACE FUNCTION ledger.verify_periods()
RETURNS TABLE ("row" text, seen text, wanted text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
AS $$
    WITH ended AS (
        SELECT p.*, row_number() OVER month AS place,
            coalesce(lag(p.month) OVER month + interval '1 month', p.month)::date AS wanted_month,
            CASE WHEN lag(p.month) OVER month IS NULL THEN '-infinity' ELSE p.month END AS since,
            (p.month + interval '1 month')::date AS until
        FROM ledger.period AS p WINDOW month AS (ORDER BY p.month)
    )
    (SELECT 'calendar' || CASE WHEN c.open_from > coalesce(l.until, '-infinity')
            THEN ', without its period ' || ledger.shown((c.open_from - interval '1 month')::date)
            ELSE '' END,
        (c.zone, c.founded_on, c.open_from, c.open_from_at, c.canonical)::text,
        (l.until, ledger.midnight(l.until, c.zone), ledger.canonical(c))::text
    FROM (SELECT) AS always
    LEFT JOIN ledger.calendar AS c ON true
    LEFT JOIN (SELECT max(e.until) AS until FROM ended AS e) AS l ON true
    WHERE (coalesce(c.canonical, ''), c.open_from, c.open_from_at) IS DISTINCT FROM
        (ledger.canonical(c), l.until, ledger.midnight(l.until, c.zone)))
    UNION ALL
    (SELECT 'period ' || e.month, (e.number, e.canonical)::text,
        (e.place, e.wanted_month, ledger.canonical(p))::text
    FROM ended AS e JOIN ledger.period AS p ON p.month = e.month
    WHERE (e.number, e.month, e.canonical) IS DISTINCT FROM
        (e.place, e.wanted_month, ledger.canonical(p))
    ORDER BY e.month LIMIT 1)
    UNION ALL
    (SELECT 'journal ' || j.id || ' of ' || j.holder,
        ledger.shown(ledger.booked_day(j.booked_on, j.effective_at, c.zone)),
        'a day from ' || ledger.shown(c.open_from) || ' on'
    FROM ledger.calendar AS c, ended AS e, ledger.journal AS j
    WHERE j.cluster = e.cluster AND j.recorded_xid >= e.drained_below
        AND ledger.booked_day(j.booked_on, j.effective_at, c.zone) >= e.since
        AND ledger.booked_day(j.booked_on, j.effective_at, c.zone) < e.until
    ORDER BY j.holder, j.id LIMIT 1)
    LIMIT 1
$$;
