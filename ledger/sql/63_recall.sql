-- Claims on postings of a holder whose wallet has moved to another since. Keys stay where they were
-- posted: the lots concerned are recalled, the claim is posted there, and everything is sent on.

-- The lots that a claim is about: the one that was earned, or those that were spent.
CREATE OR REPLACE FUNCTION ledger.lots_claimed(i ledger.item) RETURNS uuid[]
LANGUAGE sql STABLE
AS $$
    SELECT ARRAY(
        SELECT r.lot FROM ledger.receipt AS r
        WHERE r.holder = i.holder AND r.key = i."of" AND r.lot IS NOT NULL
        UNION
        SELECT s.lot FROM ledger.receipt AS r
        JOIN ledger.slice AS s ON s.holder = r.holder AND s.journal = r.journal
        WHERE r.holder = i.holder AND r.key = i."of" AND s.lot IS NOT NULL)
$$;

-- Move on behalf of a claim; nothing happens where there is nothing to move.
CREATE OR REPLACE FUNCTION ledger.move_along(
    claim ledger.item, sender uuid, receiver uuid, lots uuid[], reason text, instant timestamptz
) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    i ledger.item := claim;
    source ledger.wallet := ledger.settled_wallet(sender, claim.asset, instant, instant);
BEGIN
    IF NOT (lots IS NULL AND coalesce(source.debt, 0) > 0) AND NOT EXISTS (
        SELECT FROM ledger.lot AS l
        WHERE l.holder = sender AND l.asset = claim.asset AND l.open
            AND (lots IS NULL OR l.id = ANY (lots))
    ) THEN
        RETURN;
    END IF;
    i.kind := 'move';
    i.holder := sender;
    i.key := claim.key || '/' || reason;
    i.journal := ledger.next_id(instant);
    i.reason := reason;
    i.lots := lots;
    PERFORM ledger.open_wallet(receiver, claim.asset);
    PERFORM ledger.move_between(source,
        ledger.settled_wallet(receiver, claim.asset, instant, instant), i,
        ledger.next_id(instant), instant);
END
$$;

-- One claim. What a refusal has recalled is taken back with it.
CREATE OR REPLACE FUNCTION ledger.post_claim(
    i ledger.item, survivor uuid, instant timestamptz
) RETURNS ledger.outcome LANGUAGE plpgsql
AS $$
DECLARE
    o ledger.outcome;
    r ledger.receipt;
BEGIN
    SELECT * INTO r FROM ledger.receipt WHERE holder = i.holder AND key = i.key;
    IF FOUND THEN
        RETURN ledger.replay(i, r);
    END IF;
    PERFORM ledger.move_along(
        i, survivor, i.holder, ledger.lots_claimed(i), 'recalled', instant);
    o := ledger.post_item(i, instant, instant);
    IF o.code <> 'posted' THEN
        RAISE EXCEPTION USING ERRCODE = 'LL001', MESSAGE = o.code;
    END IF;
    PERFORM ledger.move_along(i, i.holder, survivor, NULL, 'sent-on', instant);
    RETURN o;
EXCEPTION WHEN SQLSTATE 'LL001' THEN
    RETURN o;
END
$$;

-- Post claims of holders whose wallets have moved to one survivor. A claim is a subtransaction: an
-- order has few of them.
CREATE OR REPLACE FUNCTION ledger.post_recalled(
    items jsonb, survivor uuid, instant timestamptz
) RETURNS SETOF ledger.outcome
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    i ledger.item;
    o ledger.outcome;
    place integer := 0;
BEGIN
    PERFORM ledger.lock_holders(survivor || ARRAY(
        SELECT (e ->> 'holder')::uuid FROM jsonb_array_elements(items) AS e));
    FOR i IN SELECT * FROM jsonb_populate_recordset(NULL::ledger.item, items) LOOP
        o := ledger.post_claim(i, survivor, instant);
        o.position := place;
        place := place + 1;
        RETURN NEXT o;
    END LOOP;
END
$$;
