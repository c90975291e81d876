-- Points and debt that go from one holder's wallet to another's, through the in-transit account:
-- the one operation that touches two holders. Both wallets are locked and settled before.

-- Take open lots out of a wallet; without any named, all of them and the debt.
CREATE OR REPLACE FUNCTION ledger.send(w ledger.wallet, lots uuid[]) RETURNS ledger.leg[]
LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[];
BEGIN
    SELECT coalesce(array_agg(ledger.leg(
            CASE WHEN l.pending THEN 'pending' ELSE 'available' END, 'in-transit', l.remaining,
            l.id) ORDER BY l.pending, l.expires_at, l.earned_at, l.id), '{}')
    INTO legs FROM ledger.lot AS l
    WHERE l.holder = w.holder AND l.asset = w.asset AND l.open
        AND (lots IS NULL OR l.id = ANY (lots));
    UPDATE ledger.lot AS l SET remaining = 0, open = false
    FROM unnest(legs) AS t WHERE l.holder = w.holder AND l.id = t.lot;
    IF lots IS NULL AND w.debt > 0 THEN
        legs := legs || ledger.leg('in-transit', 'debt', w.debt, NULL);
    END IF;
    RETURN legs;
END
$$;

-- Put what was sent into another wallet. A lot stays what it is; one that comes back finds its
-- row, and keeps the terms of that row while points are left in it. Debt is repaid at once.
CREATE OR REPLACE FUNCTION ledger.receive(
    w ledger.wallet, arrival uuid, sender uuid, sent ledger.leg[]
) RETURNS ledger.leg[] LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[];
    after ledger.wallet;
BEGIN
    INSERT INTO ledger.lot AS x
    SELECT w.holder, l.id, l.asset, arrival, l.source, l.class, l.granted, s.amount,
        l.clawed_back, l.allocated, l.pending, true, l.earned_at, l.activates_at, l.expires_at,
        l.notice, l.notified_at, l.ends_at, l.schedule, sender,
        coalesce(l.birth_labels, j.labels)
    FROM unnest(sent) AS s
    JOIN ledger.lot AS l ON l.holder = sender AND l.id = s.lot
    JOIN ledger.journal AS j ON j.holder = sender AND j.id = l.journal
    ON CONFLICT (holder, id) DO UPDATE SET remaining = x.remaining + excluded.remaining,
        open = true, pending = excluded.pending, clawed_back = excluded.clawed_back,
        expires_at = CASE WHEN x.open THEN x.expires_at ELSE excluded.expires_at END,
        ends_at = CASE WHEN x.open THEN x.ends_at ELSE excluded.ends_at END,
        notified_at = CASE WHEN x.open THEN x.notified_at ELSE excluded.notified_at END,
        notice = CASE WHEN x.open THEN x.notice ELSE excluded.notice END,
        schedule = CASE WHEN x.open THEN x.schedule ELSE excluded.schedule END;
    legs := ARRAY(
        SELECT CASE WHEN s.credit = 'in-transit'
            THEN ledger.leg('in-transit', s.debit, s.amount, s.lot)
            ELSE ledger.leg('debt', 'in-transit', s.amount, NULL) END
        FROM unnest(sent) WITH ORDINALITY AS s (debit, credit, amount, lot, position)
        ORDER BY s.position);
    after := ledger.moved(w, legs);
    IF LEAST(after.debt, after.available) > 0 THEN
        legs := legs || (ledger.take_lots(
            w.holder, w.asset, 'available', 'debt', LEAST(after.debt, after.available))).legs;
    END IF;
    RETURN legs;
END
$$;

