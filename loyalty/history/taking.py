"""One bucket of members taken in by one transaction: planned by the pure engine, then copied.

Whole members go in or none of them, so a run that is killed is resumed by running it again. What
reaches back into orders that are here already is left to `loyalty.history.stepwise`, which takes it
order by order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from benefits import record_uses
from ledger import post_intake, stage
from loyalty.events import own_xid
from loyalty.history.assembly import HistoricOrder
from loyalty.history.copying import copy_rows
from loyalty.history.lookups import KnownMember, find_known, find_lines
from loyalty.history.newcomers import Newcomer, copy_names, copy_newcomers, names_of, newcomer
from loyalty.history.replays import Conflict, Replays, Sold
from loyalty.history.tallied import Tallies, find_tallies
from loyalty.history.tidings import COLUMNS, Happened, event_rows, happened, joined
from loyalty.ids import new_id
from loyalty.members import Member
from loyalty.names import ORDER, Name
from loyalty.orders import rows, tables
from loyalty.orders.comebacks import Comeback, ReturnedRow
from loyalty.orders.eras import Terms
from loyalty.orders.facts import Person
from loyalty.orders.past import Sale
from loyalty.orders.plan import Buyer, MemberPlan, plan_guest, plan_member
from loyalty.rule_costs.tables import order_rule
from loyalty.tables import event

GUESTS = ""
"""The key of orders without a member."""


class Stepwise(NamedTuple):
    """What is to be taken in order by order; without a member they are guests' returns."""

    member: KnownMember | None
    orders: Sequence[HistoricOrder]


@dataclass(slots=True)
class Taken:
    """What became of a bucket: counts, orders in conflict, and what is left to be done stepwise."""

    counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[Conflict] = field(default_factory=list)
    stepwise: list[Stepwise] = field(default_factory=list)


class PostingRefused(Exception):
    """Postings of these holders were refused; the bucket must go in without them."""

    def __init__(self, holders: frozenset[UUID]) -> None:
        super().__init__(f"{len(holders)} wallets refused what history posts to them")
        self.holders = holders


@dataclass(frozen=True, slots=True)
class Planned:
    """A member's history as it is to be written; guests have no rows but their orders'."""

    plan: MemberPlan
    names: list[Name]
    member: UUID | None = None
    events_before: int = 0
    told: Sequence[Happened] = ()
    feed_xid: str | None = None


async def take_in(
    connection: AsyncConnection,
    terms: Terms,
    ladder: tiers.Ladder | None,
    bucket: Mapping[str, Sequence[HistoricOrder]],
    *,
    stepwise: frozenset[UUID] = frozenset(),
) -> Taken:
    """Take one bucket in. `ladder` is the live one, which newcomers enter in any case.

    `stepwise` are holders whose history must not be posted as a batch. Raises `PostingRefused`.
    """
    taken = Taken()
    known = await find_known(connection, bucket)
    replays = Replays(known, await find_lines(connection, known.orders.values()))
    members = [here.member for here in known.members.values()]
    subjects = await tiers.find_subjects(
        connection, {one.id: _joined_on(one, terms) for one in members}
    )
    planned: list[Planned] = []
    tallies = await find_tallies(connection, terms, (one.id for one in members))
    newcomers: list[Newcomer] = []
    for external_id, orders in bucket.items():
        here = known.members.get(external_id)
        fresh = replays.fresh(here, orders, taken.counts, taken.conflicts)
        if external_id == GUESTS:
            planned += _plan_guests(fresh, terms, taken)
        elif here is None:
            if fresh:
                one = newcomer(external_id, fresh[0].instant)
                newcomers.append(one)
                buyer = _fresh_buyer(one, terms, tallies)
                planned.append(_plan(buyer, fresh, terms, ladder, one))
        else:
            whole = not here.member.closed_at and here.member.holder not in stepwise
            ahead, rest = _parted(here, fresh) if whole else ([], fresh)
            if ahead:
                buyer = _buyer(here, subjects[here.member.id], terms, tallies)
                planned.append(_plan(buyer, ahead, terms, ladder, here))
            if rest:
                taken.stepwise.append(Stepwise(here, rest))
    taken.counts["members_new"] += len(newcomers)
    taken.counts["members_known"] += len(known.members)
    _count(taken.counts, planned)
    await _write(connection, terms, planned, newcomers)
    return taken


# --- planning ---------------------------------------------------------------------------------


def _fresh_buyer(one: Newcomer, terms: Terms, tallies: Tallies) -> Buyer:
    joined_on = terms.policy_at(one.joined_at).day_of(one.joined_at)
    subject = tiers.Subject(one.member, joined_on, None, ())
    person, tally = Person("consumer", joined_on), tallies.of(one.member)
    return Buyer(one.member, one.holder, person, subject, tally=tally)


def _parted(
    here: KnownMember, fresh: Sequence[HistoricOrder]
) -> tuple[Sequence[HistoricOrder], Sequence[HistoricOrder]]:
    """What can be planned at once, and the rest: what comes before or takes back earlier orders."""
    if here.last_order_at is None:
        return fresh, ()
    if fresh and fresh[0].instant <= here.last_order_at:
        return (), fresh
    end = next((at for at, one in enumerate(fresh) if one.kind == "return"), len(fresh))
    return fresh[:end], fresh[end:]


def _joined_on(one: Member, terms: Terms) -> date:
    return terms.policy_at(one.joined_at).day_of(one.joined_at)


