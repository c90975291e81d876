"""Writes a membership: its names, its row, its timeline, charges and refunds."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.membership.errors import ReferenceTaken
from loyalty.membership.store import MEMBERSHIP, name_of
from loyalty.membership.tables import (
    membership,
    membership_change,
    membership_charge,
    membership_refund,
)
from loyalty.membership.types import Charge, Membership, Refund, Step
from loyalty.names import Name, take_names
from loyalty.plans.types import Adapter

CHARGED: Final = "membership-charge"
REFUNDED: Final = "membership-refund"


async def take_references(
    connection: AsyncConnection,
    row: Membership,
    *,
    new: bool,
    charges: Sequence[Charge],
    refunds: Sequence[Refund],
) -> None:
    """Take the adapter's names of what is new. Raises ReferenceTaken."""
    names = [_name(CHARGED, row.adapter, each, row) for each in charges]
    names += [_name(REFUNDED, row.adapter, each, row) for each in refunds]
    if new:
        names.append(_name(MEMBERSHIP, row.adapter, row, row))
    for taken in await take_names(connection, names):
        raise ReferenceTaken(seen=taken.name.partition(":")[2][:80], pointer="/reference")


def _name(kind: str, adapter: Adapter, of: Charge | Refund | Membership, row: Membership) -> Name:
    return Name(kind, name_of(adapter, of.reference), row.member, of.id)


async def write_row(
    connection: AsyncConnection, cause: Cause, row: Membership, *, new: bool
) -> None:
    """Insert the row of a membership, or write it over the one that is there."""
    columns = {**_columns(row), **cause.columns()}
    if new:
        await connection.execute(insert(membership).values(**columns))
        return
    here = (membership.c.member == row.member, membership.c.id == row.id)
    await connection.execute(update(membership).where(*here).values(**columns))


def _columns(row: Membership) -> dict[str, Any]:
    plain = {
        field.name: getattr(row, field.name) for field in fields(row) if field.name != "consent"
    }
    given = row.consent
    plain["consent_text"] = None if given is None else given.text
    plain["consent_version"] = None if given is None else given.version
    plain["consent_at"] = None if given is None else given.at
    return plain


async def write_steps(
    connection: AsyncConnection, cause: Cause, row: Membership, steps: Sequence[Step]
) -> None:
    """Add steps to the timeline; the last one has the number of the row's version."""
    if not steps:
        return
    first = row.version - len(steps) + 1
    await connection.execute(
        insert(membership_change),
        [
            {
                "member": row.member,
                "membership": row.id,
                "number": number,
                "cause": step.cause,
                "at": step.at,
                "before": step.before,
                "after": step.after,
                "data": dict(step.data),
                **cause.columns(),
            }
            for number, step in enumerate(steps, first)
        ],
    )


async def add_step(
    connection: AsyncConnection, cause: Cause, row: Membership, step: Step
) -> Membership:
    """Add a step that changes nothing else, and return the row with it."""
    after = replace(row, version=row.version + 1)
    await write_row(connection, cause, after, new=False)
    await write_steps(connection, cause, after, [step])
    return after


async def write_charges(
    connection: AsyncConnection, cause: Cause, charges: Sequence[Charge]
) -> None:
    """Add charges."""
    if charges:
        rows = [{**_plain(each), **cause.columns()} for each in charges]
        await connection.execute(insert(membership_charge), rows)


async def write_refunds(
    connection: AsyncConnection, cause: Cause, refunds: Sequence[Refund]
) -> None:
    """Add refunds, and count each on its charge, which refuses more than was charged."""
    if not refunds:
        return
    rows = [{**_plain(each), **cause.columns()} for each in refunds]
    await connection.execute(insert(membership_refund), rows)
    charged = membership_charge.c
    for each in refunds:
        sign = -1 if each.kind == "reinstated" else 1
        await connection.execute(
            update(membership_charge)
            .where(charged.member == each.member, charged.id == each.charge)
            .values(
                refunded_net=charged.refunded_net + sign * each.net,
                refunded_tax=charged.refunded_tax + sign * each.tax,
            )
        )


def _plain(of: Charge | Refund) -> dict[str, Any]:
    return {field.name: getattr(of, field.name) for field in fields(of)}
