-- Vouchers of a member who goes on as another: what is left of each becomes the other's, under the
-- same id and code; what orders hold or used stays where they find it, and counts as the other's.

-- Pass a member's usable vouchers on; answers them. A birthday's second one of a year lapses.
create or replace function benefits.pass_on_vouchers(giver uuid, receiver uuid, at timestamptz)
returns setof uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v benefits.voucher;
    passed boolean;
begin
    update benefits.voucher_use as u set used_by = receiver where u.used_by = giver;
    for v in
        select * from benefits.voucher as t
        where t.member = giver and t.voided_at is null
            and (t.expires_at is null or t.expires_at > at)
            and t.uses_reserved + t.uses_redeemed < t.uses
        order by t.id for no key update
    loop
        insert into benefits.voucher
            (member, id, code, definition, starts_at, expires_at, amount, skus, uses,
             birthday_year, issued_at, batch)
        values (receiver, v.id, v.code, v.definition, v.starts_at, v.expires_at, v.amount, v.skus,
            v.uses - v.uses_reserved - v.uses_redeemed, v.birthday_year, v.issued_at, v.batch)
        on conflict do nothing;
        passed := found;
        update benefits.voucher as t set voided_at = at where t.member = giver and t.id = v.id;
        if passed then
            return next v.id;
        end if;
    end loop;
end
$$;
