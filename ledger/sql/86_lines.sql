-- What this transaction sees, as text: its cluster, its snapshot, and the clusters before it.
CREATE OR REPLACE FUNCTION ledger.seen_now() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s/%s/%s', ledger.cluster(), pg_current_snapshot(),
        (SELECT string_agg(w.cluster::text, ',' ORDER BY w.cluster) FROM ledger.watermark AS w
         WHERE w.cluster <> ledger.cluster()))
$$;
