-- Lots: what is taken from them, what goes back into them, and when time will move them.

-- When a lot lapses that needs a notice: at its end, but 30 days after the notice at the earliest,
-- and never while none counts. Days are 24 hours of UTC, so no session setting has a say.
CREATE OR REPLACE FUNCTION ledger.lapse(ends timestamptz, notified timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN notified AT TIME ZONE 'UTC' >= ends AT TIME ZONE 'UTC' - interval '60 days'
        THEN GREATEST(
            ends, (notified AT TIME ZONE 'UTC' + interval '30 days') AT TIME ZONE 'UTC')
    END
$$;

-- The earliest instant at which time alone changes the wallet.
CREATE OR REPLACE FUNCTION ledger.next_due(of_holder uuid, of_asset text) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    SELECT LEAST(
        (SELECT min(LEAST(CASE WHEN l.pending THEN l.activates_at END, l.expires_at))
         FROM ledger.lot AS l
         WHERE l.holder = of_holder AND l.asset = of_asset AND l.open),
        (SELECT min(h.until) FROM ledger.hold AS h
         WHERE h.holder = of_holder AND h.asset = of_asset AND h.open))
$$;

-- Take from the open lots that expire first, then the older; from active lots for 'available'.
CREATE OR REPLACE FUNCTION ledger.take_lots(
    of_holder uuid, of_asset text, from_account text, to_account text, wanted bigint,
    OUT legs ledger.leg[], OUT closed boolean
) LANGUAGE plpgsql
AS $$
DECLARE
    missing bigint := wanted;
    part bigint;
    l record;
BEGIN
    legs := '{}';
    closed := false;
    FOR l IN
        SELECT lot.id, lot.remaining FROM ledger.lot
        WHERE lot.holder = of_holder AND lot.asset = of_asset AND lot.open
            AND lot.pending = (from_account = 'pending')
        ORDER BY lot.expires_at, lot.earned_at, lot.id
    LOOP
        part := LEAST(l.remaining, missing);
        missing := missing - part;
        closed := closed OR part = l.remaining;
        legs := legs || ROW(from_account, to_account, part, l.id)::ledger.leg;
        EXIT WHEN missing = 0;
    END LOOP;
    IF missing > 0 THEN
        RAISE EXCEPTION 'lots of % lack % of what the wallet says is %', of_holder, missing,
            from_account;
    END IF;
    IF cardinality(legs) = 1 THEN
        UPDATE ledger.lot SET remaining = remaining - part, open = remaining > part
        WHERE holder = of_holder AND id = l.id;
    ELSE
        UPDATE ledger.lot SET remaining = remaining - t.amount, open = remaining > t.amount
        FROM unnest(legs) AS t WHERE lot.holder = of_holder AND lot.id = t.lot;
    END IF;
END
$$;

-- Put points back into one lot; a lot that has expired follows the grace given.
CREATE OR REPLACE FUNCTION ledger.refill_lot(
    of_holder uuid, of_lot uuid, from_account text, part bigint, instant timestamptz,
    grace_days integer
) RETURNS ledger.leg[] LANGUAGE plpgsql
AS $$
DECLARE
    lapsed boolean;
    new_end timestamptz := instant + make_interval(hours => 24 * grace_days);
    back ledger.leg := ROW(from_account, 'available', part, of_lot);
BEGIN
    SELECT expires_at <= instant INTO STRICT lapsed
    FROM ledger.lot WHERE holder = of_holder AND id = of_lot;
    IF lapsed AND coalesce(grace_days, 0) = 0 THEN
        RETURN ARRAY[back, ROW('available', 'expired', part, of_lot)::ledger.leg];
    END IF;
    UPDATE ledger.lot SET remaining = remaining + part, open = true,
        expires_at = CASE WHEN lapsed AND notice THEN ledger.lapse(new_end, notified_at)
            WHEN lapsed THEN new_end ELSE expires_at END,
        ends_at = CASE WHEN lapsed AND notice THEN new_end ELSE ends_at END
    WHERE holder = of_holder AND id = of_lot;
    RETURN ARRAY[back];
END
$$;

-- Walk slices back, the last taken first. Overdrawn parts (slices without a lot) pay back debt,
-- and what debt no longer takes becomes a lot of its own.
CREATE OR REPLACE FUNCTION ledger.give_back(
    w ledger.wallet, of_journal uuid, by_item ledger.item, from_account text, wanted bigint,
    instant timestamptz
) RETURNS ledger.leg[] LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[] := '{}';
    owed bigint := w.debt;
    missing bigint := wanted;
    part bigint;
    s ledger.slice;
BEGIN
    FOR s IN
        SELECT * FROM ledger.slice
        WHERE holder = w.holder AND journal = of_journal AND undone < amount
        ORDER BY position DESC
    LOOP
        EXIT WHEN missing = 0;
        part := LEAST(s.amount - s.undone, missing);
        missing := missing - part;
        UPDATE ledger.slice SET undone = undone + part
        WHERE holder = s.holder AND journal = s.journal AND position = s.position;
        IF s.lot IS NOT NULL THEN
            legs := legs || ledger.refill_lot(
                w.holder, s.lot, from_account, part, instant, by_item.grace_days);
            CONTINUE;
        END IF;
        IF LEAST(owed, part) > 0 THEN
            legs := legs || ROW(from_account, 'debt', LEAST(owed, part), NULL)::ledger.leg;
        END IF;
        IF part > owed THEN
            legs := legs || ledger.new_lot_of_rest(w, by_item, from_account, part - owed);
        END IF;
        owed := owed - LEAST(owed, part);
    END LOOP;
    RETURN legs;
END
$$;

-- An overdrawn spend is undone after its debt was repaid: the points have no lot to return to.
CREATE OR REPLACE FUNCTION ledger.new_lot_of_rest(
    w ledger.wallet, i ledger.item, from_account text, part bigint
) RETURNS ledger.leg LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO ledger.lot (holder, id, asset, journal, source, class, granted, remaining,
        clawed_back, allocated, pending, open, earned_at, activates_at, expires_at)
    VALUES (w.holder, i.journal, w.asset, i.journal, 'overdrawn', 'goodwill', part, part,
        0, 0, false, true, i.effective_at, NULL, NULL);
    RETURN ROW(from_account, 'available', part, i.journal)::ledger.leg;
END
$$;

-- What becomes available repays debt first: the transfers given, and those of the repayment.
CREATE OR REPLACE FUNCTION ledger.repay(w ledger.wallet, legs ledger.leg[])
RETURNS ledger.leg[] LANGUAGE plpgsql
AS $$
DECLARE
    after ledger.wallet;
BEGIN
    IF w.debt = 0 THEN
        RETURN legs;
    END IF;
    after := ledger.moved(w, legs);
    IF LEAST(after.debt, after.available) > 0 THEN
        legs := legs || (ledger.take_lots(
            w.holder, w.asset, 'available', 'debt', LEAST(after.debt, after.available))).legs;
    END IF;
    RETURN legs;
END
$$;
