"""Shape of an order that explains itself: figures with their codes, and sentences beside them."""

from datetime import datetime

from msgspec import Struct

from loyalty.ids import show
from loyalty.orders.explanation import (
    Explanation,
    LineExplained,
    Part,
    Posted,
    StepExplained,
)
from loyalty.orders.telling import tell_move, tell_part, tell_posted, tell_step


class PartOut(Struct, frozen=True):
    """One part of a price: what it adds or takes off, by which rule, and in words."""

    code: str
    amount: int
    points: int
    rule: str | None
    version: int | None
    sentence: str


class LineExplainedOut(Struct, frozen=True):
    """A line from its regular price to what is paid, and why it earns what it earns."""

    line_id: str
    sku: str
    quantity: int
    parts: list[PartOut]
    earn: int
    earn_sentence: str


class MoveOut(Struct, frozen=True):
    """Points that went from one account to another."""

    debit: str
    credit: str
    points: int
    sentence: str


class PostedOut(Struct, frozen=True):
    """A posting of a step, with its journal, and what became of the points."""

    kind: str
    points: int
    journal: str
    at: datetime
    moves: list[MoveOut]
    forgiven: int
    sentence: str


class StepLineOut(Struct, frozen=True):
    """What a step took of a line."""

    line_id: str
    quantity: int
    total: int
    points: int
    earn: int


class StepOut(Struct, frozen=True):
    """A step of the order's life: money paid for it, or given back where below zero."""

    code: str
    at: datetime
    reason: str | None
    money: int
    shipping: int
    lines: list[StepLineOut]
    postings: list[PostedOut]
    sentence: str


class ExplanationOut(Struct, frozen=True):
    """An order with the reason of every cent and every point; `differences` should be empty."""

    order: str
    currency: str
    payable: int
    points_spent: int
    points_to_earn: int
    lines: list[LineExplainedOut]
    shipping: list[PartOut]
    steps: list[StepOut]
    exchange_of: str | None
    exchanged_for: list[str]
    differences: list[str]

    @classmethod
    def of(cls, told: Explanation, language: str) -> "ExplanationOut":
        """Show an explanation."""
        order, beside = told.found.order, told.beside
        return cls(
            order=show("ord", order.id),
            currency=order.currency,
            payable=order.payable,
            points_spent=order.points,
            points_to_earn=order.figures.earn,
            lines=[_line(one, language, order.currency) for one in told.lines],
            shipping=[_part(part, language, order.currency) for part in told.shipping],
            steps=[_step(step, language, order.currency) for step in told.steps],
            exchange_of=None if beside.exchange_of is None else show("ord", beside.exchange_of),
            exchanged_for=[show("ord", one) for one in beside.exchanged_for.values()],
            differences=list(told.differences),
        )


def _line(one: LineExplained, language: str, currency: str) -> LineExplainedOut:
    return LineExplainedOut(
        line_id=one.line.line_id,
        sku=one.line.sku,
        quantity=one.line.quantity,
        parts=[_part(part, language, currency) for part in one.parts],
        earn=one.line.figures.earn,
        earn_sentence=one.earned.sentence(language, currency),
    )


def _part(part: Part, language: str, currency: str) -> PartOut:
    return PartOut(
        code=part.code,
        amount=part.amount,
        points=part.points,
        rule=part.rule,
        version=part.version,
        sentence=tell_part(part, language, currency),
    )


def _step(step: StepExplained, language: str, currency: str) -> StepOut:
    return StepOut(
        code=step.code,
        at=step.at,
        reason=step.reason,
        money=step.money,
        shipping=step.shipping,
        lines=[
            StepLineOut(
                line_id=line.line_id,
                quantity=line.quantity,
                total=line.figures.total,
                points=line.figures.points,
                earn=line.figures.earn,
            )
            for line in step.lines
        ],
        postings=[_posted(one, language) for one in step.postings],
        sentence=tell_step(step, language, currency),
    )


def _posted(one: Posted, language: str) -> PostedOut:
    return PostedOut(
        kind=one.kind.value,
        points=one.points,
        journal=show("jrn", one.journal),
        at=one.effective_at,
        moves=[
            MoveOut(
                debit=move.debit.value,
                credit=move.credit.value,
                points=move.points,
                sentence=tell_move(move, language),
            )
            for move in one.moves
        ],
        forgiven=one.forgiven,
        sentence=tell_posted(one, language),
    )
