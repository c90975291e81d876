-- One table's rows of a guest's order, written again under the member who claimed it. `changed` says
-- what is otherwise: of which row, and which columns.
create or replace function loyalty.copy_claimed(
    part text, claimed uuid, claimant uuid, changed jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format(
        'insert into loyalty.%1$I
         select n.*
           from loyalty.%1$I o
           left join lateral (
               select c -> ''set'' as set from jsonb_array_elements($3) c
                where to_jsonb(o) @> (c -> ''of'') limit 1) c on true
          cross join lateral jsonb_populate_record(
               o, coalesce(c.set, ''{}'') || jsonb_build_object(''member'', $2)) n
          where o.member = $1 and o.%2$I = $1',
        part, case part when 'order' then 'id' else 'order_id' end)
    using claimed, claimant, coalesce(changed -> part, '[]');
end
$$;

-- A guest's order becomes a member's: every row of it moves from under its own id to under theirs,
-- with what it earns. Nothing else may have happened to it since it was read: the whole is run anew.
create or replace function loyalty.claim_order(
    claimed uuid, claimant uuid, steps bigint, changed jsonb) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    parts constant text[] := array[
        'order', 'order_line', 'decision', 'order_rule', 'order_voucher', 'shipment', 'shipment_line',
        'return', 'return_line', 'order_exception', 'order_exchange', 'delivery'];
    part text;
begin
    perform 1 from loyalty."order" o
      where o.member = claimed and o.id = claimed and o.guest for update;
    if not found or steps <> (
        select count(*) from loyalty.shipment s
         where s.member = claimed and s.order_id = claimed) + (
        select count(*) from loyalty."return" r
         where r.member = claimed and r.order_id = claimed)
    then
        raise exception using errcode = 'serialization_failure',
            message = 'the order moved while it was claimed';
    end if;
    foreach part in array parts loop
        perform loyalty.copy_claimed(part, claimed, claimant, changed);
    end loop;
    for i in reverse array_length(parts, 1)..2 loop
        execute format(
            'delete from loyalty.%I where member = $1 and order_id = $1', parts[i]) using claimed;
    end loop;
    delete from loyalty."order" o where o.member = claimed and o.id = claimed;
    update loyalty.name n set member = claimant where n.kind = 'order' and n.id = claimed;
end
$$;
