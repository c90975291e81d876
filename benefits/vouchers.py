"""Vouchers: definitions, issuing, and the one state machine reserve → redeem / release → reopen.

Rows move by the functions in `benefits/sql`, each under one row lock and keyed by the order, so
that a repeated step is a replay and the last use is had once. A voucher stands under (member,
id); one bound to nobody stands under `FREE`. Unique codes are the caller's to claim.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    column,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.functions import FunctionElement

from benefits.errors import (
    BirthdayAlreadyIssued,
    DefinitionNotFound,
    VoucherConflict,
    VoucherExpired,
    VoucherInUse,
    VoucherNotFound,
    VoucherNotReserved,
    VoucherNotYet,
    VoucherNotYours,
    VoucherRefused,
    VoucherUsedUp,
    VoucherVoid,
)
from benefits.records import (
    FREE,
    NewVoucher,
    Voucher,
    VoucherOutcome,
)
from benefits.tables import voucher, voucher_definition, voucher_use
from benefits.voucher_errors import (
    VoucherBindingDiffers,
    VoucherMemberLimit,
    VoucherMembersOnly,
    VoucherMinimumNotMet,
    VoucherOutsideWindow,
)

_INSTANT: Final = DateTime(timezone=True)
_OUTCOME: Final = (
    column("voucher", Uuid),
    column("code", Text),
    column("replayed", Boolean),
    column("overrun", Boolean),
    column("seen", Integer),
    column("wanted", Integer),
)
_COLUMNS: Final[tuple[Column[Any], ...]] = (
    voucher.c.member,
    voucher.c.id,
    voucher.c.code,
    voucher.c.definition,
    voucher.c.starts_at,
    voucher.c.expires_at,
    voucher.c.amount,
    voucher.c.skus,
    voucher.c.uses,
    voucher.c.uses_reserved,
    voucher.c.uses_redeemed,
    voucher.c.issued_at,
    voucher.c.voided_at,
)
_REFUSALS: Final[dict[str, type[VoucherRefused]]] = {
    refusal.code: refusal
    for refusal in (
        BirthdayAlreadyIssued,
        VoucherBindingDiffers,
        VoucherConflict,
        VoucherExpired,
        VoucherInUse,
        VoucherMemberLimit,
        VoucherMembersOnly,
        VoucherNotFound,
        VoucherNotReserved,
        VoucherNotYet,
        VoucherNotYours,
        VoucherOutsideWindow,
        VoucherVoid,
    )
}
_COUNTED: Final[dict[str, type[VoucherMinimumNotMet | VoucherUsedUp]]] = {
    refusal.code: refusal for refusal in (VoucherMinimumNotMet, VoucherUsedUp)
}


async def issue_vouchers(
    connection: AsyncConnection, vouchers: Sequence[NewVoucher], *, at: datetime
) -> list[VoucherOutcome]:
    """Issue vouchers, one outcome each in the order given.

    `done` (replayed for the same id and content), `voucher-conflict`,
    `voucher-definition-not-found`, `voucher-binding-differs`, `voucher-outside-window`, or
    `birthday-already-issued` for a second birthday voucher of the member, definition and year.
    """
    items = issue_content(vouchers)
    issued = func.benefits.issue_vouchers(literal(items, JSONB), literal(at, _INSTANT))
    return await _outcomes(connection, issued)


def issue_content(vouchers: Sequence[NewVoucher]) -> list[dict[str, object]]:
    """What the function of the database that issues vouchers is handed."""
    return [
        {
            "member": str(each.member),
            "id": str(each.id),
            "code": each.code,
            "definition": each.definition,
            "starts_at": each.starts_at.isoformat(),
            "expires_at": None if each.expires_at is None else each.expires_at.isoformat(),
            "amount": each.amount,
            "skus": list(each.skus),
            "birthday_year": each.birthday_year,
            "batch": None if each.batch is None else str(each.batch),
            "uses": each.uses,
            "promised": each.promised,
        }
        for each in vouchers
    ]


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
    `voucher-not-yet`, `voucher-expired`, `voucher-void`, `voucher-used-up`, and where uses are
    counted for each member `voucher-member-limit`, `voucher-members-only`. Outcomes come in key
    order; the rows stay locked until the transaction ends.
    """
    return await _use(connection, "reserve", vouchers, order, used_by=used_by, at=at)


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
    return await _use(connection, "redeem", vouchers, order, used_by=used_by, at=at)


