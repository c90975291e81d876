-- The earn that nearly every earn is, in one statement (decision 0028): a lot that needs no notice
-- and follows no schedule, booked on its own day, into a wallet that owes nothing and in which
-- nothing is due. False when it is another one and nothing was written; ledger.earn knows them all
-- and writes the same rows (a property test compares them). Nothing is locked before: whoever wrote
-- this key meanwhile has moved the wallet's version on, so that no row is found after the wait.
CREATE OR REPLACE FUNCTION ledger.earn_plainly(i ledger.item, recorded_at timestamptz)
RETURNS boolean LANGUAGE plpgsql
AS $$
DECLARE
    waits boolean := coalesce(i.pending OR i.activates_at > i.effective_at, false);
BEGIN
    WITH w AS MATERIALIZED (
        UPDATE ledger.wallet AS x SET
            available = x.available + CASE WHEN waits THEN 0 ELSE i.amount END,
            pending = x.pending + CASE WHEN waits THEN i.amount ELSE 0 END,
            version = x.version + 1,
            next_due = LEAST(x.next_due, CASE WHEN waits THEN i.activates_at END, i.expires_at)
        WHERE x.holder = i.holder AND x.asset = i.asset AND x.debt = 0
            AND x.version = (
                SELECT s.version FROM ledger.wallet AS s
                WHERE s.holder = i.holder AND s.asset = i.asset)
            AND coalesce(x.next_due > recorded_at, true)
            AND i.firm IS NOT TRUE AND i.schedule IS NULL AND i.booked_on IS NULL
            AND NOT EXISTS (
                SELECT FROM ledger.receipt AS r WHERE r.holder = i.holder AND r.key = i.key)
            AND NOT EXISTS (
                SELECT FROM ledger.calendar AS c WHERE i.effective_at < c.open_from_at)
        RETURNING x.version, x.available, x.available + x.pending + x.held AS balance
    ), lots AS (
        INSERT INTO ledger.lot
        SELECT i.holder, i.lot, i.asset, i.journal, i.source, i.lot_class, i.amount, i.amount, 0,
            coalesce(i.allocated, 0), waits, true, i.effective_at,
            CASE WHEN waits THEN i.activates_at END, i.expires_at
        FROM w
    ), transfers AS (
        INSERT INTO ledger.transfer
        SELECT i.holder, i.journal, 1, i.asset, 'issued',
            CASE WHEN waits THEN 'pending' ELSE 'available' END, i.amount, i.lot
        FROM w
    ), receipts AS (
        INSERT INTO ledger.receipt
        SELECT i.holder, i.key, i.journal, i.kind, i.asset, i.amount, i."of", ledger.terms(i),
            i.lot
        FROM w WHERE i.key IS NOT NULL
    )
    INSERT INTO ledger.journal
    SELECT i.holder, i.journal, i.asset, w.version, i.kind, i.key, NULL, i.effective_at,
        recorded_at, w.available, w.balance, i.reason, i.actor, i.request_id, i.labels,
        pg_catalog.pg_current_xact_id(), ledger.cluster(),
        ledger.canonical(i, w.version, w.available, w.balance, NULL, recorded_at,
            ledger.plain_birth(i.lot, i.source, i.lot_class, i.amount, waits,
                CASE WHEN waits THEN i.activates_at END, i.expires_at, coalesce(i.allocated, 0)),
            ARRAY[ROW('issued', CASE WHEN waits THEN 'pending' ELSE 'available' END,
                i.amount, i.lot)::ledger.leg])
    FROM w;
    RETURN FOUND;
END
$$;
