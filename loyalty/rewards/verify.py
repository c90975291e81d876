"""Proves that stock is what came in less what is ordered, and points what the ledger spent.

Each check is one statement that returns the first row that breaks it. What the ledger holds is read
through the Select it publishes.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    ColumnElement,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
from loyalty.checks import Broken, Check, Checks, first_broken_by
from loyalty.names import REWARD_ORDER
from loyalty.rewards.tables import (
    reward,
    reward_allowance,
    reward_order,
    reward_period,
    reward_shelf,
    reward_stock_change,
    reward_version,
)
from loyalty.tables import member, name

_KEYS: Final = "reward:"
_STANDS: Final = reward_order.c.state != "cancelled"


async def first_broken_reward(connection: AsyncConnection) -> Mapping[str, Broken]:
    """Return, by check, the first row that breaks it."""
    return await first_broken_by(connection, CHECKS)


def _stock_is_what_came_in() -> Check:
    """What is in stock is the sum of its changes; what is not counted has none."""
    came = (
        select(func.sum(reward_stock_change.c.amount))
        .where(reward_stock_change.c.reward == reward_shelf.c.reward)
        .scalar_subquery()
    )
    wanted = case((reward.c.counted, func.coalesce(came, 0)), else_=came)
    return (
        select(reward.c.code, reward_shelf.c.stocked)
        .select_from(reward.join(reward_shelf, reward_shelf.c.reward == reward.c.id))
        .where(reward_shelf.c.stocked.is_distinct_from(wanted))
    )


def _taken_is_what_was_ordered() -> Check:
    """What is taken is what was ordered, less what was cancelled and can be had again."""
    gone = or_(_STANDS, reward_order.c.restocked.is_(False))
    ordered = (
        select(func.coalesce(func.sum(reward_order.c.quantity), 0))
        .where(reward_order.c.reward == reward_shelf.c.reward, gone)
        .scalar_subquery()
    )
    return (
        select(reward.c.code, reward_shelf.c.taken)
        .select_from(reward.join(reward_shelf, reward_shelf.c.reward == reward.c.id))
        .where(reward_shelf.c.taken != ordered)
    )


def _shelf_holds_the_last_version() -> Check:
    last = (
        select(func.max(reward_version.c.number))
        .where(reward_version.c.reward == reward.c.id)
        .scalar_subquery()
    )
    wanted = case((reward.c.retired_at.is_(None), func.coalesce(last, 0)), else_=0)
    return (
        select(reward.c.code, reward_shelf.c.version)
        .select_from(reward.outerjoin(reward_shelf, reward_shelf.c.reward == reward.c.id))
        .where(reward_shelf.c.version.is_distinct_from(wanted))
    )


def _order_costs_what_its_version_says() -> Check:
    own = reward_version.c
    said = and_(own.reward == reward_order.c.reward, own.number == reward_order.c.version)
    differs = or_(
        own.number.is_(None),
        reward_order.c.points != own.points * reward_order.c.quantity,
        reward_order.c.money != own.money * reward_order.c.quantity,
        reward_order.c.tax_class != own.tax_class,
    )
    return (
        select(reward_order.c.id, reward_order.c.points)
        .select_from(reward_order.outerjoin(reward_version, said))
        .where(differs)
    )


def _posted(step: str) -> Subquery:
    posted = ledger.posted_keys(zone="UTC").subquery("posted")
    own = select(posted.c.key, posted.c.amount).where(
        posted.c.key >= _KEYS, posted.c.key < "reward;", posted.c.key.endswith(f":{step}")
    )
    return own.subquery(step)


def _key_of(step: str) -> ColumnElement[str]:
    return literal(_KEYS).concat(cast(reward_order.c.id, String)).concat(f":{step}")


def _order_spent_its_points() -> Check:
    """Every order spent its points, once; nothing else was spent under such a key."""
    spent = _posted("spend")
    both = reward_order.outerjoin(spent, spent.c.key == _key_of("spend"), full=True)
    return (
        select(func.coalesce(cast(reward_order.c.id, String), spent.c.key), spent.c.amount)
        .select_from(both)
        .where(spent.c.amount.is_distinct_from(reward_order.c.points))
    )


def _cancelled_gave_its_points_back() -> Check:
    """Points came back for what was cancelled, all of them, and for nothing else."""
    back = _posted("restore")
    both = reward_order.outerjoin(back, back.c.key == _key_of("restore"), full=True)
    due = case((~_STANDS, reward_order.c.points))
    return (
        select(func.coalesce(cast(reward_order.c.id, String), back.c.key), back.c.amount)
        .select_from(both)
        .where(back.c.amount.is_distinct_from(due))
    )


def _order_is_named() -> Check:
    named = (
        select(literal(1))
        .where(
            name.c.kind == REWARD_ORDER,
            name.c.id == reward_order.c.id,
            name.c.member == reward_order.c.member,
        )
        .exists()
    )
    return select(reward_order.c.id, literal("no name")).where(~named)


def _period_is_counted() -> Check:
    own = reward_period.c
    ordered = (
        select(func.coalesce(func.sum(reward_order.c.quantity), 0))
        .where(
            reward_order.c.reward == own.reward,
            _STANDS,
            reward_order.c.ordered_at >= own.starts_at,
            reward_order.c.ordered_at < own.ends_at,
        )
        .scalar_subquery()
    )
    return select(own.reward, own.taken).where(own.taken != ordered)


def _allowance_is_counted() -> Check:
    own = reward_allowance.c
    either = or_(member.c.id == own.member, member.c.merged_into == own.member)
    theirs = select(member.c.id).where(either).correlate(reward_allowance)
    ordered = (
        select(func.coalesce(func.sum(reward_order.c.quantity), 0))
        .where(
            reward_order.c.member.in_(theirs),
            reward_order.c.reward == own.reward,
            _STANDS,
            reward_order.c.ordered_at >= own.starts_at,
            or_(own.ends_at.is_(None), reward_order.c.ordered_at < own.ends_at),
        )
        .scalar_subquery()
    )
    return select(own.member, own.taken).where(own.taken != ordered)


def _voucher_was_issued() -> Check:
    """Every voucher that was ordered exists, and is void once its order was cancelled."""
    issued = benefits.vouchers_stored().order_by(None).subquery("issued")
    both = reward_order.outerjoin(issued, issued.c.id == reward_order.c.voucher)
    usable = func.count().filter(issued.c.voided_at.is_(None))
    return (
        select(reward_order.c.id, func.count(issued.c.id))
        .select_from(both)
        .where(reward_order.c.voucher.is_not(None))
        .group_by(reward_order.c.id, reward_order.c.state)
        .having(
            or_(
                func.count(issued.c.id) == 0,
                and_(reward_order.c.state == "cancelled", usable > 0),
            )
        )
    )


CHECKS: Final[Checks] = {
    "the stock of a reward is what came in": _stock_is_what_came_in,
    "what is taken of a reward is what was ordered": _taken_is_what_was_ordered,
    "the version published last is on the shelf": _shelf_holds_the_last_version,
    "an order of a reward costs what its version says": _order_costs_what_its_version_says,
    "an order of a reward spent its points": _order_spent_its_points,
    "a cancelled order of a reward gave its points back": _cancelled_gave_its_points_back,
    "every order of a reward has its name": _order_is_named,
    "a reward's period counts its orders": _period_is_counted,
    "a member's limit counts their orders": _allowance_is_counted,
    "a voucher that was ordered was issued": _voucher_was_issued,
}
