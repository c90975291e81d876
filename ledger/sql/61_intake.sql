-- Whole batches, set by set. Holders whose postings only earn and claw back, and touch neither
-- debt nor older lots, are computed in closed form; all others are posted one by one. Either way
-- each posting stands as of its own effective instant, in chronological order (decision 0024).

-- Copy the batch aside, and open and lock its wallets in the order of their holders.
CREATE OR REPLACE FUNCTION ledger.take_batch(of_batch uuid) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.staged, pg_temp.odd, pg_temp.claw, pg_temp.born, pg_temp.due,
        pg_temp.event;
    CREATE TEMP TABLE staged ON COMMIT DROP AS
        SELECT i.*, i.kind IN ('earn', 'open')
            AND coalesce(i.pending OR i.activates_at > i.effective_at, false) AS waits,
            CASE WHEN i.firm THEN NULL ELSE i.expires_at END AS lapses_at,
            ROW(i.kind, i.holder, i.asset, i.key, i.journal, i.amount, i.effective_at, i.reason,
                i.actor, i.request_id, i.labels, i."of", i.lot, i.source, i.lot_class, i.pending,
                i.activates_at, i.expires_at, i.allocated, i.policy, i.firm, i.grace_days,
                i.deductible, i.lots, i.schedule, i.booked_on)::ledger.item AS item
        FROM ledger.intake AS i WHERE i.batch = of_batch;
    DELETE FROM ledger.intake WHERE batch = of_batch;
    -- Items are wide and batches many: only what plans turn on is counted, here and below.
    ANALYZE pg_temp.staged (holder, asset, kind, key, "of");
    INSERT INTO ledger.wallet (holder, asset)
    SELECT DISTINCT holder, asset FROM pg_temp.staged WHERE ledger.may_open(item)
    ORDER BY holder, asset
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM ledger.wallet
    WHERE holder IN (SELECT s.holder FROM pg_temp.staged AS s)
    ORDER BY holder, asset FOR NO KEY UPDATE;
END
$$;

-- Claw-backs beside the earn they take from, with what the lot itself can give.
CREATE OR REPLACE FUNCTION ledger.match_claw_backs() RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TEMP TABLE claw ON COMMIT DROP AS
        SELECT c.*, e.lot AS of_lot, e.journal AS of_journal, e.amount AS granted,
            e.activates_at AS lot_activates_at, e.lapses_at AS lot_expires_at,
            sum(c.amount) OVER (PARTITION BY c.holder, c."of") AS clawed_in_all,
            e.waits AND coalesce(c.effective_at < e.activates_at, true) AS from_pending,
            CASE WHEN e.lapses_at <= c.effective_at THEN 0
                WHEN c.policy = 'pending-only'
                    AND NOT (e.waits AND coalesce(c.effective_at < e.activates_at, true)) THEN 0
                ELSE c.amount END AS taken
        FROM pg_temp.staged AS c
        LEFT JOIN pg_temp.staged AS e
            ON e.holder = c.holder AND e.asset = c.asset AND e.key = c."of"
            AND e.kind IN ('earn', 'open')
            AND (e.effective_at, e.position) < (c.effective_at, c.position)
        WHERE c.kind = 'claw-back';
END
$$;

