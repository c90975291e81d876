"""What Stripe knows of a subscription, as the port's report. Pure.

Nothing is remembered and nothing is compared here: the same picture always makes the same report.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from loyalty.membership.types import (
    ChargeReason,
    Consent,
    Report,
    ReportedCharge,
    ReportedRefund,
    Status,
)

Seen = Mapping[str, Any]

STATUSES: Final[Mapping[str, Status]] = {
    "trialing": "trial",
    "active": "active",
    "past_due": "past-due",
    "unpaid": "unpaid",
    "paused": "paused",
    "canceled": "ended",
}
"""What Stripe's statuses are to us; of what has not begun nothing is reported, and any other
status is unknown, which gives no access."""

NOT_BEGUN: Final = frozenset({"incomplete", "incomplete_expired"})
MOVED_MONEY: Final = frozenset({"needs_response", "under_review", "lost", "won"})
"""States of disputes in which the bank has taken the money; an inquiry has not."""

CHECKOUT: Final = "loyalty_checkout"
NEXT_PRICE: Final = "loyalty_next_price"
SECOND: Final = "second-membership"
ENDED_BY_US: Final = frozenset({"withdrawn", "member-closed", SECOND})
"""What we say when we end a subscription, and know again as its end's cause."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that Stripe said of a subscription, fetched after a fence was taken."""

    subscription: Seen
    invoices: Sequence[Seen] = ()
    refunds: Mapping[str, Sequence[Seen]] = field(default_factory=dict)
    """Payment → what was given back of it."""
    disputes: Mapping[str, Sequence[Seen]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What we know beside it: who the customer is, and what their prices are to us."""

    member: UUID
    prices: Mapping[str, UUID]
    consent: Consent | None = None
    adopted: bool = False


def report(picture: Picture, known: Known, *, fence: int, at: datetime) -> Report | None:
    """Return the report that a picture makes; None while nothing has begun."""
    seen = picture.subscription
    if seen["status"] in NOT_BEGUN:
        return None
    item = current_item(seen)
    status = STATUSES.get(seen["status"], "unknown")
    start, end = instant(item["current_period_start"]), instant(item["current_period_end"])
    ended_at = instant_or_none(seen["ended_at"])
    charges = tuple(_charges(picture, known, ended_at))
    paid = status != "trial"  # the period of a trial is none that was paid
    return Report(
        adapter="stripe",
        reference=seen["id"],
        member=known.member,
        price=known.prices[item["price"]["id"]],
        status=status,
        at=at,
        began_at=instant(seen["start_date"]),
        trial_ends_at=instant_or_none(seen["trial_end"]),
        period_start=start if paid else None,
        period_end=end if paid else None,
        cancel_at=instant_or_none(seen["cancel_at"]),
        cancel_asked_at=instant_or_none(seen["canceled_at"]),
        past_due_since=start if status in {"past-due", "unpaid"} else None,
        ended_at=ended_at,
        end_cause=_end_cause(seen) if status == "ended" else None,
        next_price=_next_price(seen, known),
        consent=known.consent,
        charges=charges,
        refunds=tuple(_refunds(picture, {each.reference: each for each in charges}, at)),
        fence=fence,
        adopted=known.adopted,
    )


def current_item(seen: Seen) -> Seen:
    """Return what is subscribed to; of several, the one whose period ends last."""
    items: Sequence[Seen] = seen["items"]["data"]
    return max(items, key=lambda item: (item["current_period_end"], item["id"]))


def prices_in(picture: Picture) -> set[str]:
    """Return every price that a picture names."""
    named = {current_item(picture.subscription)["price"]["id"]}
    for owed in picture.invoices:
        named |= {price for line in owed["lines"]["data"] if (price := _price_of(line))}
    if (follows := _schedule_facts(picture.subscription).get(NEXT_PRICE)) is not None:
        named.add(follows)
    return named


def intents_of(owed: Seen) -> Iterator[str]:
    """Yield the payments that paid an invoice."""
    for each in (owed.get("payments") or {}).get("data", ()):
        intent = each["payment"].get("payment_intent")
        if each["status"] == "paid" and intent is not None:
            yield intent


def _charges(picture: Picture, known: Known, ended_at: datetime | None) -> Iterator[ReportedCharge]:
    paid = [each for each in picture.invoices if each["status"] == "paid" and each["total"] > 0]
    paid.sort(key=lambda each: (each["status_transitions"]["paid_at"], each["id"]))
    for place, owed in enumerate(paid):
        line = max(owed["lines"]["data"], key=lambda each: (each["amount"], each["id"]))
        paid_at = instant(owed["status_transitions"]["paid_at"])
        late = ended_at is not None and paid_at > ended_at
        net = owed["total_excluding_tax"]
        yield ReportedCharge(
            reference=owed["id"],
            starts_at=instant(line["period"]["start"]),
            ends_at=instant(line["period"]["end"]),
            net=net,
            tax=owed["total"] - net,
            currency=owed["currency"].upper(),
            reason="late" if late else _reason(owed, first=place == 0),
            paid_at=paid_at,
            price=known.prices.get(_price_of(line) or ""),
            credit=sum(-_net(each) for each in owed["lines"]["data"] if each["amount"] < 0),
        )


def _reason(owed: Seen, *, first: bool) -> ChargeReason:
    if first:
        return "first"
    if owed["billing_reason"] == "subscription_update":
        return "upgrade"
    return "mend" if owed["attempt_count"] > 1 else "renewal"


def _refunds(
    picture: Picture, charges: Mapping[str, ReportedCharge], at: datetime
) -> Iterator[ReportedRefund]:
    for owed in picture.invoices:
        charge = charges.get(owed["id"])
        if charge is not None:
            yield from _split(charge, sorted(_given_back(picture, owed, at)))


_Back = tuple[datetime, str, int, str, str]
"""When, its reference, how much, which kind, and why."""


def _given_back(picture: Picture, owed: Seen, at: datetime) -> Iterator[_Back]:
    for intent in intents_of(owed):
        for each in picture.refunds.get(intent, ()):
            if each["status"] == "succeeded":
                why = (each["reason"] or "refunded").replace("_", "-")
                yield instant(each["created"]), each["id"], each["amount"], "refund", why
        for each in picture.disputes.get(intent, ()):
            if each["status"] in MOVED_MONEY:
                why = each["reason"].replace("_", "-")
                taken = instant(each["created"])
                yield taken, each["id"], each["amount"], "dispute", why
                if each["status"] == "won":
                    back = max(taken, _reinstated_at(each) or at)
                    yield back, f"{each['id']}/won", each["amount"], "reinstated", why


def _reinstated_at(dispute: Seen) -> datetime | None:
    moved: Sequence[Seen] = dispute.get("balance_transactions") or ()
    if len(moved) < 2:  # noqa: PLR2004 (what was taken, and what was given back)
        return None
    return instant(max(each["created"] for each in moved))


def _split(charge: ReportedCharge, given: Sequence[_Back]) -> Iterator[ReportedRefund]:
    """Split what was given back into net and tax as the invoice was, so that no cent is lost."""
    total, back = charge.net + charge.tax, 0
    for at, reference, amount, kind, why in given:
        if kind == "reinstated":
            before, after = back, max(back - amount, 0)
            net = _net_share(charge.net, before, total) - _net_share(charge.net, after, total)
            moved = before - after
        else:
            before, after = back, min(back + amount, total)
            net = _net_share(charge.net, after, total) - _net_share(charge.net, before, total)
            moved = after - before
        back = after
        if moved:
            yield ReportedRefund(
                reference=reference,
                charge=charge.reference,
                net=net,
                tax=moved - net,
                kind="refund"
                if kind == "refund"
                else "dispute"
                if kind == "dispute"
                else "reinstated",
                reason=why,
                at=at,
            )


def _net_share(net: int, back: int, total: int) -> int:
    """Return the net part of what was given back so far, half up."""
    return (2 * net * back + total) // (2 * total)


def _net(line: Seen) -> int:
    tax = sum(
        each["amount"] for each in line.get("taxes") or () if each["tax_behavior"] == "inclusive"
    )
    net: int = line["amount"] - tax
    return net


def _price_of(line: Seen) -> str | None:
    details = (line.get("pricing") or {}).get("price_details") or {}
    price: str | None = details.get("price")
    return price


def _end_cause(seen: Seen) -> str:
    details = seen["cancellation_details"] or {}
    if details.get("comment") in ENDED_BY_US:
        return str(details["comment"])
    if details.get("reason") == "payment_failed":
        return "grace-ended"
    if seen["cancel_at"] is not None and seen["ended_at"] >= seen["cancel_at"]:
        return "period-ended"
    return "cancelled-now"


def _next_price(seen: Seen, known: Known) -> UUID | None:
    follows = _schedule_facts(seen).get(NEXT_PRICE)
    return None if follows is None else known.prices.get(follows)


def _schedule_facts(seen: Seen) -> Mapping[str, str]:
    schedule = seen.get("schedule")
    if not isinstance(schedule, dict) or schedule["status"] != "active":
        return {}
    return schedule.get("metadata") or {}


def instant(seconds: int) -> datetime:
    """Read an instant of Stripe's."""
    return datetime.fromtimestamp(seconds, UTC)


def instant_or_none(seconds: int | None) -> datetime | None:
    """Read an instant that may be missing."""
    return None if seconds is None else instant(seconds)
