"""Whether a webhook is Stripe's, and what it hints at. Pure: nothing is trusted but the signature.

The body is checked byte for byte before anything reads it. An event is taken as a hint only: its
id, its type, and whom to ask about; what it says of amounts and states is never used.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeGuard

from loyalty.billing.errors import HintRefused

TOLERANCE: Final = timedelta(minutes=5)
"""How old a signature may be, and how far ahead of our clock."""

TYPES: Final = frozenset(
    {
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.refunded",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.trial_will_end",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "invoice.voided",
        "refund.created",
        "refund.failed",
        "refund.updated",
    }
)
"""What a webhook endpoint for this programme listens to; everything else is passed over."""

_LONGEST_ID: Final = 255
_LATEST: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Hint:
    """An event of Stripe's: that something happened, and to what."""

    id: str
    type: str
    api_version: str | None
    subject: str
    subscription: str | None
    payment_intent: str | None
    happened_at: datetime

    @property
    def matters(self) -> bool:
        """Whether it may change anything of ours."""
        return self.type in TYPES


def read_webhook(
    body: bytes, header: str | None, secrets: Sequence[str], *, at: datetime, livemode: bool
) -> Hint:
    """Return the hint of a webhook that is Stripe's, recent, and of our mode.

    Any of the secrets will do, so that one can be exchanged for the next. Raises HintRefused.
    """
    signed_at, signatures = _read_header(header)
    if not _is_signed(body, signed_at, signatures, secrets):
        raise HintRefused(reason="the signature is not one of ours")
    if abs(at - _instant(signed_at)) > TOLERANCE:
        raise HintRefused(reason="it was signed too long ago, or in the future")
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise HintRefused(reason="its body is no JSON") from None
    return read_event(event, livemode=livemode)


def read_event(event: object, *, livemode: bool) -> Hint:
    """Return the hint of an event, from wherever it came. Raises HintRefused."""
    if not isinstance(event, dict) or event.get("object") != "event":
        raise HintRefused(reason="its body is no event")
    if event.get("livemode") is not livemode:
        raise HintRefused(reason="it is of the other mode, live or test")
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    if not isinstance(thing, dict):
        raise HintRefused(reason="it is about nothing")
    created = event.get("created")
    if type(created) is not int or not 0 <= created <= _LATEST:
        raise HintRefused(reason="it says no instant")
    version, type_ = event.get("api_version"), _text(event.get("type"))
    matters = type_ in TYPES
    return Hint(
        id=_id(event.get("id"), "evt_"),
        type=type_,
        api_version=None if version is None else _text(version),
        subject=_subject_of(thing, matters=matters),
        subscription=_subscription_of(thing) if matters else None,
        payment_intent=_reference(thing.get("payment_intent")) if matters else None,
        happened_at=_instant(created),
    )


def _read_header(header: str | None) -> tuple[int, Sequence[str]]:
    parts = [part.partition("=") for part in (header or "").split(",")]
    instants = [value for name, _, value in parts if name.strip() == "t"]
    signatures = [value for name, _, value in parts if name.strip() == "v1"]
    if len(instants) != 1 or not signatures:
        raise HintRefused(reason="it is not signed")
    if not (instants[0].isascii() and instants[0].isdigit() and int(instants[0][:13]) <= _LATEST):
        raise HintRefused(reason="it is not signed")
    return int(instants[0][:13]), signatures


def _is_signed(
    body: bytes, signed_at: int, signatures: Sequence[str], secrets: Sequence[str]
) -> bool:
    told = f"{signed_at}.".encode() + body
    found = False
    for secret in secrets:
        if not secret.strip():
            continue  # an empty secret would verify what anybody signs
        expected = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest().encode()
        for signature in signatures:
            given = signature.encode("utf-8", "surrogateescape")
            found |= hmac.compare_digest(expected, given)
    return found


def _subject_of(thing: dict[str, Any], *, matters: bool) -> str:
    """Return the id of what an event is about, or its kind: a balance has no id.

    What is passed over is kept whatever it is called, since an account names its products itself.
    """
    id_ = thing.get("id")
    if id_ is not None and (matters or _is_name(id_)):
        return _text(id_)
    kind = thing.get("object")
    return kind if _is_name(kind) else "unnamed"


def _subscription_of(thing: dict[str, Any]) -> str | None:
    if thing.get("object") == "subscription":
        return _reference(thing.get("id"))
    parent = thing.get("parent")
    details = parent.get("subscription_details") if isinstance(parent, dict) else None
    if isinstance(details, dict):
        return _reference(details.get("subscription"))
    return _reference(thing.get("subscription"))


def _reference(value: object) -> str | None:
    """An id, whether it stands alone or was expanded."""
    found = value.get("id") if isinstance(value, dict) else value
    return None if found is None else _text(found)


def _id(value: object, prefix: str) -> str:
    text = _text(value)
    if not text.startswith(prefix):
        raise HintRefused(reason="it has no id")
    return text


def _text(value: object) -> str:
    if not _is_name(value):
        raise HintRefused(reason="it names something that cannot be a name")
    return value


def _is_name(value: object) -> TypeGuard[str]:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or not value.isascii():
        return False
    return value.replace("_", "").replace(".", "").replace("-", "").isalnum()


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
