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
    limit 1
$$;
