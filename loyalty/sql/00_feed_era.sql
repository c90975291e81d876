-- Which era of the feed this is: transaction ids only compare within one database cluster, so every
-- other cluster begins a new one. The number becomes a constant here, because every event asks for
-- it; a restore into another cluster applies this script anew.
do $do$
declare
    this_cluster bigint := (select system_identifier from pg_catalog.pg_control_system());
    latest loyalty.feed_cluster;
begin
    select c.* into latest from loyalty.feed_cluster c order by c.era desc limit 1;
    if latest.cluster is distinct from this_cluster then
        insert into loyalty.feed_cluster (era, cluster)
        values (coalesce(latest.era, 0) + 1, this_cluster)
        returning * into latest;
    end if;
    execute pg_catalog.format(
        'create or replace function loyalty.feed_era() returns integer
         language sql immutable parallel safe return %s::integer',
        latest.era
    );
end
$do$;