def _buyer(here: KnownMember, subject: tiers.Subject, terms: Terms, tallies: Tallies) -> Buyer:
    one = here.member
    joined_on = _joined_on(one, terms)
    person = Person(one.class_, joined_on, here.birthday, here.birthday_entered_on, here.marks)
    return Buyer(one.id, one.holder, person, subject, here.earlier, tallies.of(one.id))


def _plan(
    buyer: Buyer,
    orders: Sequence[HistoricOrder],
    terms: Terms,
    ladder: tiers.Ladder | None,
    whose: Newcomer | KnownMember,
) -> Planned:
    sold: Sold = {}
    events = [read_event(order, sold, terms) for order in orders]
    plan = plan_member(buyer, events, terms)
    names = [Name(ORDER, text, buyer.member, one) for text, one in sold.items()]
    told = list(happened(events, plan))
    if isinstance(whose, KnownMember):
        return Planned(plan, names, buyer.member, whose.events, told, whose.feed_xid)
    if plan.standing is None and ladder is not None:
        joined_on = buyer.person.joined_on
        plan.standing = tiers.begin(ladder, member=buyer.member, joined_on=joined_on)
    names += names_of(whose)
    return Planned(plan, names, buyer.member, 0, [joined(whose.joined_at), *told])


def _plan_guests(orders: Sequence[HistoricOrder], terms: Terms, taken: Taken) -> Iterator[Planned]:
    returns = [order for order in orders if order.kind == "return"]
    if returns:
        taken.stepwise.append(Stepwise(None, returns))
    for order in orders:
        if order.kind == "sale":
            sold: Sold = {}
            sale = read_event(order, sold, terms)
            if isinstance(sale, Sale):
                plan = plan_guest(sale, terms)
                name = Name(ORDER, order.order_id, None, sale.order)
                taken.counts["guest_orders"] += 1
                yield Planned(plan, [name], sale.order, 0, list(happened([sale], plan)))


def read_event(order: HistoricOrder, sold: Sold, terms: Terms) -> Sale | Comeback:
    """Turn an order of the file into what the engine takes, and remember what was sold."""
    at = order.instant
    if order.kind == "sale":
        sold[order.order_id] = new_id(at)
        return Sale(sold[order.order_id], terms.mint(at), at, order.lines)
    named = None
    if order.returns_order_id:
        named = sold.get(order.returns_order_id) or terms.mint(at)
    return Comeback(order.order_id, at, returned_rows(order), named)


def returned_rows(order: HistoricOrder) -> list[ReturnedRow]:
    """What came back: units of SKUs, or without a SKU money."""
    return [
        ReturnedRow(line.sku, line.quantity if line.sku else 0, line.amount) for line in order.lines
    ]


def _count(counts: Counter[str], planned: Sequence[Planned]) -> None:
    for one in planned:
        plan = one.plan
        counts["orders"] += len(plan.orders)
        counts["order_lines"] += len(plan.order_lines) + len(plan.marked_lines)
        counts["unmatched_returns"] += plan.unmatched
        counts["points_earned"] += plan.earned
        counts["points_taken_back"] += plan.taken_back
        counts["orders_without_rules"] += sum(not row[_RULE_SET] for row in plan.orders)


# --- writing ----------------------------------------------------------------------------------


async def _write(
    connection: AsyncConnection,
    terms: Terms,
    planned: Sequence[Planned],
    newcomers: Sequence[Newcomer],
) -> None:
    cause = terms.cause
    await copy_names(connection, [name for one in planned for name in one.names])
    await copy_newcomers(connection, cause, terms.policy, newcomers)
    by = (cause.actor, cause.request_id)
    for table, columns, part, caused in _PARTS:
        found = chain.from_iterable(getattr(one.plan, part) for one in planned)
        if caused:
            await copy_rows(connection, table, (*columns, *_CAUSE), ((*r, *by) for r in found))
        else:
            await copy_rows(connection, table, columns, found)
    own = await own_xid(connection)
    told = (
        row
        for one in planned
        if one.member is not None
        for row in event_rows(one.member, one.events_before, one.told, cause, one.feed_xid or own)
    )
    await copy_rows(connection, event, COLUMNS, told)
    standings = [one.plan.standing for one in planned if one.plan.standing is not None]
    await tiers.record(
        connection, standings, at=cause.at, actor=cause.actor, request_id=cause.request_id
    )
    await _post(connection, cause.at, planned)
    await record_uses(connection, [taken for one in planned for taken in one.plan.uses])


async def _post(connection: AsyncConnection, at: datetime, planned: Sequence[Planned]) -> None:
    postings = [posting for one in planned for posting in one.plan.postings]
    if not postings:
        return
    batch = new_id(at)
    await stage(connection, batch, postings)
    refused = await post_intake(connection, batch, at=at)
    if refused:
        places = {outcome.position for outcome in refused}
        holders = {posting.holder for place, posting in enumerate(postings, 1) if place in places}
        raise PostingRefused(frozenset(holders))


_RULE_SET = rows.ORDER.index("rule_set")
_CAUSE = ("actor", "request_id")

_PARTS: tuple[tuple[Table, Sequence[str], str, bool], ...] = (
    (tables.order, rows.ORDER, "orders", True),
    (tables.order_line, rows.ORDER_LINE, "order_lines", False),
    (tables.order_line, rows.MARKED_LINE, "marked_lines", False),
    (tables.decision, rows.DECISION, "decisions", False),
    (order_rule, rows.ORDER_RULE, "order_rules", False),
    (tables.shipment, rows.SHIPMENT, "shipments", True),
    (tables.return_, rows.RETURN, "returns", True),
    (tables.return_line, rows.RETURN_LINE, "return_lines", False),
    (tables.unmatched_return, rows.UNMATCHED_RETURN, "unmatched_returns", True),
)