-- What the lots that have arrived are now, for the canonical text.
CREATE OR REPLACE FUNCTION ledger.arrived(of_holder uuid, legs ledger.leg[]) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(
        l.id, ledger.micros(l.expires_at), ledger.micros(l.ends_at),
        ledger.micros(l.notified_at), l.notice, l.schedule, l.clawed_back, l.source, l.class,
        l.granted, l.allocated, ledger.micros(l.activates_at), ledger.micros(l.earned_at),
        l.birth_labels, l.moved_from) ORDER BY l.id), '[]')
    FROM ledger.lot AS l
    WHERE l.holder = of_holder AND l.id IN (
        SELECT t.lot FROM pg_catalog.unnest(legs) AS t WHERE t.debit = 'in-transit')
$$;

-- The answer to a move, with its figures read off the transfers of both its journals.
CREATE OR REPLACE FUNCTION ledger.moved_outcome(
    i ledger.item, journal uuid, replayed boolean, sent ledger.leg[], received ledger.leg[]
) RETURNS ledger.outcome LANGUAGE sql IMMUTABLE
AS $$
    SELECT ROW(0, 'posted', i.key, journal, replayed, NULL, NULL, NULL,
        (SELECT coalesce(sum(s.amount), 0) FROM pg_catalog.unnest(sent) AS s
         WHERE s.credit = 'in-transit'),
        (SELECT coalesce(sum(r.amount), 0) FROM pg_catalog.unnest(received) AS r
         WHERE r.debit = 'available'),
        0, 0,
        (SELECT coalesce(sum(s.amount), 0) FROM pg_catalog.unnest(sent) AS s
         WHERE s.debit = 'in-transit'),
        0, 0, 0)::ledger.outcome
$$;

