-- Earning, activating, spending and holding.

-- Points in, as a lot; the account they come from says why. A firm lot needs a notice to lapse.
CREATE OR REPLACE FUNCTION ledger.earn(
    w ledger.wallet, i ledger.item, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    l ledger.lot;
    legs ledger.leg[];
BEGIN
    INSERT INTO ledger.lot
    SELECT i.holder, i.lot, i.asset, i.journal, i.source, i.lot_class, i.amount,
        i.amount - b.repaid, 0, coalesce(i.allocated, 0), b.waits, i.amount > b.repaid,
        i.effective_at, CASE WHEN b.waits THEN i.activates_at END,
        CASE WHEN i.firm THEN NULL ELSE i.expires_at END, coalesce(i.firm, false), NULL,
        CASE WHEN i.firm THEN i.expires_at END, i.schedule
    FROM (
        SELECT s.waits, CASE WHEN s.waits THEN 0 ELSE LEAST(w.debt, i.amount) END AS repaid
        FROM (SELECT coalesce(i.pending OR i.activates_at > i.effective_at, false) AS waits) AS s
    ) AS b
    RETURNING * INTO l;
    IF l.open THEN
        w.next_due := LEAST(w.next_due, l.activates_at, l.expires_at);
    END IF;
    legs := ARRAY[ROW(
        CASE i.kind WHEN 'earn' THEN 'issued' WHEN 'open' THEN 'opening' ELSE 'adjusted' END,
        CASE WHEN l.pending THEN 'pending' ELSE 'available' END, i.amount, i.lot)::ledger.leg];
    IF l.remaining < l.granted THEN
        legs := legs || ROW('available', 'debt', l.granted - l.remaining, i.lot)::ledger.leg;
    END IF;
    PERFORM ledger.write(w, i, legs, ledger.birth(l), NULL, recorded_at);
    RETURN ROW(0, 'posted', i.key, i.journal, false, NULL, NULL, NULL, i.amount,
        l.granted - l.remaining, 0, 0, 0, 0, 0, 0)::ledger.outcome;
END
$$;

CREATE OR REPLACE FUNCTION ledger.activate(
    w ledger.wallet, i ledger.item, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    origin record := ledger.find_origin(i, ARRAY['earn', 'open']);
    l ledger.lot;
    legs ledger.leg[];
BEGIN
    IF (origin.refusal).code IS NOT NULL THEN
        RETURN origin.refusal;
    END IF;
    UPDATE ledger.lot SET pending = false
    WHERE holder = w.holder AND id = (origin.r).lot AND open AND pending
    RETURNING * INTO l;
    IF NOT FOUND THEN
        RETURN ledger.refused(i, 'lot-not-pending', 'of', NULL, i."of");
    END IF;
    legs := ledger.repay(
        w, ARRAY[ROW('pending', 'available', l.remaining, l.id)::ledger.leg]);
    w.next_due := ledger.next_due(w.holder, w.asset);
    PERFORM ledger.write(w, i, legs, NULL, (origin.r).journal, recorded_at);
    RETURN ledger.posted(i, i.journal, false, legs);
END
$$;

-- Take points for good (spend), aside (hold) or by hand (adjust). Only a firm spend may go into
-- debt; it is a fact, so a freeze does not refuse it either.
CREATE OR REPLACE FUNCTION ledger.take(
    w ledger.wallet, i ledger.item, wanted bigint, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    firm boolean := coalesce(i.firm, false) AND i.kind = 'spend';
    to_account text := CASE i.kind
        WHEN 'spend' THEN 'redeemed' WHEN 'hold' THEN 'held' ELSE 'adjusted' END;
    part bigint := LEAST(coalesce(w.available, 0), wanted);
    taken record;
    legs ledger.leg[] := '{}';
BEGIN
    IF w.frozen AND NOT firm AND i.kind <> 'adjust' THEN
        RETURN ledger.refused(i, 'wallet-frozen');
    ELSIF part < wanted AND NOT firm THEN
        RETURN ledger.refused(i, 'insufficient-points', 'amount',
            coalesce(w.available, 0)::text, wanted::text);
    END IF;
    IF part > 0 THEN
        taken := ledger.take_lots(w.holder, w.asset, 'available', to_account, part);
        legs := taken.legs;
        IF taken.closed AND w.next_due IS NOT NULL THEN
            w.next_due := ledger.next_due(w.holder, w.asset);
        END IF;
    END IF;
    IF part < wanted THEN
        legs := legs || ROW('debt', to_account, wanted - part, NULL)::ledger.leg;
    END IF;
    IF i.kind = 'hold' THEN
        INSERT INTO ledger.hold (holder, id, asset, amount, until)
        VALUES (w.holder, i.journal, w.asset, wanted, i.expires_at);
        w.next_due := LEAST(w.next_due, i.expires_at);
    END IF;
    PERFORM ledger.write(w, i, legs,
        CASE WHEN i.kind = 'hold'
            THEN json_build_array('hold', ledger.micros(i.expires_at)) END,
        NULL, recorded_at);
    RETURN ROW(0, 'posted', i.key, i.journal, false, NULL, NULL, NULL, i.amount, 0, 0, 0,
        wanted - part, 0, 0, 0)::ledger.outcome;
END
$$;

-- Corrections by hand: more makes a lot as an earn does, less takes as a spend does.
CREATE OR REPLACE FUNCTION ledger.adjust(
    w ledger.wallet, i ledger.item, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
BEGIN
    IF i.amount > 0 THEN
        RETURN ledger.earn(w, i, recorded_at);
    END IF;
    RETURN ledger.take(w, i, -i.amount, recorded_at);
END
$$;

CREATE OR REPLACE FUNCTION ledger.write_off(
    w ledger.wallet, i ledger.item, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    legs ledger.leg[] := ARRAY[ROW('written-off', 'debt', i.amount, NULL)::ledger.leg];
BEGIN
    IF coalesce(w.debt, 0) < i.amount THEN
        RETURN ledger.refused(
            i, 'debt-too-small', 'amount', coalesce(w.debt, 0)::text, i.amount::text);
    END IF;
    PERFORM ledger.write(w, i, legs, NULL, NULL, recorded_at);
    RETURN ledger.posted(i, i.journal, false, legs);
END
$$;

CREATE OR REPLACE FUNCTION ledger.freeze(
    w ledger.wallet, i ledger.item, recorded_at timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
BEGIN
    w.frozen := i.firm;
    PERFORM ledger.write(
        w, i, '{}', json_build_array('frozen', i.firm), NULL, recorded_at);
    RETURN ledger.posted(i, i.journal, false, '{}');
END
$$;
