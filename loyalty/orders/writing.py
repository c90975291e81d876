"""Writes an order's steps: each is one statement, whatever number of rows it has.

Rows come from `loyalty.orders.rows`; here they only gain who recorded them. The caller holds the
lock of the member's row (or of the guest's order), which is what numbers the events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    Decision,
    Use,
    VoucherOutcome,
    decision_text,
    demand_uses,
    facts_document,
    issue_content,
    settled_content,
)
from benefits import demand as demand_voucher
from loyalty.cause import Cause
from loyalty.errors import Unavailable
from loyalty.events import Event
from loyalty.idempotency import Answer, Attempt
from loyalty.names import VOUCHER
from loyalty.orders import rows
from loyalty.orders.errors import OrderConflict
from loyalty.orders.granted import NONE, Grants
from loyalty.orders.rows import Row
from loyalty.orders.statements import CLAIM, DELIVER, EXCHANGE, PLACE, STEP, VOUCHERS

ORDER_VOUCHER: Final = ("member", "order_id", "voucher", "voucher_member", "line_nos")
DELIVERY: Final = ("member", "order_id", "shipment", "delivered_at")
EXCHANGED: Final = ("member", "order_id", "return_id", "replacement")


@dataclass(frozen=True, slots=True)
class Placing:
    """The rows of an order that is placed, and the name it is found by.

    `exchange` names the return that was made together with it.
    """

    order: Row
    lines: Sequence[Row]
    decision: Row
    name: str
    rules: Sequence[Row] = ()
    vouchers: Sequence[Row] = ()
    uses: Mapping[str, object] | None = None
    exempt: Mapping[int, str] = field(default_factory=dict)
    gifts: Mapping[int, int] = field(default_factory=dict)
    exchange: Row | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What of an order changes with a step: its state, and when it is paid and held until."""

    id: UUID
    state: str
    paid_at: datetime | None
    hold_until: datetime | None


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A fact that had to be recorded although something was missing, and is to be looked at.

    `locked` says that it locked the wallet.
    """

    id: UUID
    order_id: UUID
    step: UUID
    code: str
    amount: int
    at: datetime
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """The rows of a step of one or several orders of one member."""

    moved: Sequence[Moved] = ()
    shipments: Sequence[Row] = ()
    shipment_lines: Sequence[Row] = ()
    returns: Sequence[Row] = ()
    return_lines: Sequence[Row] = ()
    unmatched: Sequence[Row] = ()
    exceptions: Sequence[Exceeded] = ()
    uses: Sequence[Use] = ()
    """What is taken of counters and stands otherwise after the step."""
    deliveries: Sequence[Row] = ()
    grants: Grants = NONE
    """Vouchers that come with the step."""
    withdrawn: Sequence[UUID] = ()
    """Vouchers that may be used no more after it."""
    events: Sequence[Event] = ()
    """What is told of vouchers besides the step itself."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A guest's order that becomes a member's: by which proof, and what is otherwise then.

    `steps` is how many there were when it was read: the claim is run anew where there are more.
    """

    order: UUID
    member: UUID
    proof: str
    at: datetime
    answer: Decision
    steps: int
    changes: Mapping[str, object]


Kept = tuple[Attempt, Answer] | None
"""The answer to keep under its idempotency key together with the rows, if there is one."""


async def write_order(
    connection: AsyncConnection,
    cause: Cause,
    placing: Placing,
    happened: Event,
    kept: Kept = None,
) -> None:
    """Write an order with its lines, decision, name and event.

    Raises `OrderConflict` when the name stands for another order meanwhile.
    """
    one = dict(zip(rows.ORDER, placing.order, strict=True))
    lines = _named(rows.MARKED_LINE, placing.lines)
    for line_no, reason in placing.exempt.items():
        lines[line_no - 1]["exempt"] = reason
    for line_no, gift_with in placing.gifts.items():
        lines[line_no - 1]["gift_with"] = gift_with
    owner = None if one["guest"] else one["member"]
    content: dict[str, object] = {
        "order": [one],
        "order_line": [{"exempt": ""} | line for line in lines],
        "decision": _named(rows.DECISION, [placing.decision]),
        "order_rule": _named(rows.ORDER_RULE, placing.rules),
        "order_voucher": _named(ORDER_VOUCHER, placing.vouchers),
        "name": [{"kind": "order", "name": placing.name, "member": owner, "id": one["id"]}],
    }
    if placing.uses is not None:
        content["uses"] = placing.uses
    statement = PLACE
    if placing.exchange is not None:
        content["order_exchange"] = _named(EXCHANGED, [placing.exchange])
        statement = EXCHANGE
    named, refused = await statement.one(connection, **_parameters(content, cause, happened, kept))
    demand_uses(refused)
    if not named:
        raise OrderConflict(
            step="order", field="order_id", seen="another order", wanted="a new order"
        )


async def write_steps(
    connection: AsyncConnection, cause: Cause, steps: Steps, happened: Event, kept: Kept = None
) -> None:
    """Write the rows of a step and its event, and move the orders to the state they are in."""
    content: dict[str, object] = {
        "moved": [_fields(one) | {"member": happened.member} for one in steps.moved],
        "shipment": _named(rows.SHIPMENT, steps.shipments),
        "shipment_line": _named(rows.SHIPMENT_LINE, steps.shipment_lines),
        "return": _named(rows.RETURN, steps.returns),
        "return_line": _named(rows.RETURN_LINE, steps.return_lines),
        "unmatched_return": _named(rows.UNMATCHED_RETURN, steps.unmatched),
        "order_exception": [_fields(one) | {"member": happened.member} for one in steps.exceptions],
    }
    if steps.uses:
        content["uses"] = settled_content(steps.uses)
    statement = STEP
    if steps.deliveries:
        content["delivery"] = _named(DELIVERY, steps.deliveries)
        statement = DELIVER
    if steps.grants.vouchers or steps.withdrawn:
        content |= _of_vouchers(cause, steps, happened.member)
        statement = VOUCHERS
    parameters = _parameters(content, cause, happened, kept, steps.events)
    if statement is not VOUCHERS:
        await statement.one(connection, **parameters)
        return
    _, _, named, issued, _ = await VOUCHERS.one(connection, **parameters)
    _refuse_vouchers(steps.grants, named, issued)


def _of_vouchers(cause: Cause, steps: Steps, member: UUID) -> dict[str, object]:
    """The rows of vouchers that come and go with a step, and the names of their codes."""
    new = steps.grants.vouchers
    return {
        "name": [
            {"kind": VOUCHER, "name": each.code, "member": each.member, "id": each.id}
            for each in sorted(new, key=lambda each: each.code)
        ],
        "vouchers": {"items": issue_content(new), "at": cause.at},
        "withdrawn": {"ids": steps.withdrawn, "at": cause.at, "reason": "order-returned"},
        "order_grant": [
            {
                "member": member,
                "order_id": steps.grants.order,
                "voucher": each.voucher,
                "code": each.code,
                "rule": each.rule,
                "rule_version": each.version,
                "definition": each.definition,
                "granted_at": cause.at,
            }
            for each in steps.grants.granted
        ],
    }


def _refuse_vouchers(grants: Grants, named: int, issued: Sequence[str]) -> None:
    """Ask for another try where a code was minted twice at the same moment."""
    if named != len(grants.vouchers):
        raise Unavailable(retry_after=1)
    for code in issued:
        demand_voucher(VoucherOutcome(voucher=UUID(int=0), code=code))


async def write_claim(
    connection: AsyncConnection, cause: Cause, claim: Claim, happened: Event, kept: Kept = None
) -> None:
    """Move a guest's order to its member, with the claim and its event."""
    row = {
        "member": claim.member,
        "order_id": claim.order,
        "proof": claim.proof,
        "claimed_at": claim.at,
        "rule_set": claim.answer.rule_set,
        "revision": claim.answer.revision,
        "facts": facts_document(claim.answer.question.facts),
        "document": decision_text(claim.answer),
    }
    parameters = _parameters({"order_claim": [row]}, cause, happened, kept)
    await CLAIM.one(
        connection,
        **parameters,
        claimed=claim.order,
        claimant=claim.member,
        steps=claim.steps,
        changed=msgspec.json.encode(claim.changes).decode(),
    )


