-- Issuing vouchers, a set at a time. What exists already is a replay or a refusal, never a second.

-- The items as rows.
create or replace function benefits.items_to_issue(items jsonb)
returns table (
    place bigint, member uuid, id uuid, code text, definition text, starts_at timestamptz,
    expires_at timestamptz, amount bigint, skus text[], birthday_year smallint, batch uuid,
    uses integer, promised boolean
) language sql immutable
begin atomic
    select e.place, (e.item ->> 'member')::uuid, (e.item ->> 'id')::uuid, e.item ->> 'code',
        e.item ->> 'definition', (e.item ->> 'starts_at')::timestamptz,
        (e.item ->> 'expires_at')::timestamptz, (e.item ->> 'amount')::bigint,
        array(select jsonb_array_elements_text(e.item -> 'skus')),
        (e.item ->> 'birthday_year')::smallint, (e.item ->> 'batch')::uuid,
        (e.item ->> 'uses')::integer, coalesce((e.item ->> 'promised')::boolean, false)
    from jsonb_array_elements(items) with ordinality as e (item, place);
end;

-- Why a definition lets a voucher not be issued; null where it does. What an order was promised is
-- issued although its definition was retired meanwhile.
create or replace function benefits.issue_refusal(
    d benefits.voucher_definition, holder uuid, starts_at timestamptz, expires_at timestamptz,
    promised boolean, at timestamptz
) returns text language sql immutable
return case
    when d.name is null or (d.retired_at <= at and not promised)
        then 'voucher-definition-not-found'
    when d.binding = case when holder = '00000000-0000-0000-0000-000000000000'
        then 'member' else 'free' end then 'voucher-binding-differs'
    when starts_at < d.valid_from or coalesce(expires_at, 'infinity') > d.valid_until
        then 'voucher-outside-window'
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
             birthday_year, issued_at, batch)
        select i.member, i.id, i.code, i.definition, i.starts_at, i.expires_at, i.amount, i.skus,
            coalesce(i.uses, d.uses), i.birthday_year, at, i.batch
        from benefits.items_to_issue(items) as i
        join benefits.voucher_definition as d on d.name = i.definition
        where benefits.issue_refusal(d, i.member, i.starts_at, i.expires_at, i.promised, at) is null
        order by i.member, i.id
        on conflict do nothing
        returning id
    )
    select array_agg(n.id) into added from new as n;
    return query
    select o.voucher, o.code, o.replayed, o.overrun, o.seen, o.wanted
    from benefits.items_to_issue(items) as i
    left join benefits.voucher as v on v.member = i.member and v.id = i.id
    left join benefits.voucher as b on b.member = i.member and b.definition = i.definition
        and b.birthday_year = i.birthday_year
    left join benefits.voucher_definition as d on d.name = i.definition
    cross join lateral benefits.outcome(i.id, case
        when v.id is not null then case when benefits.is_same_voucher(
            v, i.code, i.definition, i.starts_at, i.expires_at, i.amount, i.skus)
            then 'done' else 'voucher-conflict' end
        when b.id is not null then 'birthday-already-issued'
        else coalesce(benefits.issue_refusal(
            d, i.member, i.starts_at, i.expires_at, i.promised, at), 'voucher-conflict') end,
        replayed => v.id is not null and not v.id = any (coalesce(added, '{}'))) as o
    order by i.place;
end
$$;
