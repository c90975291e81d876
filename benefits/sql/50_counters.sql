-- Counters that no two orders can overrun: taken by conditional update, given back as it was taken.
-- Counters of all members are programme-wide rows: they are moved last, in key order.

-- Move a counter within bounds; answers where it stands, null where a bound would be passed.
create or replace function benefits.move_counter(
    the_member uuid, first_day date, the_scope text, the_measure text, the_period text,
    amount bigint, most bigint default null, least_left bigint default null,
    stood_at bigint default null
) returns bigint language plpgsql
as $$
declare
    stands bigint;
begin
    insert into benefits.counter (member, starts_on, scope, measure, every, used)
    values (the_member, first_day, the_scope, the_measure, the_period, 0)
    on conflict on constraint counter_stands_once do nothing;
    update benefits.counter as c set used = c.used + amount
    where c.member = the_member and c.starts_on = first_day and c.scope = the_scope
        and c.measure = the_measure and c.every = the_period
        and (most is null or c.used + amount <= most)
        and (least_left is null or c.used + amount >= least_left)
        and (stood_at is null or c.used = stood_at)
    returning c.used into stands;
    return stands;
end
$$;

-- Where a counter stands that refused.
create or replace function benefits.counter_refusal(
    the_member uuid, first_day date, the_scope text, the_measure text, the_period text,
    wanted bigint, most bigint
) returns jsonb language sql stable
return jsonb_build_object('scope', the_scope, 'measure', the_measure, 'every', the_period,
    'wanted', wanted, 'most', most, 'used', (
        select c.used from benefits.counter as c
        where c.member = the_member and c.starts_on = first_day and c.scope = the_scope
            and c.measure = the_measure and c.every = the_period));

-- Take what an order or an event is to have of each counter; answers what was refused. The same
-- again takes nothing. Where the order was decided just now, a total that somebody else used up
-- meanwhile asks for the transaction to be run again.
create or replace function benefits.take_uses(content jsonb)
returns jsonb language plpgsql strict security definer set search_path = pg_catalog, pg_temp
as $$
declare
    item record;
    whose uuid := content ->> 'member';
    of_all constant uuid := '00000000-0000-0000-0000-000000000000';
    refused jsonb := '[]';
begin
    for item in
        select i.*, case when i.everyone then of_all else whose end as counted
        from jsonb_to_recordset(content -> 'items') as i (
            scope text, measure text, everyone boolean, every text, starts_on date, side integer,
            taken bigint, consumed bigint, line_nos smallint[], parts bigint[],
            most bigint, "least" bigint, seen bigint)
        order by i.everyone, i.starts_on, i.scope, i.measure, i.every, i.side desc
    loop
        insert into benefits.rule_use
            (member, subject, counter_member, starts_on, scope, measure, every, side, taken,
             consumed, given_back, line_nos, parts, used_at)
        values (whose, (content ->> 'subject')::uuid, item.counted, item.starts_on, item.scope,
            item.measure, item.every, item.side, item.taken, item.consumed, 0, item.line_nos,
            item.parts, (content ->> 'at')::timestamptz)
        on conflict on constraint rule_use_taken_once do nothing;
        continue when not found;
        continue when benefits.move_counter(item.counted, item.starts_on, item.scope,
            item.measure, item.every, item.side * item.taken, item.most, item."least",
            item.seen) is not null;
        if (content ->> 'again')::boolean then
            raise exception 'a limit was used up meanwhile' using errcode = '40001';
        end if;
        refused := refused || benefits.counter_refusal(item.counted, item.starts_on, item.scope,
            item.measure, item.every, item.taken, item.most);
    end loop;
    return refused;
end
$$;

-- Say how much of what was taken is consumed and given back by now; both are said in all, so that
-- saying it again changes nothing. Answers how many counters moved.
create or replace function benefits.settle_uses(content jsonb)
returns integer language plpgsql strict security definer set search_path = pg_catalog, pg_temp
as $$
declare
    item record;
    back bigint;
    moved integer := 0;
