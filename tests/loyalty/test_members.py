"""Members: how they are named, when they were born, and what the database refuses."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause, key_actor
from loyalty.ids import MalformedId, new_id, show
from loyalty.members import (
    Birthday,
    BirthdayImpossible,
    Joining,
    MalformedContact,
    Member,
    TooYoung,
    email_key,
    find_member,
    join,
    member_of_holder,
    phone_key,
    read_member_ref,
)
from loyalty.policy import document_of, policy_at, publish_policy

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CAUSE = Cause(at=NOW, actor=SYSTEM, request_id="test")


async def test_a_members_holder_is_its_own_and_leads_back(connection: AsyncConnection) -> None:
    member = await join(connection, CAUSE, Joining(external_id="C-1"))

    assert member.holder != member.id
    assert await member_of_holder(connection, member.holder) == member
    assert await find_member(connection, read_member_ref("ext:C-1")) == member
    assert await find_member(connection, read_member_ref(show("mem", member.id))) == member


async def test_who_joins_again_leaves_no_name_behind(connection: AsyncConnection) -> None:
    joining = Joining(external_id="C-1", email="ada@example.org")
    member = await join(connection, CAUSE, joining)

    again = await join(connection, CAUSE, joining)

    names = await connection.execute(text("select kind, id from loyalty.name order by kind"))
    assert again == member
    assert [tuple(row) for row in names] == [
        ("email", member.id),
        ("holder", member.holder),
        ("member", member.id),
    ]


@pytest.mark.parametrize("text_", ["mem_", "mem_x", "ord_01kfz3m6q8e4trx9n2v5w7y1ab", "ext:", ""])
def test_what_names_nobody_is_refused(text_: str) -> None:
    with pytest.raises(MalformedId):
        read_member_ref(text_)


@pytest.mark.parametrize(
    ("given_", "key"),
    [
        ("+41 44 123 45 67", "+41441234567"),
        ("0041-44-123.45.67", "+41441234567"),
        ("(044) 123 45 67", "0441234567"),
    ],
)
def test_a_phone_number_is_found_however_it_is_written(given_: str, key: str) -> None:
    assert phone_key(given_) == key


@pytest.mark.parametrize("given_", ["1234", "call me", "+", "+41 44 123 45 67 89 01 23"])
def test_what_is_no_phone_number_is_refused(given_: str) -> None:
    with pytest.raises(MalformedContact):
        phone_key(given_)


@pytest.mark.parametrize("given_", ["a", "a@b", "a@b@c.de", "a b@c.de", "@c.de"])
def test_what_is_no_e_mail_address_is_refused(given_: str) -> None:
    with pytest.raises(MalformedContact):
        email_key(given_)


def test_an_e_mail_address_is_found_however_it_is_written() -> None:
    assert email_key(" Ada@Example.ORG ") == "ada@example.org"


@given(
    month=st.integers(min_value=-1, max_value=14),
    day=st.integers(min_value=-1, max_value=33),
    year=st.one_of(st.none(), st.integers(min_value=1900, max_value=2200)),
)
def test_a_birthday_is_a_day_of_the_calendar(month: int, day: int, year: int | None) -> None:
    try:
        date(2000 if year is None else year, month, day)
    except ValueError:
        with pytest.raises(BirthdayImpossible):
            Birthday(month, day, year)
    else:
        kept = [Birthday(month, day, year).in_year(each) for each in (2027, 2028)]
        assert all((each.month, each.day) in {(month, day), (2, 28)} for each in kept)


def test_somebody_born_on_29_february_is_a_year_older_on_the_28th() -> None:
    born = Birthday(2, 29, 2008)

    assert born.age_on(date(2026, 2, 27)) == 17
    assert born.age_on(date(2026, 2, 28)) == 18


async def test_who_is_too_young_does_not_join(connection: AsyncConnection) -> None:
    document = document_of(await policy_at(connection, NOW))
    await publish_policy(connection, CAUSE, {**document, "minimum_age": 16})

    with pytest.raises(TooYoung) as refused:
        await join(connection, CAUSE, Joining(birthday=Birthday(11, 22, 2010)))
    assert refused.value.pointer == "/birthday/year"
    assert isinstance(
        await join(connection, CAUSE, Joining(birthday=Birthday(11, 21, 2010))), Member
    )


@pytest.mark.parametrize(
    ("damage", "constraint"),
    [
        ("update loyalty.member set class = 'vip'", "member_class_is_known"),
        ("update loyalty.member set holder = id", "member_holder_is_its_own"),
        ("update loyalty.member set closed_at = '1999-01-01Z'", "member_closes_after_joining"),
        (
            "update loyalty.member set merged_into = id, closed_at = now()",
            "member_merges_into_another",
        ),
        (
            (
                "update loyalty.profile set birth_day = 31, birth_month = 4,"
                " birthday_changed_on = 'now'"
            ),
            "profile_birthday_is_in_the_calendar",
        ),
        ("update loyalty.profile set birth_month = 2", "profile_birthday_is_whole"),
        (
            "insert into loyalty.name select kind, name, member, id from loyalty.name",
            "name_is_taken_once",
        ),
    ],
)
async def test_postgresql_refuses_what_no_use_case_writes(
    connection: AsyncConnection, damage: str, constraint: str
) -> None:
    await join(connection, CAUSE, Joining(external_id="C-1"))

    with pytest.raises(IntegrityError, match=constraint):
        await connection.execute(text(damage))


@pytest.mark.parametrize("table", ["change", "event", "consent", "policy", "birthday_voucher"])
async def test_trails_cannot_be_changed_or_removed(connection: AsyncConnection, table: str) -> None:
    for damage in (f"delete from loyalty.{table}", f"update loyalty.{table} set actor = 'x'"):
        async with connection.begin_nested() as savepoint:
            with pytest.raises(Exception, match=r"permission denied|does not exist"):
                await connection.execute(text(damage))
            await savepoint.rollback()


def test_a_cause_names_a_known_kind_of_actor_and_an_instant_with_an_offset() -> None:
    assert Cause(at=NOW, actor=key_actor(new_id()), request_id="r").columns()["request_id"] == "r"
    for at, actor, request in (
        (NOW.replace(tzinfo=None), SYSTEM, "r"),
        (NOW, "ghost:1", "r"),
        (NOW, "key:", "r"),
        (NOW, SYSTEM, ""),
    ):
        with pytest.raises(ValueError, match=r"a cause|unknown kind"):
            Cause(at=at, actor=actor, request_id=request)
