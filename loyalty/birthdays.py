"""The birthday job: a voucher for everybody whose window is open and who has had none this year.

Windows open at midnight in the programme's time zone; 29 February is kept on the 28th in common
years; a birthday entered or changed within thirty days of its window counts from next year. Each
batch is one transaction, a member gets one voucher a calendar year by key, and a run that dies is
run again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.ids import new_id
from loyalty.policy import Policy, policy_at
from loyalty.tables import birthday_voucher, member, profile
from loyalty.vouchers import Issue, Span, find_definition, issue, validity

#: A birthday told later than this before its window counts from the next year.
NOTICE: Final = timedelta(days=30)
BATCH: Final = 200

_A_LEAP_YEAR: Final = date(2000, 1, 1)
_DAYS: Final = tuple(_A_LEAP_YEAR + timedelta(days=passed) for passed in range(366))

Windows = Mapping[tuple[int, int], benefits.BirthdayWindow]


async def issue_birthday_vouchers(application: Application, cause: Cause) -> int:
    """Issue what birthdays have made due, one transaction a batch; answer how many."""
    issued = 0
    while batch := await application.database.write(issue_birthday_batch, cause):
        issued += batch
        await asyncio.sleep(0)
    return issued


async def issue_birthday_batch(
    connection: AsyncConnection, cause: Cause, *, limit: int = BATCH
) -> int:
    """Issue one batch and return its size; zero when nobody is due."""
    policy = await policy_at(connection, cause.at)
    if policy.birthday_voucher is None:
        return 0
    definition = await find_definition(
        connection, policy.birthday_voucher, pointer="/birthday_voucher"
    )
    windows = open_windows(definition.birthday_window or "day", policy.day_of(cause.at))
    spans = {
        window: span
        for window in set(windows.values())
        if (span := span_in(policy, definition, window)) is not None
    }
    good = {day: window for day, window in windows.items() if window in spans}
    claimed = await _claim(connection, cause, await _due(connection, good, limit))
    wanted = [
        Issue(whose, voucher, definition.name, *spans[window], birthday_year=window.year)
        for whose, voucher, window in claimed
    ]
    return len(await issue(connection, cause, wanted))


def span_in(
    policy: Policy, definition: benefits.VoucherDefinition, window: benefits.BirthdayWindow
) -> Span | None:
    """Return when a voucher of the window is good: as long as it is open, or as long as defined.

    None where its definition lets none be good then.
    """
    span = validity(policy, definition, policy.midnight(window.starts_on))
    if span is None or definition.valid_for_days is not None:
        return span
    starts_at, until = span
    closes_at = policy.midnight(window.ends_on)
    ends_at = closes_at if until is None else min(until, closes_at)
    return (starts_at, ends_at) if starts_at < ends_at else None


def open_windows(window: str, today: date) -> Windows:
    """Return the windows that are open today, by the month and day of the birthday."""
    return {
        (day.month, day.day): opening
        for day in _DAYS
        if (opening := benefits.open_window(window, month=day.month, day=day.day, on=today))
    }


async def _due(
    connection: AsyncConnection, windows: Windows, limit: int
) -> Sequence[tuple[UUID, benefits.BirthdayWindow]]:
    """Lock a batch of members who are due; those in use right now come at the next run."""
    if not windows:
        return ()
    found = await connection.execute(
        select(member.c.id, profile.c.birth_month, profile.c.birth_day)
        .join(profile, profile.c.member == member.c.id)
        .where(
            member.c.class_ == "consumer",
            member.c.closed_at.is_(None),
            or_(*(_is_due(day, opening) for day, opening in windows.items())),
        )
        .order_by(member.c.id)
        .limit(limit)
        .with_for_update(key_share=True, of=member, skip_locked=True)
    )
    return [(row.id, windows[row.birth_month, row.birth_day]) for row in found]


def _is_due(day: tuple[int, int], opening: benefits.BirthdayWindow) -> ColumnElement[bool]:
    had = select(birthday_voucher.c.member).where(
        birthday_voucher.c.member == member.c.id, birthday_voucher.c.year == opening.year
    )
    return and_(
        profile.c.birth_month == day[0],
        profile.c.birth_day == day[1],
        profile.c.birthday_changed_on <= opening.starts_on - NOTICE,
        ~had.exists(),
    )


async def _claim(
    connection: AsyncConnection,
    cause: Cause,
    due: Sequence[tuple[UUID, benefits.BirthdayWindow]],
) -> Sequence[tuple[UUID, UUID, benefits.BirthdayWindow]]:
    """Write down this year's voucher of each; the key refuses a second one."""
    if not due:
        return ()
    rows = [
        {
            "member": whose,
            "year": window.year,
            "voucher": new_id(cause.at),
            "issued_at": cause.at,
        }
        for whose, window in due
    ]
    written = await connection.execute(
        insert(birthday_voucher)
        .values(rows)
        .on_conflict_do_nothing(constraint="birthday_voucher_comes_once_a_year")
        .returning(birthday_voucher.c.member, birthday_voucher.c.voucher)
    )
    vouchers = {row.member: row.voucher for row in written}
    return [(whose, vouchers[whose], window) for whose, window in due if whose in vouchers]
