"""A small catalogue in a test: who joins, what is offered, and the verbs of an order's life."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
from loyalty.cause import SYSTEM, Cause
from loyalty.checkout.programme import Programme
from loyalty.idempotency import Attempt, Begun
from loyalty.ids import new_id
from loyalty.members import Joining, Member, join, lock_member
from loyalty.members.types import Ref
from loyalty.policy import Policies
from loyalty.rewards.catalogue import choose_tax_class, make_reward, publish_reward
from loyalty.rewards.ordering import NewRewardOrder, Ordered, order_reward
from loyalty.rewards.stock import change_stock
from loyalty.rewards.types import Kind, Reward, TaxClass
from loyalty.signing import Signing
from loyalty.tables import event
from loyalty.verify import verify
from loyalty.vouchers import define_voucher

NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
MUG: Final[dict[str, Any]] = {
    "titles": {"en": "Mug", "zh": "马克杯"},
    "points": 400,
    "regular": 900,
    "sku": "MUG-1",
}
FIVE_OFF: Final[dict[str, Any]] = {
    "titles": {"en": "$5 off", "zh": "减 5 美元"},
    "points": 500,
    "definition": "five-off",
}


def cause(at: datetime = NOW, actor: str = SYSTEM) -> Cause:
    """Return a cause of an instant."""
    return Cause(at, actor, "test")


def programme() -> Programme:
    """Return a process that has read nothing yet."""
    return Programme(Policies(), Signing())


async def joined(
    connection: AsyncConnection,
    name: str,
    points: int = 0,
    *,
    schedule: str | None = None,
    lives: timedelta | None = None,
) -> Member:
    """Return a new member with points to spend, which live so long."""
    whose = await join(connection, cause(), Joining(external_id=name))
    if points:
        earned = ledger.Earn(
            holder=whose.holder,
            key=f"test:{name}",
            journal=new_id(NOW),
            effective_at=NOW,
            actor=SYSTEM,
            request_id="test",
            amount=points,
            lot=new_id(NOW),
            source="test",
            schedule=schedule,
            expires_at=None if lives is None else NOW + lives,
        )
        for outcome in await ledger.post(connection, [earned], at=NOW):
            ledger.demand(outcome)
    return whose


async def offered(
    connection: AsyncConnection,
    /,
    code: str = "mug",
    kind: Kind = Kind.GOODS,
    *,
    stock: int | None = 10,
    tax_class: TaxClass = TaxClass.DISCOUNT,
    **terms: Any,
) -> Reward:
    """Publish a reward that points alone buy, with so much of it in stock."""
    said = {**(FIVE_OFF if kind is Kind.VOUCHER else MUG), **terms}
    if kind in {Kind.SERVICE, Kind.EVENT}:
        del said["sku"]
    if kind is Kind.VOUCHER:
        definition = benefits.VoucherDefinition("five-off", {"en": "$5 off"}, valid_for_days=30)
        await define_voucher(connection, cause(), definition)
    await make_reward(connection, cause(), code, kind, said, counted=stock is not None)
    await choose_tax_class(connection, cause(actor="staff:f"), code, tax_class)
    if stock:
        await change_stock(connection, cause(), code, stock, reason="initial")
    return await publish_reward(connection, cause(), code)


async def order(
    connection: AsyncConnection,
    /,
    whose: Member,
    code: str = "mug",
    quantity: int = 1,
    *,
    at: datetime = NOW,
    **more: Any,
) -> Ordered:
    """Order a reward as the API does, the member's row locked first."""
    locked = await lock_member(connection, Ref("member", "", id=whose.id))
    attempt = Attempt("test", "order", None, b"", None, at)
    asked = NewRewardOrder(code, quantity, **more)
    begun = Begun(attempt, locked, locked.id)
    return await order_reward(connection, programme(), cause(at), begun, asked)


async def points_of(connection: AsyncConnection, whose: Member, at: datetime = NOW) -> int:
    """Return what a member may spend."""
    return (await ledger.wallet(connection, whose.holder, at=at)).available


async def broken(connection: AsyncConnection) -> Sequence[object]:
    """Return what the verifiers of everything find."""
    return await verify(connection)


async def tell(connection: AsyncConnection, whose: Member) -> Sequence[str]:
    """Return what a member's feed tells, but that they joined."""
    of_member = select(event.c.type).where(event.c.member == whose.id)
    told = await connection.scalars(of_member.order_by(event.c.sequence))
    return [type_ for type_ in told if type_ != "member.joined"]
