-- The programme's side: the rollup, and sums of accounts at an instant.

-- Fold journals into the rollup: those of this cluster below every transaction still in flight,
-- and all of clusters this database was restored from.
CREATE OR REPLACE FUNCTION ledger.roll_up() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mark ledger.watermark;
    horizon xid8;
    rolled bigint := 0;
    journals bigint;
BEGIN
    FOR mark IN SELECT * FROM ledger.watermark ORDER BY cluster FOR UPDATE LOOP
        horizon := CASE WHEN mark.cluster = ledger.cluster()
            THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE '18446744073709551615' END;
        SELECT count(*) INTO journals FROM ledger.journal
        WHERE cluster = mark.cluster AND recorded_xid >= mark.rolled_below
            AND recorded_xid < horizon;
        CONTINUE WHEN journals = 0;
        INSERT INTO ledger.rollup AS r
            (account, asset, effective_on, recorded_on, labels, debit, credit)
        SELECT * FROM ledger.rolled(mark.cluster, mark.rolled_below, horizon)
        ORDER BY account, asset, effective_on, recorded_on, labels
        ON CONFLICT (account, asset, effective_on, recorded_on, labels)
        DO UPDATE SET debit = r.debit + excluded.debit, credit = r.credit + excluded.credit;
        UPDATE ledger.watermark SET rolled_below = horizon WHERE cluster = mark.cluster;
        rolled := rolled + journals;
    END LOOP;
    RETURN rolled;
END
$$;

-- What journals of a range of transactions add to the rollup. Days are days of UTC.
CREATE OR REPLACE FUNCTION ledger.rolled(of_cluster bigint, first_xid xid8, before_xid xid8)
RETURNS TABLE (
    account text, asset text, effective_on date, recorded_on date, labels text, debit bigint,
    credit bigint
) LANGUAGE sql STABLE
AS $$
    SELECT side.account, j.asset, (j.effective_at AT TIME ZONE 'UTC')::date,
        (j.recorded_at AT TIME ZONE 'UTC')::date, j.labels::text,
        sum(side.debit)::bigint, sum(side.credit)::bigint
    FROM ledger.journal AS j
    JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
    CROSS JOIN LATERAL (VALUES (t.debit, t.amount, 0), (t.credit, 0, t.amount))
        AS side (account, debit, credit)
    WHERE j.cluster = of_cluster AND j.recorded_xid >= first_xid AND j.recorded_xid < before_xid
    GROUP BY 1, 2, 3, 4, 5
$$;

-- Every account in the days of UTC in [since, until): the rollup and the journals after it.
CREATE OR REPLACE FUNCTION ledger.daily_sums(of_asset text, since date, until date)
RETURNS TABLE (account text, effective_on date, debit bigint, credit bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.account, s.effective_on, sum(s.debit)::bigint, sum(s.credit)::bigint FROM (
        SELECT r.account, r.effective_on, r.debit, r.credit FROM ledger.rollup AS r
        WHERE r.asset = of_asset AND r.effective_on >= since AND r.effective_on < until
        UNION ALL
        SELECT t.account, t.effective_on, t.debit, t.credit FROM ledger.watermark AS m
        CROSS JOIN LATERAL
            ledger.rolled(m.cluster, m.rolled_below, '18446744073709551615') AS t
        WHERE t.asset = of_asset AND t.effective_on >= since AND t.effective_on < until
    ) AS s
    GROUP BY s.account, s.effective_on
$$;

-- The kinds of journals that can move an account; all kinds for none given.
CREATE OR REPLACE FUNCTION ledger.kinds(of_account text DEFAULT NULL) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE of_account
        WHEN 'issued' THEN '{earn}'
        WHEN 'redeemed' THEN '{spend,capture}'
        WHEN 'restored' THEN '{restore}'
        WHEN 'expired' THEN '{expire,release,capture,restore}'
        WHEN 'clawed-back' THEN '{claw-back}'
        WHEN 'adjusted' THEN '{adjust}'
        WHEN 'opening' THEN '{open}'
        WHEN 'written-off' THEN '{write-off,claw-back}'
        WHEN 'held' THEN '{hold,capture,release}'
        WHEN 'pending' THEN '{earn,open,activate,expire,claw-back}'
        WHEN 'debt' THEN
            '{earn,open,activate,adjust,spend,capture,release,restore,claw-back,write-off}'
        ELSE '{earn,activate,spend,hold,capture,release,extend,expire,claw-back,restore,adjust,
            open,write-off,freeze}'
    END::text[]
$$;

