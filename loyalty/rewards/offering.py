"""What a member is offered, and why they may not have it now. Judging is pure.

One order of reasons for list and refusal: who they are, when it is, what is left, how many they
had, what they have.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from ledger import WalletFrozen
from loyalty.checkout.programme import Programme
from loyalty.errors import LoyaltyError
from loyalty.members import Member
from loyalty.rewards.circumstances import (
    Circumstances,
    Shelved,
    Wanted,
    read_circumstances,
)
from loyalty.rewards.errors import (
    RewardLimitReached,
    RewardNotAvailable,
    RewardNotForMember,
    RewardPeriodSoldOut,
    RewardPointsShort,
    RewardSoldOut,
)
from loyalty.rewards.periods import period_of
from loyalty.rewards.types import Kind, Limit, Offer, Per, Reason, Span, Stock

FEW: Final = 5
"""From how many on a member is told that few are left."""


async def offers_to(
    connection: AsyncConnection, programme: Programme, whose: Member, *, at: datetime
) -> Sequence[Offer]:
    """Return every reward that the member may see, each with what stands in the way of it."""
    found = await read_circumstances(connection, programme, whose, Wanted(), at=at)
    shown = [offer_of(found, one) for one in found.rewards if is_visible(found, one)]
    return sorted(shown, key=lambda offer: (offer.terms.rank, offer.reward))


def is_visible(found: Circumstances, one: Shelved) -> bool:
    """Whether the member may know of it: in its time, and not hidden from who they are."""
    visible = one.terms.visible
    if _closed(visible, found.at) is not None:
        return False
    return not (one.terms.hidden and any(_who(found, one)))


def offer_of(found: Circumstances, one: Shelved) -> Offer:
    """Return a reward as the member sees it."""
    return Offer(
        reward=one.code,
        kind=one.kind,
        version=one.version,
        terms=one.terms,
        currency=found.policy.currency,
        stock=_stock(one.left),
        left=one.left,
        why_not=tuple(reasons_against(found, one, 1)),
    )


def reasons_against(found: Circumstances, one: Shelved, quantity: int) -> Iterator[Reason]:
    """Say everything that stands in the way of ordering so many of it."""
    yield from _who(found, one)
    yield from _when(found, one)
    if one.left is not None and one.left < quantity:
        yield Reason("sold-out", {"seen": max(one.left, 0), "wanted": quantity})
    for limit in one.terms.limits:
        yield from _limited(found, one, limit, quantity)
    if found.frozen:
        yield Reason("wallet-frozen")
    points = one.terms.points * quantity
    if found.available < points:
        gap = points - found.available
        yield Reason("points-short", {"seen": found.available, "wanted": points, "gap": gap})


def _who(found: Circumstances, one: Shelved) -> Iterator[Reason]:
    if found.whose.class_ == "blocked":
        yield Reason("member-blocked")
    if one.terms.when is None:
        return
    audience = benefits.read_audience(one.terms.when, tiers=one.tiers)
    for told in benefits.why_not(audience, found.facts):
        yield Reason(told.code, told=told)


def _when(found: Circumstances, one: Shelved) -> Iterator[Reason]:
    closed = _closed(one.terms.available, found.at)
    if closed is not None:
        yield closed
    event_at = one.terms.event_at
    if one.kind is Kind.EVENT and event_at is not None and event_at <= found.at:
        yield Reason("event-over", {"at": event_at.isoformat()})


def _closed(span: Span, at: datetime) -> Reason | None:
    if span.since is not None and at < span.since:
        return Reason("not-yet-available", {"at": span.since.isoformat()})
    if span.until is not None and at >= span.until:
        return Reason("no-longer-available", {"at": span.until.isoformat()})
    return None


def _limited(found: Circumstances, one: Shelved, limit: Limit, quantity: int) -> Iterator[Reason]:
    if limit.per is Per.MEMBER:
        code, taken = "limit-reached", one.taken[limit.every]
    else:
        code, taken = "period-sold-out", one.taken_by_all.get(limit.every, 0)
    if taken + quantity <= limit.quantity:
        return
    facts: dict[str, int | str] = {
        "every": limit.every.value,
        "limit": limit.quantity,
        "seen": taken,
        "wanted": quantity,
    }
    ends_at = period_of(limit.every, found.at, found.policy.zone).ends_at
    if ends_at is not None:
        facts["at"] = ends_at.isoformat()
    yield Reason(code, facts)


def _stock(left: int | None) -> Stock:
    if left is None:
        return "unlimited"
    if left <= 0:
        return "sold-out"
    return "few-left" if left <= FEW else "in-stock"


def refusal_of(reason: Reason) -> Exception:
    """Return the refusal that an order meets for a reason."""
    numbers = {name: value for name, value in reason.facts.items() if name not in _ONLY_TOLD}
    if reason.code in _BY_FIGURES:
        return _BY_FIGURES[reason.code](**numbers)
    if reason.code == "wallet-frozen":
        return WalletFrozen()
    if reason.code == "member-blocked":
        return RewardNotForMember(fact="class", seen="blocked")
    if reason.told is not None:
        seen = reason.told.seen
        return RewardNotForMember(
            fact=reason.told.fact or "", seen="nothing" if seen is None else str(seen)
        )
    return RewardNotAvailable(reason=reason.code)


_ONLY_TOLD: Final = frozenset({"gap", "at"})
_BY_FIGURES: Final[dict[str, Callable[..., LoyaltyError]]] = {
    "sold-out": RewardSoldOut,
    "limit-reached": RewardLimitReached,
    "period-sold-out": RewardPeriodSoldOut,
    "points-short": RewardPointsShort,
}
