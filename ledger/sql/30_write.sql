-- The one place that writes journals, and what every operation does before it.

-- The wallet's counters after some transfers.
CREATE OR REPLACE FUNCTION ledger.moved(w ledger.wallet, legs ledger.leg[])
RETURNS ledger.wallet LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    l ledger.leg;
BEGIN
    FOREACH l IN ARRAY legs LOOP
        CASE l.debit
            WHEN 'available' THEN w.available := w.available - l.amount;
            WHEN 'pending' THEN w.pending := w.pending - l.amount;
            WHEN 'held' THEN w.held := w.held - l.amount;
            WHEN 'debt' THEN w.debt := w.debt + l.amount;
            ELSE NULL;
        END CASE;
        CASE l.credit
            WHEN 'available' THEN w.available := w.available + l.amount;
            WHEN 'pending' THEN w.pending := w.pending + l.amount;
            WHEN 'held' THEN w.held := w.held + l.amount;
            WHEN 'debt' THEN w.debt := w.debt - l.amount;
            ELSE NULL;
        END CASE;
    END LOOP;
    RETURN w;
END
$$;

-- What transfers change in the wallet's counters.
CREATE OR REPLACE FUNCTION ledger.deltas(legs ledger.leg[])
RETURNS TABLE (available bigint, pending bigint, held bigint, debt bigint)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT
        coalesce(sum(CASE 'available' WHEN l.credit THEN l.amount
            WHEN l.debit THEN -l.amount END), 0)::bigint,
        coalesce(sum(CASE 'pending' WHEN l.credit THEN l.amount
            WHEN l.debit THEN -l.amount END), 0)::bigint,
        coalesce(sum(CASE 'held' WHEN l.credit THEN l.amount
            WHEN l.debit THEN -l.amount END), 0)::bigint,
        coalesce(sum(CASE 'debt' WHEN l.credit THEN -l.amount
            WHEN l.debit THEN l.amount END), 0)::bigint
    FROM pg_catalog.unnest(legs) AS l
$$;

-- Write one journal with its transfers, slices and receipt, and the wallet they leave behind. Two
-- statements on purpose: every expression of its own costs each transaction anew (decision 0025).
CREATE OR REPLACE FUNCTION ledger.write(
    INOUT w ledger.wallet, i ledger.item, legs ledger.leg[], facts json, refers_to uuid,
    recorded_at timestamptz
) LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE ledger.wallet AS x SET available = x.available + d.available,
        pending = x.pending + d.pending, held = x.held + d.held, debt = x.debt + d.debt,
        version = x.version + 1, next_due = w.next_due, frozen = w.frozen
    FROM ledger.deltas(legs) AS d
    WHERE x.holder = w.holder AND x.asset = w.asset
    RETURNING x.* INTO w;
    IF NOT FOUND THEN  -- opened by another between two statements of ours: the edge runs us again
        RAISE EXCEPTION 'the wallet was opened meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    WITH transfers AS (
        INSERT INTO ledger.transfer (holder, journal, position, asset, debit, credit, amount, lot)
        SELECT w.holder, i.journal, l.position, w.asset, l.debit, l.credit, l.amount, l.lot
        FROM unnest(legs) WITH ORDINALITY AS l (debit, credit, amount, lot, position)
    ), slices AS (
        INSERT INTO ledger.slice (holder, journal, position, lot, amount)
        SELECT w.holder, i.journal, l.position, l.lot, l.amount
        FROM unnest(legs) WITH ORDINALITY AS l (debit, credit, amount, lot, position)
        WHERE i.kind IN ('spend', 'hold', 'capture') AND l.credit IN ('redeemed', 'held')
    ), receipts AS (
        INSERT INTO ledger.receipt (holder, key, journal, kind, asset, amount, "of", terms, lot)
        SELECT w.holder, i.key, i.journal, i.kind, w.asset, i.amount, i."of", ledger.terms(i),
            i.lot
        WHERE i.key IS NOT NULL
    )
    INSERT INTO ledger.journal
    SELECT w.holder, i.journal, w.asset, w.version, i.kind, i.key, refers_to, i.effective_at,
        recorded_at, w.available, w.available + w.pending + w.held - w.debt, i.reason, i.actor,
        i.request_id, i.labels, pg_catalog.pg_current_xact_id(), ledger.cluster(),
        CASE WHEN b.booked_on IS NULL
            THEN ledger.canonical(w, i, refers_to, recorded_at, facts, legs)
            ELSE ledger.dated(
                ledger.canonical(w, i, refers_to, recorded_at, facts, legs), b.booked_on) END,
        b.booked_on
    FROM (
        SELECT coalesce(i.booked_on, CASE WHEN i.effective_at < c.open_from_at THEN c.open_from END)
            AS booked_on
        FROM (SELECT) AS always LEFT JOIN ledger.calendar AS c ON true
    ) AS b;
