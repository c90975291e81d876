-- As whom a member goes on who was merged into another, perhaps more than once.
create or replace function loyalty.survivor(gone uuid) returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with recursive onward (id, merged_into) as (
        select m.id, m.merged_into from loyalty.member m where m.id = survivor.gone
        union all
        select m.id, m.merged_into from onward join loyalty.member m on m.id = onward.merged_into
    )
    select o.id from onward o where o.merged_into is null
$$;

-- Whom a request is about: a member or an order, by the shop's id or by ours. An order without a
-- member is a guest's; no row at all means that nothing is known by that name.
create or replace function loyalty.resolve(
    kind text, shop_name text, our_id uuid, out member uuid, out subject uuid)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select n.member, n.id from loyalty.name n
     where resolve.shop_name is not null
       and n.kind = resolve.kind and n.name = resolve.shop_name
    union all
    select n.member, n.id from loyalty.name n
     where resolve.our_id is not null and resolve.kind <> 'member'
       and n.id = resolve.our_id and n.kind = resolve.kind
    union all
    select m.id, m.id from loyalty.member m
     where resolve.our_id is not null and resolve.kind = 'member' and m.id = resolve.our_id
       and m.merged_into is null
    union all
    select s.id, s.id from loyalty.survivor(resolve.our_id) s (id)
     where resolve.kind = 'member' and s.id is not null
    limit 1
$$;
