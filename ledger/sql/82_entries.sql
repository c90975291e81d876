-- From a figure of the books to the journals that it is made of, and one wallet through time.

-- What a journal moved on an account, in lots born as asked: all births for none given. Debt has
-- no class and no tier; 'repaid' is what went from lots into debt, seen from the lots, or from
-- debt where that is the birth asked for.
CREATE OR REPLACE FUNCTION ledger.moved_on(
    of_holder uuid, of_journal uuid, of_account text, of_class text, of_tier text
) RETURNS TABLE (debit bigint, credit bigint) LANGUAGE sql STABLE
AS $$
    SELECT coalesce(sum(t.amount) FILTER (WHERE t.debit = s.account
            AND (of_account <> 'repaid' OR t.credit = 'debt')), 0)::bigint,
        coalesce(sum(t.amount) FILTER (WHERE t.credit = s.account
            AND (of_account <> 'repaid' OR t.debit = 'available')), 0)::bigint
    FROM (
        SELECT CASE WHEN of_account <> 'repaid' THEN of_account WHEN of_class = '' THEN 'debt'
            ELSE 'available' END AS account
    ) AS s
    CROSS JOIN ledger.transfer AS t
    LEFT JOIN ledger.lot AS l ON l.holder = t.holder AND l.id = t.lot AND s.account <> 'debt'
    LEFT JOIN ledger.journal AS b ON b.holder = l.holder AND b.id = l.journal
    WHERE t.holder = of_holder AND t.journal = of_journal AND s.account IN (t.debit, t.credit)
        AND (of_class IS NULL OR coalesce(l.class, '') = of_class)
        AND (of_tier IS NULL
            OR coalesce(coalesce(l.birth_labels, b.labels) ->> 'tier', '') = of_tier)
$$;

-- The journals booked on days in [since, until) that moved an account, latest effective first.
CREATE OR REPLACE FUNCTION ledger.booked_entries(
    of_account text, of_asset text, since date, until date, of_class text, of_tier text,
    of_kind text, before_at timestamptz, before_id uuid, at_most integer
) RETURNS TABLE (
    holder uuid, journal uuid, kind text, key text, effective_at timestamptz,
    recorded_at timestamptz, booked_on date, reason text, actor text, labels jsonb, debit bigint,
    credit bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT page.holder, page.id, page.kind, page.key, page.effective_at, page.recorded_at,
        ledger.booked_day(page.booked_on, page.effective_at, c.zone), page.reason, page.actor,
        page.labels, page.debit, page.credit
    FROM ledger.calendar AS c
    CROSS JOIN LATERAL (
        (SELECT own.* FROM unnest(ledger.kinds(
            CASE of_account WHEN 'repaid' THEN 'debt' ELSE of_account END)) AS k (kind)
        CROSS JOIN LATERAL (
            SELECT j.*, m.debit, m.credit FROM ledger.journal AS j
            CROSS JOIN LATERAL
                ledger.moved_on(j.holder, j.id, of_account, of_class, of_tier) AS m
            WHERE j.kind = k.kind AND j.asset = of_asset AND j.booked_on IS NULL
                AND j.effective_at >= ledger.midnight(since, c.zone)
                AND j.effective_at < ledger.midnight(until, c.zone)
                AND (j.effective_at, j.id) < (before_at, before_id) AND m.debit + m.credit > 0
            ORDER BY j.effective_at DESC, j.id DESC LIMIT at_most
        ) AS own
        WHERE of_kind IS NULL OR k.kind = of_kind)
        UNION ALL
        (SELECT j.*, m.debit, m.credit FROM ledger.journal AS j
        CROSS JOIN LATERAL ledger.moved_on(j.holder, j.id, of_account, of_class, of_tier) AS m
        WHERE j.booked_on >= since AND j.booked_on < until AND j.asset = of_asset
            AND (of_kind IS NULL OR j.kind = of_kind)
            AND (j.effective_at, j.id) < (before_at, before_id) AND m.debit + m.credit > 0
        ORDER BY j.effective_at DESC, j.id DESC LIMIT at_most)
    ) AS page
    ORDER BY page.effective_at DESC, page.id DESC LIMIT at_most
$$;

-- The journals that moved an account by effective instant, latest first, a page at a time.
CREATE OR REPLACE FUNCTION ledger.account_entries(
    of_account text, of_asset text, since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, at_most integer
) RETURNS TABLE (
    holder uuid, journal uuid, kind text, key text, effective_at timestamptz,
    recorded_at timestamptz, reason text, actor text, labels jsonb, debit bigint, credit bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT page.* FROM unnest(ledger.kinds(of_account)) AS k (kind)
    CROSS JOIN LATERAL (
        SELECT j.holder, j.id, j.kind, j.key, j.effective_at, j.recorded_at, j.reason, j.actor,
            j.labels, t.debit, t.credit
        FROM ledger.journal AS j
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount) FILTER (WHERE t.debit = of_account), 0)::bigint AS debit,
                coalesce(sum(t.amount) FILTER (WHERE t.credit = of_account), 0)::bigint AS credit
            FROM ledger.transfer AS t
            WHERE t.holder = j.holder AND t.journal = j.id
        ) AS t
        WHERE j.kind = k.kind AND j.asset = of_asset AND j.effective_at >= since
            AND j.effective_at < until AND (j.effective_at, j.id) < (before_at, before_id)
            AND t.debit + t.credit > 0
        ORDER BY j.effective_at DESC, j.id DESC LIMIT at_most
    ) AS page
    ORDER BY page.effective_at DESC, page.id DESC LIMIT at_most
