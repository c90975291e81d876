"""Postings as the fields of ``ledger.item``: the one form that SQL functions and intake share."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import assert_never
from uuid import UUID

from ledger.errors import MalformedPosting
from ledger.postings import (
    Activate,
    Adjust,
    Capture,
    ClawBack,
    Earn,
    Extend,
    Freeze,
    Hold,
    Move,
    Notify,
    Posting,
    Release,
    Reschedule,
    Restore,
    Spend,
    WriteOff,
)

Value = str | int | bool | UUID | date | datetime | Mapping[str, str] | list[UUID] | Enum | None

ITEM_COLUMNS = (
    "kind",
    "holder",
    "asset",
    "key",
    "journal",
    "amount",
    "effective_at",
    "reason",
    "actor",
    "request_id",
    "labels",
    "of",
    "lot",
    "source",
    "lot_class",
    "pending",
    "activates_at",
    "expires_at",
    "allocated",
    "policy",
    "firm",
    "grace_days",
    "deductible",
    "lots",
    "schedule",
    "booked_on",
)


def fields(posting: Posting) -> dict[str, Value]:
    """Answer the columns that a posting fills; all others are null."""
    return {
        "kind": posting.kind,
        "holder": posting.holder,
        "asset": posting.asset,
        "key": posting.key,
        "journal": posting.journal,
        "effective_at": posting.effective_at,
        "reason": posting.reason,
        "actor": posting.actor,
        "request_id": posting.request_id,
        "labels": posting.labels,
        **_own_fields(posting),
        **({} if posting.booked_on is None else {"booked_on": posting.booked_on}),
    }


def of_one_wallet(posting: Posting) -> Posting:
    """Answer the posting, unless it is the one kind that touches two wallets."""
    if isinstance(posting, Move):
        raise MalformedPosting(
            field="kind", expected="one that touches one wallet: use ledger.move", seen=posting.kind
        )
    return posting


def as_json(postings: Iterable[Posting]) -> str:
    """Answer the array that ``ledger.post`` takes."""
    return json.dumps([fields(posting) for posting in postings], default=_as_text)


def as_object(posting: Posting) -> str:
    """Answer the one item that ``ledger.post_one`` takes."""
    return json.dumps(fields(posting), default=_as_text)


def _as_text(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case Mapping():
            return dict(value)
        case _:
            return str(value)


def _own_fields(posting: Posting) -> dict[str, Value]:
    match posting:
        case Earn() | Adjust():
            return _lot_fields(posting)
        case Activate() | Freeze():
            return {"firm": posting.frozen} if isinstance(posting, Freeze) else {"of": posting.of}
        case Capture() | Release() | Restore() | ClawBack():
            return _reversal_fields(posting)
        case Hold() | Extend():
            return _hold_fields(posting)
        case Notify() | Reschedule() | Move():
            return _lots_fields(posting)
        case Spend() | WriteOff():
            overdraw = posting.overdraw if isinstance(posting, Spend) else None
            return {"amount": posting.amount, "firm": overdraw}
        case _:
            raise TypeError(f"{type(posting).__name__} is not a posting this ledger knows")


def _hold_fields(posting: Hold | Extend) -> dict[str, Value]:
    if isinstance(posting, Hold):
        return {"amount": posting.amount, "expires_at": posting.until}
    return {"of": posting.of, "expires_at": posting.until}


def _lots_fields(posting: Notify | Reschedule | Move) -> dict[str, Value]:
    own: dict[str, Value] = {"lots": None if posting.lots is None else sorted(posting.lots)}
    match posting:
        case Reschedule():
            own |= {
                "expires_at": posting.expires_at,
                "schedule": posting.schedule,
                "firm": posting.notice,
            }
        case Move():
            own |= {"to": posting.to, "arrival": posting.arrival, "of": str(posting.to)}
        case Notify():
            pass
        case _:
            assert_never(posting)
    return own


def _lot_fields(posting: Earn | Adjust) -> dict[str, Value]:
    lot: dict[str, Value] = {
        "amount": posting.amount,
        "lot": posting.lot if posting.amount > 0 else None,
        "source": posting.source,
        "lot_class": posting.lot_class,
        "expires_at": posting.expires_at,
        "allocated": posting.allocated,
        "firm": posting.notice or None,
        "schedule": posting.schedule,
    }
    if isinstance(posting, Earn):
        lot |= {"pending": posting.pending, "activates_at": posting.activates_at}
    return lot


def _reversal_fields(posting: Capture | Release | Restore | ClawBack) -> dict[str, Value]:
    own: dict[str, Value] = {"of": posting.of, "amount": posting.amount}
    match posting:
        case Capture():
            own |= {"policy": posting.rest, "firm": posting.retake}
        case ClawBack():
            own |= {"policy": posting.shortfall, "deductible": posting.deductible}
        case Release() | Restore():
            pass
        case _:
            assert_never(posting)
    if not isinstance(posting, ClawBack):
        own |= {"grace_days": posting.grace_days}
    return own
