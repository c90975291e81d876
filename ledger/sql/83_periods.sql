-- Periods: founding the books, and closing month after month.

-- The first day of the books: that of their founding, or of the first journal if it is earlier.
CREATE OR REPLACE FUNCTION ledger.begins_on() RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT LEAST(c.founded_on, (
        SELECT min(first.effective_at AT TIME ZONE c.zone)::date
        FROM unnest(ledger.kinds()) AS k (kind)
        CROSS JOIN LATERAL (
            SELECT j.effective_at FROM ledger.journal AS j
            WHERE j.kind = k.kind AND j.booked_on IS NULL ORDER BY j.effective_at LIMIT 1
        ) AS first
    ))
    FROM ledger.calendar AS c
$$;

-- Whether a question about an asset and an instant, or a day, can be answered at all.
CREATE OR REPLACE FUNCTION ledger.answerable(of_asset text, instant timestamptz, of_day date)
RETURNS TABLE (zone text, is_known boolean, begins_on date, is_before boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.zone, EXISTS (SELECT FROM ledger.rollup AS r WHERE r.asset = of_asset)
            OR EXISTS (SELECT FROM ledger.wallet AS w WHERE w.asset = of_asset),
        b.day, coalesce(of_day, (instant AT TIME ZONE c.zone)::date) < b.day
    FROM ledger.calendar AS c CROSS JOIN LATERAL (SELECT ledger.begins_on() AS day) AS b
$$;

-- What the calendar's row says of its founding.
CREATE OR REPLACE FUNCTION ledger.canonical(c ledger.calendar) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT pg_catalog.json_build_array('calendar/1', c.zone, ledger.shown(c.founded_on))::text
$$;

-- What a period's row says; verify compares it.
CREATE OR REPLACE FUNCTION ledger.canonical(p ledger.period) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT pg_catalog.json_build_array(
        'period/1', ledger.shown(p.month), p.number, ledger.micros(p.closing_at), p.closing_by,
        p.closing_request, p.closing_xid::text, p.cluster, p.drained_below::text,
        ledger.micros(p.closed_at), p.closed_by, p.closed_request, p.verified_by,
        p.reconciled_by)::text
$$;

-- Found the books: their zone and first day. Answers the zone that stands when it cannot change
-- any more, and nothing when the books are founded so.
CREATE OR REPLACE FUNCTION ledger.found_books(of_zone text, of_day date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c ledger.calendar;
BEGIN
    SELECT * INTO STRICT c FROM ledger.calendar FOR UPDATE;
    IF EXISTS (SELECT FROM ledger.journal) OR c.open_from IS NOT NULL THEN
        RETURN CASE WHEN c.zone <> of_zone THEN c.zone END;
    END IF;
    c.zone := of_zone;
    c.founded_on := of_day;
    UPDATE ledger.calendar SET zone = c.zone, founded_on = c.founded_on,
        canonical = ledger.canonical(c);
    RETURN NULL;
END
$$;

-- Begin to close a month: from now on what belongs to it is booked in the next. Refused are a
-- month out of its turn and one that is not over yet.
CREATE OR REPLACE FUNCTION ledger.begin_closing(
    of_month date, instant timestamptz, of_actor text, of_request text,
    OUT code text, OUT seen text, OUT wanted text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c ledger.calendar;
    p ledger.period;
    next_month date := of_month + interval '1 month';
BEGIN
    SELECT * INTO STRICT c FROM ledger.calendar FOR UPDATE;
    SELECT * INTO p FROM ledger.period ORDER BY number DESC LIMIT 1;
    seen := ledger.shown(of_month);
    wanted := ledger.shown(CASE WHEN p.closed_at IS NULL AND p.month IS NOT NULL THEN p.month
        ELSE coalesce(c.open_from, date_trunc('month', ledger.begins_on()))::date END);
    IF wanted IS NULL THEN
        code := 'period-unknown';
    ELSIF EXISTS (SELECT FROM ledger.period WHERE month = of_month) THEN
        code := 'period-begun';
    ELSIF seen <> wanted THEN
        code := 'period-out-of-order';
    ELSIF instant < ledger.midnight(next_month, c.zone) THEN
        code := 'period-not-over';
        wanted := ledger.shown(next_month);
    ELSE
        p := ROW(of_month, coalesce(p.number, 0) + 1, instant, of_actor, of_request,
            pg_current_xact_id(), ledger.cluster(), NULL, NULL, NULL, NULL, NULL, NULL, '');
        p.canonical := ledger.canonical(p);
        INSERT INTO ledger.period SELECT p.*;
        UPDATE ledger.calendar
        SET open_from = next_month, open_from_at = ledger.midnight(next_month, c.zone);
        code := 'begun';
    END IF;
END
$$;

-- Whether a running transaction is surely one of another database of this cluster: it holds the
-- lock on its own id, and who is connected to which database is no secret.
CREATE OR REPLACE FUNCTION ledger.runs_elsewhere(running xid8) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'transactionid' AND l.transactionid = running::xid
            AND l.mode = 'ExclusiveLock' AND l.granted AND a.datid <> (
                SELECT d.oid FROM pg_catalog.pg_database AS d
                WHERE d.datname = pg_catalog.current_database()))
$$;

-- Whether every transaction is over that may still have booked into a month that is closing. The
-- mark is set by the first call after the closing was committed: whoever got a transaction id
-- since then has seen it.
CREATE OR REPLACE FUNCTION ledger.is_drained(of_month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p ledger.period;
BEGIN
    SELECT * INTO p FROM ledger.period WHERE month = of_month FOR UPDATE;
    IF NOT FOUND OR p.closing_xid = pg_current_xact_id() THEN
        RETURN false;
    END IF;
    IF p.drained_below IS NULL THEN
        p.drained_below := pg_snapshot_xmax(pg_current_snapshot());
        UPDATE ledger.period SET drained_below = p.drained_below, canonical = ledger.canonical(p)
        WHERE month = of_month;
    END IF;
    RETURN p.cluster <> ledger.cluster() OR NOT EXISTS (
        SELECT FROM pg_snapshot_xip(pg_current_snapshot()) AS running (xid)
        WHERE running.xid < p.drained_below AND running.xid <> pg_current_xact_id()
            AND NOT ledger.runs_elsewhere(running.xid));
END
$$;

-- Close a month for good, naming what has proved it.
CREATE OR REPLACE FUNCTION ledger.finish_closing(
    of_month date, instant timestamptz, of_actor text, of_request text, of_verification text,
    of_reconciliation text, OUT code text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p ledger.period;
BEGIN
    SELECT * INTO p FROM ledger.period WHERE month = of_month FOR UPDATE;
    IF NOT FOUND THEN
        code := 'period-not-begun';
    ELSIF p.closed_at IS NOT NULL THEN
        code := 'period-closed';
    ELSIF p.drained_below IS NULL OR NOT ledger.is_drained(of_month) THEN
        code := 'period-in-flight';
    ELSE
        p.closed_at := instant;
        p.closed_by := of_actor;
        p.closed_request := of_request;
        p.verified_by := of_verification;
        p.reconciled_by := of_reconciliation;
        UPDATE ledger.period SET closed_at = p.closed_at, closed_by = p.closed_by,
            closed_request = p.closed_request, verified_by = p.verified_by,
            reconciled_by = p.reconciled_by, canonical = ledger.canonical(p)
        WHERE month = of_month;
        code := 'closed';
    END IF;
END
$$;
