-- Which database cluster recorded a journal: transaction ids only compare within one cluster.
-- The identifier becomes a constant here, since reading it costs a file; a restore into another
-- cluster applies this script anew (decision 0023).
DO $do$
DECLARE
    this_cluster bigint := (SELECT system_identifier FROM pg_catalog.pg_control_system());
BEGIN
    EXECUTE pg_catalog.format(
        'CREATE OR REPLACE FUNCTION ledger.cluster() RETURNS bigint
         LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %s::bigint',
        pg_catalog.quote_literal(this_cluster)
    );
    INSERT INTO ledger.watermark (cluster, rolled_below)
    VALUES (this_cluster, '0')
    ON CONFLICT DO NOTHING;
END
$do$;
