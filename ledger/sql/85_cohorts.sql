-- Cohorts: the lots that were earned in one month and are of one class, and what became of them.
-- Months are those of the calendar of a zone; a movement counts in the month it is booked in, and
-- never before the month its lot was earned in.

CREATE OR REPLACE FUNCTION ledger.month_of(instant timestamptz, zone text) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT date_trunc('month', instant AT TIME ZONE zone)::date $$;

-- The lots of an asset with the cohort each belongs to.
CREATE OR REPLACE FUNCTION ledger.cohort_members(of_asset text, zone text)
RETURNS TABLE (
    holder uuid, lot uuid, journal uuid, issued_in date, class text, granted bigint,
    allocated bigint
) LANGUAGE sql STABLE
AS $$
    SELECT l.holder, l.id, l.journal, ledger.month_of(l.earned_at, zone), l.class, l.granted,
        l.allocated
    FROM ledger.lot AS l WHERE l.asset = of_asset
$$;

-- The journals that count: booked before a day and known by an instant. What time alone makes due
-- counts from its effective instant, whenever it was recorded.
CREATE OR REPLACE FUNCTION ledger.booked_months(
    of_asset text, zone text, until date, known_by timestamptz
) RETURNS TABLE (holder uuid, id uuid, month date, kind text, key text, refers_to uuid)
LANGUAGE sql STABLE
AS $$
    SELECT b.holder, b.id, date_trunc('month', b.day::timestamp)::date, b.kind, b.key, b.refers_to
    FROM (
        SELECT j.holder, j.id, ledger.booked_day(j.booked_on, j.effective_at, zone) AS day,
            j.kind, j.key, j.refers_to
        FROM ledger.journal AS j
        WHERE j.asset = of_asset AND (j.recorded_at <= known_by
            OR (j.key IS NULL AND ledger.known_at(j) <= known_by))
    ) AS b
    WHERE b.day < until
$$;

-- What moved into and out of lots, by the accounts on both sides. Points that came back and had no
-- lot to come back to are issued anew. `other` are points that a claw-back took from another lot
-- than the one it was about.
CREATE OR REPLACE FUNCTION ledger.cohort_transfers(
    of_asset text, zone text, until date, known_by timestamptz
) RETURNS TABLE (
    issued_in date, class text, month date, debit text, credit text, other boolean,
    amount bigint, allocated bigint
) LANGUAGE sql STABLE
AS $$
    SELECT c.issued_in, c.class, greatest(b.month, c.issued_in),
        CASE WHEN t.debit = 'restored' AND c.journal = t.journal THEN 'issued' ELSE t.debit END,
        t.credit,
        t.credit = 'clawed-back' AND c.journal IS DISTINCT FROM b.refers_to,
        sum(t.amount)::bigint,
        coalesce(sum(c.allocated) FILTER (
            WHERE t.debit IN ('issued', 'opening', 'adjusted')), 0)::bigint
    FROM ledger.transfer AS t
    JOIN ledger.cohort_members(of_asset, zone) AS c ON c.holder = t.holder AND c.lot = t.lot
    JOIN ledger.booked_months(of_asset, zone, until, known_by) AS b
        ON b.holder = t.holder AND b.id = t.journal
    WHERE t.lot IS NOT NULL AND (t.debit NOT IN ('available', 'pending', 'held')
        OR t.credit NOT IN ('available', 'pending', 'held'))
    GROUP BY 1, 2, 3, 4, 5, 6
$$;

-- What claw-backs were about, lot by lot and month by month: points asked back, and those of them
-- that the lot still held.
CREATE OR REPLACE FUNCTION ledger.claims(
    of_asset text, zone text, until date, known_by timestamptz
) RETURNS TABLE (
    holder uuid, lot uuid, issued_in date, class text, month date, granted bigint,
    allocated bigint, claimed bigint, own bigint
) LANGUAGE sql STABLE
AS $$
    SELECT c.holder, c.lot, c.issued_in, c.class, greatest(b.month, c.issued_in), c.granted,
        c.allocated, sum(r.amount)::bigint, coalesce(sum(t.own), 0)::bigint
    FROM ledger.booked_months(of_asset, zone, until, known_by) AS b
    JOIN ledger.receipt AS r ON r.holder = b.holder AND r.key = b.key
    JOIN ledger.cohort_members(of_asset, zone) AS c
        ON c.holder = b.holder AND c.journal = b.refers_to
    CROSS JOIN LATERAL (
        SELECT sum(t.amount) AS own FROM ledger.transfer AS t
        WHERE t.holder = b.holder AND t.journal = b.id AND t.credit = 'clawed-back'
            AND t.lot = c.lot
    ) AS t
    WHERE b.kind = 'claw-back'
    GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;

