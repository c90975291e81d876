-- The way in: postings of any kind, in their order, one outcome each.

-- Whether a posting opens a wallet where there is none: it cannot be refused for lack of one.
CREATE OR REPLACE FUNCTION ledger.may_open(i ledger.item) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT i.kind IN ('earn', 'open', 'freeze') OR i.kind = 'adjust' AND i.amount > 0
        OR i.kind = 'spend' AND coalesce(i.firm, false)
$$;

-- Why a posting cannot be booked on the day that it names, if it names one.
CREATE OR REPLACE FUNCTION ledger.misbooked(i ledger.item, recorded_at timestamptz)
RETURNS ledger.outcome LANGUAGE sql STABLE
AS $$
    SELECT CASE
        WHEN i.booked_on < c.open_from THEN ledger.refused(i, 'period-closed', 'booked_on',
            ledger.shown(i.booked_on), ledger.shown(c.open_from))
        WHEN i.booked_on < d.happened THEN ledger.refused(i, 'booked-on-unfit', 'booked_on',
            ledger.shown(i.booked_on), ledger.shown(d.happened))
        WHEN i.booked_on > d.recorded THEN ledger.refused(i, 'booked-on-unfit', 'booked_on',
            ledger.shown(i.booked_on), ledger.shown(d.recorded)) END
    FROM ledger.calendar AS c
    CROSS JOIN LATERAL (
        SELECT ledger.booked_day(NULL, i.effective_at, c.zone) AS happened,
            ledger.booked_day(NULL, recorded_at, c.zone) AS recorded
    ) AS d
$$;

-- Post one event as of an instant, in a wallet that is locked and settled first.
CREATE OR REPLACE FUNCTION ledger.post_item(
    i ledger.item, instant timestamptz, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    w ledger.wallet;
    r ledger.receipt;
    refusal ledger.outcome;
BEGIN
    SELECT * INTO w FROM ledger.wallet
    WHERE holder = i.holder AND asset = i.asset FOR NO KEY UPDATE;
    IF NOT FOUND AND ledger.may_open(i) THEN
        w := ledger.open_wallet(i.holder, i.asset);
    END IF;
    SELECT * INTO r FROM ledger.receipt WHERE holder = i.holder AND key = i.key;
    IF FOUND THEN
        RETURN ledger.replay(i, r);
    END IF;
    IF w.next_due <= instant OR i.booked_on IS NOT NULL THEN
        refusal := ledger.misbooked(i, recorded_at);
        IF refusal.code IS NOT NULL THEN
            RETURN refusal;
        END IF;
        w := ledger.settle_wallet(w, instant, recorded_at);
    END IF;
    CASE i.kind
        WHEN 'earn', 'open' THEN RETURN ledger.earn(w, i, recorded_at);
        WHEN 'spend', 'hold' THEN RETURN ledger.take(w, i, i.amount, recorded_at);
        WHEN 'capture' THEN RETURN ledger.capture(w, i, instant, recorded_at);
        WHEN 'release' THEN RETURN ledger.release(w, i, instant, recorded_at);
        WHEN 'extend' THEN RETURN ledger.extend(w, i, recorded_at);
        WHEN 'activate' THEN RETURN ledger.activate(w, i, recorded_at);
        WHEN 'claw-back' THEN RETURN ledger.claw_back(w, i, recorded_at);
        WHEN 'restore' THEN RETURN ledger.restore(w, i, instant, recorded_at);
        WHEN 'adjust' THEN RETURN ledger.adjust(w, i, recorded_at);
        WHEN 'write-off' THEN RETURN ledger.write_off(w, i, recorded_at);
        WHEN 'freeze' THEN RETURN ledger.freeze(w, i, recorded_at);
        WHEN 'notify', 'reschedule' THEN
            RETURN ledger.set_ends(w, i, instant, recorded_at);
    END CASE;
END
$$;

-- Make and lock the wallets of several postings in the order of their holders.
CREATE OR REPLACE FUNCTION ledger.lock_wallets(items jsonb) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO ledger.wallet (holder, asset)
    SELECT DISTINCT i.holder, i.asset
    FROM jsonb_populate_recordset(NULL::ledger.item, items) AS i
    WHERE ledger.may_open(i) AND NOT EXISTS (
        SELECT FROM ledger.wallet AS w WHERE w.holder = i.holder AND w.asset = i.asset)
    ORDER BY i.holder, i.asset
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM ledger.wallet AS w
    WHERE w.holder = ANY (ARRAY(
        SELECT (e ->> 'holder')::uuid FROM jsonb_array_elements(items) AS e))
    ORDER BY w.holder, w.asset FOR NO KEY UPDATE;
END
$$;

-- Post one event. Most calls bring one; a loop over an array and a set of rows would cost each of
-- them a twentieth more (decision 0264).
CREATE OR REPLACE FUNCTION ledger.post_one(item jsonb, instant timestamptz)
RETURNS ledger.outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    i ledger.item := jsonb_populate_record(NULL::ledger.item, item);
BEGIN
    IF i.kind = 'earn' AND ledger.earn_plainly(i, instant) THEN
        RETURN ROW(0, 'posted', i.key, i.journal, false, NULL, NULL, NULL, i.amount,
            0, 0, 0, 0, 0, 0, 0)::ledger.outcome;
    END IF;
    RETURN ledger.post_item(i, instant, instant);
END
$$;

-- Post an array of events, one after the other.
CREATE OR REPLACE FUNCTION ledger.post(items jsonb, instant timestamptz)
RETURNS SETOF ledger.outcome ROWS 1
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    o ledger.outcome;
BEGIN
    IF jsonb_array_length(items) > 1 THEN
        PERFORM ledger.lock_wallets(items);
    END IF;
    FOR place IN 0 .. jsonb_array_length(items) - 1 LOOP
        o := ledger.post_one(items -> place, instant);
        o.position := place;
        RETURN NEXT o;
    END LOOP;
END
$$;