def _named(columns: Sequence[str], written: Sequence[Row]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in written]


def _fields(value: Moved | Exceeded) -> dict[str, Any]:
    return {field: getattr(value, field) for field in value.__slots__}


def _parameters(
    content: Mapping[str, object],
    cause: Cause,
    happened: Event,
    kept: Kept,
    more: Sequence[Event] = (),
) -> Mapping[str, object]:
    told = [_told(one, cause, turn) for turn, one in enumerate((happened, *more))]
    whole = {**content, "event": told, "answer": [] if kept is None else [_answer(*kept)]}
    written = msgspec.json.encode(whole).decode()
    return {"content": written, "actor": cause.actor, "request_id": cause.request_id}


def _told(happened: Event, cause: Cause, turn: int) -> Mapping[str, object]:
    return {
        "member": happened.member,
        "turn": turn,
        "id": happened.id,
        "type": happened.type,
        "schema_version": happened.schema_version,
        "effective_at": happened.effective_at,
        "historic": happened.historic or cause.historic,
        "data": happened.data,
    }


def _answer(attempt: Attempt, given: Answer) -> Mapping[str, object]:
    return {
        "principal": attempt.principal,
        "operation": attempt.operation,
        "key": attempt.key,
        "fingerprint": f"\\x{attempt.fingerprint.hex()}",
        "status": given.status,
        "body": f"\\x{given.body.hex()}",
        "media_type": given.media_type,
        "location": given.location,
    }
