"""All that decides whether a member may have a reward, read in one statement.

It is composed of what the packages publish. Nothing is locked: a list of offers reads it alone, and
ordering reads it after the member's row was locked, so that what a member took cannot move.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    lateral,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause, ScalarSelect

from benefits import Facts
from ledger import wallet_at
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import person_of
from loyalty.hot import Hot, hot
from loyalty.members import Member, marks_json, read_marks
from loyalty.membership.facts import plan_json, read_plan, with_plan
from loyalty.names import REWARD_ORDER, VOUCHER
from loyalty.orders.earlier import earlier_orders, read_earlier
from loyalty.orders.facts import facts_at
from loyalty.policy import Policy, policy_version_at
from loyalty.rewards.document import terms_of
from loyalty.rewards.periods import periods_at
from loyalty.rewards.tables import (
    reward,
    reward_order,
    reward_period,
    reward_shelf,
    reward_version,
)
from loyalty.rewards.types import Every, Kind, TaxClass, Terms
from loyalty.schema import Instant
from loyalty.tables import member, name, profile
from tiers import live_version as live_ladder_version
from tiers import standing_at


@dataclass(frozen=True, slots=True)
class Shelved:
    """A reward that is live: its terms, what is left, and what was taken in each period."""

    id: UUID
    code: str
    kind: Kind
    version: int
    terms: Terms
    tiers: tuple[str, ...]
    tax_class: TaxClass
    left: int | None
    taken: Mapping[Every, int]
    """By the member, and by whoever was merged into them."""
    taken_by_all: Mapping[Every, int]
    """Where there is a limit for all that has been counted already."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """A member as they stand, the policy in force, and the rewards that were asked for."""

    whose: Member
    at: datetime
    facts: Facts
    available: int
    frozen: bool
    policy: Policy
    rewards: tuple[Shelved, ...]
    voucher_code_known: bool
    """Whether the code that was minted for a voucher is another's already."""
    placed: tuple[UUID, UUID] | None
    """Member and id of the order that has the shop's id already."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read: one reward or all, and what an order of it would be called."""

    reward: str | None = None
    name: str | None = None
    voucher_code: str | None = None


async def read_circumstances(
    connection: AsyncConnection,
    programme: Programme,
    whose: Member,
    wanted: Wanted,
    *,
    at: datetime,
) -> Circumstances:
    """Return how a member stands to the rewards that are live; one statement.

    One more for each version of policy and ladder that this process meets for the first time.
    """
    if programme.zone is None:
        programme.zone = (await programme.policies.at(connection, at)).zone
    zone = programme.zone
    starts = {every.value: each.starts_at for every, each in periods_at(at, zone).items()}
    row = await _statement().one(
        connection,
        member=whose.id,
        holder=whose.holder,
        at=at,
        on=at.astimezone(zone).date(),
        reward=wanted.reward,
        name=wanted.name,
        voucher_code=wanted.voucher_code,
        **starts,
    )
    birthday, available, frozen, orders, tier, versions, rewards, *more = row
    code_known, placed, marks, plan = more
    policy = await programme.policy(connection, versions["policy"])
    ladder = await programme.ladder(connection, versions["ladder"])
    bottom = None if ladder is None else ladder.tiers[0].code
    person = person_of(whose, birthday, policy, read_marks(marks))
    facts = facts_at(person, policy.day_of(at), tier=tier or bottom, earlier=read_earlier(orders))
    return Circumstances(
        whose=whose,
        at=at,
        facts=with_plan(facts, read_plan(plan), policy, at),
        available=available or 0,
        frozen=bool(frozen),
        policy=policy,
        rewards=tuple(_shelved(one) for one in rewards or ()),
        voucher_code_known=code_known,
        placed=None if placed is None else (UUID(placed[0]), UUID(placed[1])),
    )


def _shelved(row: Sequence[Any]) -> Shelved:
    id_, code, kind, version, document, tiers, tax_class, left, taken, by_all = row
    return Shelved(
        id=UUID(id_),
        code=code,
        kind=Kind(kind),
        version=version,
        terms=terms_of(document),
        tiers=tuple(tiers),
        tax_class=TaxClass(tax_class),
        left=left,
        taken={Every(every): count for every, count in taken.items()},
        taken_by_all={Every(every): count for every, count in (by_all or {}).items()},
    )


# --- the statement ----------------------------------------------------------------------------

