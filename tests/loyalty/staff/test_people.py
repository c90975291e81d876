from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Update, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.changes import list_changes
from loyalty.staff import (
    EmailTaken,
    LastAdmin,
    LinkUnusable,
    Role,
    RoleMissing,
    add_person,
    find_person,
    first_link,
    link_for,
    list_people,
    read_link,
    retire,
    set_roles,
)
from loyalty.staff.links import claim_first_seat, claim_seat
from loyalty.staff.tables import staff

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA"


def because(at: datetime = NOW) -> Cause:
    return Cause(at, SYSTEM, "test")


async def first(connection: AsyncConnection) -> object:
    link = await first_link(connection, cause=because())
    assert link is not None
    return await claim_first_seat(
        connection,
        link.token,
        email="Ada@Example.com",
        name=" Ada  Lovelace ",
        password_hash=HASH,
        cause=because(),
    )


async def test_the_first_seat_has_both_roles_and_is_taken_once(connection: AsyncConnection) -> None:
    link = await first_link(connection, cause=because())
    assert link is not None
    cause = because()
    taken: dict[str, Any] = {"email": "a@b.c", "name": "A", "password_hash": HASH, "cause": cause}
    await claim_first_seat(connection, link.token, **taken)

    with pytest.raises(LinkUnusable):
        await claim_first_seat(connection, link.token, **taken)

    (ada,) = await list_people(connection)
    assert ada.roles == frozenset(Role)


async def test_an_address_is_taken_once_however_it_is_spelled(connection: AsyncConnection) -> None:
    await first(connection)

    with pytest.raises(EmailTaken):
        await add_person(
            connection, email="ADA@example.COM ", name="B", roles={Role.FINANCE}, cause=because()
        )


async def test_the_last_admin_neither_leaves_nor_loses_the_role(
    connection: AsyncConnection,
) -> None:
    await first(connection)
    (ada,) = await list_people(connection)

    with pytest.raises(LastAdmin):
        await retire(connection, ada.id, reason="left", cause=because())
    with pytest.raises(LastAdmin):
        await set_roles(connection, ada.id, roles={Role.FINANCE}, cause=because())
    with pytest.raises(RoleMissing):
        await set_roles(connection, ada.id, roles=set(), cause=because())


@pytest.mark.parametrize(
    "statement",
    [
        update(staff).values(roles=["finance"]),
        update(staff).values(retired_at=NOW),
        update(staff).values(password_hash=None),
    ],
)
async def test_the_database_keeps_the_last_admin_too(
    connection: AsyncConnection, statement: Update
) -> None:
    await first(connection)

    with pytest.raises(IntegrityError, match="the last person with the admin role stays"):
        await connection.execute(statement)


async def test_an_invited_admin_without_a_password_does_not_count(
    connection: AsyncConnection,
) -> None:
    await first(connection)
    (ada,) = await list_people(connection)
    await add_person(
        connection, email="bo@example.com", name="Bo", roles={Role.ADMIN}, cause=because()
    )

    with pytest.raises(LastAdmin):
        await retire(connection, ada.id, reason="left", cause=because())


async def test_who_leaves_cannot_come_back_by_an_older_link(connection: AsyncConnection) -> None:
    await first(connection)
    bo = await add_person(
        connection, email="bo@example.com", name="Bo", roles={Role.ADMIN}, cause=because()
    )
    link = await link_for(connection, bo, cause=because())

    await retire(connection, bo, reason="left", cause=because())

    with pytest.raises(LinkUnusable):
        await claim_seat(connection, link.token, password_hash=HASH, cause=because())
    with pytest.raises(LinkUnusable):
        await link_for(connection, bo, cause=because())


async def test_a_link_runs_out_after_a_day(connection: AsyncConnection) -> None:
    link = await first_link(connection, cause=because())
    assert link is not None

    assert (await read_link(connection, link.token, at=NOW + timedelta(hours=23))).first
    with pytest.raises(LinkUnusable):
        await read_link(connection, link.token, at=NOW + timedelta(hours=24))


async def test_a_newer_link_of_a_person_voids_the_older(connection: AsyncConnection) -> None:
    await first(connection)
    (ada,) = await list_people(connection)
    older = await link_for(connection, ada.id, cause=because())
    newer = await link_for(connection, ada.id, cause=because())

    with pytest.raises(LinkUnusable):
        await read_link(connection, older.token, at=NOW)
    assert (await read_link(connection, newer.token, at=NOW)).person == await find_person(
        connection, ada.id
    )


async def test_the_trail_names_ids_and_roles_and_nobody_s_address(
    connection: AsyncConnection,
) -> None:
    await first(connection)
    (ada,) = await list_people(connection)
    await set_roles(connection, ada.id, roles={Role.ADMIN}, cause=because())

    trail = await list_changes(connection, limit=10, subject_kind="staff")

    assert [row.action for row in trail] == ["change-roles", "set-password", "invite"]
    assert trail[0].before == {"roles": ["admin", "finance"]}
    assert trail[0].after == {"roles": ["admin"]}
    assert "example" not in repr([(row.before, row.after) for row in trail]).lower()


async def test_people_and_links_cannot_be_deleted(connection: AsyncConnection) -> None:
    await first(connection)

    with pytest.raises(Exception, match="permission denied"):
        await connection.execute(delete(staff))
