"""What Stripe knows of a subscription, as the port's report. Pure.

Nothing is remembered here: the same picture beside the same recorded refunds always makes the same
report.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from loyalty.membership.giving_back import net_of
from loyalty.membership.types import (
    ChargeReason,
    Consent,
    Refund,
    RefundKind,
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
NOT_PAID: Final = frozenset({"draft", "open", "uncollectible"})
"""States of invoices that are to be paid, or were and will not be."""
MOVED_MONEY: Final = frozenset({"needs_response", "under_review", "lost", "won"})
"""States of disputes in which the bank has taken the money; an inquiry has not."""

CAME_BACK: Final = frozenset({"failed", "canceled"})
"""States of refunds that did not reach the buyer; one that is recorded is taken back."""

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
    recorded: Mapping[str, Sequence[Refund]] = field(default_factory=dict)
    """Invoice → what is recorded as given back of it, which stays as it was split."""


def report(picture: Picture, known: Known, *, fence: int, at: datetime) -> Report | None:
    """Return the report that a picture makes; None while nothing has begun."""
    seen = picture.subscription
    if seen["status"] in NOT_BEGUN:
        return None
    item = current_item(seen)
    status = STATUSES.get(seen["status"], "unknown")
    start = instant(item["current_period_start"])
    ended_at = instant_or_none(seen["ended_at"])
    charges = tuple(_charges(picture, known, ended_at))
    period = None if status == "trial" else _paid_period(picture, item, status, charges)
    return Report(
        adapter="stripe",
        reference=seen["id"],
        member=known.member,
        price=known.prices[item["price"]["id"]],
        status=status,
        at=at,
        began_at=instant(seen["start_date"]),
        trial_ends_at=instant_or_none(seen["trial_end"]),
        period_start=None if period is None else period[0],
        period_end=None if period is None else period[1],
        cancel_at=instant_or_none(seen["cancel_at"]),
        cancel_asked_at=instant_or_none(seen["canceled_at"]),
        past_due_since=start if status in {"past-due", "unpaid"} else None,
        ended_at=ended_at,
        end_cause=_end_cause(seen) if status == "ended" else None,
        next_price=_next_price(seen, known),
        consent=known.consent,
        charges=charges,
        refunds=tuple(_refunds(picture, known, {each.reference: each for each in charges}, at)),
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


def payments_of(owed: Seen) -> Iterator[tuple[str, int]]:
    """Yield the payments that paid an invoice, the newest first, and how much each."""
    payments: Sequence[Seen] = (owed.get("payments") or {}).get("data", ())
    for each in sorted(payments, key=lambda one: (one["created"], one["id"]), reverse=True):
        intent = each["payment"].get("payment_intent")
        if each["status"] == "paid" and intent is not None:
            yield intent, each["amount_paid"]


def intents_of(owed: Seen) -> Iterator[str]:
    """Yield the payments that paid an invoice."""
    return (intent for intent, _ in payments_of(owed))


def _charges(picture: Picture, known: Known, ended_at: datetime | None) -> Iterator[ReportedCharge]:
    paid = [each for each in picture.invoices if each["status"] == "paid" and each["total"] > 0]
    paid.sort(key=lambda each: (each["status_transitions"]["paid_at"], each["id"]))
    for place, owed in enumerate(paid):
        line = max(owed["lines"]["data"], key=lambda each: (each["amount"], each["id"]))
        paid_at = instant(owed["status_transitions"]["paid_at"])
        late = ended_at is not None and paid_at > ended_at
        net = _net_of(owed)
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


def _paid_period(
    picture: Picture, item: Seen, status: Status, charges: Sequence[ReportedCharge]
) -> tuple[datetime, datetime] | None:
    """Return the period that is paid: Stripe's goes on to the next before that is collected."""
    begins = item["current_period_start"]
    awaited = any(
        owed["status"] in NOT_PAID and line["period"]["start"] >= begins
        for owed in picture.invoices
        for line in owed["lines"]["data"]
    )
    last = max(charges, key=lambda each: each.ends_at, default=None)
    if awaited and last is not None:
        return last.starts_at, last.ends_at
    if awaited and status in {"past-due", "unpaid"}:
        return None
    return instant(begins), instant(item["current_period_end"])


