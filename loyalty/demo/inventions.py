"""What the demo's data lack, invented from fixed seeds: birthdays, and orders paid with points.

Every invented order says so by its id, which begins with `invented-`. They are placed and completed
through the use cases, and placed again they are the same orders.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
import tiers
from benefits import Cart, Line
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.checkout.basket import Basket
from loyalty.demo.households import INVENTED, Household
from loyalty.events import own_xid
from loyalty.history.copying import copy_rows
from loyalty.history.newcomers import copy_names, copy_newcomers, names_of, newcomer
from loyalty.history.tidings import COLUMNS, event_rows, joined
from loyalty.idempotency import Attempt, Begun
from loyalty.members import Birthday, lock_member
from loyalty.members.types import Ref
from loyalty.names import MEMBER, ORDER, find_name
from loyalty.orders.completing import Completing, complete
from loyalty.orders.placing import NewOrder, place
from loyalty.policy import policy_at
from loyalty.tables import event, name

SEED: Final = 20_170_102
REDEMPTIONS: Final = 300
LEAST: Final = 100
"""The policy's least points to spend."""
REDEEMED_WITHIN: Final = timedelta(days=21)

SHELF: Final = (
    ("1082185", "PRODUCE", 109),
    ("1029743", "GROCERY", 299),
    ("995242", "GROCERY", 209),
    ("981760", "GROCERY", 139),
    ("1127831", "PRODUCE", 350),
    ("826249", "GROCERY", 119),
    ("840361", "GROCERY", 119),
    ("1095275", "PASTRY", 450),
)
"""SKU, category and price in cents of what the invented orders buy."""


async def join_households(
    connection: AsyncConnection, cause: Cause, households: Sequence[Household]
) -> int:
    """Make the households members with an invented birthday; answer how many were new."""
    known = set(
        await connection.scalars(select(name.c.name).where(name.c.kind == MEMBER).limit(1_000_000))
    )
    random = Random(SEED)
    policy = await policy_at(connection, cause.at)
    born = [(each, _birthday(random)) for each in sorted(households)]
    found = [
        newcomer(each.name, each.first_at.replace(tzinfo=policy.zone).astimezone(UTC), birthday)
        for each, birthday in born
        if each.name not in known
    ]
    await copy_names(connection, [name for one in found for name in names_of(one)])
    await copy_newcomers(connection, cause, policy, found)
    own = await own_xid(connection)
    told = (
        row
        for one in found
        for row in event_rows(one.member, 0, [joined(one.joined_at)], cause, own)
    )
    await copy_rows(connection, event, COLUMNS, told)
    ladder = await tiers.live_ladder(connection)
    if ladder is not None:
        begun = [
            tiers.begin(ladder, member=one.member, joined_on=policy.day_of(one.joined_at))
            for one in found
        ]
        await tiers.record(
            connection, begun, at=cause.at, actor=cause.actor, request_id=cause.request_id
        )
    return len(found)


def _birthday(random: Random) -> Birthday:
    day = date(2000, 1, 1) + timedelta(days=random.randrange(366))  # a leap year
    return Birthday(day.month, day.day)


class Redemption(NamedTuple):
    """An invented order: who buys, its number, and when."""

    household: str
    number: int
    at: datetime


def draw_redemptions(households: Sequence[str], now: datetime) -> list[Redemption]:
    """Draw who spends points in the last weeks, from a fixed seed."""
    random = Random(SEED)
    chosen = random.sample(sorted(households), min(REDEMPTIONS, len(households)))
    spread = REDEEMED_WITHIN.total_seconds()
    return [
        Redemption(household, number, now - timedelta(seconds=round(random.uniform(3_600, spread))))
        for number, household in enumerate(chosen, start=1)
    ]


async def redeem(
    connection: AsyncConnection, application: Application, cause: Cause, drawn: Redemption
) -> bool:
    """Place an order that points pay a part of, and complete it; False where points are few."""
    text = f"{INVENTED}order-{drawn.number}"
    known = await find_name(connection, MEMBER, drawn.household)
    if known is None or await find_name(connection, ORDER, text) is not None:
        return False
    whose = await lock_member(connection, Ref("member", drawn.household, id=known.id))
    wallet = await ledger.wallet(connection, whose.holder, at=cause.at)
    lines = _lines(drawn.number)
    points = min(wallet.available, sum(line.regular for line in lines) // 3)
    if points < LEAST:
        return False
    attempt = Attempt(cause.actor, "demo", None, b"", None, cause.at)
    basket = Basket(Cart("USD", lines, "standard", 590, "web", "US"), points=points)
    asked = NewOrder(basket, name=text, placed_at=drawn.at, paid_at=drawn.at)
    begun = Begun(attempt, whose, None)
    placed = await place(connection, application.programme, cause, begun, asked)
    whole = Begun(attempt, whose, placed.history.order.id)
    await complete(connection, application.programme, cause, whole, Completing(at=drawn.at))
    return True


def _lines(number: int) -> tuple[Line, ...]:
    random = Random(SEED + number)
    return tuple(
        Line(str(line_no), sku, quantity, price * quantity, category)
        for line_no, (sku, category, price) in enumerate(random.sample(SHELF, 5), start=1)
        for quantity in (random.randint(1, 4),)
    )