begin
    for item in
        select u.*, i.consumed as now_consumed, i.given_back as now_given_back
        from jsonb_to_recordset(content) as i (
            member uuid, subject uuid, counter_member uuid, scope text, measure text, every text,
            starts_on date, side integer, consumed bigint, given_back bigint)
        join benefits.rule_use as u using
            (member, subject, counter_member, scope, measure, every, starts_on, side)
        order by u.counter_member = '00000000-0000-0000-0000-000000000000', u.starts_on, u.scope,
            u.measure, u.every, u.subject, u.side
    loop
        update benefits.rule_use as u
        set consumed = item.now_consumed, given_back = item.now_given_back
        where u.member = item.member and u.subject = item.subject
            and u.starts_on = item.starts_on and u.scope = item.scope and u.measure = item.measure and u.every = item.every
            and u.counter_member = item.counter_member and u.side = item.side;
        back := item.now_given_back - item.given_back;
        if back <> 0 then
            perform benefits.move_counter(item.counter_member, item.starts_on, item.scope,
                item.measure, item.every, -item.side * back);
            moved := moved + 1;
        end if;
    end loop;
    return moved;
end
$$;

-- What historic orders took, as it stands in the end: facts, which no bound refuses.
create or replace function benefits.record_uses(content jsonb)
returns void language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    with taken as (
        insert into benefits.rule_use
            (member, subject, counter_member, starts_on, scope, measure, every, side, taken,
             consumed, given_back, line_nos, parts, used_at)
        select i.member, i.subject, i.counter_member, i.starts_on, i.scope, i.measure, i.every,
            i.side, i.taken, i.consumed, i.given_back, i.line_nos, i.parts, i.used_at
        from jsonb_to_recordset(content) as i (
            member uuid, subject uuid, counter_member uuid, starts_on date, scope text,
            measure text, every text, side smallint, taken bigint, consumed bigint,
            given_back bigint, line_nos smallint[], parts bigint[], used_at timestamptz)
        on conflict on constraint rule_use_taken_once do nothing
        returning counter_member, starts_on, scope, measure, every,
            side * (taken - given_back) as used
    )
    insert into benefits.counter as c (member, starts_on, scope, measure, every, used)
    select t.counter_member, t.starts_on, t.scope, t.measure, t.every, sum(t.used)
    from taken as t
    group by t.counter_member, t.starts_on, t.scope, t.measure, t.every
    order by t.counter_member = '00000000-0000-0000-0000-000000000000', t.counter_member,
        t.starts_on, t.scope, t.measure, t.every
    on conflict on constraint counter_stands_once do update set used = c.used + excluded.used;
end;

-- What was passed on of a member's counters, to whom they went on as at first or to those who
-- followed: all of it came to the last of the line.
create or replace function benefits.passed_on(giver uuid, receiver uuid)
returns table (starts_on date, scope text, measure text, every text, used bigint)
language sql stable
begin atomic
    with recursive line as (
        select receiver as member
        union
        select u.subject from line as l
        join benefits.rule_use as u on u.member = l.member
        where u.counter_member = u.member and cardinality(u.line_nos) = 0
    )
    select u.starts_on, u.scope, u.measure, u.every,
        sum(u.side * (u.taken - u.given_back))::bigint
    from line as l
    join benefits.rule_use as u on u.member = l.member and u.subject = giver
    where u.counter_member = u.member and l.member <> giver
    group by u.starts_on, u.scope, u.measure, u.every;
end;

-- A member goes on as another: what counts for the one counts for the other from now on, as if it
-- had been used by the merge. Said again it passes on what has changed since, either way.
create or replace function benefits.pass_on_counters(giver uuid, receiver uuid, at timestamptz)
returns integer language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    with owed as (
        select g.starts_on, g.scope, g.measure, g.every, g.used - coalesce(p.used, 0) as used
        from benefits.counter as g
        left join benefits.passed_on(giver, receiver) as p
            using (starts_on, scope, measure, every)
        where g.member = giver and g.used <> coalesce(p.used, 0)
    ), noted as (
        insert into benefits.rule_use as u
            (member, subject, counter_member, starts_on, scope, measure, every, side, taken,
             consumed, given_back, line_nos, parts, used_at)
        select receiver, giver, receiver, o.starts_on, o.scope, o.measure, o.every,
            sign(o.used), abs(o.used), abs(o.used), 0, '{}', '{}', at
        from owed as o
        on conflict on constraint rule_use_taken_once do update
        set taken = u.taken + excluded.taken, consumed = u.consumed + excluded.consumed
    )
    select count(benefits.move_counter(
        receiver, o.starts_on, o.scope, o.measure, o.every, o.used))::integer
    from owed as o;
end;

-- A guest's order becomes a member's: what it took of the totals of all goes on under the member.
create or replace function benefits.claim_uses(claimed uuid, claimant uuid)
returns void language sql
security definer set search_path = pg_catalog, pg_temp
begin atomic
    update benefits.rule_use as u set member = claimant
    where u.member = claimed and u.subject = claimed;
end;
