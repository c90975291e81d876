"""Bringing along what assets earned before a ladder named them: from the books, set-based.

The same gains as those that are fed one by one (`loyalty.gains`), read from the lots that earned
them; a test holds the two against each other.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    LargeBinary,
    Select,
    Subquery,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
import tiers
from loyalty.policy import Policy
from loyalty.tables import member

_ORDERS_EARN: Final = "^order:[0-9a-f-]{36}:earn:[0-9a-f-]{36}$"


async def fill_gains(connection: AsyncConnection, policy: Policy, ladder: tiers.Ladder) -> int:
    """Bring everything along that the assets of a ladder ever earned; again changes nothing.

    Answers how many gains were new or corrected. Opening balances are no earns.
    """
    return sum(
        [
            await tiers.bring_gains(connection, _gains(asset, policy.zone.key))
            for asset in ladder.assets
        ]
    )


def _gains(asset: str, zone: str) -> Select[Any]:
    """Every gain of an asset as activity of whoever the member is today, consumers only."""
    earned = _earned(asset, zone)
    by_hand = earned.c.kind == "adjust"
    mark = case((by_hand, earned.c.source), else_=_mark(earned.c.source, asset))
    taken = _taken_by_hand(asset)
    before = (
        func.sum(case((by_hand, earned.c.granted), else_=0))
        .over(partition_by=earned.c.member, order_by=(earned.c.day, earned.c.lot))
        .op("-")(case((by_hand, earned.c.granted), else_=0))
    )
    gone = func.greatest(func.coalesce(taken.c.amount, 0) - before, 0)
    back = earned.c.taken_back + case((by_hand, gone), else_=0)
    return select(
        earned.c.member,
        earned.c.source,
        mark,
        earned.c.day,
        earned.c.granted,
        func.least(earned.c.granted, back),
        literal(asset, Text),
    ).select_from(earned.outerjoin(taken, taken.c.member == earned.c.member))


def _earned(asset: str, zone: str) -> Subquery:
    lots = ledger.earned_lots(asset).subquery("lots")
    kept = member.alias("kept")
    of_order = lots.c.key.regexp_match(_ORDERS_EARN)
    source = case((of_order, cast(func.split_part(lots.c.key, ":", 4), Uuid)), else_=lots.c.lot)
    return (
        select(
            kept.c.id.label("member"),
            source.label("source"),
            lots.c.lot,
            lots.c.kind,
            cast(func.timezone(zone, lots.c.effective_at), Date).label("day"),
            lots.c.granted,
            lots.c.taken_back,
        )
        .join(member, member.c.holder == lots.c.holder)
        .join(kept, kept.c.id == _whose())
        .where(kept.c.class_ == "consumer")
        .subquery("earned")
    )


def _taken_by_hand(asset: str) -> Subquery:
    receipts = ledger.receipts().subquery("receipts")
    whose = _whose()
    return (
        select(whose.label("member"), func.sum(-receipts.c.amount).label("amount"))
        .join(member, member.c.holder == receipts.c.holder)
        .where(receipts.c.asset == asset, receipts.c.kind == "adjust", receipts.c.amount < 0)
        .group_by(whose)
        .subquery("taken")
    )


def _whose() -> ColumnElement[UUID]:
    """Who a member is today; only who was merged is looked for."""
    gone = member.c.merged_into.is_not(None)
    return case((gone, func.loyalty.survivor(member.c.id, type_=Uuid)), else_=member.c.id)


def _mark(source: ColumnElement[UUID], asset: str) -> ColumnElement[UUID]:
    """The SQL of `gain_mark`."""
    hashed = func.sha256(func.uuid_send(source).op("||")(literal(asset.encode(), LargeBinary)))
    return cast(func.encode(func.substring(hashed, 1, 16), "hex"), Uuid)
