"""Issues the vouchers that an order promised, with the step that completes it, and takes them back.

They are decided when the order is placed and come once, whatever the shipments; they begin when
they are issued. Their rows, names and events are written by the step's own last statement.
"""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import NewVoucher, mint_code
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
from loyalty.events import Event
from loyalty.ids import new_id, show
from loyalty.orders.claims import lock_survivor
from loyalty.orders.context import Context
from loyalty.orders.granted import (
    NONE,
    Granted,
    Grants,
    Promise,
    Withdrawal,
    completes,
    given_of,
    withdrawn,
)
from loyalty.orders.reading import Found
from loyalty.orders.types import History, Order, Shipment
from loyalty.vouchers import Span, issued_event, validity

RETURNED: Final = "order-returned"


async def plan_grants(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    context: Context,
    after: History,
) -> Grants:
    """Return the vouchers that come with the step that completes the order; others bring none.

    One whose definition lets none be good any more is not issued.
    """
    found = context.found
    promises = given_of(found.decision).promises
    if not promises or context.member is None or not completes(context.history, after):
        return NONE
    whose = await lock_survivor(connection, context.member)
    new: list[NewVoucher] = []
    granted: list[Granted] = []
    for promise in promises:
        definition = await programme.definition(connection, promise.definition)
        span = validity(context.policy, definition, cause.at)
        vouchers = [] if span is None else _promised(promise, span, whose.id, cause.at)
        new += vouchers
        granted += (_granted(promise, voucher) for voucher in vouchers)
    events = [
        issued_event(cause, found.order.member, each.id, each.definition, order=found.order.id)
        for each in new
    ]
    return Grants(found.order.id, tuple(new), tuple(granted), tuple(events))


def granted_with(context: Context, shipment: Shipment) -> tuple[Granted, ...]:
    """Return the vouchers that came with a recorded step: the last one brought them all."""
    last = context.history.shipments[-1]
    return context.found.granted if shipment == last else ()


def plan_withdrawal(found: Found, before: History, after: History) -> Withdrawal:
    """Return what is lost with what comes back."""
    return withdrawn(given_of(found.decision), found.granted, before, after)


def withdrawn_events(
    cause: Cause, order: Order, withdrawal: Withdrawal, *, whose: UUID | None = None
) -> list[Event]:
    """Tell of each voucher that may be used no more, under the order's member if nobody's else."""
    return [
        Event(
            id=new_id(cause.at),
            member=whose or order.member,
            type="voucher.voided",
            effective_at=cause.at,
            data={
                "voucher": str(each.voucher),
                "definition": each.definition,
                "reason": RETURNED,
                "order": show("ord", order.id),
            },
        )
        for each in (*withdrawal.unused, *withdrawal.used)
    ]


def _promised(promise: Promise, span: Span, whose: UUID, at: datetime) -> list[NewVoucher]:
    starts_at, expires_at = span
    return [
        NewVoucher(
            member=whose,
            id=new_id(at),
            code=mint_code(secrets.randbelow),
            definition=promise.definition,
            starts_at=starts_at,
            expires_at=expires_at,
            promised=True,
        )
        for _ in range(promise.quantity)
    ]


def _granted(promise: Promise, voucher: NewVoucher) -> Granted:
    return Granted(
        voucher=voucher.id,
        code=voucher.code,
        definition=voucher.definition,
        rule=promise.rule,
        version=promise.version,
        expires_at=voucher.expires_at,
    )
