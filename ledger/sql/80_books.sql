-- The programme's side: the rollup, and sums of accounts as of a booked and a recorded instant.
-- Whatever is summed, is summed in pairs of accounts, so that a sum balances as its journals do.

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
        WHEN 'in-transit' THEN '{move}'
        WHEN 'held' THEN '{hold,capture,release}'
        WHEN 'pending' THEN '{earn,open,activate,expire,claw-back,move}'
        WHEN 'debt' THEN '{earn,open,activate,adjust,spend,capture,release,restore,claw-back,
            write-off,move}'
        ELSE '{earn,activate,spend,hold,capture,release,extend,expire,claw-back,restore,adjust,
            open,write-off,freeze,notify,reschedule,move}'
    END::text[]
$$;

-- When a journal counts as recorded. What time itself caused counts from its effective instant,
-- but never before what precedes it in its wallet.
CREATE OR REPLACE FUNCTION ledger.known_at(j ledger.journal) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN j.key IS NOT NULL THEN j.recorded_at ELSE GREATEST(j.effective_at, (
        SELECT p.recorded_at FROM ledger.journal AS p
        WHERE p.holder = j.holder AND p.asset = j.asset AND p.sequence < j.sequence
            AND p.key IS NOT NULL
        ORDER BY p.sequence DESC LIMIT 1)) END
$$;

-- Where the next fold of a cluster's journals ends: below a limit, after a bounded number of them,
-- but never within a transaction.
CREATE OR REPLACE FUNCTION ledger.fold_below(
    of_cluster bigint, first_xid xid8, before_xid xid8, at_most integer
) RETURNS xid8 LANGUAGE sql STABLE
AS $$
    SELECT coalesce((
        SELECT LEAST(before_xid, CASE WHEN b.xid > b.first THEN b.xid
            ELSE ((b.xid::text::numeric + 1)::text)::xid8 END)
        FROM (
            SELECT j.recorded_xid AS xid, min(j.recorded_xid) OVER () AS first
            FROM (
                SELECT own.recorded_xid FROM ledger.journal AS own
                WHERE own.cluster = of_cluster AND own.recorded_xid >= first_xid
                    AND own.recorded_xid < before_xid
                ORDER BY own.recorded_xid LIMIT at_most + 1
            ) AS j
            ORDER BY 1 OFFSET at_most
        ) AS b
    ), before_xid)
$$;

