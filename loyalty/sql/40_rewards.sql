-- Stock of rewards: taken with an order, given back with its cancellation, changed for a reason.
-- Whoever changes anything about a reward's stock locks its shelf first and then its periods, so
-- that one at a time is counted; a refusal is an outcome, and its caller rolls back.

-- Count an order in a period that has a limit. Answers null where it fits in, otherwise how many
-- were taken before. The first order in a period counts what was ordered before there was a limit.
create or replace function loyalty.count_reward(
    o loyalty.reward_order, every text, starts_at timestamptz, ends_at timestamptz, allowed bigint)
returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    counted bigint;
begin
    update loyalty.reward_period p
       set taken = p.taken + o.quantity, allowed = count_reward.allowed
     where p.reward = o.reward and p.every = count_reward.every
       and p.starts_at = count_reward.starts_at
       and p.taken + o.quantity <= count_reward.allowed;
    if found then
        return null;
    end if;
    select p.taken into counted from loyalty.reward_period p
     where p.reward = o.reward and p.every = count_reward.every
       and p.starts_at = count_reward.starts_at;
    if found then
        return counted;
    end if;
    select sum(r.quantity) into counted from loyalty.reward_order r
     where r.reward = o.reward and r.state <> 'cancelled'
       and r.ordered_at >= count_reward.starts_at and r.ordered_at < count_reward.ends_at;
    if counted > count_reward.allowed then
        return counted - o.quantity;
    end if;
    insert into loyalty.reward_period (reward, every, starts_at, ends_at, taken, allowed)
    values (o.reward, count_reward.every, count_reward.starts_at, count_reward.ends_at, counted,
        count_reward.allowed);
    return null;
end
$$;

-- The last statement of an order: take what it asks for from the shelf, unless another version is
-- live by now, there is too little, or a period's limit is reached. One of many gets the last one.
create or replace function loyalty.take_reward(
    whose uuid, an_order uuid, limits jsonb,
    out code text, out seen bigint, out wanted bigint, out period text, out allowed bigint)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    o loyalty.reward_order;
    shelf loyalty.reward_shelf;
    one record;
begin
    select r.* into strict o from loyalty.reward_order r
     where r.member = whose and r.id = an_order and r.state <> 'cancelled';
    update loyalty.reward_shelf s set taken = s.taken + o.quantity
     where s.reward = o.reward and s.version = o.version
       and (s.stocked is null or s.taken + o.quantity <= s.stocked);
    if not found then
        select s.* into strict shelf from loyalty.reward_shelf s where s.reward = o.reward;
        if shelf.version <> o.version then
            code := 'reward-moved';
            seen := shelf.version;
            wanted := o.version;
        else
            code := 'reward-sold-out';
            seen := shelf.stocked - shelf.taken;
            wanted := o.quantity;
        end if;
        return;
    end if;
    for one in
        select l.every, l.starts_at, l.ends_at, l.allowed
          from jsonb_to_recordset(limits) as l (
              every text, starts_at timestamptz, ends_at timestamptz, allowed bigint)
         order by l.every
    loop
        seen := loyalty.count_reward(o, one.every, one.starts_at, one.ends_at, one.allowed);
        if seen is not null then
            code := 'reward-period-sold-out';
            wanted := o.quantity;
            period := one.every;
            allowed := one.allowed;
            return;
        end if;
    end loop;
    code := 'taken';
end
$$;

-- The last statement of a cancellation: the order is cancelled and its stock given back, together.
-- What cannot be sold again stays taken. Answers false where it was cancelled before.
create or replace function loyalty.cancel_reward_order(
    whose uuid, an_order uuid, at timestamptz, reason text, restock boolean)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    o loyalty.reward_order;
begin
    update loyalty.reward_order r
       set state = 'cancelled', cancelled_at = at, cancel_reason = reason, restocked = restock
     where r.member = whose and r.id = an_order and r.state <> 'cancelled'
    returning r.* into o;
    if not found then
        return false;
    end if;
    update loyalty.reward_shelf s
       set taken = s.taken - case when restock then o.quantity else 0 end
     where s.reward = o.reward;
    update loyalty.reward_period p set taken = p.taken - o.quantity
     where p.reward = o.reward and p.starts_at <= o.ordered_at and p.ends_at > o.ordered_at;
    return true;
end
$$;

-- Put something into stock or take it out, for a reason: never below what is taken by orders.
-- Answers how many are left; null where nothing was changed, since there is too little.
create or replace function loyalty.stock_reward(
    a_reward uuid, change uuid, amount bigint, reason text, reference text, at timestamptz,
    actor text, request_id text)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    remaining bigint;
begin
    update loyalty.reward_shelf s set stocked = s.stocked + amount
     where s.reward = a_reward and s.stocked + amount >= s.taken
    returning s.stocked - s.taken into remaining;
    if found then
        insert into loyalty.reward_stock_change
            (id, reward, amount, reason, reference, changed_at, actor, request_id)
        values (change, a_reward, amount, reason, reference, at, actor, request_id);
    end if;
    return remaining;
end
$$;