-- The same by cohort, with the money allocated to what was asked back: of each lot its allocated
-- amount x asked so far / granted, rounded down, less what was reversed before; the last closes it.
CREATE OR REPLACE FUNCTION ledger.cohort_claims(
    of_asset text, zone text, until date, known_by timestamptz
) RETURNS TABLE (issued_in date, class text, month date, given_up bigint, reversed bigint)
LANGUAGE sql STABLE
AS $$
    SELECT s.issued_in, s.class, s.month, sum(s.given_up)::bigint, sum(s.reversed)::bigint
    FROM (
        SELECT u.issued_in, u.class, u.month, u.claimed - u.own AS given_up,
            div(u.allocated::numeric * u.so_far, u.granted)
                - div(u.allocated::numeric * (u.so_far - u.claimed), u.granted) AS reversed
        FROM (
            SELECT c.*, sum(c.claimed) OVER (
                PARTITION BY c.holder, c.lot ORDER BY c.month) AS so_far
            FROM ledger.claims(of_asset, zone, until, known_by) AS c
        ) AS u
    ) AS s
    GROUP BY 1, 2, 3
$$;

-- Points that time has taken by an instant and nobody has posted yet; they count in the month that
-- they would be booked in.
CREATE OR REPLACE FUNCTION ledger.cohort_lapses(
    of_asset text, zone text, until date, known_by timestamptz
) RETURNS TABLE (issued_in date, class text, month date, amount bigint)
LANGUAGE sql STABLE
AS $$
    SELECT ledger.month_of(l.earned_at, zone), l.class,
        date_trunc('month', d.booked_on::timestamp)::date, sum(l.remaining)::bigint
    FROM ledger.lot AS l
    CROSS JOIN ledger.calendar AS c
    CROSS JOIN LATERAL ledger.booked_day(
        CASE WHEN l.expires_at < c.open_from_at THEN c.open_from END, l.expires_at, zone
    ) AS d (booked_on)
    WHERE l.asset = of_asset AND l.open AND l.expires_at <= known_by AND d.booked_on < until
    GROUP BY 1, 2, 3
$$;

-- What became of every cohort, month by month: points by what moved them, and the money allocated
-- to them or taken back with them. Whole tables are joined: the planner, which cannot see how many
-- journals count, would look each one up.
CREATE OR REPLACE FUNCTION ledger.cohort_months(
    of_asset text, zone text, until date, known_by timestamptz
) RETURNS TABLE (
    issued_in date, class text, month date, issued bigint, redeemed bigint, restored bigint,
    repaid bigint, adjusted bigint, expired bigint, clawed_back bigint, charged bigint,
    given_up bigint, moved bigint, allocated bigint, reversed bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off SET work_mem = '64MB'
AS $$
    WITH parts AS (
        SELECT t.issued_in, t.class, t.month, t.debit, t.credit, t.other, t.amount, t.allocated,
            0::bigint AS given_up, 0::bigint AS reversed
        FROM ledger.cohort_transfers(of_asset, zone, until, known_by) AS t
        UNION ALL
        SELECT c.issued_in, c.class, c.month, '', '', false, 0, 0, c.given_up, c.reversed
        FROM ledger.cohort_claims(of_asset, zone, until, known_by) AS c
        UNION ALL
        SELECT l.issued_in, l.class, l.month, 'available', 'expired', false, l.amount, 0, 0, 0
        FROM ledger.cohort_lapses(of_asset, zone, until, known_by) AS l
    )
    SELECT p.issued_in, p.class, p.month,
        sum(CASE WHEN p.debit IN ('issued', 'opening', 'adjusted') THEN p.amount
            ELSE 0 END)::bigint,
        sum(CASE WHEN p.credit = 'redeemed' THEN p.amount ELSE 0 END)::bigint,
        sum(CASE WHEN p.debit = 'restored' THEN p.amount ELSE 0 END)::bigint,
        sum(CASE WHEN p.credit = 'debt' THEN p.amount ELSE 0 END)::bigint,
        sum(CASE WHEN p.credit = 'adjusted' THEN p.amount ELSE 0 END)::bigint,
        sum(CASE WHEN p.credit = 'expired' THEN p.amount ELSE 0 END)::bigint,
        sum(CASE WHEN p.credit = 'clawed-back' THEN p.amount ELSE 0 END)::bigint,
        sum(CASE WHEN p.other THEN p.amount ELSE 0 END)::bigint,
        sum(p.given_up)::bigint,
        sum(CASE 'in-transit' WHEN p.debit THEN p.amount WHEN p.credit THEN -p.amount ELSE 0
            END)::bigint,
        sum(p.allocated)::bigint, sum(p.reversed)::bigint
    FROM parts AS p
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
$$;
