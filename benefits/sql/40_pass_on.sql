-- Vouchers of a member who goes on as another: what is left of each becomes the other's, under the
-- same id and code; what orders hold or used stays where they find it, and counts as the other's.

-- Give a receiver so many uses of a voucher; false where their own of that birthday stands already.
create or replace function benefits.receive_voucher(
    v benefits.voucher, receiver uuid, passed integer
) returns boolean language plpgsql
as $$
begin
    update benefits.voucher as t set uses = t.uses + passed
    where t.member = receiver and t.id = v.id;
    if found then
        return true;
    end if;
    insert into benefits.voucher
        (member, id, code, definition, starts_at, expires_at, amount, skus, uses,
         birthday_year, issued_at, batch)
    values (receiver, v.id, v.code, v.definition, v.starts_at, v.expires_at, v.amount, v.skus,
        passed, v.birthday_year, v.issued_at, v.batch)
    on conflict do nothing;
    return found;
end
$$;

-- Pass a member's usable vouchers on; answers them. A birthday's second one of a year lapses. Said
-- again it passes on what orders gave back since.
create or replace function benefits.pass_on_vouchers(giver uuid, receiver uuid, at timestamptz)
returns setof uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v benefits.voucher;
    rest integer;
begin
    update benefits.voucher_use as u set used_by = receiver where u.used_by = giver;
    for v in
        select * from benefits.voucher as t
        where t.member = giver and (t.voided_at is null or t.uses_passed > 0)
            and (t.expires_at is null or t.expires_at > at)
            and t.uses_reserved + t.uses_redeemed + t.uses_passed < t.uses
        order by t.id for no key update
    loop
        rest := v.uses - v.uses_reserved - v.uses_redeemed - v.uses_passed;
        if not benefits.receive_voucher(v, receiver, rest) then
            rest := 0;
        end if;
        update benefits.voucher as t
        set uses_passed = t.uses_passed + rest, voided_at = coalesce(t.voided_at, at)
        where t.member = giver and t.id = v.id;
        if rest > 0 then
            return next v.id;
        end if;
    end loop;
end
$$;
