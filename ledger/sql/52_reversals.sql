-- Taking back what was earned, and giving back what was spent.

-- When lots lapse, the end that policy gives to those that need a notice, the notice they had, and
-- the terms that decide about their next end.
CREATE OR REPLACE FUNCTION ledger.ends(of_holder uuid, of_lots uuid[]) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(
        l.id, ledger.micros(l.expires_at), ledger.micros(l.ends_at),
        ledger.micros(l.notified_at), l.notice, l.schedule) ORDER BY l.id), '[]')
    FROM ledger.lot AS l WHERE l.holder = of_holder AND l.id = ANY (of_lots)
$$;

-- The ends that lots were given when points came back to them late, for the canonical text.
CREATE OR REPLACE FUNCTION ledger.graced(i ledger.item, legs ledger.leg[]) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN i.grace_days > 0 THEN
        pg_catalog.json_build_array('graced', ledger.ends(i.holder, ARRAY(
            SELECT g.lot FROM pg_catalog.unnest(legs) AS g WHERE g.credit = 'available')))
    END
$$;

-- What is missing of a claw-back: from the other lots, active ones first, then as debt, of which
-- the refund may bear a part.
CREATE OR REPLACE FUNCTION ledger.take_shortfall(
    w ledger.wallet, i ledger.item, missing bigint
) RETURNS ledger.leg[] LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[] := '{}';
    account text;
    part bigint;
BEGIN
    FOREACH account IN ARRAY ARRAY['available', 'pending'] LOOP
        part := LEAST(CASE account WHEN 'available' THEN w.available ELSE w.pending END, missing);
        IF part > 0 THEN
            legs := legs
                || (ledger.take_lots(w.holder, w.asset, account, 'clawed-back', part)).legs;
            missing := missing - part;
        END IF;
    END LOOP;
    IF missing > 0 THEN
        legs := legs || ROW('debt', 'clawed-back', missing, NULL)::ledger.leg;
        part := CASE i.policy
            WHEN 'deducted' THEN LEAST(coalesce(i.deductible, missing), missing) ELSE 0 END;
        IF part > 0 THEN
            legs := legs || ROW('written-off', 'debt', part, NULL)::ledger.leg;
        END IF;
    END IF;
    RETURN legs;
END
$$;

CREATE OR REPLACE FUNCTION ledger.claw_back(
    w ledger.wallet, i ledger.item, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    origin record := ledger.find_origin(i, ARRAY['earn', 'open', 'adjust']);
    l ledger.lot;
    part bigint;
    legs ledger.leg[] := '{}';
BEGIN
    IF (origin.refusal).code IS NOT NULL THEN
        RETURN origin.refusal;
    END IF;
    SELECT * INTO l FROM ledger.lot WHERE holder = w.holder AND id = (origin.r).lot;
    IF NOT FOUND THEN
        RETURN ledger.refused(i, 'unfit-posting', 'of', 'adjust', 'earn');
    ELSIF i.amount > l.granted - l.clawed_back THEN
        RETURN ledger.refused(i, 'reversal-too-large', 'amount',
            (l.granted - l.clawed_back)::text, i.amount::text);
    END IF;
    part := CASE WHEN i.policy = 'pending-only' AND NOT l.pending THEN 0
        ELSE LEAST(l.remaining, i.amount) END;
    UPDATE ledger.lot SET remaining = remaining - part, open = remaining > part,
        clawed_back = clawed_back + i.amount
    WHERE holder = w.holder AND id = l.id;
    IF part > 0 THEN
        legs := ARRAY[ROW(CASE WHEN l.pending THEN 'pending' ELSE 'available' END,
            'clawed-back', part, l.id)::ledger.leg];
    END IF;
    IF part < i.amount AND i.policy IN ('debt', 'deducted') THEN
        legs := legs || ledger.take_shortfall(ledger.moved(w, legs), i, i.amount - part);
    END IF;
    IF w.next_due IS NOT NULL THEN
        w.next_due := ledger.next_due(w.holder, w.asset);
    END IF;
    PERFORM ledger.write(w, i, legs, NULL, (origin.r).journal, recorded_at);
    RETURN ledger.posted(i, i.journal, false, legs, l.id);
END
$$;

CREATE OR REPLACE FUNCTION ledger.restore(
    w ledger.wallet, i ledger.item, instant timestamptz, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    origin record := ledger.find_origin(i, ARRAY['spend', 'capture']);
    left_over bigint;
    legs ledger.leg[];
BEGIN
    IF (origin.refusal).code IS NOT NULL THEN
        RETURN origin.refusal;
    END IF;
    SELECT sum(amount - undone) INTO STRICT left_over FROM ledger.slice
    WHERE holder = w.holder AND journal = (origin.r).journal;
    IF i.amount > left_over THEN
        RETURN ledger.refused(
            i, 'reversal-too-large', 'amount', left_over::text, i.amount::text);
    END IF;
    legs := ledger.give_back(w, (origin.r).journal, i, 'restored', i.amount, instant);
    legs := ledger.repay(w, legs);
    w.next_due := ledger.next_due(w.holder, w.asset);
    PERFORM ledger.write(
        w, i, legs, ledger.graced(i, legs), (origin.r).journal, recorded_at);
    RETURN ledger.posted(i, i.journal, false, legs);
END
$$;