-- Fold some journals into the rollup: of this cluster those below every transaction still in
-- flight, of clusters this database was restored from all. Answers how many; 0 when none is left.
CREATE OR REPLACE FUNCTION ledger.roll_up(at_most integer DEFAULT 100000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mark ledger.watermark;
    horizon xid8;
    rolled bigint := 0;
    journals bigint;
BEGIN
    FOR mark IN SELECT * FROM ledger.watermark ORDER BY cluster FOR UPDATE LOOP
        horizon := ledger.fold_below(mark.cluster, mark.rolled_below,
            CASE WHEN mark.cluster = ledger.cluster()
                THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE '18446744073709551615' END,
            at_most);
        SELECT count(*) INTO journals FROM ledger.journal
        WHERE cluster = mark.cluster AND recorded_xid >= mark.rolled_below
            AND recorded_xid < horizon;
        CONTINUE WHEN journals = 0;
        INSERT INTO ledger.rollup AS r
            (asset, booked_on, debit, credit, class, tier, recorded_on, amount)
        SELECT f.asset, f.booked_on, f.debit, f.credit, f.class, f.tier, f.recorded_on, f.amount
        FROM ledger.folded(mark.cluster, mark.rolled_below, horizon) AS f
        ORDER BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (asset, booked_on, debit, credit, class, tier, recorded_on)
        DO UPDATE SET amount = r.amount + excluded.amount;
        UPDATE ledger.watermark SET rolled_below = horizon WHERE cluster = mark.cluster;
        rolled := rolled + journals;
    END LOOP;
    RETURN rolled;
END
$$;

-- What journals of a range of transactions add to the rollup. Class and tier are those that the
-- lot of a transfer was born with. Only a journal of time may count as recorded on a day before
-- its own, so the look-up of known_at is spared wherever both its days are one.
CREATE OR REPLACE FUNCTION ledger.folded(of_cluster bigint, first_xid xid8, before_xid xid8)
RETURNS TABLE (
    asset text, booked_on date, debit text, credit text, class text, tier text, recorded_on date,
    amount bigint
) LANGUAGE sql STABLE
AS $$
    SELECT j.asset, j.booked_day, t.debit, t.credit, coalesce(l.class, ''),
        coalesce(coalesce(l.birth_labels, b.labels) ->> 'tier', ''), j.recorded_day,
        sum(t.amount)::bigint
    FROM (
        SELECT j.holder, j.id, j.asset,
            ledger.booked_day(j.booked_on, j.effective_at, c.zone) AS booked_day,
            CASE WHEN j.key IS NOT NULL OR (j.effective_at AT TIME ZONE c.zone)::date
                    = (j.recorded_at AT TIME ZONE c.zone)::date
                THEN (j.recorded_at AT TIME ZONE c.zone)::date
                ELSE (ledger.known_at(j) AT TIME ZONE c.zone)::date END AS recorded_day
        FROM ledger.journal AS j CROSS JOIN ledger.calendar AS c
        WHERE j.cluster = of_cluster AND j.recorded_xid >= first_xid
            AND j.recorded_xid < before_xid
    ) AS j
    JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
    LEFT JOIN ledger.lot AS l ON l.holder = t.holder AND l.id = t.lot
    LEFT JOIN ledger.journal AS b ON b.holder = l.holder AND b.id = l.journal
    GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;

-- Pairs booked on days in [since, until) and recorded up to a day: the rollup and its tail.
CREATE OR REPLACE FUNCTION ledger.pairs(
    of_asset text, since date, until date, recorded_by date
) RETURNS TABLE (
    debit text, credit text, class text, tier text, booked_on date, amount bigint
) LANGUAGE sql STABLE
AS $$
    SELECT r.debit, r.credit, r.class, r.tier, r.booked_on, r.amount FROM ledger.rollup AS r
    WHERE r.asset = of_asset AND r.booked_on >= since AND r.booked_on < until
        AND r.recorded_on <= recorded_by
    UNION ALL
    SELECT f.debit, f.credit, f.class, f.tier, f.booked_on, f.amount FROM ledger.watermark AS m
    CROSS JOIN LATERAL ledger.folded(m.cluster, m.rolled_below, '18446744073709551615') AS f
    WHERE f.asset = of_asset AND f.booked_on >= since AND f.booked_on < until
        AND f.recorded_on <= recorded_by
$$;

-- The journals that became known on an instant's own day, but after the instant.
CREATE OR REPLACE FUNCTION ledger.known_later_that_day(of_asset text, known_by timestamptz)
RETURNS SETOF ledger.journal LANGUAGE sql STABLE
AS $$
    WITH rest_of_day AS (
        SELECT ledger.midnight((known_by AT TIME ZONE c.zone)::date + 1, c.zone) AS ends
        FROM ledger.calendar AS c WHERE known_by < 'infinity'
    ), recorded AS (
        SELECT j.holder, j.id, j.sequence, j.key FROM rest_of_day AS d, ledger.journal AS j
        WHERE j.asset = of_asset AND j.recorded_at > known_by AND j.recorded_at < d.ends
    ), candidate AS (
        SELECT r.holder, r.id FROM recorded AS r
        UNION
        SELECT j.holder, j.id FROM rest_of_day AS d, ledger.journal AS j
        WHERE j.kind = ANY (ledger.kinds()) AND j.key IS NULL AND j.asset = of_asset
            AND j.effective_at > known_by AND j.effective_at < d.ends
        UNION
        SELECT n.holder, n.id FROM (
            SELECT r.holder, min(r.sequence) AS sequence FROM recorded AS r
            WHERE r.key IS NOT NULL GROUP BY r.holder
        ) AS r
        JOIN ledger.journal AS n ON n.holder = r.holder AND n.asset = of_asset
            AND n.sequence > r.sequence AND n.key IS NULL
    )
    SELECT j.* FROM rest_of_day AS d, candidate AS c
    JOIN ledger.journal AS j ON j.holder = c.holder AND j.id = c.id
    WHERE ledger.known_at(j) > known_by AND ledger.known_at(j) < d.ends
$$;

-- What whole days count too much as of two instants: what is effective later on the first one's
-- day, and what became known later on the second one's.
CREATE OR REPLACE FUNCTION ledger.journals_beyond(
    of_asset text, instant timestamptz, known_by timestamptz
) RETURNS SETOF ledger.journal LANGUAGE sql STABLE
AS $$
    SELECT j.* FROM ledger.calendar AS c, ledger.journal AS j
    WHERE instant < 'infinity' AND j.kind = ANY (ledger.kinds()) AND j.asset = of_asset
        AND j.effective_at > instant AND j.booked_on IS NULL AND j.effective_at
            < ledger.midnight((instant AT TIME ZONE c.zone)::date + 1, c.zone)
        AND (ledger.known_at(j) AT TIME ZONE c.zone)::date <= (known_by AT TIME ZONE c.zone)::date
    UNION ALL
    SELECT k.* FROM ledger.calendar AS c, ledger.known_later_that_day(of_asset, known_by) AS k
    WHERE coalesce(ledger.midnight(k.booked_on, c.zone), k.effective_at) <= instant
$$;

-- Pairs as of an instant by which they were booked and one by which they were known.
CREATE OR REPLACE FUNCTION ledger.pairs_at(
    of_asset text, instant timestamptz, known_by timestamptz
) RETURNS TABLE (
    debit text, credit text, class text, tier text, booked_on date, amount bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.* FROM ledger.calendar AS c, LATERAL ledger.pairs(of_asset, '-infinity',
        (instant AT TIME ZONE c.zone)::date + 1, (known_by AT TIME ZONE c.zone)::date) AS p
    UNION ALL
    SELECT t.debit, t.credit, coalesce(l.class, ''),
        coalesce(coalesce(l.birth_labels, b.labels) ->> 'tier', ''),
        ledger.booked_day(j.booked_on, j.effective_at, c.zone), -t.amount
    FROM ledger.calendar AS c, ledger.journals_beyond(of_asset, instant, known_by) AS j
    JOIN ledger.transfer AS t ON t.holder = j.holder AND t.journal = j.id
    LEFT JOIN ledger.lot AS l ON l.holder = t.holder AND l.id = t.lot
    LEFT JOIN ledger.journal AS b ON b.holder = l.holder AND b.id = l.journal
$$;

-- The same summed by month, births and accounts. Everything before the first month is month null.
CREATE OR REPLACE FUNCTION ledger.monthly_pairs(
    of_asset text, since date, until date, known_by timestamptz
) RETURNS TABLE (
    month date, debit text, credit text, class text, tier text, amount bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p.booked_on >= since THEN date_trunc('month', p.booked_on)::date END,
        p.debit, p.credit, p.class, p.tier, sum(p.amount)::bigint
    FROM ledger.pairs_at(of_asset, 'infinity', known_by) AS p
    WHERE p.booked_on < until
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(p.amount) <> 0
$$;