async def release_vouchers(
    connection: AsyncConnection,
    vouchers: Sequence[tuple[UUID, UUID]],
    *,
    order: UUID,
    at: datetime,
) -> list[VoucherOutcome]:
    """Give back what the order reserved and did not redeem."""
    return await _use(connection, "release", vouchers, order, used_by=FREE, at=at)


async def reopen_vouchers(
    connection: AsyncConnection,
    vouchers: Sequence[tuple[UUID, UUID]],
    *,
    order: UUID,
    at: datetime,
) -> list[VoucherOutcome]:
    """Give back what the order redeemed, after a return that leaves nothing of it sold."""
    return await _use(connection, "reopen", vouchers, order, used_by=FREE, at=at)


async def void_voucher(
    connection: AsyncConnection,
    member: UUID,
    voucher_id: UUID,
    *,
    at: datetime,
    reason: str | None = None,
) -> VoucherOutcome:
    """Make a voucher unusable. Refuses `voucher-in-use` while an open order holds it."""
    voided = func.benefits.void_voucher(
        literal(member, Uuid),
        literal(voucher_id, Uuid),
        literal(at, _INSTANT),
        literal(reason, Text),
    )
    return (await _outcomes(connection, voided))[0]


async def pass_on_vouchers(
    connection: AsyncConnection, giver: UUID, receiver: UUID, *, at: datetime
) -> list[UUID]:
    """Make a member's usable vouchers another's, under their ids and codes; answer which.

    What is left of a voucher passes; uses that orders hold or made stay where they are, and are the
    receiver's where uses are counted for each member. Said again it passes on what came back since.
    Of two birthday vouchers of one definition and year the receiver keeps one.
    """
    passed = func.benefits.pass_on_vouchers(
        literal(giver, Uuid), literal(receiver, Uuid), literal(at, _INSTANT)
    )
    return list(await connection.scalars(select(passed.column_valued("voucher"))))


def demand(outcome: VoucherOutcome, *, pointer: str | None = None) -> VoucherOutcome:
    """The outcome itself where it is done; otherwise the refusal it names is raised."""
    if outcome.code == "done":
        return outcome
    counted = _COUNTED.get(outcome.code)
    if counted is not None:
        raise counted(pointer=pointer, seen=outcome.seen or 0, wanted=outcome.wanted or 0)
    if outcome.code == DefinitionNotFound.code:
        raise DefinitionNotFound(pointer=pointer, definition="")
    raise _REFUSALS[outcome.code](pointer=pointer)


def voucher_refusal(found: Voucher | None, *, member: UUID | None, at: datetime) -> str | None:
    """Why a member cannot use a stored voucher at the instant: a refusal's code, or None."""
    if found is None:
        return VoucherNotFound.code
    if found.member not in {FREE, member}:
        return VoucherNotYours.code
    if found.voided_at is not None:
        return VoucherVoid.code
    state = voucher_state(found, at)
    refused = {
        "expired": VoucherExpired.code,
        "reserved": VoucherUsedUp.code,
        "redeemed": VoucherUsedUp.code,
    }
    if state in refused:
        return refused[state]
    return VoucherNotYet.code if at < found.starts_at else None


