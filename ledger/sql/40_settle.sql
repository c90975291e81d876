-- What time has made due, posted before anything else, each with its own effective instant.

-- The posting that time itself makes.
CREATE OR REPLACE FUNCTION ledger.due_item(
    w ledger.wallet, kind text, due timestamptz, recorded_at timestamptz
) RETURNS ledger.item LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    i ledger.item;
BEGIN
    i.kind := kind;
    i.holder := w.holder;
    i.asset := w.asset;
    i.journal := ledger.next_id(recorded_at);
    i.effective_at := due;
    i.reason := 'due';
    i.actor := 'system';
    i.request_id := 'settle';
    i.labels := '{}';
    RETURN i;
END
$$;

CREATE OR REPLACE FUNCTION ledger.activate_due(
    w ledger.wallet, due timestamptz, recorded_at timestamptz
) RETURNS ledger.wallet LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[];
BEGIN
    WITH activated AS (
        UPDATE ledger.lot SET pending = false
        WHERE holder = w.holder AND asset = w.asset AND open AND pending AND activates_at = due
        RETURNING id, remaining, expires_at, earned_at
    )
    SELECT array_agg(ledger.leg('pending', 'available', remaining, id)
        ORDER BY expires_at, earned_at, id)
    INTO legs FROM activated;
    legs := ledger.repay(w, legs);
    w.next_due := ledger.next_due(w.holder, w.asset);
    RETURN ledger.write(
        w, ledger.due_item(w, 'activate', due, recorded_at), legs, NULL, NULL, recorded_at);
END
$$;

CREATE OR REPLACE FUNCTION ledger.expire_due(
    w ledger.wallet, due timestamptz, recorded_at timestamptz
) RETURNS ledger.wallet LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[];
BEGIN
    SELECT array_agg(ledger.leg(
            CASE WHEN pending THEN 'pending' ELSE 'available' END, 'expired', remaining, id)
        ORDER BY earned_at, id)
    INTO legs FROM ledger.lot
    WHERE holder = w.holder AND asset = w.asset AND open AND expires_at = due;
    UPDATE ledger.lot SET remaining = 0, open = false
    WHERE holder = w.holder AND asset = w.asset AND open AND expires_at = due;
    w.next_due := ledger.next_due(w.holder, w.asset);
    RETURN ledger.write(
        w, ledger.due_item(w, 'expire', due, recorded_at), legs, NULL, NULL, recorded_at);
END
$$;

-- A hold whose time is over goes back; what of it has expired meanwhile lapses at once.
CREATE OR REPLACE FUNCTION ledger.time_out(
    w ledger.wallet, of_hold uuid, recorded_at timestamptz
) RETURNS ledger.wallet LANGUAGE plpgsql
AS $$
DECLARE
    h ledger.hold;
    i ledger.item;
    legs ledger.leg[];
BEGIN
    SELECT * INTO STRICT h FROM ledger.hold WHERE holder = w.holder AND id = of_hold;
    i := ledger.due_item(w, 'release', h.until, recorded_at);
    legs := ledger.give_back(
        w, h.id, i, 'held', h.amount - h.captured - h.released, h.until);
    UPDATE ledger.hold SET released = h.amount - h.captured, open = false, timed_out = true
    WHERE holder = w.holder AND id = h.id;
    legs := ledger.repay(w, legs);
    w.next_due := ledger.next_due(w.holder, w.asset);
    RETURN ledger.write(w, i, legs, NULL, h.id, recorded_at);
END
$$;

-- Post what is due in a locked wallet, in the order of time: at one instant activations come
-- first, then holds that run out, then expiries.
CREATE OR REPLACE FUNCTION ledger.settle_wallet(
    w ledger.wallet, up_to timestamptz, recorded_at timestamptz
) RETURNS ledger.wallet LANGUAGE plpgsql
AS $$
DECLARE
    event record;
BEGIN
    WHILE w.next_due <= up_to LOOP
        SELECT * INTO STRICT event FROM (
            SELECT min(activates_at) AS due, 1 AS rank, NULL::uuid AS hold FROM ledger.lot
            WHERE holder = w.holder AND asset = w.asset AND open AND pending
            UNION ALL
            (SELECT until, 2, id FROM ledger.hold
             WHERE holder = w.holder AND asset = w.asset AND open AND until IS NOT NULL
             ORDER BY until, id LIMIT 1)
            UNION ALL
            (SELECT expires_at, 3, NULL FROM ledger.lot
             WHERE holder = w.holder AND asset = w.asset AND open AND expires_at IS NOT NULL
             ORDER BY expires_at LIMIT 1)
        ) AS pending_events
        WHERE due IS NOT NULL ORDER BY due, rank LIMIT 1;
        CASE event.rank
            WHEN 1 THEN w := ledger.activate_due(w, event.due, recorded_at);
            WHEN 2 THEN w := ledger.time_out(w, event.hold, recorded_at);
            ELSE w := ledger.expire_due(w, event.due, recorded_at);
        END CASE;
    END LOOP;
    RETURN w;
END
$$;

-- Settle the wallets of some holders, locked in the order of their ids; answers how many were due.
CREATE OR REPLACE FUNCTION ledger.settle(
    holders uuid[], of_asset text, up_to timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    w ledger.wallet;
    settled integer := 0;
BEGIN
    FOR w IN
        SELECT * FROM ledger.wallet
        WHERE holder = ANY (holders) AND asset = of_asset AND next_due <= up_to
        ORDER BY holder FOR NO KEY UPDATE
    LOOP
        PERFORM ledger.settle_wallet(w, up_to, up_to);
        settled := settled + 1;
    END LOOP;
    RETURN settled;
END
$$;

-- Settle idle wallets, the longest due first, and pass over those in use right now.
CREATE OR REPLACE FUNCTION ledger.sweep(up_to timestamptz, at_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    w ledger.wallet;
    settled integer := 0;
BEGIN
    FOR w IN
        SELECT * FROM ledger.wallet WHERE next_due <= up_to
        ORDER BY next_due LIMIT at_most FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        PERFORM ledger.settle_wallet(w, up_to, up_to);
        settled := settled + 1;
    END LOOP;
    RETURN settled;
END
$$;
