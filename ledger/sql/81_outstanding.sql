-- What members hold as of a booked and a recorded instant: wallets and lots as they stand, with
-- what time has made due and nobody has posted yet, without what came after.

-- What settling one wallet up to an instant would post, lot by lot; it agrees with lots_at.
CREATE OR REPLACE FUNCTION ledger.due_in(of_holder uuid, of_asset text, instant timestamptz)
RETURNS TABLE (lot uuid, debit text, credit text, amount bigint) LANGUAGE sql STABLE
AS $$
    WITH freed AS (
        SELECT s.lot, sum(s.amount - s.undone) AS amount
        FROM ledger.hold AS h
        JOIN ledger.slice AS s ON s.holder = h.holder AND s.journal = h.id
        WHERE h.holder = of_holder AND h.asset = of_asset AND h.open AND h.until <= instant
        GROUP BY s.lot
    ), part AS (
        SELECT p.lot, sum(p.amount) FILTER (WHERE p.account <> 'repaid') AS kept,
            sum(p.amount) FILTER (WHERE p.account = 'repaid') AS repaid
        FROM ledger.lots_at(of_holder, of_asset, instant) AS p GROUP BY p.lot
    ), own AS (
        SELECT l.id, l.remaining, coalesce(f.amount, 0) AS freed, coalesce(p.repaid, 0) AS repaid,
            l.remaining + coalesce(f.amount, 0) - coalesce(p.repaid, 0) - coalesce(p.kept, 0)
                AS lapsed,
            l.pending AS waits, l.pending AND coalesce(l.activates_at <= instant, false) AS activated
        FROM ledger.lot AS l
        LEFT JOIN freed AS f ON f.lot = l.id
        LEFT JOIN part AS p ON p.lot = l.id
        WHERE l.holder = of_holder AND l.asset = of_asset
            AND (l.open OR f.lot IS NOT NULL)
    )
    SELECT o.id, s.debit, s.credit, s.amount::bigint FROM own AS o
    CROSS JOIN LATERAL (VALUES
        ('pending', 'available', CASE WHEN o.activated THEN o.remaining ELSE 0 END),
        ('held', 'available', o.freed),
        ('available', 'debt', o.repaid),
        (CASE WHEN o.waits AND NOT o.activated THEN 'pending' ELSE 'available' END, 'expired',
            o.lapsed)
    ) AS s (debit, credit, amount)
    WHERE s.amount > 0
$$;

