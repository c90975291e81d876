"""What a member could get from the programme, now and with the next tiers. Reads only.

One statement reads the member as a quote does; which rules are within reach is worked out from
there. Whoever has left can get nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import Facts, NearOffer, Offer, asks_for_tier, near_offers, offers_of
from loyalty.checkout.basket import facts_of
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import Asked, Snapshot, take_snapshot
from loyalty.ids import show
from loyalty.members import Member, Ref
from tiers import Ladder

MOST_OFFERS: Final = 100
MOST_NEAR: Final = 10


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a tier would add to what the one before it gives."""

    tier: str
    adds: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a member could get now, what one thing keeps from them, and what tiers would add.

    The nearest stand first; `left_off` says how many offers are not told.
    """

    member: UUID
    at: datetime
    rule_set: int
    tier: str | None
    ladder: Ladder | None
    currency: str
    now: tuple[Offer, ...] = ()
    near: tuple[NearOffer, ...] = ()
    ahead: tuple[Ahead, ...] = ()
    left_off: int = 0


async def benefits_of_member(
    connection: AsyncConnection, programme: Programme, member: Member, *, at: datetime
) -> Reach:
    """Return what a member could get: one statement, and nothing for whoever has left."""
    ref = Ref("member", show("mem", member.id), id=member.id)
    snapshot = await take_snapshot(connection, programme, Asked(ref, at, at, (), ()))
    version, ladder = snapshot.rule_set.version, snapshot.ladder
    whole = Reach(member.id, at, version, snapshot.tier, ladder, snapshot.policy.currency)
    if member.closed_at is not None:
        return whole
    facts = facts_of(snapshot, at)
    barred = frozenset((*snapshot.stopped, *facts.held_out))
    now = offers_of(snapshot.rule_set, facts, at, barred=barred)
    return replace(
        whole,
        now=now[:MOST_OFFERS],
        left_off=max(len(now) - MOST_OFFERS, 0),
        near=near_offers(snapshot.rule_set, facts, at, barred=barred)[:MOST_NEAR],
        ahead=tuple(_ahead(snapshot, facts, at, {*barred, *(each.rule.name for each in now)})),
    )


def _ahead(snapshot: Snapshot, facts: Facts, at: datetime, known: Collection[str]) -> list[Ahead]:
    """Every tier above the member's, the nearest first, with what it adds to those before it."""
    ladder = snapshot.ladder
    if ladder is None:
        return []
    codes = [tier.code for tier in ladder.tiers]
    mine = codes.index(snapshot.tier) if snapshot.tier in codes else -1
    rules, found = asks_for_tier(snapshot.rule_set), []
    for code in codes[mine + 1 :]:
        adds = offers_of(rules, replace(facts, tier=code), at, barred=known)[:MOST_OFFERS]
        known = {*known, *(each.rule.name for each in adds)}
        found.append(Ahead(code, adds))
    return found
