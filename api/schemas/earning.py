"""Shapes of why an order earns what it earns: by line, which rule gave how many points."""

from msgspec import Struct

from api.schemas.types import Instant
from benefits import EarnWhy
from loyalty.ids import show
from loyalty.orders.explaining import EarningTold, LineTold


class EarnedByOut(Struct, frozen=True):
    """A rule's part in the points of a line: whole points, all of which add up to the line's.

    `rate` is points `per` money, or for `each` unit or order; `multiplier` in hundredths; `carried`
    is the money that earlier orders had left towards the next point; `cut` are the points that a
    limit took off the whole order.
    """

    rule: str
    version: int
    points: int
    rate: int | None
    per: int | None
    each: str | None
    multiplier: int | None
    bonus: int | None
    carried: int | None
    cut: int | None

    @classmethod
    def of(cls, why: EarnWhy, line: int) -> "EarnedByOut":
        """Show a rule's part; a rule that is alone gave all points of the line."""
        return cls(
            rule=why.rule,
            version=why.version,
            points=line if why.gave is None else why.gave,
            rate=why.points,
            per=why.per,
            each=why.each,
            multiplier=why.multiplier,
            bonus=why.bonus,
            carried=None if why.carried is None else why.carried // (why.points or 1),
            cut=why.cut,
        )


class LineEarningOut(Struct, frozen=True):
    """What a line earns, and why, in one sentence."""

    line_id: str
    points: int
    basis: int
    sentence: str
    earned_by: list[EarnedByOut]

    @classmethod
    def of(cls, line: LineTold, language: str, currency: str) -> "LineEarningOut":
        """Show a line in a language."""
        return cls(
            line_id=line.line_id,
            points=line.points,
            basis=line.basis,
            sentence=line.sentence(language, currency),
            earned_by=[EarnedByOut.of(why, line.points) for why in line.why],
        )


class EarningOut(Struct, frozen=True):
    """What an order earns, as decided when it was placed."""

    order: str
    placed_at: Instant
    rule_set: int
    points: int
    lines: list[LineEarningOut]

    @classmethod
    def of(cls, told: EarningTold, language: str) -> "EarningOut":
        """Show an order's earning in a language."""
        order = told.order
        return cls(
            order=show("ord", order.id),
            placed_at=order.placed_at,
            rule_set=told.rule_set,
            points=told.points,
            lines=[LineEarningOut.of(line, language, order.currency) for line in told.lines],
        )
