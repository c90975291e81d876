"""Orders of rewards as they stand, for who fulfils them and for the member."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.ids import show
from loyalty.members import absorbed_members
from loyalty.names import REWARD_ORDER, VOUCHER
from loyalty.rewards.document import terms_of
from loyalty.rewards.errors import RewardOrderUnknown
from loyalty.rewards.tables import reward, reward_order, reward_version
from loyalty.rewards.types import REWARD_ORDER as PREFIX
from loyalty.rewards.types import Kind, OrderState, Price, RewardOrder, TaxClass
from loyalty.tables import name

MOST_LISTED: Final = 200


async def list_reward_orders(
    connection: AsyncConnection,
    *,
    state: OrderState | None = None,
    reward_code: str | None = None,
    member: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> Sequence[RewardOrder]:
    """Return orders, the newest first, from before the one named.

    A member's are also those of whoever was merged into them.
    """
    wanted = _orders()
    if state is not None:
        wanted = wanted.where(reward_order.c.state == state.value)
    if reward_code is not None:
        wanted = wanted.where(reward.c.code == reward_code)
    if member is not None:
        everybody = [member, *await absorbed_members(connection, member)]
        wanted = wanted.where(reward_order.c.member.in_(everybody))
    if before is not None:
        wanted = wanted.where(reward_order.c.id < before)
    wanted = wanted.order_by(reward_order.c.id.desc()).limit(min(limit, MOST_LISTED))
    return [_order(row) for row in await connection.execute(wanted)]


async def find_reward_order(connection: AsyncConnection, order: UUID) -> RewardOrder:
    """Return an order by its id. Raises RewardOrderUnknown."""
    row = (await connection.execute(_orders().where(reward_order.c.id == order))).one_or_none()
    if row is None:
        raise RewardOrderUnknown(seen=show(PREFIX, order))
    return _order(row)


async def find_by_external_id(connection: AsyncConnection, external_id: str) -> RewardOrder:
    """Return an order by the shop's id of it. Raises RewardOrderUnknown."""
    named = select(name.c.id).where(name.c.kind == REWARD_ORDER, name.c.name == external_id)
    found = await connection.scalar(named)
    if found is None:
        raise RewardOrderUnknown(seen=external_id[:80])
    return await find_reward_order(connection, found)


def _order(row: Row[*tuple[Any, ...]]) -> RewardOrder:
    terms = terms_of(row.document)
    own = show(PREFIX, row.id)
    return RewardOrder(
        member=row.member,
        id=row.id,
        external_id=None if row.external_id == own else row.external_id,
        reward=row.code,
        kind=Kind(row.kind),
        version=row.version,
        titles=terms.titles,
        sku=terms.sku,
        quantity=row.quantity,
        state=OrderState(row.state),
        price=Price(
            points=row.points,
            money=row.money,
            tax=row.tax,
            regular=row.regular,
            points_value=row.points_value,
            taxable=row.taxable,
            tax_class=TaxClass(row.tax_class),
            currency=row.currency,
        ),
        voucher=row.voucher,
        voucher_code=row.voucher_code,
        ordered_at=row.ordered_at,
        fulfilled_at=row.fulfilled_at,
        fulfilment=row.fulfilment,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
        restocked=row.restocked,
    )


def _named(kind: str, id_: ColumnElement[Any]) -> ScalarSelect[str]:
    return (
        select(name.c.name).where(name.c.kind == kind, name.c.id == id_).limit(1)
    ).scalar_subquery()


def _orders() -> Select[*tuple[Any, ...]]:
    whole = reward_order.join(reward, reward.c.id == reward_order.c.reward).join(
        reward_version,
        and_(
            reward_version.c.reward == reward_order.c.reward,
            reward_version.c.number == reward_order.c.version,
        ),
    )
    own = [each for each in reward_order.columns if each.name not in {"reward", "recorded_at"}]
    return select(
        *own,
        reward.c.code,
        reward_version.c.document,
        _named(REWARD_ORDER, reward_order.c.id).label("external_id"),
        _named(VOUCHER, reward_order.c.voucher).label("voucher_code"),
    ).select_from(whole)