-- Move between two wallets, whatever they are; both journals name each other.
CREATE OR REPLACE FUNCTION ledger.move_between(
    source ledger.wallet, target ledger.wallet, i ledger.item, arrival uuid,
    recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    here ledger.item := i;
    there ledger.item := i;
    sent ledger.leg[] := ledger.send(source, i.lots);
    received ledger.leg[] := ledger.receive(target, arrival, source.holder, sent);
BEGIN
    here.holder := source.holder;
    here."of" := target.holder::text;
    there.holder := target.holder;
    there."of" := source.holder::text;
    there.journal := arrival;
    source.next_due := ledger.next_due(source.holder, source.asset);
    target.next_due := ledger.next_due(target.holder, target.asset);
    PERFORM ledger.write(source, here, sent,
        json_build_array('moved-to', target.holder, arrival), arrival, recorded_at);
    PERFORM ledger.write(target, there, received,
        json_build_array('moved-from', source.holder, i.journal,
            ledger.arrived(target.holder, received)),
        i.journal, recorded_at);
    RETURN ledger.moved_outcome(i, i.journal, false, sent, received);
END
$$;

-- Whether one of two keys of a move stands already, at either holder, and what it answers then.
CREATE OR REPLACE FUNCTION ledger.replay_move(i ledger.item, target uuid) RETURNS ledger.outcome
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    r ledger.receipt;
    o ledger.outcome;
    other uuid;
BEGIN
    SELECT * INTO r FROM ledger.receipt WHERE holder = i.holder AND key = i.key;
    IF FOUND THEN
        o := ledger.replay(i, r);
        IF o.code <> 'posted' THEN
            RETURN o;
        END IF;
        SELECT refers_to INTO STRICT other FROM ledger.journal
        WHERE holder = i.holder AND id = r.journal;
        RETURN ledger.moved_outcome(i, r.journal, true,
            ledger.legs_of(i.holder, r.journal), ledger.legs_of(target, other));
    END IF;
    SELECT * INTO r FROM ledger.receipt WHERE holder = target AND key = i.key;
    IF FOUND THEN
        RETURN ledger.refused(i, 'key-reused', 'of', coalesce(r."of", r.kind), i.holder::text);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION ledger.legs_of(of_holder uuid, of_journal uuid) RETURNS ledger.leg[]
LANGUAGE sql STABLE
AS $$
    SELECT ARRAY(
        SELECT ledger.leg(t.debit, t.credit, t.amount, t.lot) FROM ledger.transfer AS t
        WHERE t.holder = of_holder AND t.journal = of_journal ORDER BY t.position)
$$;

-- A wallet that is locked, brought up to an instant.
CREATE OR REPLACE FUNCTION ledger.settled_wallet(
    of_holder uuid, of_asset text, instant timestamptz, recorded_at timestamptz
) RETURNS ledger.wallet LANGUAGE plpgsql
AS $$
DECLARE
    w ledger.wallet;
BEGIN
    SELECT * INTO w FROM ledger.wallet
    WHERE holder = of_holder AND asset = of_asset FOR NO KEY UPDATE;
    IF w.next_due <= instant THEN
        w := ledger.settle_wallet(w, instant, recorded_at);
    END IF;
    RETURN w;
END
$$;

-- Move one wallet, or the lots named of it, as its owner's business.
CREATE OR REPLACE FUNCTION ledger.move_item(
    i ledger.item, target uuid, arrival uuid, instant timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    o ledger.outcome := ledger.replay_move(i, target);
    w ledger.wallet;
BEGIN
    IF o.code IS NOT NULL THEN
        RETURN o;
    END IF;
    w := ledger.settled_wallet(i.holder, i.asset, instant, instant);
    IF i.lots IS NULL AND w.frozen THEN
        RETURN ledger.refused(i, 'wallet-frozen');
    ELSIF i.lots IS NULL AND w.held > 0 THEN
        RETURN ledger.refused(i, 'holds-open', 'amount', w.held::text, '0');
    ELSIF NOT (i.lots IS NULL AND coalesce(w.debt, 0) > 0) AND NOT EXISTS (
        SELECT FROM ledger.lot AS l
        WHERE l.holder = i.holder AND l.asset = i.asset AND l.open
            AND (i.lots IS NULL OR l.id = ANY (i.lots))
    ) THEN
        RETURN ledger.refused(i, 'nothing-to-move');
    END IF;
    PERFORM ledger.open_wallet(target, i.asset);
    RETURN ledger.move_between(w,
        ledger.settled_wallet(target, i.asset, instant, instant), i, arrival, instant);
END
$$;

-- Lock the wallets of some holders in the order of their ids.
CREATE OR REPLACE FUNCTION ledger.lock_holders(holders uuid[]) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM 1 FROM ledger.wallet AS w WHERE w.holder = ANY (holders)
    ORDER BY w.holder, w.asset FOR NO KEY UPDATE;
END
$$;

-- Move wallets to other holders.
CREATE OR REPLACE FUNCTION ledger.move(items jsonb, instant timestamptz)
RETURNS SETOF ledger.outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    said jsonb;
    o ledger.outcome;
    place integer := 0;
BEGIN
    -- Wallets that are not there yet cannot be locked, so they are opened before any other is.
    INSERT INTO ledger.wallet (holder, asset)
    SELECT DISTINCT (e ->> 'to')::uuid, e ->> 'asset' FROM jsonb_array_elements(items) AS e
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    PERFORM ledger.lock_holders(ARRAY(
        SELECT unnest(ARRAY[(e ->> 'holder')::uuid, (e ->> 'to')::uuid])
        FROM jsonb_array_elements(items) AS e));
    FOR said IN SELECT e FROM jsonb_array_elements(items) AS e LOOP
        o := ledger.move_item(jsonb_populate_record(NULL::ledger.item, said),
            (said ->> 'to')::uuid, (said ->> 'arrival')::uuid, instant);
        o.position := place;
        place := place + 1;
        RETURN NEXT o;
    END LOOP;
    -- What was opened for a move that is refused goes again: a refusal leaves nothing behind.
    DELETE FROM ledger.wallet AS w USING jsonb_array_elements(items) AS e
    WHERE w.holder = (e ->> 'to')::uuid AND w.asset = e ->> 'asset' AND w.version = 0;
END
$$;