END
$$;

-- Make a wallet and lock it.
CREATE OR REPLACE FUNCTION ledger.open_wallet(of_holder uuid, of_asset text)
RETURNS ledger.wallet LANGUAGE plpgsql
AS $$
DECLARE
    w ledger.wallet;
BEGIN
    INSERT INTO ledger.wallet (holder, asset) VALUES (of_holder, of_asset) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT w FROM ledger.wallet
    WHERE holder = of_holder AND asset = of_asset FOR NO KEY UPDATE;
    RETURN w;
END
$$;

-- The answer of a key that stands already.
CREATE OR REPLACE FUNCTION ledger.replay(i ledger.item, r ledger.receipt) RETURNS ledger.outcome
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    origin uuid;
    legs ledger.leg[];
    o ledger.outcome;
BEGIN
    IF r.kind <> i.kind THEN
        RETURN ledger.refused(i, 'key-reused', 'kind', r.kind, i.kind);
    ELSIF r.asset <> i.asset THEN
        RETURN ledger.refused(i, 'key-reused', 'asset', r.asset, i.asset);
    ELSIF r.amount IS DISTINCT FROM i.amount THEN
        RETURN ledger.refused(i, 'key-reused', 'amount', r.amount::text, i.amount::text);
    ELSIF r."of" IS DISTINCT FROM i."of" THEN
        RETURN ledger.refused(i, 'key-reused', 'of', r."of", i."of");
    ELSIF r.terms <> ledger.terms(i) THEN
        RETURN ledger.refused(i, 'key-reused', 'terms', r.terms, ledger.terms(i));
    END IF;
    SELECT coalesce(array_agg(ledger.leg(debit, credit, amount, lot) ORDER BY position), '{}')
    INTO legs FROM ledger.transfer WHERE holder = i.holder AND journal = r.journal;
    SELECT lot INTO origin FROM ledger.receipt WHERE holder = i.holder AND key = i."of";
    o := ledger.posted(i, r.journal, true, legs, origin);
    IF r.kind IN ('notify', 'reschedule') THEN
        SELECT canonical::json -> 17 ->> 2 INTO STRICT o.amount FROM ledger.journal
        WHERE holder = i.holder AND id = r.journal;
    END IF;
    RETURN o;
END
$$;

-- Find what a posting refers to: its receipt, or the refusal that says why it does not fit.
CREATE OR REPLACE FUNCTION ledger.find_origin(
    i ledger.item, kinds text[], OUT r ledger.receipt, OUT refusal ledger.outcome
) LANGUAGE plpgsql STABLE
AS $$
BEGIN
    SELECT * INTO r FROM ledger.receipt WHERE holder = i.holder AND key = i."of";
    IF NOT FOUND THEN
        refusal := ledger.refused(i, 'unknown-posting', 'of', NULL, i."of");
    ELSIF r.kind <> ALL (kinds) THEN
        refusal := ledger.refused(
            i, 'unfit-posting', 'of', r.kind, array_to_string(kinds, ' or '));
    ELSIF r.asset <> i.asset THEN
        refusal := ledger.refused(i, 'wrong-asset', 'asset', r.asset, i.asset);
    END IF;
END
$$;
