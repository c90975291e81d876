-- The console keeps somebody who can invite others: once one person with the admin role has a
-- password, the last such person can neither lose the role nor leave, whatever way in is used.
create or replace function loyalty.staff_keeps_an_admin() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if 'admin' = any(old.roles) and old.retired_at is null and old.password_hash is not null
        and not exists (
            select from loyalty.staff
            where 'admin' = any(roles) and retired_at is null and password_hash is not null
        )
    then
        raise exception 'the last person with the admin role stays'
            using errcode = 'check_violation', constraint = 'staff_keeps_an_admin';
    end if;
    return null;
end
$$;

create or replace trigger staff_keeps_an_admin
    after update of roles, retired_at, password_hash or delete on loyalty.staff
    for each row execute function loyalty.staff_keeps_an_admin();