def terms_refusal(*, uses_per_member: int | None, used: int, member: UUID | None) -> str | None:
    """Why a definition lets a member use no more of its vouchers; None where it does."""
    if uses_per_member is None:
        return None
    if member is None:
        return VoucherMembersOnly.code
    return VoucherMemberLimit.code if used >= uses_per_member else None


def voucher_state(found: Voucher, at: datetime) -> str:
    """`issued`, `reserved`, `redeemed`, `expired` or `void`; used up is said before void."""
    if found.uses_redeemed >= found.uses:
        return "redeemed"
    if found.voided_at is not None:
        return "void"
    if found.uses_reserved + found.uses_redeemed >= found.uses:
        return "reserved"
    if found.expires_at is not None and found.expires_at <= at:
        return "expired"
    return "issued"


def vouchers_of(member: UUID | ColumnElement[UUID]) -> Select[*tuple[Any, ...]]:
    """A member's vouchers, newest first: the columns of `Voucher`, in its order."""
    return (
        vouchers_stored()
        .where(voucher.c.member == member)
        .order_by(voucher.c.issued_at.desc(), voucher.c.id.desc())
    )


def vouchers_stored() -> Select[*tuple[Any, ...]]:
    """All vouchers, to be joined on (member, id): the columns of `Voucher`, in its order."""
    return select(*_COLUMNS)


def vouchers_presented(used_by: ColumnElement[UUID]) -> Select[*tuple[Any, ...]]:
    """Vouchers as a cart presents them: the columns of `Voucher`, then their definition's terms.

    Those are `minimum_order`, `uses_per_member`, `limits`, and how often `used_by` has `used` such
    ones.
    """
    defined = voucher_definition.alias("defined")
    other = voucher.alias("other")
    counted = (
        select(func.count())
        .select_from(voucher_use)
        .join(
            other, (other.c.member == voucher_use.c.member) & (other.c.id == voucher_use.c.voucher)
        )
        .where(
            defined.c.uses_per_member.is_not(None),
            voucher_use.c.used_by == used_by,
            or_(voucher_use.c.state == "reserved", voucher_use.c.state == "redeemed"),
            other.c.definition == defined.c.name,
        )
        .scalar_subquery()
        .label("used")
    )
    terms = (defined.c.minimum_order, defined.c.uses_per_member, defined.c.limits, counted)
    return select(*_COLUMNS, *terms).outerjoin(defined, defined.c.name == voucher.c.definition)


def read_voucher(row: Row[*tuple[Any, ...]] | Sequence[Any]) -> Voucher:
    """The voucher of a row that one of these Selects gave."""
    values = list(row)
    values[7] = tuple(values[7])
    return Voucher(*values)


def voucher_from(document: Mapping[str, Any]) -> Voucher:
    """The voucher of such a row as PostgreSQL's `to_json` spells it."""
    values = dict(document)
    for name in ("member", "id"):
        values[name] = UUID(values[name])
    for name in ("starts_at", "expires_at", "issued_at", "voided_at"):
        said = values[name]
        values[name] = None if said is None else datetime.fromisoformat(said)
    values["skus"] = tuple(values["skus"])
    return Voucher(**values)


async def _use(
    connection: AsyncConnection,
    verb: str,
    vouchers: Sequence[tuple[UUID, UUID]],
    order: UUID,
    *,
    used_by: UUID,
    at: datetime,
) -> list[VoucherOutcome]:
    used = func.benefits.use_vouchers(
        literal(verb, Text),
        literal([member for member, _ in vouchers], ARRAY(Uuid)),
        literal([id_ for _, id_ in vouchers], ARRAY(Uuid)),
        literal(order, Uuid),
        literal(used_by, Uuid),
        literal(at, _INSTANT),
    )
    return await _outcomes(connection, used)


async def _outcomes(
    connection: AsyncConnection, function: FunctionElement[Any]
) -> list[VoucherOutcome]:
    rows = await connection.execute(select(function.table_valued(*_OUTCOME)))
    return [VoucherOutcome(*row) for row in rows]
