"""All that a cart's answer depends on besides the cart, read in one statement for one or several.

Nothing is locked: the quote reads it alone, and placing reads it after the member's row was locked.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    MemberPrice,
    PresentedVoucher,
    RuleSet,
    Used,
    periods,
    read_used,
    voucher_scope,
)
from loyalty.checkout.presenting import canonical_code, presented
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot_statement import SEPARATOR, snapshot_statement
from loyalty.members import Marks, Member, MemberClass, Ref, read_marks
from loyalty.membership.facts import HeldPlan, read_plan
from loyalty.orders.earlier import read_earlier
from loyalty.orders.facts import Earlier, Person
from loyalty.policy import Policy
from tiers import Ladder


class Asked(msgspec.Struct, frozen=True):
    """Whom and what a snapshot is about; `order` is the shop's id of an order to be placed.

    Everything is read as of `at` but the wallet: what may be spent is decided now.
    """

    ref: Ref | None
    at: datetime
    now: datetime
    skus: Sequence[str]
    codes: Sequence[str]
    order: str | None = None
    api_key: UUID | None = None
    stops_at: datetime | None = None
    """As of when rules were stopped by hand; now where it is left out."""


class Snapshot(msgspec.Struct, frozen=True):
    """A member as they stand at an instant, and the versions that are live at it."""

    member: Member | None
    person: Person | None
    tier: str | None
    available: int
    earlier: Earlier | None
    """The orders that came before, of a member."""
    prices: tuple[MemberPrice, ...]
    vouchers: tuple[PresentedVoucher, ...]
    policy: Policy
    rule_set: RuleSet
    ladder: Ladder | None
    key_stands: bool
    order_id: UUID | None
    used: tuple[Used, ...] = ()
    """Where the counters stand that the rules look at."""
    stopped: tuple[str, ...] = ()
    """The rules that were stopped by hand."""
    guesses: tuple[Sequence[Any], ...] = ()
    """Codes that are none, tried by whoever asks: by whom, how many, since when."""
    tier_next: tuple[date, str] | None = None
    """The next day on which the tier may move by itself, and the tier in force from then on."""
    plan: HeldPlan | None = None
    """The last paid membership that the member began."""


async def take_snapshot(
    connection: AsyncConnection, programme: Programme, asked: Asked
) -> Snapshot:
    """Return the snapshot; a member who is not found is None in it.

    One round trip, and one more for each version that this process meets for the first time.
    """
    (snapshot,) = await take_snapshots(connection, programme, [asked])
    return snapshot


async def take_snapshots(
    connection: AsyncConnection, programme: Programme, asked: Sequence[Asked]
) -> list[Snapshot]:
    """Return a snapshot for each that is asked for, in the round trips of one."""
    if programme.zone is None:
        programme.zone = (await programme.policies.at(connection, asked[0].at)).zone
    wanted = msgspec.json.encode([_row(n, one, programme.zone) for n, one in enumerate(asked)])
    rows = await snapshot_statement().all(connection, asked=wanted.decode())
    rows.sort(key=itemgetter(0))
    return [
        await _read(connection, programme, one, row) for one, row in zip(asked, rows, strict=True)
    ]


async def _read(
    connection: AsyncConnection, programme: Programme, asked: Asked, row: Sequence[Any]
) -> Snapshot:
    _, whose, known, wallet, counted, prices, vouchers, versions, tier, *more = row
    stands, placed, comes, used, marks, guesses, plan = more
    policy = await programme.policy(connection, versions["policy"])
    await programme.know_keys(connection, versions["keys"])
    ladder = await programme.ladder(connection, versions["ladder"])
    rule_set = await programme.rule_set(connection, versions["rules"])
    found = None if whose is None else _member(whose)
    bottom = None if ladder is None or found is None else ladder.tiers[0].code
    whose_id = None if found is None else found.id
    shown = presented(asked.codes, vouchers or {}, member=whose_id, at=asked.at)
    return Snapshot(
        member=found,
        person=None if found is None else person_of(found, known, policy, read_marks(marks)),
        tier=tier or bottom,
        available=wallet or 0,
        earlier=None if found is None else read_earlier(counted),
        prices=tuple(MemberPrice(*price) for price in prices or ()),
        vouchers=shown,
        policy=policy,
        rule_set=rule_set,
        ladder=ladder,
        key_stands=stands,
        order_id=placed,
        used=_used(used, _scopes(rule_set, shown), policy.day_of(asked.at)),
        stopped=tuple(sorted(versions["stopped"] or ())),
        guesses=tuple(guesses or ()),
        tier_next=None if comes is None else (date.fromisoformat(comes[0]), comes[1]),
        plan=read_plan(plan),
    )


async def read_published(connection: AsyncConnection, programme: Programme, at: datetime) -> None:
    """Read and compile what is live, before anybody asks for it."""
    await take_snapshot(connection, programme, Asked(None, at, at, (), ()))


def _row(number: int, asked: Asked, zone: ZoneInfo) -> Mapping[str, object]:
    """A row of what is asked; what is left out of it is null."""
    on = asked.at.astimezone(zone).date()
    row: dict[str, object] = {
        "number": number,
        "at": asked.at,
        "now": asked.now,
        "today": on,
        "starts": _begins(on),
        "skus": SEPARATOR.join(dict.fromkeys(asked.skus)),
        "codes": SEPARATOR.join(canonical_code(text) for text in asked.codes),
        "stops_at": asked.stops_at,
        "order_name": asked.order,
        "api_key": asked.api_key,
    }
    if asked.ref is not None:
        row["external"], row["id"] = asked.ref.external, asked.ref.id
    return row


@lru_cache(maxsize=8)
def _begins(on: date) -> tuple[str, ...]:
    """The first days of the periods that a day is in."""
    return tuple(periods(on).values())


def _used(
    stored: Sequence[Sequence[Any]] | None, scopes: frozenset[str], on: date
) -> tuple[Used, ...]:
    """The counters that are looked at; others stay out of the decision."""
    if not stored:
        return ()
    starts = periods(on)
    return tuple(
        one
        for one in read_used(stored)
        if one.scope in scopes and one.starts_on == starts[one.every]
    )


def _scopes(rule_set: RuleSet, shown: Sequence[PresentedVoucher]) -> frozenset[str]:
    """The scopes that the live rules look at, and the definitions of the vouchers presented."""
    of_vouchers = [voucher_scope(each.definition) for each in shown if each.limits]
    return rule_set.scopes.union(of_vouchers) if of_vouchers else rule_set.scopes


def _member(row: Mapping[str, Any]) -> Member:
    closed, merged = row["closed_at"], row["merged_into"]
    return Member(
        id=UUID(row["id"]),
        holder=UUID(row["holder"]),
        class_=cast("MemberClass", row["class"]),
        joined_at=datetime.fromisoformat(row["joined_at"]),
        closed_at=None if closed is None else datetime.fromisoformat(closed),
        merged_into=None if merged is None else UUID(merged),
    )


def person_of(found: Member, known: Sequence[Any] | None, policy: Policy, marks: Marks) -> Person:
    """Return what facts are derived from; `known` are birth month, birth day and its entry."""
    joined_on = policy.day_of(found.joined_at)
    if known is None or known[0] is None:
        return Person(found.class_, joined_on, marks=marks)
    month, day, entered = known
    entered_on = None if entered is None else date.fromisoformat(entered)
    return Person(found.class_, joined_on, (month, day), entered_on, marks)