_MEMBER: Final = bindparam("member", type_=Uuid)
_HOLDER: Final = bindparam("holder", type_=Uuid)
_AT: Final = bindparam("at", type_=Instant)
_ON: Final = bindparam("on", type_=Date)
_REWARD: Final = bindparam("reward", type_=Text)
_NAME: Final = bindparam("name", type_=Text)
_CODE: Final = bindparam("voucher_code", type_=Text)
_STARTS: Final = {every: bindparam(every.value, type_=Instant) for every in Every}
MOST_OFFERED: Final = 500
"""Rewards that are live at once and can be offered in one list."""


@cache
def _statement() -> Hot[Any, int, bool, Any, str, Any, Any, bool, Any, Any, Any]:
    """The one statement; composed at first use and compiled once."""
    one = select(literal(1).label("one")).subquery("one")
    wallet = lateral(wallet_at(_HOLDER, _AT)).alias("wallet")
    standing = lateral(standing_at(_MEMBER, _ON)).alias("standing")
    whole = (
        one.outerjoin(profile, profile.c.member == _MEMBER)
        .outerjoin(wallet, true())
        .outerjoin(standing, true())
    )
    known = func.json_build_array(
        profile.c.birth_month, profile.c.birth_day, profile.c.birthday_changed_on, type_=JSON
    )
    return hot(
        select(
            known,
            wallet.c.available,
            wallet.c.frozen,
            earlier_orders(_MEMBER, _AT),
            standing.c.tier,
            _versions(),
            _rewards(),
            _is_named(VOUCHER, _CODE),
            _placed(),
            marks_json(_MEMBER),
            plan_json(_MEMBER, _AT),
        ).select_from(whole)
    )


def _everybody() -> Select[UUID]:
    """The member and whoever was merged into them."""
    either = or_(member.c.id == _MEMBER, member.c.merged_into == _MEMBER)
    return select(member.c.id).where(either)


def _versions() -> ColumnElement[Any]:
    ladder = live_ladder_version().scalar_subquery()
    return func.json_build_object("policy", policy_version_at(_AT), "ladder", ladder, type_=JSON)


def _rewards() -> ScalarSelect[Any]:
    taken, by_all = _taken(), _taken_by_all()
    live = and_(
        reward_version.c.reward == reward.c.id, reward_version.c.number == reward_shelf.c.version
    )
    listed = (
        select(
            func.json_build_array(
                *(reward.c.id, reward.c.code, reward.c.kind, reward_version.c.number),
                *(reward_version.c.document, reward_version.c.tiers, reward_version.c.tax_class),
                reward_shelf.c.stocked - reward_shelf.c.taken,
                *(taken.c.taken, by_all.c.taken),
                type_=JSON,
            ).label("one")
        )
        .select_from(
            reward.join(reward_shelf, reward_shelf.c.reward == reward.c.id)
            .join(reward_version, live)
            .join(taken, true())
            .join(by_all, true())
        )
        .where(or_(_REWARD.is_(None), reward.c.code == _REWARD))
        .order_by(reward.c.code)
        .limit(MOST_OFFERED)
        .subquery("listed")
    )
    return select(func.json_agg(listed.c.one, type_=JSON)).scalar_subquery()


def _taken() -> LateralFromClause:
    """What the member took of a reward and did not give back, in each period."""
    own = reward_order.c
    sums: list[Any] = []
    for every, start in _STARTS.items():
        counted = func.sum(own.quantity).filter(own.ordered_at >= start)
        sums += [literal(every.value, Text), func.coalesce(counted, 0)]
    theirs = select(func.json_build_object(*sums, type_=JSON).label("taken")).where(
        own.member.in_(_everybody()), own.reward == reward.c.id, own.state != "cancelled"
    )
    return theirs.lateral("taken")


def _taken_by_all() -> LateralFromClause:
    """What all took of a reward in the periods that are counted."""
    own = reward_period.c
    current = or_(
        *(
            and_(own.every == every.value, own.starts_at == start)
            for every, start in _STARTS.items()
        )
    )
    counted = select(func.json_object_agg(own.every, own.taken, type_=JSON).label("taken")).where(
        own.reward == reward.c.id, current
    )
    return counted.lateral("by_all")


def _is_named(kind: str, text: ColumnElement[str]) -> ColumnElement[bool]:
    return select(name.c.id).where(name.c.kind == literal(kind, Text), name.c.name == text).exists()


def _placed() -> ScalarSelect[Any]:
    return (
        select(func.json_build_array(name.c.member, name.c.id, type_=JSON))
        .where(name.c.kind == literal(REWARD_ORDER, Text), name.c.name == _NAME)
        .scalar_subquery()
    )