def _reason(owed: Seen, *, first: bool) -> ChargeReason:
    if first:
        return "first"
    if owed["billing_reason"] == "subscription_update":
        return "upgrade"
    return "mend" if owed["attempt_count"] > 1 else "renewal"


def _refunds(
    picture: Picture, known: Known, charges: Mapping[str, ReportedCharge], at: datetime
) -> Iterator[ReportedRefund]:
    for owed in picture.invoices:
        charge = charges.get(owed["id"])
        if charge is not None:
            recorded = known.recorded.get(charge.reference, ())
            yield from _split(charge, sorted(_given_back(picture, owed, at)), recorded)


@dataclass(frozen=True, slots=True, order=True)
class _Back:
    """Money that went back, or came again because that failed or was won.

    The order is that in which it is split: by when it went, and what is undone with its undoing
    next to it, so that whatever else went back meanwhile finds what is left.
    """

    went: tuple[datetime, int]
    """When, and of one second first what was given back, since nobody gives back what is gone."""
    reference: str
    at: datetime
    amount: int
    kind: RefundKind
    why: str
    undoes: str | None = None


def _given_back(picture: Picture, owed: Seen, at: datetime) -> Iterator[_Back]:
    for intent in intents_of(owed):
        for each in picture.refunds.get(intent, ()):
            yield from _refunded(each, at)
        for each in picture.disputes.get(intent, ()):
            yield from _disputed(each, at)


def _refunded(seen: Seen, at: datetime) -> Iterator[_Back]:
    id_, amount, made = seen["id"], seen["amount"], instant(seen["created"])
    if seen["status"] == "succeeded":
        why = (seen["reason"] or "refunded").replace("_", "-")
        yield _Back((made, 0), id_, made, amount, "refund", why)
    elif seen["status"] in CAME_BACK:
        back, name = max(made, at), f"{id_}/failed"
        yield _Back((made, 0), name, back, amount, "reinstated", "refund-failed", id_)


def _disputed(seen: Seen, at: datetime) -> Iterator[_Back]:
    if seen["status"] not in MOVED_MONEY:
        return
    id_, amount, taken = seen["id"], seen["amount"], instant(seen["created"])
    why = seen["reason"].replace("_", "-")
    yield _Back((taken, 1), id_, taken, amount, "dispute", why)
    if seen["status"] == "won":
        back = max(taken, _reinstated_at(seen) or at)
        yield _Back((taken, 1), f"{id_}/won", back, amount, "reinstated", why, id_)


def _reinstated_at(dispute: Seen) -> datetime | None:
    moved = sorted(each["created"] for each in dispute.get("balance_transactions") or ())
    later = moved[1:]  # the first is what was taken
    return instant(later[-1]) if later else None


def _split(
    charge: ReportedCharge, given: Sequence[_Back], recorded: Collection[Refund]
) -> Iterator[ReportedRefund]:
    """Split what is new into net and tax as the invoice was, so that no cent is lost.

    What is recorded was split when it came; another that Stripe made earlier and is known of only
    now takes its share of what is left. What is undone is undone as it was split.
    """
    parts = {one.reference: (one.net, one.tax) for one in recorded}
    signs = [-1 if one.kind == "reinstated" else 1 for one in recorded]
    net = charge.net - sum(sign * one.net for sign, one in zip(signs, recorded, strict=True))
    tax = charge.tax - sum(sign * one.tax for sign, one in zip(signs, recorded, strict=True))
    for back in given:
        if back.reference in parts:
            continue
        if back.undoes is None:
            amount = min(back.amount, net + tax)
            of_net = net_of(charge, (net, tax), amount)
            part = of_net, amount - of_net
            net, tax = net - part[0], tax - part[1]
        else:
            part = parts.get(back.undoes, (0, 0))
            net, tax = net + part[0], tax + part[1]
        parts[back.reference] = part
        if sum(part):
            yield ReportedRefund(
                reference=back.reference,
                charge=charge.reference,
                net=part[0],
                tax=part[1],
                kind=back.kind,
                reason=back.why,
                at=back.at,
            )


def _net_of(owed: Seen) -> int:
    """Return what an invoice is without tax; Stripe says it, or only what the taxes are."""
    told: int | None = owed["total_excluding_tax"]
    if told is not None:
        return told
    net: int = owed["total"] - sum(each["amount"] for each in owed.get("total_taxes") or ())
    return net


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
