"""Vouchers: definitions, issuing, and the one state machine reserve → redeem / release."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.types import NewVoucher, Voucher, VoucherDefinition, VoucherOutcome


async def define_voucher(
    connection: AsyncConnection, definition: VoucherDefinition, *, actor: str, at: datetime
) -> None:
    """Store a definition; the same again is a replay, other content raises DefinitionExists."""
    raise NotImplementedError


async def list_definitions(
    connection: AsyncConnection, *, after: str = "", limit: int = 50
) -> list[VoucherDefinition]:
    """The definitions that are not retired, by name."""
    raise NotImplementedError


async def issue_vouchers(
    connection: AsyncConnection, vouchers: Sequence[NewVoucher], *, at: datetime
) -> list[VoucherOutcome]:
    """Issue vouchers, one outcome each in the order given.

    `done` (replayed for the same id and content), `voucher-conflict`, or
    `birthday-already-issued` for a second birthday voucher of the member, definition and year.
    """
    raise NotImplementedError


async def reserve_vouchers(
    connection: AsyncConnection,
    vouchers: Sequence[tuple[UUID, UUID]],
    *,
    order: UUID,
    used_by: UUID,
    at: datetime,
) -> list[VoucherOutcome]:
    """Set one use of each (member, id) aside for the order; the same again is a replay.

    `used_by` is the member who orders. Refusals: `voucher-not-found`, `voucher-not-yours`,
    `voucher-not-yet`, `voucher-expired`, `voucher-void`, `voucher-used-up`.
    """
    raise NotImplementedError


async def redeem_vouchers(
    connection: AsyncConnection,
    vouchers: Sequence[tuple[UUID, UUID]],
    *,
    order: UUID,
    used_by: UUID,
    at: datetime,
) -> list[VoucherOutcome]:
    """Use up what the order reserved. A fact: a released reservation is retaken.

    Where nothing is left to retake, the use is recorded and the outcome is marked as an overrun.
    """
    raise NotImplementedError


async def release_vouchers(
    connection: AsyncConnection,
    vouchers: Sequence[tuple[UUID, UUID]],
    *,
    order: UUID,
    at: datetime,
) -> list[VoucherOutcome]:
    """Give back what the order reserved and did not redeem."""
    raise NotImplementedError


async def reopen_vouchers(
    connection: AsyncConnection,
    vouchers: Sequence[tuple[UUID, UUID]],
    *,
    order: UUID,
    at: datetime,
) -> list[VoucherOutcome]:
    """Give back what the order redeemed, after a return that leaves nothing of it sold."""
    raise NotImplementedError


async def void_voucher(
    connection: AsyncConnection, member: UUID, voucher: UUID, *, at: datetime
) -> VoucherOutcome:
    """Make a voucher unusable. Refuses `voucher-in-use` while an open order holds it."""
    raise NotImplementedError


def demand(outcome: VoucherOutcome) -> VoucherOutcome:
    """The outcome itself where it is done; otherwise the refusal it names is raised."""
    raise NotImplementedError


def voucher_refusal(voucher: Voucher | None, *, member: UUID | None, at: datetime) -> str | None:
    """Why a member cannot use a stored voucher at the instant: a refusal's code, or None."""
    raise NotImplementedError


def voucher_state(voucher: Voucher, at: datetime) -> str:
    """`issued`, `reserved`, `redeemed`, `expired` or `void`."""
    raise NotImplementedError


def vouchers_of(member: UUID) -> Select[*tuple[object, ...]]:
    """A member's vouchers, newest first: the columns of `Voucher`, in its order."""
    raise NotImplementedError


def vouchers_stored() -> Select[*tuple[object, ...]]:
    """All vouchers, to be joined on (member, id): the columns of `Voucher`, in its order."""
    raise NotImplementedError
