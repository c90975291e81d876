"""A membership as pages say it: how it stands, what comes next, what it costs and saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.joining import here
from admin.plan_words import NEXT, REFUNDS, STATES, cause_words, price_words, why_left
from admin.visit import Visit
from admin.words import Badge, badge, named
from loyalty.membership.states import Standing, standing_of
from loyalty.membership.store import charges_of, latest_membership, refunds_of, timeline_of
from loyalty.membership.types import Change, Charge, Membership
from loyalty.plans.store import list_plans, plan_of_price
from loyalty.plans.types import Plan
from loyalty.savings import savings_of

_BACK: Final = {"refunded": 1, "disputed": 1, "reinstated": -1}
"""Steps that give money back, or take it again."""


@dataclass(frozen=True, slots=True)
class MembershipView:
    """A member's membership, the live one or the last."""

    row: Membership
    plan: Plan
    title: str
    standing: Standing
    state: Badge
    next: str
    price: str
    then: str | None
    """What it costs from the end of the period on, where that is something else."""
    ended: str
    """What ended it, where it has ended."""
    why: str | None
    """Why the member leaves or has left, as they said."""
    saved: str
    fee: str
    others: tuple[tuple[str, str], ...]
    """Other prices of the plan that it may go on at, by their codes."""


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan that can be had."""

    code: str
    title: str
    prices: tuple[tuple[str, str], ...]
    """Code and words of each."""
    here: bool
    """Whether it is joined from the wallet; what the shop charges for is joined in the shop."""
    off: bool
    """Whether it would be joined from the wallet, if Stripe were not switched off."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid for a membership, or given back of it."""

    on: datetime
    what: str
    money: str


async def membership_of(
    connection: AsyncConnection, visit: Visit, member: UUID
) -> MembershipView | None:
    """The membership of a member that lives, or the last one; None who never had one."""
    row = await latest_membership(connection, member)
    if row is None:
        return None
    plan = await plan_of_price(connection, row.price)
    saved = await savings_of(connection, row, plan, at=visit.at)
    steps = await timeline_of(connection, row.id)
    standing = standing_of(row, plan, visit.at)
    state, coming = stands(visit, standing)
    following = row.next_price or row.price
    return MembershipView(
        row=row,
        plan=plan,
        title=named(visit.voice, plan.titles, plan.code),
        standing=standing,
        state=state,
        next=coming,
        price=price_of(visit, plan, row.price),
        then=None if row.next_price is None else price_of(visit, plan, row.next_price),
        ended=cause_words(visit.voice, row.end_cause or "ended"),
        why=why_left(visit.voice, steps),
        saved=visit.voice.money(saved.saved, saved.currency),
        fee=visit.voice.money(saved.fee, saved.currency),
        others=tuple(
            (one.code, price_words(visit.voice, one, plan.currency))
            for one in plan.prices
            if one.id != following and (one.archived_at is None or one.id == row.price)
        ),
    )


async def payments_of(
    connection: AsyncConnection, visit: Visit, membership: UUID
) -> Sequence[Payment]:
    """What was paid for a membership, and what was given back, the latest first."""
    charges = {one.id: one for one in await charges_of(connection, membership)}
    say, voice = visit.voice.say, visit.voice
    told = [
        Payment(
            one.paid_at,
            say(
                "%(first)s to %(last)s", first=voice.day(one.starts_at), last=voice.day(one.ends_at)
            ),
            voice.money(one.net + one.tax, one.currency),
        )
        for one in charges.values()
    ]
    for back in await refunds_of(connection, list(charges)):
        money = back.net + back.tax if back.kind == "reinstated" else -back.net - back.tax
        currency = charges[back.charge].currency
        told.append(Payment(back.at, say(REFUNDS[back.kind]), voice.money(money, currency)))
    return sorted(told, key=lambda one: one.on, reverse=True)


async def plans_to_be_had(connection: AsyncConnection, visit: Visit) -> Sequence[PlanOffer]:
    """What a member may join, with its prices; also what cannot be joined at the moment."""
    return [
        PlanOffer(
            one.code,
            named(visit.voice, one.titles, one.code),
            tuple(
                (price.code, price_words(visit.voice, price, one.currency))
                for price in one.prices
                if price.archived_at is None
            ),
            here=here(visit, one.adapter),
            off=one.adapter != "external" and not here(visit, one.adapter),
        )
        for one in await list_plans(connection)
        if one.archived_at is None
    ]


def still_due(steps: Sequence[Change], charges: Sequence[Charge]) -> int:
    """What the end of a membership made due to its member, less what was given back since."""
    left: dict[str, int] = {}
    names = {str(one.id): one.reference for one in charges}
    for step in steps:
        data: Mapping[str, Any] = step.data
        for each in data.get("due", ()):
            left[each["charge"]] = each["net"] + each["tax"]
        name = names.get(str(data.get("charge")), "")
        if name in left and step.cause in _BACK:
            left[name] -= _BACK[step.cause] * (data["net"] + data["tax"])
    return sum(max(0, amount) for amount in left.values())


def stands(visit: Visit, standing: Standing) -> tuple[Badge, str]:
    """The state in a word, and what comes next."""
    words = NEXT.get(standing.why)
    said = ""
    if words is not None and standing.next_date is not None:
        said = visit.voice.say(words, when=visit.voice.instant(standing.next_date))
    return badge(visit.voice, STATES, standing.state), said


def price_of(visit: Visit, plan: Plan, price: UUID) -> str:
    """What one of a plan's prices is."""
    found = next((one for one in plan.prices if one.id == price), None)
    return "" if found is None else price_words(visit.voice, found, plan.currency)