$$;

-- What one wallet's journals moved up to an effective and a recorded instant, with what time adds
-- to them unless only what is posted is asked for.
CREATE OR REPLACE FUNCTION ledger.balance_at(
    of_holder uuid, of_asset text, instant timestamptz, known_by timestamptz, posted boolean
) RETURNS TABLE (pending bigint, available bigint, held bigint, debt bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(sum(d.pending), 0)::bigint, coalesce(sum(d.available), 0)::bigint,
        coalesce(sum(d.held), 0)::bigint, coalesce(sum(d.debt), 0)::bigint
    FROM (
        SELECT ledger.leg(t.debit, t.credit, t.amount, t.lot) AS leg
        FROM ledger.journal AS j
        JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
        WHERE j.holder = of_holder AND j.asset = of_asset AND j.effective_at <= instant
            AND ledger.known_at(j) <= known_by
        UNION ALL
        SELECT ledger.leg(d.debit, d.credit, d.amount, d.lot)
        FROM ledger.wallet AS w
        JOIN ledger.journal AS last ON last.holder = w.holder AND last.asset = w.asset
            AND last.sequence = w.version AND last.recorded_at <= known_by
        CROSS JOIN LATERAL ledger.due_in(w.holder, w.asset, LEAST(instant, known_by)) AS d
        WHERE w.holder = of_holder AND w.asset = of_asset AND NOT posted
            AND w.next_due <= LEAST(instant, known_by)
    ) AS moved
    CROSS JOIN LATERAL ledger.deltas(ARRAY[moved.leg]) AS d
$$;

-- One wallet's movements in [since, until) of effective time, with what each changed; 'balance' is
-- what it leaves when all are counted in the order in which they took effect.
CREATE OR REPLACE FUNCTION ledger.movements(
    of_holder uuid, of_asset text, since timestamptz, until timestamptz, known_by timestamptz,
    after_at timestamptz, after_sequence bigint, at_most integer
) RETURNS TABLE (
    journal uuid, sequence bigint, kind text, key text, refers_to uuid, effective_at timestamptz,
    recorded_at timestamptz, reason text, actor text, labels jsonb, change bigint,
    available_change bigint, balance bigint, available bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.id, m.sequence, m.kind, m.key, m.refers_to, m.effective_at, m.recorded_at, m.reason,
        m.actor, m.labels, m.change, m.available_change, m.balance, m.available
    FROM (
        SELECT j.*, d.change, d.available_change,
            sum(d.change) OVER own::bigint AS balance,
            sum(d.available_change) OVER own::bigint AS available
        FROM ledger.journal AS j
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(s.pending + s.available + s.held - s.debt), 0)::bigint AS change,
                coalesce(sum(s.available), 0)::bigint AS available_change
            FROM ledger.transfer AS t
            CROSS JOIN LATERAL
                ledger.deltas(ARRAY[ledger.leg(t.debit, t.credit, t.amount, t.lot)]) AS s
            WHERE t.holder = j.holder AND t.journal = j.id
        ) AS d
        WHERE j.holder = of_holder AND j.asset = of_asset AND j.effective_at < until
            AND ledger.known_at(j) <= known_by
        WINDOW own AS (ORDER BY j.effective_at, j.sequence ROWS UNBOUNDED PRECEDING)
    ) AS m
    WHERE m.effective_at >= since AND (m.effective_at, m.sequence) > (after_at, after_sequence)
    ORDER BY m.effective_at, m.sequence LIMIT at_most
$$;
