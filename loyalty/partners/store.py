"""Partner benefits as they are stored: opened, archived, filled with codes, counted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import new_id
from loyalty.partners.errors import BenefitTaken, BenefitUnknown
from loyalty.partners.tables import partner_benefit, partner_code
from loyalty.partners.types import AtEnd, Benefit, Each, NewBenefit, Stock
from loyalty.plans.store import find_plan


async def open_benefit(
    connection: AsyncConnection, cause: Cause, plan: str, new: NewBenefit
) -> Benefit:
    """Let a plan have a partner benefit; the same again changes nothing.

    Raises PlanUnknown, and BenefitTaken where the code stands for other content.
    """
    await find_plan(connection, plan)
    content = {**asdict(new), "titles": dict(new.titles)}
    made = await connection.scalar(
        insert(partner_benefit)
        .values(plan=plan, opened_at=cause.at, **content, **cause.columns())
        .on_conflict_do_nothing(constraint="partner_benefit_code_is_taken_once")
        .returning(partner_benefit.c.code)
    )
    found = await find_benefit(connection, plan, new.code)
    if made is None:
        if content != {name: getattr(found, name) for name in content}:
            raise BenefitTaken(seen=new.code, pointer="/code")
        return found
    await _record(connection, cause, found, "open", content)
    return found


async def archive_benefit(
    connection: AsyncConnection, cause: Cause, plan: str, code: str
) -> Benefit:
    """Give no more codes of a benefit; who has one keeps it. Again changes nothing."""
    here = (partner_benefit.c.plan == plan, partner_benefit.c.code == code)
    await connection.execute(select(partner_benefit.c.code).where(*here).with_for_update())
    found = await find_benefit(connection, plan, code)
    if found.archived_at is None:
        await connection.execute(update(partner_benefit).where(*here).values(archived_at=cause.at))
        await _record(connection, cause, found, "archive")
    return await find_benefit(connection, plan, code)


async def bring_in_codes(
    connection: AsyncConnection, cause: Cause, plan: str, code: str, codes: Sequence[str]
) -> int:
    """Add codes that a partner made, and return how many are new; known ones change nothing."""
    found = await find_benefit(connection, plan, code)
    rows = [
        {"id": new_id(cause.at), "plan": plan, "benefit": code, "code": each}
        for each in dict.fromkeys(codes)
    ]
    made = await connection.scalars(
        insert(partner_code)
        .values([{**row, "added_at": cause.at, **cause.columns()} for row in rows])
        .on_conflict_do_nothing(constraint="partner_code_is_brought_in_once")
        .returning(partner_code.c.id)
    )
    added = len(made.all())
    if added:
        await _record(connection, cause, found, "bring-in", {"codes": added})
    return added


async def _record(
    connection: AsyncConnection,
    cause: Cause,
    benefit: Benefit,
    action: str,
    after: Mapping[str, object] | None = None,
) -> None:
    subject = f"{benefit.plan}/{benefit.code}"
    await record_change(
        connection,
        cause,
        subject_kind="partner-benefit",
        subject=subject,
        action=action,
        after=after,
    )


async def find_benefit(connection: AsyncConnection, plan: str, code: str) -> Benefit:
    """Return a partner benefit of a plan, also an archived one. Raises BenefitUnknown."""
    for each in await list_benefits(connection, plan):
        if each.code == code:
            return each
    raise BenefitUnknown(plan=plan[:80], seen=code[:80])


async def list_benefits(connection: AsyncConnection, plan: str) -> list[Benefit]:
    """Return the partner benefits of a plan, the archived ones too, in the order of their codes."""
    rows = await connection.execute(
        select(partner_benefit)
        .where(partner_benefit.c.plan == plan)
        .order_by(partner_benefit.c.code)
        .limit(100)
    )
    return [_read(row) for row in rows]


async def count_codes(connection: AsyncConnection, plan: str) -> dict[str, Stock]:
    """Return, by benefit of a plan, how many codes are left and how many were given."""
    taken = func.count(partner_code.c.taken_at)
    rows = await connection.execute(
        select(partner_code.c.benefit, func.count(), taken)
        .where(partner_code.c.plan == plan)
        .group_by(partner_code.c.benefit)
    )
    return {benefit: Stock(left=all_ - given, given=given) for benefit, all_, given in rows}


async def count_empty(connection: AsyncConnection) -> int:
    """Return how many benefits that are not archived have no code left."""
    left = select(partner_code.c.id).where(
        partner_code.c.plan == partner_benefit.c.plan,
        partner_code.c.benefit == partner_benefit.c.code,
        partner_code.c.taken_at.is_(None),
    )
    empty = select(func.count()).where(partner_benefit.c.archived_at.is_(None), ~left.exists())
    return (await connection.scalar(empty)) or 0


def _read(row: Row[*tuple[Any, ...]]) -> Benefit:
    return Benefit(
        plan=row.plan,
        code=row.code,
        titles=row.titles,
        each=cast("Each", row.each),
        at_end=cast("AtEnd", row.at_end),
        opened_at=row.opened_at,
        archived_at=row.archived_at,
    )
