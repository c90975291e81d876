"""Placing an order: what was quoted, or what we price now, or what the shop says was paid.

Before payment we may refuse: points and vouchers are reserved here, and what is no longer to be
had is refused by name. The decision is stored with the order and is never made again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    BenefitsError,
    Decision,
    LimitReached,
    NotApplied,
    VoucherOutcome,
    evaluate,
    evaluate_paid,
    reserve_vouchers,
    taken_content,
)
from benefits import demand as demand_voucher
from ledger import demand, post
from loyalty.cause import Cause
from loyalty.checkout.basket import Basket, question_of, refuse_unfit
from loyalty.checkout.programme import Programme
from loyalty.checkout.quote import promised, read_quote
from loyalty.checkout.snapshot import Asked, Snapshot, take_snapshot
from loyalty.idempotency import Begun
from loyalty.ids import new_id, show
from loyalty.instants import taken_at
from loyalty.issuing.guessing import Guesser, guessers, refuse_guessers
from loyalty.members import Ref, UnknownOrder
from loyalty.orders.errors import HoldTooLong, NotForShopPrices, PointsShort, RuleStopped
from loyalty.orders.granted import NOTHING_GIVEN, Given, given_of
from loyalty.orders.happenings import placed_event
from loyalty.orders.postings import Entries
from loyalty.orders.priced import decision_row, exempt_by_number, order_of, rules_of, vouchers_of
from loyalty.orders.reading import find_order
from loyalty.orders.replaying import refuse_other_content
from loyalty.orders.returning import Returned
from loyalty.orders.rows import exchange_row, line_rows, order_row
from loyalty.orders.steps import refuse_instant
from loyalty.orders.types import History, Order, OrderState, PricedBy
from loyalty.orders.writing import Kept, Placing, write_order

LONGEST_HOLD: Final = timedelta(days=14)
LONG_AGO: Final = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What a shop reports as ordered; `name` is its own id of the order."""

    basket: Basket
    name: str | None = None
    quote: str | None = None
    priced_by: PricedBy = PricedBy.US
    placed_at: datetime | None = None
    paid_at: datetime | None = None
    hold_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as recorded, with the decision it was placed with."""

    history: History
    decision: Decision | None
    given: Given = NOTHING_GIVEN
    """Gifts that come with it, and vouchers that it promises."""
    replayed: bool = False


Keep = Callable[[Placed], Kept]


async def place(
    connection: AsyncConnection,
    programme: Programme,
    cause: Cause,
    begun: Begun,
    asked: NewOrder,
    *,
    keep: Keep = lambda _: None,
    instead: Returned | None = None,
) -> Placed:
    """Place an order. The same order of the shop with the same content is a replay.

    `instead` is what came back in the same exchange.

    Raises OrderConflict for other content, what `quote` raises, QuoteMismatch, TokenExpired,
    QuoteOutdated, RuleStopped, PointsShort, LimitReached, Voucher… errors, HoldTooLong and
    NotForShopPrices.
    """
    placed_at = taken_at(asked.placed_at, now=cause.at)
    if asked.paid_at is not None:
        asked = replace(asked, paid_at=taken_at(asked.paid_at, now=cause.at))
    _refuse_malformed(asked, placed_at, cause.at)
    wanted = _wanted(begun, asked, placed_at=placed_at, now=cause.at)
    snapshot = await take_snapshot(connection, programme, wanted)
    if snapshot.order_id is not None:
        return await _replayed(connection, snapshot.order_id, begun, asked)
    refuse_unfit(asked.basket, snapshot, fact=asked.priced_by is PricedBy.SHOP)
    if asked.quote is None:  # what was quoted was counted then
        refuse_guessers(snapshot.guesses, guessers_of(begun, asked), at=cause.at)
    decision = await _decide(
        connection, programme, asked, snapshot, placed_at=placed_at, now=cause.at
    )
    _refuse_vouchers(decision)
    order = _order(asked, snapshot, decision, placed_at=placed_at, now=cause.at)
    await _reserve(connection, cause, snapshot, order, decision)
    decided = decision_row(order, decision)
    placed = Placed(History(order), decision, given_of(str(decided[-1])))
    placing = Placing(
        order=order_row(order, OrderState.OPEN),
        lines=line_rows(order),
        decision=decided,
        name=asked.name or show("ord", order.id),
        rules=rules_of(order, decision),
        vouchers=vouchers_of(order, decision),
        exempt=exempt_by_number(asked.basket),
        gifts={line.line_no: line.gift_with for line in order.lines if line.gift_with},
        exchange=None
        if instead is None
        else exchange_row(instead.history.order, instead.returned, order.id),
        uses=taken_content(
            order.member, order.id, decision.charges, at=placed_at, again=asked.quote is None
        ),
    )
    happened = placed_event(new_id(cause.at), order)
    try:
        await write_order(connection, cause, placing, happened, keep(placed))
    except LimitReached as error:
        error.pointer = "/quote"
        raise
    return placed


def _wanted(begun: Begun, asked: NewOrder, *, placed_at: datetime, now: datetime) -> Asked:
    """Return what an order asks of the snapshot; what the shop sold stands as rules stood then."""
    member = begun.member
    return Asked(
        None if member is None else Ref("member", "", id=member.id),
        placed_at,
        now,
        [line.sku for line in asked.basket.cart.lines],
        asked.basket.codes,
        order=asked.name,
        api_key=begun.attempt.api_key,
        stops_at=placed_at if asked.priced_by is PricedBy.SHOP else None,
    )


def guessers_of(begun: Begun, asked: NewOrder) -> tuple[Guesser, ...]:
    """Return for whom the codes of an order are counted that are none."""
    member = None if begun.member is None else begun.member.id
    return guessers(member=member, api_key=begun.attempt.api_key, order=asked.name)


async def _replayed(
    connection: AsyncConnection, order_id: UUID, begun: Begun, asked: NewOrder
) -> Placed:
    found = await find_order(connection, order_id)
    if found is None:
        raise UnknownOrder(seen=str(order_id))
    refuse_other_content(
        found.order,
        found.decision,
        asked.basket,
        member=None if begun.member is None else begun.member.id,
        priced_by=asked.priced_by,
        placed_at=asked.placed_at,
        paid_at=asked.paid_at,
    )
    return Placed(History(found.order), None, given_of(found.decision), replayed=True)


def _refuse_malformed(asked: NewOrder, placed_at: datetime, now: datetime) -> None:
    refuse_instant("placed_at", placed_at, since=LONG_AGO, now=now)
    if asked.paid_at is not None:
        refuse_instant("paid_at", asked.paid_at, since=placed_at, now=now)
    if asked.hold_until is not None and asked.hold_until > now + LONGEST_HOLD:
        seen = asked.hold_until.isoformat()
        raise HoldTooLong(seen=seen, wanted=LONGEST_HOLD.days, pointer="/hold_until")
    if asked.priced_by is PricedBy.SHOP:
        for field, given in (
            ("quote", asked.quote),
            ("points_to_spend", asked.basket.points),
            ("voucher_codes", asked.basket.codes),
        ):
            if given:
                pointer = "/quote" if field == "quote" else f"/order/{field}"
                raise NotForShopPrices(field=field, pointer=pointer)


async def _decide(
    connection: AsyncConnection,
    programme: Programme,
    asked: NewOrder,
    snapshot: Snapshot,
    *,
    placed_at: datetime,
    now: datetime,
) -> Decision:
    if asked.priced_by is PricedBy.SHOP:
        question = question_of(asked.basket, snapshot, placed_at)
        if snapshot.member is None:  # who earns nothing, whatever the counters and the rules
            question = replace(question, used=(), stopped=())
        return evaluate_paid(snapshot.rule_set, question)
    if asked.quote is None:
        return evaluate(snapshot.rule_set, question_of(asked.basket, snapshot, placed_at))
    member = None if snapshot.member is None else snapshot.member.id
    promise = read_quote(programme, asked.quote, asked.basket, member=member, at=now)
    decision = promised(await programme.rule_set(connection, promise.rule_set), promise)
    if asked.paid_at is None:
        _refuse_stopped(decision, snapshot)
    return decision


def _refuse_stopped(decision: Decision, snapshot: Snapshot) -> None:
    """Refuse what a quote promised by a rule that was stopped since, unless it was paid for."""
    for applied in decision.applied:
        if applied.rule in snapshot.stopped:
            raise RuleStopped(rule=applied.rule, pointer="/quote")


def _refuse_vouchers(decision: Decision) -> None:
    """Refuse an order with a voucher that cannot be used, by the voucher's own refusal."""
    for reason in decision.not_applied:
        if reason.voucher_code is not None and reason.code.startswith("voucher-"):
            seen, wanted = (each if isinstance(each, int) else None for each in _figures(reason))
            _demand(VoucherOutcome(UUID(int=0), reason.code, seen=seen, wanted=wanted))


