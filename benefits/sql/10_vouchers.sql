-- The voucher's state machine: one row lock, one use per order, counters that never run over.
-- A refusal is an outcome; the caller raises it. Business time is handed in.

-- What became of one item.
create or replace function benefits.outcome(
    voucher uuid, code text, replayed boolean default false, overrun boolean default false,
    seen integer default null, wanted integer default null
) returns benefits.voucher_outcome language sql immutable
return row(voucher, code, replayed, overrun, seen, wanted)::benefits.voucher_outcome;

-- Why a member may not use a voucher at an instant; null where it may be used.
create or replace function benefits.voucher_refusal(
    v benefits.voucher, used_by uuid, at timestamptz
) returns text language sql immutable
return case
    when v.id is null then 'voucher-not-found'
    when v.member <> '00000000-0000-0000-0000-000000000000' and v.member <> used_by
        then 'voucher-not-yours'
    when v.voided_at is not null then 'voucher-void'
    when v.starts_at > at then 'voucher-not-yet'
    when v.expires_at <= at then 'voucher-expired'
    when v.uses_reserved + v.uses_redeemed >= v.uses then 'voucher-used-up'
end;

-- Why a definition lets somebody use no more of its vouchers; null where it does. A guest, whose
-- order stands in place of a member, cannot be counted. The member's row is locked by the caller.
create or replace function benefits.terms_refusal(
    a_definition text, an_order uuid, the_user uuid
) returns text language sql stable
begin atomic
    select case
        when d.uses_per_member is null then null
        when the_user = an_order then 'voucher-members-only'
        when d.uses_per_member <= (
            select count(*) from benefits.voucher_use as u
            join benefits.voucher as v on v.member = u.member and v.id = u.voucher
            where u.used_by = the_user and v.definition = d.name
                and u.state in ('reserved', 'redeemed')) then 'voucher-member-limit'
    end
    from benefits.voucher_definition as d where d.name = a_definition;
end;

-- Set one use aside. The row is locked by the caller.
create or replace function benefits.reserve_voucher(
    v benefits.voucher, u benefits.voucher_use, an_order uuid, used_by uuid, at timestamptz
) returns benefits.voucher_outcome language plpgsql
as $$
declare
    refusal text := coalesce(benefits.voucher_refusal(v, used_by, at),
        benefits.terms_refusal(v.definition, an_order, used_by));
begin
    if u.state in ('reserved', 'redeemed') then
        return benefits.outcome(v.id, 'done', replayed => true);
    end if;
    if refusal is not null then
        return benefits.outcome(v.id, refusal,
            seen => v.uses_reserved + v.uses_redeemed, wanted => v.uses);
    end if;
    insert into benefits.voucher_use (member, voucher, order_id, used_by, state, reserved_at)
    values (v.member, v.id, an_order, used_by, 'reserved', at)
    on conflict on constraint voucher_use_once_per_order do update
    set state = 'reserved', reserved_at = excluded.reserved_at, given_back_at = null,
        used_by = excluded.used_by;
    update benefits.voucher as t set uses_reserved = t.uses_reserved + 1
    where t.member = v.member and t.id = v.id;
    return benefits.outcome(v.id, 'done');
end
$$;

-- Use up what the order reserved; a use that was released is retaken, or recorded as an overrun.
create or replace function benefits.redeem_voucher(
    v benefits.voucher, u benefits.voucher_use, an_order uuid, used_by uuid, at timestamptz
) returns benefits.voucher_outcome language plpgsql
as $$
declare
    was_reserved boolean := coalesce(u.state = 'reserved', false);
    overruns boolean := not was_reserved
        and v.uses_reserved + v.uses_redeemed + v.uses_passed >= v.uses;
begin
    if v.id is null or u.state = 'redeemed' then
        return benefits.outcome(v.id, case when v.id is null then 'voucher-not-found' else 'done' end,
            replayed => v.id is not null, overrun => coalesce(u.overrun, false));
    end if;
    insert into benefits.voucher_use
        (member, voucher, order_id, used_by, state, overrun, redeemed_at)
    values (v.member, v.id, an_order, used_by, 'redeemed', overruns, at)
    on conflict on constraint voucher_use_once_per_order do update
    set state = 'redeemed', overrun = excluded.overrun, redeemed_at = excluded.redeemed_at,
        given_back_at = null;
    update benefits.voucher as t
    set uses_reserved = t.uses_reserved - was_reserved::integer,
        uses_redeemed = t.uses_redeemed + (not overruns)::integer,
        uses_overrun = t.uses_overrun + overruns::integer
    where t.member = v.member and t.id = v.id;
    return benefits.outcome(v.id, 'done', overrun => overruns);
end
$$;

