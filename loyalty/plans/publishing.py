"""Plans are opened whole and archived: what somebody joined never changes under them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import new_id
from loyalty.plans.errors import PlanMalformed, PlanTaken
from loyalty.plans.store import find_plan, lock_plan, price_of
from loyalty.plans.tables import plan, plan_price
from loyalty.plans.types import NewPlan, Plan
from loyalty.policy import policy_at

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "trial_days": (0, 730),
    "bonus_points": (0, 10**12),
    "grace_days": (0, 60),
    "margin_hours": (1, 72),
    "withdrawal_days": (0, 365),
}


async def open_plan(connection: AsyncConnection, cause: Cause, new: NewPlan) -> Plan:
    """Open a plan with its prices; the same again changes nothing.

    Raises PlanMalformed, and PlanTaken where the code stands for other content.
    """
    await _check(connection, new)
    currency = (await policy_at(connection, cause.at)).currency
    content = {field.name: getattr(new, field.name) for field in fields(new)}
    columns = {name: value for name, value in content.items() if name != "prices"}
    made = await connection.execute(
        postgresql.insert(plan)
        .values(**{**columns, "titles": dict(new.titles)}, currency=currency)
        .values(opened_at=cause.at, **cause.columns())
        .on_conflict_do_nothing(constraint="plan_code_is_taken_once")
        .returning(plan.c.code)
    )
    if made.one_or_none() is None:
        return await _opened_before(connection, new)
    await connection.execute(
        insert(plan_price),
        [
            {
                "id": new_id(cause.at),
                "plan": new.code,
                "code": price.code,
                "every": price.every,
                "amount": price.amount,
                "tax": price.tax,
                "opened_at": cause.at,
                **cause.columns(),
            }
            for price in new.prices
        ],
    )
    await record_change(
        connection,
        cause,
        subject_kind="plan",
        subject=new.code,
        action="open",
        after={**columns, "titles": dict(new.titles), "prices": [_said(p) for p in new.prices]},
    )
    return await find_plan(connection, new.code)


async def archive_plan(connection: AsyncConnection, cause: Cause, code: str) -> Plan:
    """Let nobody join a plan any more; who has it keeps it. Again changes nothing."""
    found = await lock_plan(connection, code)
    if found.archived_at is None:
        await connection.execute(
            update(plan).where(plan.c.code == code).values(archived_at=cause.at)
        )
        await record_change(connection, cause, subject_kind="plan", subject=code, action="archive")
    return await find_plan(connection, code)


async def archive_price(connection: AsyncConnection, cause: Cause, code: str, price: str) -> Plan:
    """Let nobody join at a price any more; who pays it goes on. Again changes nothing."""
    wanted = price_of(await lock_plan(connection, code), price)
    if wanted.archived_at is None:
        await connection.execute(
            update(plan_price).where(plan_price.c.id == wanted.id).values(archived_at=cause.at)
        )
        await record_change(
            connection,
            cause,
            subject_kind="plan",
            subject=code,
            action="archive-price",
            after={"price": price},
        )
    return await find_plan(connection, code)


async def _opened_before(connection: AsyncConnection, new: NewPlan) -> Plan:
    found = await find_plan(connection, new.code)
    same = all(
        getattr(found, field.name) == getattr(new, field.name)
        for field in fields(new)
        if field.name not in {"prices", "titles"}
    )
    asked = {price.code: _said(price) for price in new.prices}
    here = {price.code: _said(price) for price in found.prices}
    if not same or asked != here or dict(found.titles) != dict(new.titles):
        raise PlanTaken(seen=new.code, pointer="/code")
    return found


async def _check(connection: AsyncConnection, new: NewPlan) -> None:
    """Refuse what could not work, at its place in the request."""
    for name, (least, most) in _RANGES.items():
        if not least <= getattr(new, name) <= most:
            raise _malformed(f"/{name}", f"{least} to {most}", getattr(new, name))
    if not new.titles:
        raise _malformed("/titles", "a title in some language", "nothing")
    if new.trial_needs_card and not new.trial_days:
        raise _malformed("/trial_needs_card", "days of a trial", 0)
    _check_prices(new)
    if new.tier_floor is not None:
        ladder = await tiers.live_ladder(connection)
        if ladder is None or new.tier_floor not in {tier.code for tier in ladder.tiers}:
            raise _malformed("/tier_floor", "a tier of the ladder", new.tier_floor)


def _check_prices(new: NewPlan) -> None:
    if not new.prices:
        raise _malformed("/prices", "a price", "nothing")
    codes = set()
    for place, price in enumerate(new.prices):
        if price.amount <= 0:
            raise _malformed(f"/prices/{place}/amount", "a positive amount", price.amount)
        if price.code in codes:
            raise _malformed(f"/prices/{place}/code", "a code of its own", price.code)
        codes.add(price.code)


def _said(price: object) -> dict[str, object]:
    return {name: getattr(price, name) for name in ("code", "every", "amount", "tax")}


def _malformed(pointer: str, wanted: str, seen: object) -> PlanMalformed:
    return PlanMalformed(wanted=wanted, seen=str(seen)[:80], pointer=pointer)
