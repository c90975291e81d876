"""Birthday vouchers: everybody once a year, at midnight of the programme's zone."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.birthdays import NOTICE, issue_birthday_batch, open_windows
from loyalty.cause import Cause, job_actor
from loyalty.database import Database
from loyalty.members import (
    Birthday,
    Joining,
    Member,
    ProfilePatch,
    Ref,
    change_class,
    close_member,
    join,
    update_profile,
)
from loyalty.members.merging import merge_members
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.tables import birthday_voucher
from loyalty.vouchers import define_voucher, list_vouchers

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def cause(at: datetime) -> Cause:
    return Cause(at=at, actor=job_actor("birthdays"), request_id="test")


async def programme(
    connection: AsyncConnection,
    *,
    zone: str = "UTC",
    window: str = "day",
    valid_until: datetime | None = None,
) -> None:
    definition = benefits.VoucherDefinition(
        name="birthday",
        titles={"en": "Happy birthday"},
        birthday_window=window,
        valid_until=valid_until,
    )
    await define_voucher(connection, cause(LONG_AGO), definition)
    document = document_of(await policy_at(connection, LONG_AGO))
    document |= {"time_zone": zone, "birthday_voucher": "birthday"}
    await publish_policy(connection, cause(LONG_AGO), document)


async def born(
    connection: AsyncConnection, month: int, day: int, *, told: datetime = LONG_AGO
) -> Member:
    joining = Joining(birthday=Birthday(month, day), joined_at=told)
    return await join(connection, cause(told), joining)


async def vouchers(connection: AsyncConnection, member: Member) -> int:
    return len(await list_vouchers(connection, member.id, limit=10))


@pytest.mark.parametrize(
    ("on", "issued"),
    [
        (date(2027, 2, 27), 0),
        (date(2027, 2, 28), 1),
        (date(2028, 2, 28), 0),
        (date(2028, 2, 29), 1),
    ],
)
async def test_29_february_is_kept_on_the_28th_in_common_years(
    connection: AsyncConnection, on: date, issued: int
) -> None:
    await programme(connection)
    member = await born(connection, 2, 29)

    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    await issue_birthday_batch(connection, cause(at))

    assert await vouchers(connection, member) == issued


async def test_the_day_begins_at_midnight_of_the_programmes_zone(
    connection: AsyncConnection,
) -> None:
    await programme(connection, zone="Pacific/Auckland")
    member = await born(connection, 6, 15)
    midnight = datetime(2027, 6, 14, 12, tzinfo=UTC)  # 15 June, 00:00 in Auckland

    assert await issue_birthday_batch(connection, cause(midnight - timedelta(seconds=1))) == 0
    assert await issue_birthday_batch(connection, cause(midnight)) == 1

    (voucher,) = await list_vouchers(connection, member.id, limit=10)
    assert voucher.starts_at == midnight
    assert voucher.expires_at == midnight + timedelta(days=1)


async def test_nobody_gets_a_second_one_in_a_year_whatever_they_change(
    connection: AsyncConnection,
) -> None:
    await programme(connection)
    member = await born(connection, 6, 15)
    june = datetime(2027, 6, 15, 9, tzinfo=UTC)

    assert await issue_birthday_batch(connection, cause(june)) == 1
    assert await issue_birthday_batch(connection, cause(june)) == 0
    moved = ProfilePatch(birthday=Birthday(9, 1))
    await update_profile(connection, cause(june), member, moved)
    september = datetime(2027, 9, 1, 9, tzinfo=UTC)

    assert await issue_birthday_batch(connection, cause(september)) == 0
    assert await issue_birthday_batch(connection, cause(september.replace(year=2028))) == 1


@pytest.mark.parametrize(("days", "issued"), [(31, 1), (30, 1), (29, 0), (0, 0)])
async def test_a_birthday_told_within_thirty_days_counts_from_next_year(
    connection: AsyncConnection, days: int, issued: int
) -> None:
    await programme(connection)
    birthday = datetime(2027, 6, 15, 9, tzinfo=UTC)
    await born(connection, 6, 15, told=birthday - timedelta(days=days))

    assert await issue_birthday_batch(connection, cause(birthday)) == issued


@pytest.mark.parametrize(
    ("window", "on", "issued"),
    [
        ("week", date(2027, 2, 27), 0),
        ("week", date(2027, 2, 28), 1),
        ("week", date(2027, 3, 6), 1),
        ("week", date(2027, 3, 7), 0),
        ("week", date(2028, 2, 28), 0),
        ("week", date(2028, 3, 6), 1),
        ("month", date(2027, 1, 31), 0),
        ("month", date(2027, 2, 1), 1),
        ("month", date(2028, 2, 29), 1),
        ("month", date(2028, 3, 1), 0),
    ],
)
async def test_a_week_and_a_month_hold_29_february_as_well(
    connection: AsyncConnection, window: str, on: date, issued: int
) -> None:
    await programme(connection, window=window)
    await born(connection, 2, 29)

    at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)

    assert await issue_birthday_batch(connection, cause(at)) == issued
    assert await issue_birthday_batch(connection, cause(at)) == 0


@pytest.mark.parametrize(("changed", "issued"), [(date(2027, 5, 21), 1), (date(2027, 5, 22), 0)])
async def test_a_birthday_changed_within_thirty_days_counts_from_next_year(
    connection: AsyncConnection, changed: date, issued: int
) -> None:
    await programme(connection)
    member = await born(connection, 11, 1)
    at = datetime(changed.year, changed.month, changed.day, 9, tzinfo=UTC)
    await update_profile(connection, cause(at), member, ProfilePatch(birthday=Birthday(6, 20)))

    birthday = datetime(2027, 6, 20, 9, tzinfo=UTC)

    assert await issue_birthday_batch(connection, cause(birthday)) == issued
    assert await issue_birthday_batch(connection, cause(birthday.replace(month=11, day=1))) == 0
    assert await issue_birthday_batch(connection, cause(birthday.replace(year=2028))) == 1


async def test_who_was_found_to_be_two_members_gets_one_a_year(connection: AsyncConnection) -> None:
    await programme(connection)
    early, late = await born(connection, 3, 1), await born(connection, 6, 15)
    march, june = (datetime(2027, month, day, 9, tzinfo=UTC) for month, day in ((3, 1), (6, 15)))
    assert await issue_birthday_batch(connection, cause(march)) == 1

    refs = [Ref("member", "", id=member.id) for member in (early, late)]
    await merge_members(connection, cause(march), *refs, reason="same-person")

    assert await issue_birthday_batch(connection, cause(june)) == 0
    assert await issue_birthday_batch(connection, cause(june.replace(year=2028))) == 1


async def test_a_definition_whose_window_is_over_gives_none_and_takes_no_year_away(
    connection: AsyncConnection,
) -> None:
    june = datetime(2027, 6, 15, 9, tzinfo=UTC)
    await programme(connection, valid_until=june - timedelta(days=1))
    await born(connection, 6, 15)

    assert await issue_birthday_batch(connection, cause(june)) == 0

    kept = await connection.execute(select(func.count()).select_from(birthday_voucher))
    assert kept.scalar_one() == 0


async def test_only_consumers_who_are_still_there_get_one(connection: AsyncConnection) -> None:
    await programme(connection)
    staff, gone = await born(connection, 6, 15), await born(connection, 6, 15)
    await change_class(connection, cause(LONG_AGO), staff, "staff")
    await close_member(connection, cause(LONG_AGO), gone, reason="asked")

    june = datetime(2027, 6, 15, 9, tzinfo=UTC)

    assert await issue_birthday_batch(connection, cause(june)) == 0


async def test_jobs_that_run_at_once_and_die_halfway_give_each_member_one(
    database: Database,
) -> None:
    await database.write(programme)

    async def crowd(connection: AsyncConnection) -> None:
        for _ in range(30):
            await born(connection, 6, 15)

    await database.write(crowd)
    at = cause(datetime(2027, 6, 15, 9, tzinfo=UTC))

    async def dies(connection: AsyncConnection) -> None:
        await issue_birthday_batch(connection, at, limit=7)
        raise ConnectionAbortedError

    async def works() -> int:
        issued = 0
        for _ in range(12):
            with pytest.raises(ConnectionAbortedError):
                await database.write(dies)
            issued += await database.write(issue_birthday_batch, at, limit=7)
        return issued

    issued = await asyncio.gather(*(works() for _ in range(4)))

    assert sum(issued) == 30
    async with database.read() as connection:
        kept = await connection.execute(select(func.count()).select_from(birthday_voucher))
        assert kept.scalar_one() == 30


async def test_the_database_refuses_a_second_one_by_key(connection: AsyncConnection) -> None:
    await programme(connection)
    member = await born(connection, 6, 15)
    june = datetime(2027, 6, 15, 9, tzinfo=UTC)
    await issue_birthday_batch(connection, cause(june))

    with pytest.raises(Exception, match="birthday_voucher_comes_once_a_year"):
        await connection.execute(
            insert(birthday_voucher).values(
                member=member.id, year=2027, voucher=member.holder, issued_at=june
            )
        )


@pytest.mark.parametrize("window", ["day", "week", "month"])
def test_the_notice_is_the_one_that_the_rules_use(window: str) -> None:
    today = date(2027, 6, 15)

    for (month, day), opening in open_windows(window, today).items():
        for told in (opening.starts_on - NOTICE, opening.starts_on - NOTICE + timedelta(days=1)):
            counts = benefits.open_window(window, month=month, day=day, on=today, entered_on=told)
            assert (counts is not None) == (told <= opening.starts_on - NOTICE)