-- Give a use back: one that is reserved (release) or one that is redeemed (reopen).
create or replace function benefits.give_voucher_back(
    v benefits.voucher, u benefits.voucher_use, from_state text, to_state text, at timestamptz
) returns benefits.voucher_outcome language plpgsql
as $$
begin
    if v.id is null or u.state is null then
        return benefits.outcome(v.id,
            case when v.id is null then 'voucher-not-found' else 'voucher-not-reserved' end);
    end if;
    if u.state = to_state then
        return benefits.outcome(v.id, 'done', replayed => true);
    end if;
    if u.state <> from_state then
        return benefits.outcome(v.id, 'voucher-not-reserved');
    end if;
    update benefits.voucher_use as t
    set state = to_state, overrun = false, given_back_at = at
    where t.member = u.member and t.voucher = u.voucher and t.order_id = u.order_id;
    update benefits.voucher as t
    set uses_reserved = t.uses_reserved - (from_state = 'reserved')::integer,
        uses_redeemed = t.uses_redeemed - (from_state = 'redeemed' and not u.overrun)::integer,
        uses_overrun = t.uses_overrun - (from_state = 'redeemed' and u.overrun)::integer
    where t.member = v.member and t.id = v.id;
    return benefits.outcome(v.id, 'done');
end
$$;

-- The way in: reserve, redeem, release or reopen some vouchers for one order, in key order; those
-- bound to nobody are programme-wide rows and come last.
create or replace function benefits.use_vouchers(
    verb text, members uuid[], vouchers uuid[], an_order uuid, used_by uuid, at timestamptz
) returns setof benefits.voucher_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    item record;
    v benefits.voucher;
    u benefits.voucher_use;
    o benefits.voucher_outcome;
begin
    for item in
        select * from unnest(members, vouchers) as i (member, voucher)
        order by i.member = '00000000-0000-0000-0000-000000000000', i.member, i.voucher
    loop
        select * into v from benefits.voucher as t
        where t.member = item.member and t.id = item.voucher for no key update;
        select * into u from benefits.voucher_use as t
        where t.member = item.member and t.voucher = item.voucher and t.order_id = an_order;
        case verb
            when 'reserve' then o := benefits.reserve_voucher(v, u, an_order, used_by, at);
            when 'redeem' then o := benefits.redeem_voucher(v, u, an_order, used_by, at);
            when 'release' then
                o := benefits.give_voucher_back(v, u, 'reserved', 'released', at);
            when 'reopen' then
                o := benefits.give_voucher_back(v, u, 'redeemed', 'returned', at);
        end case;
        o.voucher := item.voucher;
        return next o;
    end loop;
end
$$;

-- Make a voucher unusable for a reason, unless an open order holds it.
create or replace function benefits.void_voucher(
    the_member uuid, the_voucher uuid, at timestamptz, reason text
) returns benefits.voucher_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v benefits.voucher;
begin
    select * into v from benefits.voucher as t
    where t.member = the_member and t.id = the_voucher for no key update;
    if v.id is null then
        return benefits.outcome(the_voucher, 'voucher-not-found');
    end if;
    if v.voided_at is not null then
        return benefits.outcome(v.id, 'done', replayed => true);
    end if;
    if v.uses_reserved > 0 then
        return benefits.outcome(v.id, 'voucher-in-use');
    end if;
    update benefits.voucher as t set voided_at = at, void_reason = reason
    where t.member = v.member and t.id = v.id;
    return benefits.outcome(v.id, 'done');
end
$$;

-- Make a batch unusable for a reason; answers of how many something was left. What an open order
-- holds is void for everything else: its use stands. What is used up is void once it comes back.
-- Looked for until there is none: a merge that was waited for has passed some on.
create or replace function benefits.void_batch(the_batch uuid, at timestamptz, reason text)
returns bigint language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    found_now bigint;
    left_over bigint := 0;
begin
    while exists (
        select from benefits.voucher as t where t.batch = the_batch and t.voided_at is null
    ) loop
        with voided as (
            update benefits.voucher as t set voided_at = at, void_reason = reason
            where t.batch = the_batch and t.voided_at is null
            returning t.uses_redeemed < t.uses as usable)
        select count(*) filter (where v.usable) into found_now from voided as v;
        left_over := left_over + found_now;
    end loop;
    return left_over;
end
$$;

-- Make vouchers unusable that came with what is gone, those used up for when they come back;
-- answers of how many something was left.
create or replace function benefits.withdraw_vouchers(content jsonb)
returns bigint language sql strict security definer set search_path = pg_catalog, pg_temp
begin atomic
    with voided as (
        update benefits.voucher as t
        set voided_at = (content ->> 'at')::timestamptz, void_reason = content ->> 'reason'
        where t.id in (select i.id::uuid from jsonb_array_elements_text(content -> 'ids') as i (id))
            and t.voided_at is null
        returning t.uses_redeemed < t.uses as left_over)
    select count(*) filter (where v.left_over) from voided as v;
end;
