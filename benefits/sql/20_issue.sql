-- Issuing vouchers, a set at a time. What exists already is a replay or a refusal, never a second.

-- The items as rows.
create or replace function benefits.voucher_items(items jsonb)
returns table (
    place bigint, member uuid, id uuid, code text, definition text, starts_at timestamptz,
    expires_at timestamptz, amount bigint, skus text[], birthday_year smallint
) language sql immutable
begin atomic
    select e.place, (e.item ->> 'member')::uuid, (e.item ->> 'id')::uuid, e.item ->> 'code',
        e.item ->> 'definition', (e.item ->> 'starts_at')::timestamptz,
        (e.item ->> 'expires_at')::timestamptz, (e.item ->> 'amount')::bigint,
        array(select jsonb_array_elements_text(e.item -> 'skus')),
        (e.item ->> 'birthday_year')::smallint
    from jsonb_array_elements(items) with ordinality as e (item, place);
end;

-- Whether a stored voucher is what an item says.
create or replace function benefits.is_same_voucher(
    v benefits.voucher, code text, definition text, starts_at timestamptz,
    expires_at timestamptz, amount bigint, skus text[]
) returns boolean language sql immutable
return (v.code, v.definition, v.starts_at, v.expires_at, v.amount, v.skus)
    is not distinct from (code, definition, starts_at, expires_at, amount, skus);

-- Issue vouchers; one outcome each, in the order given.
create or replace function benefits.issue_vouchers(items jsonb, at timestamptz)
returns setof benefits.voucher_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    added uuid[];
begin
    with new as (
        insert into benefits.voucher
            (member, id, code, definition, starts_at, expires_at, amount, skus, uses,
             birthday_year, issued_at)
        select i.member, i.id, i.code, i.definition, i.starts_at, i.expires_at, i.amount, i.skus,
            d.uses, i.birthday_year, at
        from benefits.voucher_items(items) as i
        join benefits.voucher_definition as d
            on d.name = i.definition and (d.retired_at is null or d.retired_at > at)
        order by i.member, i.id
        on conflict do nothing
        returning id
    )
    select array_agg(n.id) into added from new as n;
    return query
    select o.voucher, o.code, o.replayed, o.overrun, o.seen, o.wanted
    from benefits.voucher_items(items) as i
    left join benefits.voucher as v on v.member = i.member and v.id = i.id
    left join benefits.voucher as b on b.member = i.member and b.definition = i.definition
        and b.birthday_year = i.birthday_year
    cross join lateral benefits.outcome(i.id, case
        when v.id is not null then case when benefits.is_same_voucher(
            v, i.code, i.definition, i.starts_at, i.expires_at, i.amount, i.skus)
            then 'done' else 'voucher-conflict' end
        when b.id is not null then 'birthday-already-issued'
        when not exists (select from benefits.voucher_definition as d
            where d.name = i.definition and (d.retired_at is null or d.retired_at > at))
            then 'voucher-definition-not-found'
        else 'voucher-conflict' end,
        replayed => v.id is not null and not v.id = any (coalesce(added, '{}'))) as o
    order by i.place;
end
$$;
