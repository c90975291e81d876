"""What a member's past orders and returns come to: rows, postings and standing, all in one pass.

Pure: nothing is read or written. History takes the path of the API (placed at the shop's prices,
completed in one shipment, returned) with the same functions, and skips what no history has. Its
lines never become objects, because a year of a shop has millions of them.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from benefits import REVISION, Facts, PaidEarning, Used, earn_of_paid, facts_document
from ledger import Posting
from loyalty.expiry import Term
from loyalty.orders.comebacks import Comeback, Found, find_returned, rows_text
from loyalty.orders.completion import Step
from loyalty.orders.decided import paid_document
from loyalty.orders.deferring import deferred
from loyalty.orders.eras import Counted, Terms
from loyalty.orders.facts import GUEST, NONE_EARLIER, Earlier, Person, facts_at
from loyalty.orders.figures import Figures
from loyalty.orders.matching import Shelf
from loyalty.orders.past import SHIPMENT_NAME, UNMARKED, Sale, Sold
from loyalty.orders.postings import Entries
from loyalty.orders.reversal import reversals
from loyalty.orders.rows import Row, figures_row, return_line_rows, return_row, shipment_row
from loyalty.orders.tallies import Taken, Tally
from loyalty.orders.told import Earned, Move, Told, joined
from loyalty.orders.types import (
    OrderState,
    PricedBy,
    Shipment,
    ShipmentKind,
)
from loyalty.policy import ORDER, POINTS, Policy
from tiers import Activity, Decision, Subject, walk

EVERYTHING: Final = "{}"
"""What a step asked that named no lines: all that was open."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whose history it is; `subject` is the standing to go on from, `earlier` the orders before it.

    `tally` says where the counters stand that rules look at; without it, at nothing.
    """

    member: UUID
    holder: UUID
    person: Person
    subject: Subject
    earlier: Earlier = NONE_EARLIER
    tally: Tally | None = None


@dataclass(slots=True)
class MemberPlan:
    """What one member's history writes: rows by table, postings, and the standing it leads to.

    Rows are tuples in the order of the column names of `loyalty.orders.rows`.
    """

    orders: list[Row] = field(default_factory=list)
    order_lines: list[Row] = field(default_factory=list)
    marked_lines: list[Row] = field(default_factory=list)
    """The lines of orders that name a brand or tags; those of others stand apart."""
    shipments: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    order_rules: list[Row] = field(default_factory=list)
    returns: list[Row] = field(default_factory=list)
    return_lines: list[Row] = field(default_factory=list)
    unmatched_returns: list[Row] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    uses: Sequence[Taken] = ()
    standing: Decision | None = None
    moves: list[Move] = field(default_factory=list)
    """For each event the tiers between which it moved the standing, if it did."""
    earned: int = 0
    taken_back: int = 0
    unmatched: int = 0


def plan_member(buyer: Buyer, events: Sequence[Sale | Comeback], terms: Terms) -> MemberPlan:
    """Plan one member's history, given in the order of time.

    First what counts for the standing, because an order earns at the tier it was placed at; then
    what is earned and taken back. Where points count for the tier, both are found in turns: each
    turn settles one event more at least, and most histories settle in the second.
    """
    earned: Earned = {}
    while terms.ladder is not None and POINTS in terms.ladder.assets:
        tried = _plan(replace(buyer, tally=deepcopy(buyer.tally)), events, terms, earned)[1]
        if tried == earned:
            break
        earned = tried
    return _plan(buyer, events, terms, earned)[0]


def _plan(
    buyer: Buyer, events: Sequence[Sale | Comeback], terms: Terms, earned: Earned
) -> tuple[MemberPlan, Earned]:
    """Plan a history whose orders earned what is known of them, and say what they earn."""
    scribe = _Scribe(MemberPlan(), buyer.member, terms, buyer.tally or Tally(buyer.member))
    found = _match(events)
    dated = [
        (terms.day_of(one.placed_at if isinstance(one, Sale) else one.at), one) for one in events
    ]
    tiers = _walk(buyer, dated, found, scribe, earned)
    sold: dict[UUID, Sold] = {}
    count = Counted(*buyer.earlier)
    for index, (on, event) in enumerate(dated):
        if isinstance(event, Sale):
            earlier = count.before(event.placed_at, on)
            facts = facts_at(buyer.person, on, tier=tiers[index], earlier=earlier)
            if held := terms.held_out_at(event.placed_at, buyer.member):
                facts = replace(facts, held_out=held)
            shipped = scribe.sell(event, on, facts)
            sold[event.order] = Sold(event, on, shipped.earned)
            scribe.post_earn(buyer.holder, event, shipped, tiers[index])
        else:
            scribe.take_back(buyer.holder, event, on, found[index], sold)
    scribe.plan.uses = scribe.tally.all
    return scribe.plan, {one: each.earned or () for one, each in sold.items()}


def plan_guest(sale: Sale, terms: Terms) -> MemberPlan:
    """Plan the past order of somebody who is no member: it is recorded and earns nothing."""
    scribe = _Scribe(MemberPlan(), sale.order, terms, Tally(sale.order))
    scribe.sell(sale, terms.day_of(sale.placed_at), GUEST)
    return scribe.plan


# --- what counts for the standing -------------------------------------------------------------


def _match(events: Sequence[Sale | Comeback]) -> dict[int, Found]:
    """Find what each return takes back; nothing is put on a shelf where nothing comes back."""
    if not any(isinstance(event, Comeback) for event in events):
        return {}
    shelf = Shelf()
    found: dict[int, Found] = {}
    line_ids: dict[UUID, list[str]] = {}
    for index, event in enumerate(events):
        if isinstance(event, Sale):
            line_ids[event.order] = [line[0] for line in event.lines]
            for line_no, (_, sku, _, quantity, amount, _) in enumerate(event.lines, start=1):
                shelf.put(event.order, line_no, sku, quantity, amount)
        else:
            found[index] = find_returned(shelf, event, line_ids)
    return found


def _walk(
    buyer: Buyer,
    dated: Sequence[tuple[date, Sale | Comeback]],
    found: Mapping[int, Found],
    scribe: "_Scribe",
    earned: Earned,
) -> list[str | None]:
    """Return the tier each event finds the member at, and leave the standing in the plan."""
    terms = scribe.terms
    if terms.ladder is None or buyer.person.member_class != "consumer":
        scribe.plan.moves = [None] * len(dated)
        return [None] * len(dated)
    told = Told(terms.ladder)
    at: list[int] = []
    sold: dict[UUID, Sold] = {}
    for index, (on, event) in enumerate(dated):
        at.append(len(told.events))
        if isinstance(event, Sale):
            points = earned.get(event.order)
            sold[event.order] = Sold(event, on, points)
            money = sum(line[4] for line in event.lines)
            told.sell(Activity(event.order, event.shipment, on, money), sum(points or ()))
            continue
        step = _step(event, event.at, on)
        taken = {
            order: sold[order].give_back(asked, step).taken
            for order, asked in found[index].orders.items()
        }
        told.take_back(on, taken)
    scribe.plan.standing, before_each, moves = walk(terms.ladder, buyer.subject, told.events)
    last = len(before_each)
    scribe.plan.moves = [joined(moves[a:b]) for a, b in pairwise([*at, last])]
    return [before_each[index] if index < last else None for index in at]


# --- what is earned and taken back ------------------------------------------------------------


class _Shipped(NamedTuple):
    """What a sale became: the points of each line, its shipment, and what its lot is born with."""

    earned: Sequence[int]
    shipment: Shipment
    term: Term


@dataclass(frozen=True, slots=True)
class _Scribe:
    """Writes the rows and postings of one member into a plan."""

    plan: MemberPlan
    member: UUID
    terms: Terms
    tally: Tally

    def sell(self, sale: Sale, on: date, facts: Facts) -> _Shipped:
        """Write a sale and return what it became."""
        terms, at = self.terms, sale.placed_at
        (earned, applied, charges, gained), used = self._earned(sale, facts)
        self.tally.take(sale.order, charges, at)
        shipped = _shipped(sale, on, terms.policy_at(at), earned)
        rule_set = terms.rule_set_at(at)
        version = rule_set.version if rule_set else 0
        self._order(sale, facts, version, shipped.shipment)
        self._lines(sale, earned)
        self.plan.shipments.append(shipment_row(self.member, sale.order, shipped.shipment))
        known = msgspec.json.encode(facts_document(facts)).decode()
        stopped = terms.stopped_at(at) if facts.member else ()
        document = paid_document(applied, used, stopped)
        self.plan.decisions.append((self.member, sale.order, version, REVISION, known, document))
        self.plan.order_rules += [
            (self.member, sale.order, *rule, on, 0, gave)
            for rule, gave in zip(applied, gained, strict=True)
        ]
        self.plan.earned += shipped.shipment.figures.earn
        return shipped

    def _earned(self, sale: Sale, facts: Facts) -> tuple[PaidEarning, tuple[Used, ...]]:
        terms = self.terms
        rule_set = terms.rule_set_at(sale.placed_at)
        if rule_set is None or not facts.member:
            return PaidEarning([0] * len(sale.lines), ()), ()
        used = self.tally.used(rule_set, sale.placed_at)
        return earn_of_paid(
            rule_set,
            facts=facts,
            at=sale.placed_at,
            currency=terms.policy_at(sale.placed_at).currency,
            channel=terms.channel,
            country=terms.country,
            skus=[line[1] for line in sale.lines],
            categories=[line[2] for line in sale.lines],
            quantities=[line[3] for line in sale.lines],
            amounts=[line[4] for line in sale.lines],
            marks=[line[5] for line in sale.lines],
            used=used,
            stopped=terms.stopped_at(sale.placed_at),
        ), used

    def _order(self, sale: Sale, facts: Facts, rule_set: int, shipment: Shipment) -> None:
        terms, policy = self.terms, self.terms.policy_at(sale.placed_at)
        self.plan.orders.append(
            (
                *(self.member, sale.order, not facts.member, PricedBy.SHOP.value),
                *(OrderState.COMPLETED.value, sale.placed_at, shipment.on, policy.currency),
                *(terms.channel, terms.country, False, "", 0, 0, 0, 0, rule_set, policy.version),
                *(facts.tier, None, None, None, *figures_row(shipment.figures)),
            )
        )

    def _lines(self, sale: Sale, earned: Sequence[int]) -> None:
        member, order = self.member, sale.order
        rows = [
            (
                member, order, line_no, line_id, sku, category, quantity, True,
                amount, amount, 0, 0, 0, amount, earn,
            )
            for line_no, ((line_id, sku, category, quantity, amount, _), earn) in enumerate(
                zip(sale.lines, earned, strict=True), start=1
            )
        ]  # fmt: skip
        if not any(line[5] for line in sale.lines):
            self.plan.order_lines += rows
            return
        for row, line in zip(rows, sale.lines, strict=True):
            brand, tags = line[5] or UNMARKED
            self.plan.marked_lines.append((*row, brand or None, list(tags) or None))

    def post_earn(self, holder: UUID, sale: Sale, shipped: _Shipped, tier: str | None) -> None:
        """Post what a sale earned, and what else it did to points that lapse with inactivity."""
        shipment, term = shipped.shipment, shipped.term
        policy = self.terms.policy_at(sale.placed_at)
        entries = Entries(holder, sale.order, self.terms.cause, self.terms.mint)
        if shipment.figures.earn:
            labels = {"tier": tier} if tier else {}
            allocated = deferred(shipment, policy, self.terms.estimates)
            self.plan.postings.append(entries.earn(shipment, labels, term, allocated=allocated))
        if policy.expiry.activities and self.terms.rule_set_at(sale.placed_at) is not None:
            self.plan.postings += entries.roll(shipment, policy, taken=0)

    def take_back(
        self,
        holder: UUID,
        comeback: Comeback,
        on: date,
        found: Found,
        sold: Mapping[UUID, Sold],
    ) -> None:
        """Write a return: of every order that it takes something back of, and of none."""
        plan, terms, member = self.plan, self.terms, self.member
        for order, asked in found.orders.items():
            step = Step(terms.mint(comeback.at), comeback.name, comeback.at, on)
            back = sold[order].give_back(asked, step, matched=comeback.order is None)
            plan.returns.append(return_row(member, order, back.returned))
            plan.return_lines += return_line_rows(member, order, back.returned)
            plan.taken_back += back.points_to_claw_back
            self.tally.settle(order, sold[order].history)
            entries = Entries(holder, order, terms.cause, terms.mint)
            placed_at = sold[order].sale.placed_at
            plan.postings += reversals(entries, back, terms.policy_at(placed_at))
        if found.unmatched:
            plan.unmatched += 1
            one = terms.mint(comeback.at)
            plan.unmatched_returns += [
                (
                    *(member, one, line_no, comeback.name, comeback.at, on, comeback.reason),
                    *(row.sku, row.quantity, row.amount, rows_text(comeback.rows)),
                )
                for line_no, row in found.unmatched
            ]


def _shipped(sale: Sale, on: date, policy: Policy, earned: Sequence[int]) -> _Shipped:
    """Ship a sale whole when it was placed."""
    at, points, money = sale.placed_at, sum(earned), sum(line[4] for line in sale.lines)
    term = policy.term(at, ORDER, waits=True) if points else _ENDLESS
    shipment = Shipment(
        id=sale.shipment,
        name=SHIPMENT_NAME,
        kind=ShipmentKind.COMPLETED,
        at=at,
        on=on,
        whole=True,
        figures=Figures(money, money, 0, 0, 0, money, points),
        purchases=money,
        activates_at=policy.activates_at(at, ORDER) if points else None,
        expires_at=term.expires_at,
        asked=EVERYTHING,
    )
    return _Shipped(earned, shipment, term)


def _step(comeback: Comeback, at: datetime, on: date) -> Step:
    return Step(_NO_ID, comeback.name, at, on)


_NO_ID: Final = UUID(int=0)
_ENDLESS: Final = Term()