-- What settling all wallets up to an instant would post. It would be booked no earlier than the
-- first open day, so a question about closed days has no part in it; nor has what time does after
-- an instant by which something else was recorded.
CREATE OR REPLACE FUNCTION ledger.due_transfers(
    of_asset text, instant timestamptz, known_by timestamptz
) RETURNS TABLE (holder uuid, lot uuid, debit text, credit text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.holder, d.lot, d.debit, d.credit, d.amount
    FROM ledger.wallet AS w
    JOIN ledger.journal AS last ON last.holder = w.holder AND last.asset = w.asset
        AND last.sequence = w.version
    CROSS JOIN LATERAL ledger.due_in(w.holder, w.asset, LEAST(instant, known_by)) AS d
    WHERE w.asset = of_asset AND w.next_due <= LEAST(instant, known_by)
        AND last.recorded_at <= known_by
        AND instant >= coalesce((SELECT c.open_from_at FROM ledger.calendar AS c), '-infinity')
$$;

-- The same, summed by accounts and by what the lots were born with.
CREATE OR REPLACE FUNCTION ledger.due_pairs(
    of_asset text, instant timestamptz, known_by timestamptz
) RETURNS TABLE (debit text, credit text, class text, tier text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.debit, d.credit, l.class,
        coalesce(coalesce(l.birth_labels, b.labels) ->> 'tier', ''), sum(d.amount)::bigint
    FROM ledger.due_transfers(of_asset, instant, known_by) AS d
    JOIN ledger.lot AS l ON l.holder = d.holder AND l.id = d.lot
    JOIN ledger.journal AS b ON b.holder = l.holder AND b.id = l.journal
    GROUP BY 1, 2, 3, 4
$$;

-- The counters of all wallets, as they stand.
CREATE OR REPLACE FUNCTION ledger.counters(of_asset text)
RETURNS TABLE (pending bigint, available bigint, held bigint, debt bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(sum(w.pending), 0)::bigint, coalesce(sum(w.available), 0)::bigint,
        coalesce(sum(w.held), 0)::bigint, coalesce(sum(w.debt), 0)::bigint
    FROM ledger.wallet AS w WHERE w.asset = of_asset
$$;

-- The journals that do not count yet: booked after an instant, or known only after another.
CREATE OR REPLACE FUNCTION ledger.journals_after(
    of_asset text, instant timestamptz, known_by timestamptz
) RETURNS TABLE (holder uuid, journal uuid) LANGUAGE sql STABLE
AS $$
    SELECT j.holder, j.id FROM ledger.journal AS j
    WHERE j.kind = ANY (ledger.kinds()) AND j.asset = of_asset AND j.effective_at > instant
        AND j.booked_on IS NULL
    UNION
    SELECT j.holder, j.id FROM ledger.calendar AS c, ledger.journal AS j
    WHERE j.asset = of_asset AND j.booked_on > (instant AT TIME ZONE c.zone)::date
    UNION
    SELECT j.holder, j.id FROM ledger.journal AS j
    WHERE j.asset = of_asset AND j.recorded_at > known_by AND ledger.known_at(j) > known_by
$$;

-- What lots have besides what is left in them: on holds, and what time adds or later events take
-- off as of an instant. Few lots have any of it.
CREATE OR REPLACE FUNCTION ledger.lots_besides(
    of_asset text, instant timestamptz, known_by timestamptz
) RETURNS TABLE (holder uuid, lot uuid, pending bigint, available bigint, held bigint)
LANGUAGE sql STABLE
AS $$
    SELECT s.holder, s.lot, sum(s.pending)::bigint, sum(s.available)::bigint, sum(s.held)::bigint
    FROM (
        SELECT h.holder, s.lot, 0 AS pending, 0 AS available, s.amount - s.undone AS held
        FROM ledger.hold AS h
        JOIN ledger.slice AS s ON s.holder = h.holder AND s.journal = h.id
        WHERE h.asset = of_asset AND h.open
        UNION ALL
        SELECT t.holder, t.lot, d.pending, d.available, d.held
        FROM ledger.due_transfers(of_asset, instant, known_by) AS t
        CROSS JOIN LATERAL
            ledger.deltas(ARRAY[ledger.leg(t.debit, t.credit, t.amount, t.lot)]) AS d
        UNION ALL
        SELECT t.holder, t.lot, -d.pending, -d.available, -d.held
        FROM ledger.journals_after(of_asset, instant, known_by) AS a
        JOIN ledger.transfer AS t ON t.holder = a.holder AND t.journal = a.journal
        CROSS JOIN LATERAL
            ledger.deltas(ARRAY[ledger.leg(t.debit, t.credit, t.amount, t.lot)]) AS d
        WHERE t.lot IS NOT NULL
    ) AS s
    GROUP BY s.holder, s.lot
$$;

-- What every lot has left as of an instant, by counter: open lots as they stand with what they
-- have besides, and closed ones that were open then.
CREATE OR REPLACE FUNCTION ledger.lots_outstanding(
    of_asset text, instant timestamptz, known_by timestamptz
) RETURNS TABLE (
    holder uuid, journal uuid, class text, birth_labels jsonb, earned_at timestamptz,
    pending bigint, available bigint, held bigint
) LANGUAGE sql STABLE
AS $$
    WITH besides AS MATERIALIZED (
        SELECT * FROM ledger.lots_besides(of_asset, instant, known_by)
    )
    SELECT l.holder, l.journal, l.class, l.birth_labels, l.earned_at,
        coalesce(b.pending, 0) + CASE WHEN l.pending THEN l.remaining ELSE 0 END,
        coalesce(b.available, 0) + CASE WHEN l.pending THEN 0 ELSE l.remaining END,
        coalesce(b.held, 0)
    FROM ledger.lot AS l
    LEFT JOIN besides AS b ON b.holder = l.holder AND b.lot = l.id
    WHERE l.asset = of_asset AND l.open
    UNION ALL
    SELECT l.holder, l.journal, l.class, l.birth_labels, l.earned_at, b.pending, b.available,
        b.held
    FROM besides AS b
    JOIN ledger.lot AS l ON l.holder = b.holder AND l.id = b.lot AND NOT l.open
$$;

-- The age of what is outstanding: lots by class and tier of their birth and by days since then,
-- in bands that begin at the days given.
CREATE OR REPLACE FUNCTION ledger.ageing(
    of_asset text, instant timestamptz, known_by timestamptz, bands integer[]
) RETURNS TABLE (
    band integer, class text, tier text, lots bigint, pending bigint, available bigint, held bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT width_bucket(GREATEST((instant AT TIME ZONE c.zone)::date
            - (o.earned_at AT TIME ZONE c.zone)::date, 0), bands),
        o.class, coalesce(coalesce(o.birth_labels, b.labels) ->> 'tier', ''), count(*),
        sum(o.pending)::bigint, sum(o.available)::bigint, sum(o.held)::bigint
    FROM ledger.calendar AS c
    CROSS JOIN ledger.lots_outstanding(of_asset, instant, known_by) AS o
    JOIN ledger.journal AS b ON b.holder = o.holder AND b.id = o.journal
    WHERE o.pending <> 0 OR o.available <> 0 OR o.held <> 0
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
$$;

-- Since when a holder has been in debt without a break, of what counts as of two instants.
CREATE OR REPLACE FUNCTION ledger.in_debt_since(
    of_holder uuid, of_asset text, instant timestamptz, known_by timestamptz
) RETURNS timestamptz LANGUAGE sql STABLE
AS $$
    WITH moved AS (
        SELECT j.sequence, j.effective_at, sum(sum(
                CASE t.debit WHEN 'debt' THEN t.amount ELSE -t.amount END))
            OVER (ORDER BY j.sequence) AS debt
        FROM ledger.calendar AS c, ledger.journal AS j
        JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
        WHERE j.holder = of_holder AND j.asset = of_asset AND 'debt' IN (t.debit, t.credit)
            AND coalesce(ledger.midnight(j.booked_on, c.zone), j.effective_at) <= instant
            AND ledger.known_at(j) <= known_by
        GROUP BY j.sequence, j.effective_at
    )
    SELECT m.effective_at FROM moved AS m
    WHERE m.sequence > coalesce((SELECT max(z.sequence) FROM moved AS z WHERE z.debt <= 0), 0)
    ORDER BY m.sequence LIMIT 1
$$;

-- Holders in debt as of an instant, in the order of their ids.
CREATE OR REPLACE FUNCTION ledger.debts(
    of_asset text, instant timestamptz, known_by timestamptz, after_holder uuid, at_most integer
) RETURNS TABLE (holder uuid, debt bigint, since timestamptz) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.holder, d.debt, ledger.in_debt_since(d.holder, of_asset, instant, known_by)
    FROM (SELECT s.holder, sum(s.debt)::bigint AS debt FROM (
        SELECT w.holder, w.debt FROM ledger.wallet AS w
        WHERE w.asset = of_asset AND w.debt > 0 AND w.holder > after_holder
        UNION ALL
        SELECT d.holder, -d.amount FROM ledger.due_transfers(of_asset, instant, known_by) AS d
        WHERE d.credit = 'debt' AND d.holder > after_holder
        UNION ALL
        SELECT t.holder, CASE t.credit WHEN 'debt' THEN t.amount ELSE -t.amount END
        FROM ledger.journals_after(of_asset, instant, known_by) AS a
        JOIN ledger.transfer AS t ON t.holder = a.holder AND t.journal = a.journal
        WHERE 'debt' IN (t.debit, t.credit) AND t.holder > after_holder
    ) AS s
    GROUP BY s.holder HAVING sum(s.debt) > 0
    ORDER BY s.holder LIMIT at_most) AS d
    ORDER BY d.holder
$$;