def _figures(reason: NotApplied) -> tuple[object, object]:
    return reason.seen, reason.wanted


def _demand(outcome: VoucherOutcome) -> None:
    try:
        demand_voucher(outcome)
    except BenefitsError as error:
        error.pointer = "/order/voucher_codes"
        raise


def _order(
    asked: NewOrder, snapshot: Snapshot, decision: Decision, *, placed_at: datetime, now: datetime
) -> Order:
    bounded = any(charge.most is not None for charge in decision.charges)
    held = decision.points.spend or decision.vouchers or bounded
    until = None
    if held and asked.paid_at is None:
        until = asked.hold_until or now + timedelta(minutes=snapshot.policy.hold_minutes)
    one = new_id(now)
    return order_of(
        asked.basket,
        decision,
        id_=one,
        snapshot=snapshot,
        priced_by=asked.priced_by,
        placed_at=placed_at,
        paid_at=asked.paid_at,
        hold_until=until,
    )


async def _reserve(
    connection: AsyncConnection,
    cause: Cause,
    snapshot: Snapshot,
    order: Order,
    decision: Decision,
) -> None:
    if snapshot.member is not None and order.points:
        entries = Entries(snapshot.member.holder, order.id, cause, new_id)
        hold = entries.hold(order.points, at=order.placed_at, until=order.hold_until)
        (outcome,) = await post(connection, [hold], at=cause.at)
        if outcome.code == "insufficient-points":
            seen = outcome.seen if isinstance(outcome.seen, int) else 0
            pointer = "/order/points_to_spend"
            raise PointsShort(seen=seen, wanted=order.points, pointer=pointer)
        demand(outcome)
    if decision.vouchers:
        wanted = [(voucher.member, voucher.id) for voucher in decision.vouchers]
        for taken in await reserve_vouchers(
            connection, wanted, order=order.id, used_by=order.member, at=cause.at
        ):
            _demand(taken)
