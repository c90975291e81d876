"""Shapes of dry runs: a draft of rules tried on a cart, on a past order, and on all of them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from api.schemas.checkout import (
    GiftOut,
    GrantOut,
    LineOut,
    NotAppliedOut,
    PointsOut,
    ShippingOut,
    TotalsOut,
    gifts_out,
    grants_out,
    lines_out,
    not_applied_out,
    points_out,
    shipping_out,
    totals_out,
)
from api.schemas.orders import QuoteBody
from api.schemas.types import Instant
from benefits import Decision, LineAnswer
from loyalty.dry_runs import DryRun, Tried
from loyalty.dry_runs.types import RUN
from loyalty.ids import show
from loyalty.rule_reviews import DRAFT

ShopPriced = Annotated[
    Literal["earning", "as-regular"],
    Meta(
        description="What is decided for orders that came with what was paid: only what they earn,"
        " or prices too, as if what was paid had been the regular price."
    ),
]
OrderText = Annotated[
    str, Meta(max_length=210, description="Our id (ord_…) or ext: and the shop's id.")
]


class TryBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What to try a draft on: a cart as for a quote, or a past order; exactly one of them."""

    cart: QuoteBody | None = None
    order: OrderText | None = None
    shop_priced: ShopPriced = "earning"


class AppliedOut(Struct, frozen=True):
    """A rule that gave something: money taken off, and whether it earned."""

    rule: str
    version: int
    amount: int
    earned: bool


class DecidedOut(Struct, frozen=True):
    """What one rule set decides; the rules of the draft have version 0."""

    lines: list[LineOut]
    shipping: ShippingOut
    points: PointsOut
    totals: TotalsOut
    applied: list[AppliedOut]
    not_applied: list[NotAppliedOut]
    gifts: list[GiftOut]
    grants: list[GrantOut]

    @classmethod
    def of(cls, decision: Decision, language: str) -> "DecidedOut":
        """Show a decision in a language."""
        return cls(
            lines=lines_out(decision),
            shipping=shipping_out(decision),
            points=points_out(decision),
            totals=totals_out(decision),
            applied=[
                AppliedOut(each.rule, each.version, each.amount, each.earned)
                for each in decision.applied
            ],
            not_applied=not_applied_out(decision, language, decision.question.cart.currency),
            gifts=gifts_out(decision),
            grants=grants_out(decision),
        )


class LineDifferenceOut(Struct, frozen=True):
    """A line that costs or earns otherwise with the draft."""

    line_id: str
    total_live: int
    total_drafted: int
    earn_live: int
    earn_drafted: int


class DifferenceOut(Struct, frozen=True):
    """What the draft changes, drafted minus live; lines are those that it changes."""

    differs: bool
    discount: int
    payable: int
    points: int
    points_spent: int
    lines: list[LineDifferenceOut]


class TriedOut(Struct, frozen=True):
    """A draft tried on one question: what is live, the same with the draft, and what it changes.

    `placed` is what a past order was placed with. `earning_only` says that the order came with
    what was paid, so that only what it earns was decided.
    """

    rule_set: int | None
    currency: str
    earning_only: bool
    live: DecidedOut
    drafted: DecidedOut
    placed: DecidedOut | None
    difference: DifferenceOut

    @classmethod
    def of(cls, tried: Tried, language: str) -> "TriedOut":
        """Show both answers in a language."""
        live, drafted = tried.trial.live, tried.trial.drafted
        return cls(
            rule_set=tried.rule_set,
            currency=live.question.cart.currency,
            earning_only=tried.paid,
            live=DecidedOut.of(live, language),
            drafted=DecidedOut.of(drafted, language),
            placed=None if tried.placed is None else DecidedOut.of(tried.placed, language),
            difference=DifferenceOut(
                differs=tried.trial.differs,
                discount=drafted.totals.discount - live.totals.discount,
                payable=drafted.totals.payable - live.totals.payable,
                points=drafted.points.earn - live.points.earn,
                points_spent=drafted.points.spend - live.points.spend,
                lines=[
                    _line_difference(was, becomes)
                    for was, becomes in zip(live.lines, drafted.lines, strict=True)
                    if (was.total, was.earn) != (becomes.total, becomes.earn)
                ],
            ),
        )


class DryRunBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How many days back, and what is decided for orders that came with what was paid."""

    days: Annotated[int, Meta(ge=1, le=1_100)]
    shop_priced: ShopPriced = "earning"


class OrdersCountedOut(Struct, frozen=True):
    """How many orders were placed and not cancelled, looked at, decided by both, and changed.

    `earning_only` of the evaluated came with what was paid; so did those `passed_over`, because no
    rule of the draft earns. `undecided` cannot be decided again.
    """

    placed: int
    selected: int
    evaluated: int
    changed: int
    of_guests: int
    earning_only: int
    passed_over: int
    undecided: int


class GaveOut(Struct, frozen=True):
    """To how many orders a rule gave something, and what in all."""

    orders: int
    money: int
    points: int


class RuleFiguresOut(Struct, frozen=True):
    """What a rule gives with the draft and without it."""

    rule: str
    drafted: GaveOut
    live: GaveOut


class OverlapOut(Struct, frozen=True, rename={"other": "with"}):
    """How often a rule of the draft gives something together with another, and what each gives."""

    rule: str
    other: str
    orders: int
    money: int
    points: int
    with_money: int
    with_points: int


class TierFiguresOut(Struct, frozen=True):
    """Members of a tier who have more with the draft, and who have less; `none` is no tier."""

    tier: str
    winners: int
    losers: int
    orders: int
    money: int
    points: int


class MemberFiguresOut(Struct, frozen=True):
    """What a member has more with the draft; `worth` is money and the value of the points."""

    member: str
    tier: str
    orders: int
    money: int
    points: int
    worth: int


class DayFiguresOut(Struct, frozen=True):
    """The orders of a business day that change, and what that costs before and after returns."""

    on: str
    orders: int
    money: int
    points: int
    money_net: int
    points_net: int


class LimitFiguresOut(Struct, frozen=True):
    """A limit of the draft: all it gave, how often it was used up, and first when."""

    scope: str
    measure: str
    everyone: bool
    every: str
    most: int
    used: int
    reached: int
    first_at: Instant | None


class FiguresOut(Struct, frozen=True):
    """What the draft would have changed, drafted minus live; `_net` is without what came back."""

    orders: OrdersCountedOut
    members: int
    discount: int
    discount_net: int
    points: int
    points_net: int
    points_spent: int
    gifts: int
    grants: int
    cost_per_order: int
    microseconds_per_order: int
    rules: list[RuleFiguresOut]
    overlap: list[OverlapOut]
    tiers: list[TierFiguresOut]
    gain_most: list[MemberFiguresOut]
    lose_most: list[MemberFiguresOut]
    days: list[DayFiguresOut]
    limits: list[LimitFiguresOut]

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> "FiguresOut":
        """Show stored figures."""
        named = {
            part: [{**each, "member": show("mem", UUID(each["member"]))} for each in figures[part]]
            for part in ("gain_most", "lose_most")
        }
        return msgspec.convert({**figures, **named}, cls)


class DryRunOut(Struct, frozen=True):
    """A dry run: waiting, running, done or failed, and what came of it.

    It is of the draft and the rule set as they were when it was asked for; `draft_changed` and
    `rule_set_moved` say that they are no longer.
    """

    id: str
    draft: str
    state: str
    rule_set: int | None
    since: Instant
    until: Instant
    days: int
    shop_priced: str
    asked_at: Instant
    asked_by: str
    selected: int | None
    done: int
    finished_at: Instant | None
    failure: str | None
    draft_changed: bool
    rule_set_moved: bool
    figures: FiguresOut | None

    @classmethod
    def of(cls, run: DryRun) -> "DryRunOut":
        """Show a dry run."""
        return cls(
            id=show(RUN, run.id),
            draft=show(DRAFT, run.draft),
            state=run.state,
            rule_set=run.rule_set,
            since=run.since,
            until=run.until,
            days=run.days,
            shop_priced=run.shop_priced,
            asked_at=run.asked_at,
            asked_by=run.actor,
            selected=run.selected,
            done=run.done,
            finished_at=run.finished_at,
            failure=run.failure,
            draft_changed=run.draft_changed,
            rule_set_moved=run.rule_set_moved,
            figures=None if run.figures is None else FiguresOut.of(run.figures),
        )


def _line_difference(live: LineAnswer, drafted: LineAnswer) -> LineDifferenceOut:
    return LineDifferenceOut(live.line_id, live.total, drafted.total, live.earn, drafted.earn)
