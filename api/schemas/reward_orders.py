"""Shapes of orders of rewards."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

import benefits
from api.pagination import Cursor, Limit
from api.schemas.corrections import Note
from api.schemas.rewards import Reference
from api.schemas.types import Code, ExternalId, Instant, MemberId
from loyalty.ids import show
from loyalty.rewards.ordering import NewRewardOrder
from loyalty.rewards.types import REWARD_ORDER, RewardOrder

MOST_AT_ONCE: int = 1_000
StateName = Literal["ordered", "fulfilled", "cancelled"]


class RewardOrderBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a member orders; `version` is the one they saw, and refused when it is no more."""

    reward: Code
    quantity: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)] = 1
    order_id: ExternalId | None = None
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None

    def asked(self) -> NewRewardOrder:
        """Return what the use case takes."""
        return NewRewardOrder(self.reward, self.quantity, self.order_id, self.version)


class FulfilBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What it was sent or handed out by."""

    reference: Reference | None = None


class CancelRewardBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is cancelled, and whether the thing itself can be had again."""

    reason: Code
    note: Note | None = None
    restock: bool = True


class MemberOrdersQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which of a member's orders."""

    state: StateName | None = None
    limit: Limit = 50
    after: Cursor | None = None


class RewardOrdersQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which orders of all members."""

    state: StateName | None = None
    reward: Code | None = None
    limit: Limit = 50
    after: Cursor | None = None


class RewardOrderOut(Struct, frozen=True):
    """An order of a reward, its figures for the whole quantity.

    `money` is what the shop charges and `tax` what of it is tax; `taxable` is what tax is due on
    now, by the tax class of its version.
    """

    order: str
    member: MemberId
    order_id: str | None
    reward: str
    kind: str
    version: int
    titles: dict[str, str]
    sku: str | None
    quantity: int
    state: StateName
    points: int
    money: int
    tax: int
    regular: int | None
    points_value: int
    taxable: int
    tax_class: str
    currency: str
    voucher: str | None
    voucher_code: str | None
    ordered_at: Instant
    fulfilled_at: Instant | None
    reference: str | None
    cancelled_at: Instant | None
    cancel_reason: str | None
    restocked: bool | None

    @classmethod
    def of(cls, order: RewardOrder) -> "RewardOrderOut":
        """Show the order."""
        price, code = order.price, order.voucher_code
        return cls(
            order=show(REWARD_ORDER, order.id),
            member=show("mem", order.member),
            order_id=order.external_id,
            reward=order.reward,
            kind=order.kind,
            version=order.version,
            titles=dict(order.titles),
            sku=order.sku,
            quantity=order.quantity,
            state=order.state.value,
            points=price.points,
            money=price.money,
            tax=price.tax,
            regular=price.regular,
            points_value=price.points_value,
            taxable=price.taxable,
            tax_class=price.tax_class,
            currency=price.currency,
            voucher=None if order.voucher is None else show("vou", order.voucher),
            voucher_code=None if code is None else benefits.show_code(code),
            ordered_at=order.ordered_at,
            fulfilled_at=order.fulfilled_at,
            reference=order.fulfilment,
            cancelled_at=order.cancelled_at,
            cancel_reason=order.cancel_reason,
            restocked=order.restocked,
        )
