-- What becomes of a hold: captured, released, extended.

-- The hold a posting refers to, or the refusal that says why there is none to act upon.
CREATE OR REPLACE FUNCTION ledger.find_hold(
    i ledger.item, OUT h ledger.hold, OUT refusal ledger.outcome
) LANGUAGE plpgsql STABLE
AS $$
DECLARE
    origin record := ledger.find_origin(i, ARRAY['hold']);
BEGIN
    refusal := origin.refusal;
    IF refusal.code IS NULL THEN
        SELECT * INTO STRICT h FROM ledger.hold
        WHERE holder = i.holder AND id = (origin.r).journal;
        IF NOT h.open THEN
            refusal := ledger.refused(i, 'hold-closed', 'of',
                CASE WHEN h.timed_out THEN 'timed-out' WHEN h.released = 0 THEN 'captured'
                    ELSE 'released' END, 'open');
        END IF;
    END IF;
END
$$;

-- Take slices of a hold for good, in the order in which they were set aside.
CREATE OR REPLACE FUNCTION ledger.take_slices(h ledger.hold, wanted bigint)
RETURNS ledger.leg[] LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[] := '{}';
    missing bigint := wanted;
    part bigint;
    s ledger.slice;
BEGIN
    FOR s IN
        SELECT * FROM ledger.slice
        WHERE holder = h.holder AND journal = h.id AND undone < amount ORDER BY position
    LOOP
        EXIT WHEN missing = 0;
        part := LEAST(s.amount - s.undone, missing);
        missing := missing - part;
        UPDATE ledger.slice SET undone = undone + part
        WHERE holder = s.holder AND journal = s.journal AND position = s.position;
        legs := legs || ROW('held', 'redeemed', part, s.lot)::ledger.leg;
    END LOOP;
    RETURN legs;
END
$$;

-- Spend what a hold that ran out lacks: from the wallet, then as debt.
CREATE OR REPLACE FUNCTION ledger.take_missing(w ledger.wallet, missing bigint)
RETURNS ledger.leg[] LANGUAGE plpgsql
AS $$
DECLARE
    part bigint := LEAST(w.available, missing);
    legs ledger.leg[] := '{}';
BEGIN
    IF part > 0 THEN
        legs := (ledger.take_lots(w.holder, w.asset, 'available', 'redeemed', part)).legs;
    END IF;
    IF missing > part THEN
        legs := legs || ROW('debt', 'redeemed', missing - part, NULL)::ledger.leg;
    END IF;
    RETURN legs;
END
$$;

CREATE OR REPLACE FUNCTION ledger.capture(
    w ledger.wallet, i ledger.item, instant timestamptz, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    found_hold record := ledger.find_hold(i);
    h ledger.hold := found_hold.h;
    part bigint := LEAST(h.amount - h.captured - h.released, i.amount);
    rest bigint := 0;
    legs ledger.leg[];
BEGIN
    IF (found_hold.refusal).code IS NOT NULL AND NOT (coalesce(h.timed_out, false) AND i.firm) THEN
        RETURN found_hold.refusal;
    ELSIF part < i.amount AND NOT i.firm THEN
        RETURN ledger.refused(i, 'hold-too-small', 'amount', part::text, i.amount::text);
    END IF;
    legs := ledger.take_slices(h, part);
    IF part < i.amount THEN
        legs := legs || ledger.take_missing(w, i.amount - part);
    ELSIF i.policy = 'release' THEN
        rest := h.amount - h.captured - h.released - part;
        IF rest > 0 THEN
            legs := legs || ledger.give_back(w, h.id, i, 'held', rest, instant);
        END IF;
    END IF;
    UPDATE ledger.hold SET captured = captured + part, released = released + rest,
        open = h.open AND captured + released + part + rest < amount
    WHERE holder = h.holder AND id = h.id;
    legs := ledger.repay(w, legs);
    w.next_due := ledger.next_due(w.holder, w.asset);
    PERFORM ledger.write(w, i, legs, ledger.graced(i, legs), h.id, recorded_at);
    RETURN ledger.posted(i, i.journal, false, legs);
END
$$;

CREATE OR REPLACE FUNCTION ledger.release(
    w ledger.wallet, i ledger.item, instant timestamptz, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    found_hold record := ledger.find_hold(i);
    h ledger.hold := found_hold.h;
    left_over bigint := h.amount - h.captured - h.released;
    part bigint := coalesce(i.amount, left_over);
    legs ledger.leg[];
BEGIN
    IF (found_hold.refusal).code IS NOT NULL THEN
        RETURN found_hold.refusal;
    ELSIF part > left_over THEN
        RETURN ledger.refused(i, 'hold-too-small', 'amount', left_over::text, part::text);
    END IF;
    legs := ledger.give_back(w, h.id, i, 'held', part, instant);
    UPDATE ledger.hold SET released = released + part, open = part < left_over
    WHERE holder = h.holder AND id = h.id;
    legs := ledger.repay(w, legs);
    w.next_due := ledger.next_due(w.holder, w.asset);
    PERFORM ledger.write(w, i, legs, ledger.graced(i, legs), h.id, recorded_at);
    RETURN ledger.posted(i, i.journal, false, legs);
END
$$;

CREATE OR REPLACE FUNCTION ledger.extend(
    w ledger.wallet, i ledger.item, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    found_hold record := ledger.find_hold(i);
BEGIN
    IF (found_hold.refusal).code IS NOT NULL THEN
        RETURN found_hold.refusal;
    END IF;
    UPDATE ledger.hold SET until = i.expires_at
    WHERE holder = w.holder AND id = (found_hold.h).id;
    w.next_due := ledger.next_due(w.holder, w.asset);
    PERFORM ledger.write(w, i, '{}', json_build_array('hold', ledger.micros(i.expires_at)),
        (found_hold.h).id, recorded_at);
    RETURN ledger.posted(i, i.journal, false, '{}');
END
$$;