-- Holders who must be posted one by one.
CREATE OR REPLACE FUNCTION ledger.find_odd(recorded timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TEMP TABLE odd ON COMMIT DROP AS
        SELECT holder FROM pg_temp.staged WHERE kind NOT IN ('earn', 'open', 'claw-back')
        UNION SELECT holder FROM pg_temp.staged
            WHERE effective_at > recorded OR booked_on IS NOT NULL
        UNION SELECT holder FROM pg_temp.staged GROUP BY holder, key HAVING count(*) > 1
        UNION SELECT holder FROM pg_temp.staged GROUP BY holder, asset
            HAVING sum(amount) > 1000000000000
        UNION SELECT s.holder FROM pg_temp.staged AS s
            JOIN ledger.receipt AS r ON r.holder = s.holder AND r.key = s.key
        UNION SELECT w.holder FROM ledger.wallet AS w
            WHERE w.holder IN (SELECT s.holder FROM pg_temp.staged AS s)
                AND (w.debt > 0 OR w.next_due <= recorded)
        UNION SELECT holder FROM pg_temp.claw
            WHERE of_lot IS NULL OR clawed_in_all > granted
                OR policy IN ('debt', 'deducted') AND taken < amount;
    CREATE INDEX ON pg_temp.odd (holder);
    ANALYZE pg_temp.odd;
END
$$;

-- The lots of the others, with what is left of them when they activate and when they expire.
CREATE OR REPLACE FUNCTION ledger.bear_lots(recorded timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TEMP TABLE born ON COMMIT DROP AS
        SELECT s.*, coalesce(c.clawed, 0)::bigint AS clawed,
            (s.amount - coalesce(c.taken, 0))::bigint AS left_at_end,
            (s.amount - coalesce(c.taken_before, 0))::bigint AS left_at_activation,
            s.waits AND coalesce(s.activates_at <= recorded, false)
                AND s.amount > coalesce(c.taken_before, 0) AS activated,
            coalesce(s.lapses_at <= recorded, false)
                AND s.amount > coalesce(c.taken, 0) AS expired
        FROM pg_temp.staged AS s
        LEFT JOIN (
            SELECT holder, of_lot, sum(amount) AS clawed, sum(taken) AS taken,
                sum(taken) FILTER (WHERE effective_at < lot_activates_at) AS taken_before
            FROM pg_temp.claw GROUP BY holder, of_lot
        ) AS c ON c.holder = s.holder AND c.of_lot = s.lot
        WHERE s.kind IN ('earn', 'open') AND s.holder NOT IN (SELECT o.holder FROM pg_temp.odd AS o);
    ANALYZE pg_temp.born (holder, asset, activated, expired);
    INSERT INTO ledger.lot (holder, id, asset, journal, source, class, granted, remaining,
        clawed_back, allocated, pending, open, earned_at, activates_at, expires_at, notice,
        ends_at, schedule)
    SELECT holder, lot, asset, journal, source, lot_class, amount,
        CASE WHEN expired THEN 0 ELSE left_at_end END, clawed, coalesce(allocated, 0),
        waits AND NOT activated, NOT expired AND left_at_end > 0, effective_at,
        CASE WHEN waits THEN activates_at END, lapses_at, coalesce(firm, false),
        CASE WHEN firm THEN expires_at END, schedule
    FROM pg_temp.born;
END
$$;

-- What time makes due of those lots: activations first at one instant, then expiries.
CREATE OR REPLACE FUNCTION ledger.find_due() RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TEMP TABLE due ON COMMIT DROP AS
        SELECT holder, asset, activates_at AS instant, 1 AS rank, 'activate' AS kind,
            array_agg(ledger.leg('pending', 'available', left_at_activation, lot)
                ORDER BY lapses_at, effective_at, lot) AS legs,
            sum(left_at_activation)::bigint AS available,
            -sum(left_at_activation)::bigint AS pending
        FROM pg_temp.born WHERE activated
        GROUP BY holder, asset, activates_at
        UNION ALL
        SELECT holder, asset, lapses_at, 3, 'expire',
            array_agg(ledger.leg(
                CASE WHEN waits AND NOT activated THEN 'pending' ELSE 'available' END, 'expired',
                left_at_end, lot) ORDER BY effective_at, lot),
            -coalesce(sum(left_at_end) FILTER (WHERE activated OR NOT waits), 0)::bigint,
            -coalesce(sum(left_at_end) FILTER (WHERE waits AND NOT activated), 0)::bigint
        FROM pg_temp.born WHERE expired
        GROUP BY holder, asset, lapses_at;
END
$$;

-- Everything that happens to those holders, one row a journal. Phase 0 is what time makes due,
-- which at one instant comes before what is posted.
CREATE OR REPLACE FUNCTION ledger.line_up_events(recorded timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    by_time ledger.item := ledger.due_item(NULL, 'expire', NULL, recorded);
BEGIN
    CREATE TEMP TABLE event ON COMMIT DROP AS
        SELECT b.holder, b.asset, b.effective_at AS instant, 1 AS phase, b.position,
            b.kind, b.key, b.journal, NULL::uuid AS refers_to, b.reason, b.actor, b.request_id,
            b.labels, b.item, ledger.birth(ROW(
                b.holder, b.lot, b.asset, b.journal, b.source, b.lot_class, b.amount, b.amount, 0,
                coalesce(b.allocated, 0), b.waits, true, b.effective_at,
                CASE WHEN b.waits THEN b.activates_at END, b.lapses_at, coalesce(b.firm, false),
                NULL, CASE WHEN b.firm THEN b.expires_at END, b.schedule, NULL, NULL)::ledger.lot
            ) AS facts,
            ARRAY[ledger.leg(CASE b.kind WHEN 'earn' THEN 'issued' ELSE 'opening' END,
                CASE WHEN b.waits THEN 'pending' ELSE 'available' END, b.amount, b.lot)] AS legs,
            CASE WHEN b.waits THEN 0 ELSE b.amount END AS available,
            CASE WHEN b.waits THEN b.amount ELSE 0 END AS pending
        FROM pg_temp.born AS b
        UNION ALL
        SELECT c.holder, c.asset, c.effective_at, 1, c.position, c.kind, c.key, c.journal,
            c.of_journal, c.reason, c.actor, c.request_id, c.labels, c.item, NULL,
            CASE WHEN c.taken > 0 THEN ARRAY[ledger.leg(
                CASE WHEN c.from_pending THEN 'pending' ELSE 'available' END, 'clawed-back',
                c.taken, c.of_lot)] ELSE '{}' END,
            CASE WHEN c.from_pending THEN 0 ELSE -c.taken END,
            CASE WHEN c.from_pending THEN -c.taken ELSE 0 END
        FROM pg_temp.claw AS c
        WHERE c.holder NOT IN (SELECT o.holder FROM pg_temp.odd AS o)
        UNION ALL
        SELECT d.holder, d.asset, d.instant, 0, d.rank, d.kind, NULL, ledger.next_id(recorded),
            NULL, by_time.reason, by_time.actor, by_time.request_id, by_time.labels, NULL, NULL,
            d.legs, d.available, d.pending
        FROM pg_temp.due AS d;
    ANALYZE pg_temp.event (holder, asset);
END
$$;

-- Number the events of each wallet, and write journals, transfers and receipts.
CREATE OR REPLACE FUNCTION ledger.write_events(recorded timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO ledger.journal
    SELECT n.holder, n.journal, n.asset, n.sequence, n.kind, n.key, n.refers_to, n.instant,
        recorded, n.available_after, n.balance_after, n.reason, n.actor, n.request_id, n.labels,
        pg_catalog.pg_current_xact_id(), ledger.cluster(), ledger.canonical(ROW(
            n.holder, n.journal, n.asset, n.sequence, n.kind, n.key, n.refers_to, n.instant,
            recorded, n.available_after, n.balance_after, n.reason, n.actor, n.request_id,
            n.labels, NULL, NULL, NULL, n.booked_on)::ledger.journal, ledger.content(n.item),
            n.facts, n.legs), n.booked_on
    FROM (
        SELECT e.*, w.version + row_number() OVER wallet AS sequence,
            CASE WHEN e.instant < c.open_from_at THEN c.open_from END AS booked_on,
            (w.available + sum(e.available) OVER wallet)::bigint AS available_after,
            (w.available + w.pending + w.held - w.debt
                + sum(e.available + e.pending) OVER wallet)::bigint AS balance_after
        FROM pg_temp.event AS e
        JOIN ledger.wallet AS w ON w.holder = e.holder AND w.asset = e.asset
        CROSS JOIN ledger.calendar AS c
        WINDOW wallet AS (PARTITION BY e.holder, e.asset
            ORDER BY e.instant, e.phase, e.position ROWS UNBOUNDED PRECEDING)
    ) AS n;
    INSERT INTO ledger.transfer (holder, journal, position, asset, debit, credit, amount, lot)
    SELECT e.holder, e.journal, l.position, e.asset, l.debit, l.credit, l.amount, l.lot
    FROM pg_temp.event AS e,
        unnest(e.legs) WITH ORDINALITY AS l (debit, credit, amount, lot, position);
    INSERT INTO ledger.receipt (holder, key, journal, kind, asset, amount, "of", terms, lot)
    SELECT e.holder, e.key, e.journal, e.kind, e.asset, (e.item).amount, (e.item)."of",
        ledger.terms(e.item), (e.item).lot
    FROM pg_temp.event AS e WHERE e.key IS NOT NULL;
END
$$;

-- Move the wallets on; the counters that the functions keep one by one come out the same.
CREATE OR REPLACE FUNCTION ledger.move_wallets() RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE ledger.wallet AS w SET available = w.available + e.available,
        pending = w.pending + e.pending, version = w.version + e.journals,
        next_due = LEAST(w.next_due, e.next_due)
    FROM (
        SELECT moved.*, lots.next_due FROM (
            SELECT holder, asset, sum(available) AS available, sum(pending) AS pending,
                count(*) AS journals
            FROM pg_temp.event GROUP BY holder, asset
        ) AS moved LEFT JOIN (
            SELECT holder, asset, min(LEAST(CASE WHEN waits AND NOT activated
                THEN activates_at END, lapses_at)) AS next_due
            FROM pg_temp.born WHERE left_at_end > 0 AND NOT expired GROUP BY holder, asset
        ) AS lots USING (holder, asset)
    ) AS e
    WHERE w.holder = e.holder AND w.asset = e.asset;
END
$$;

-- Post a staged batch and answer what was refused.
CREATE OR REPLACE FUNCTION ledger.post_intake(of_batch uuid, recorded timestamptz)
RETURNS SETOF ledger.outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
AS $$
DECLARE
    o ledger.outcome;
    odd_one record;
    w ledger.wallet;
BEGIN
    PERFORM ledger.take_batch(of_batch);
    PERFORM ledger.match_claw_backs();
    PERFORM ledger.find_odd(recorded);
    PERFORM ledger.bear_lots(recorded);
    PERFORM ledger.find_due();
    PERFORM ledger.line_up_events(recorded);
    PERFORM ledger.write_events(recorded);
    PERFORM ledger.move_wallets();
    FOR odd_one IN
        SELECT s.position, s.effective_at, s.item FROM pg_temp.staged AS s JOIN pg_temp.odd USING (holder)
        ORDER BY s.holder, s.effective_at, s.position
    LOOP
        o := ledger.post_item(
            odd_one.item, LEAST(odd_one.effective_at, recorded), recorded);
        IF o.code <> 'posted' THEN
            o.position := odd_one.position;
            RETURN NEXT o;
        END IF;
    END LOOP;
    FOR w IN
        SELECT * FROM ledger.wallet
        WHERE holder IN (SELECT holder FROM pg_temp.odd) AND next_due <= recorded
    LOOP
        PERFORM ledger.settle_wallet(w, recorded, recorded);
    END LOOP;
END
$$;