-- Every account as of an instant. What is effective later on that day is taken off again.
CREATE OR REPLACE FUNCTION ledger.account_sums(of_asset text, instant timestamptz)
RETURNS TABLE (account text, debit bigint, credit bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.account, sum(s.debit)::bigint, sum(s.credit)::bigint FROM (
        SELECT d.account, d.debit, d.credit FROM ledger.daily_sums(
            of_asset, '-infinity', (instant AT TIME ZONE 'UTC')::date + 1) AS d
        UNION ALL
        SELECT side.account, -side.debit, -side.credit
        FROM ledger.journal AS j
        JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
        CROSS JOIN LATERAL (VALUES (t.debit, t.amount, 0), (t.credit, 0, t.amount))
            AS side (account, debit, credit)
        WHERE j.kind = ANY (ledger.kinds()) AND j.asset = of_asset AND j.effective_at > instant
            AND j.effective_at < ((instant AT TIME ZONE 'UTC')::date + 1) AT TIME ZONE 'UTC'
    ) AS s
    GROUP BY s.account
$$;

-- The wallets as they were at an instant, without what came after; 'lapsed' is what time has
-- taken by then and nobody has posted yet.
CREATE OR REPLACE FUNCTION ledger.wallet_sums(of_asset text, instant timestamptz)
RETURNS TABLE (available bigint, pending bigint, held bigint, debt bigint, lapsed bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH now AS (
        SELECT sum(coalesce(d.available, w.available)) AS available,
            sum(coalesce(d.pending, w.pending)) AS pending,
            sum(coalesce(d.held, w.held)) AS held, sum(coalesce(d.debt, w.debt)) AS debt,
            sum(w.available + w.pending + w.held - w.debt
                - d.available - d.pending - d.held + d.debt) AS lapsed
        FROM ledger.wallet AS w
        LEFT JOIN LATERAL ledger.wallet_due(
            w.holder, w.asset, CASE WHEN w.next_due <= instant THEN instant END) AS d ON true
        WHERE w.asset = of_asset
    ), later AS (
        SELECT s.account, s.credit - s.debit AS balance
        FROM ledger.account_sums(of_asset, 'infinity') AS s
        UNION ALL
        SELECT s.account, s.debit - s.credit FROM ledger.account_sums(of_asset, instant) AS s
    ), after AS (
        SELECT coalesce(sum(l.balance) FILTER (WHERE l.account = 'available'), 0) AS available,
            coalesce(sum(l.balance) FILTER (WHERE l.account = 'pending'), 0) AS pending,
            coalesce(sum(l.balance) FILTER (WHERE l.account = 'held'), 0) AS held,
            coalesce(sum(-l.balance) FILTER (WHERE l.account = 'debt'), 0) AS debt
        FROM later AS l
    )
    SELECT (coalesce(n.available, 0) - a.available)::bigint,
        (coalesce(n.pending, 0) - a.pending)::bigint, (coalesce(n.held, 0) - a.held)::bigint,
        (coalesce(n.debt, 0) - a.debt)::bigint, coalesce(n.lapsed, 0)::bigint
    FROM now AS n, after AS a
$$;

-- The journals that moved an account, latest effective first, a page at a time.
CREATE OR REPLACE FUNCTION ledger.account_entries(
    of_account text, of_asset text, since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, at_most integer
) RETURNS TABLE (
    holder uuid, journal uuid, kind text, key text, effective_at timestamptz,
    recorded_at timestamptz, reason text, actor text, labels jsonb, debit bigint, credit bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT page.* FROM unnest(ledger.kinds(of_account)) AS k (kind)
    CROSS JOIN LATERAL (
        SELECT j.holder, j.id, j.kind, j.key, j.effective_at, j.recorded_at, j.reason, j.actor,
            j.labels, t.debit, t.credit
        FROM ledger.journal AS j
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount) FILTER (WHERE t.debit = of_account), 0)::bigint AS debit,
                coalesce(sum(t.amount) FILTER (WHERE t.credit = of_account), 0)::bigint AS credit
            FROM ledger.transfer AS t
            WHERE t.holder = j.holder AND t.journal = j.id
        ) AS t
        WHERE j.kind = k.kind AND j.asset = of_asset AND j.effective_at >= since
            AND j.effective_at < until AND (j.effective_at, j.id) < (before_at, before_id)
            AND t.debit + t.credit > 0
        ORDER BY j.effective_at DESC, j.id DESC LIMIT at_most
    ) AS page
    ORDER BY page.effective_at DESC, page.id DESC LIMIT at_most
$$;
