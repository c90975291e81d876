"""What the demo sells for a fee: a plan that Stripe charges for, one that the shop charges for.

Both have free shipping, by one rule. Without a key of Stripe's nobody can join the first.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.membership.tables import membership
from loyalty.plans.publishing import open_plan
from loyalty.plans.types import NewPlan, NewPrice
from loyalty.tables import member
from tiers import standing_at

PLUS: Final = NewPlan(
    code="plus",
    titles={"en": "Plus", "zh": "尊享会员"},
    prices=(
        NewPrice(code="monthly", every="month", amount=999),
        NewPrice(code="yearly", every="year", amount=9_900),
    ),
    adapter="stripe",
    bonus_points=200,
    trial_days=14,
    trial_needs_card=True,
    grace_days=10,
)
CLUB: Final = NewPlan(
    code="club",
    titles={"en": "Club", "zh": "俱乐部会员"},
    prices=(NewPrice(code="monthly", every="month", amount=499),),
    grace_days=10,
)
PLANS: Final = (CLUB, PLUS)
HIGH: Final = ("gold", "diamond")
"""Tiers with free shipping of their own."""

PLAN_RULE: Final[Mapping[str, object]] = {
    "rule": "plan-free-shipping",
    "titles": {"en": "Free shipping with Plus and Club", "zh": "尊享与俱乐部会员免运费"},
    "when": {"fact": "plan", "in": [one.code for one in PLANS]},
    "effects": [{"effect": "free-shipping"}],
}


async def open_plans(connection: AsyncConnection, cause: Cause) -> None:
    """Open both; again changes nothing."""
    for one in PLANS:
        await open_plan(connection, cause, one)


def club_joining(at: datetime, currency: str) -> dict[str, object]:
    """What a shop reports of somebody who joins Club and has paid the first month."""
    reference = f"club-{at:%Y%m%d%H%M%S}"
    until = at + timedelta(days=30)
    return {
        "plan": CLUB.code,
        "price": CLUB.prices[0].code,
        "reference": reference,
        "consent": {"text": "club-terms", "version": "1"},
        "paid": {
            "reference": f"{reference}-1",
            "from": at.isoformat(timespec="seconds"),
            "until": until.isoformat(timespec="seconds"),
            "net": CLUB.prices[0].amount,
            "tax": 0,
            "currency": currency,
        },
    }


async def find_newcomer(connection: AsyncConnection, at: datetime) -> UUID | None:
    """A member below gold, to whom free shipping is worth a fee; whoever joined stays the one."""
    standing = standing_at(member.c.id, at.date()).lateral("standing")
    ranked = (
        select(member.c.id)
        .join(standing, standing.c.member == member.c.id, isouter=True)
        .join(membership, membership.c.member == member.c.id, isouter=True)
        .where(member.c.closed_at.is_(None))
        .order_by(
            membership.c.began_at.nulls_last(),
            func.coalesce(standing.c.tier.in_(HIGH), False),
            member.c.id,
        )
        .limit(1)
    )
    found: UUID | None = await connection.scalar(ranked)
    return found
