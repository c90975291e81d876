"""What many trials come to: cost, members, tiers, days, and which rules gave what together. Pure.

All figures are drafted minus live. What is kept grows with members, rules and days, never with
orders.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from heapq import nlargest
from typing import Any, Final
from uuid import UUID

from benefits import Gave, Trial, UsedUp, given_by
from loyalty.dry_runs.types import PastOrder
from loyalty.orders.types import History, LineStand

MOST_NAMED: Final = 20
"""How many of the members are named who gain, or lose, most."""
GUEST: Final = "guest"
NO_TIER: Final = "none"


@dataclass(slots=True)
class _Sum:
    """Orders, and the money and points of them."""

    orders: int = 0
    money: int = 0
    points: int = 0

    def add(self, money: int, points: int) -> None:
        self.orders += 1
        self.money += money
        self.points += points

    def document(self) -> dict[str, int]:
        return {"orders": self.orders, "money": self.money, "points": self.points}


@dataclass(slots=True)
class _Together:
    """How often a rule of the draft gave something together with another."""

    drafted: _Sum = field(default_factory=_Sum)
    other: _Sum = field(default_factory=_Sum)


@dataclass(slots=True)
class _Person(_Sum):
    """What a member would have had more."""

    tier: str = NO_TIER


@dataclass(slots=True)
class _Day(_Sum):
    """What a day would have cost, and what of it stands after cancellations and returns."""

    money_net: int = 0
    points_net: int = 0


@dataclass(slots=True)
class Tally:
    """Adds up trials; `worth` is what points are worth: minor units for so many points."""

    touched: frozenset[str]
    worth: tuple[int, int]
    evaluated: int = 0
    changed: int = 0
    shop_priced: int = 0
    passed_over: int = 0
    undecided: int = 0
    guests: int = 0
    points_spent: int = 0
    gifts: int = 0
    grants: int = 0
    _days: dict[date, _Day] = field(default_factory=dict)
    _members: dict[UUID, _Person] = field(default_factory=dict)
    _rules: dict[str, tuple[_Sum, _Sum]] = field(default_factory=dict)
    _overlap: dict[tuple[str, str], _Together] = field(default_factory=dict)

    def add(self, past: PastOrder, trial: Trial) -> None:
        """Add an order that was decided by both."""
        self.evaluated += 1
        self.shop_priced += past.paid
        differs = trial.differs
        if differs:
            self._change(past, trial)
        if differs or any(each.rule in self.touched for each in trial.drafted.applied):
            self._attribute(given_by(trial.live), given_by(trial.drafted))

    def figures(self, placed: int, selected: int, limits: Iterable[UsedUp]) -> dict[str, Any]:
        """All of it as plain JSON values."""
        whole = _Day()
        for day in self._days.values():
            whole.orders += day.orders
            whole.money += day.money
            whole.points += day.points
            whole.money_net += day.money_net
            whole.points_net += day.points_net
        return {
            "orders": {
                "placed": placed,
                "selected": selected,
                "evaluated": self.evaluated,
                "changed": self.changed,
                "of_guests": self.guests,
                "earning_only": self.shop_priced,
                "passed_over": self.passed_over,
                "undecided": self.undecided,
            },
            "members": len(self._members),
            "discount": whole.money,
            "discount_net": whole.money_net,
            "points": whole.points,
            "points_net": whole.points_net,
            "points_spent": self.points_spent,
            "gifts": self.gifts,
            "grants": self.grants,
            "cost_per_order": toward_zero(whole.money, self.changed or 1),
            "rules": [
                {"rule": rule, "drafted": drafted.document(), "live": live.document()}
                for rule, (live, drafted) in sorted(self._rules.items())
            ],
            "overlap": [
                {
                    "rule": rule,
                    "with": other,
                    "orders": both.drafted.orders,
                    "money": both.drafted.money,
                    "points": both.drafted.points,
                    "with_money": both.other.money,
                    "with_points": both.other.points,
                }
                for (rule, other), both in sorted(self._overlap.items())
            ],
            "tiers": self._tiers(),
            "gain_most": self._most(1),
            "lose_most": self._most(-1),
            "days": [
                {
                    "on": on.isoformat(),
                    **day.document(),
                    "money_net": day.money_net,
                    "points_net": day.points_net,
                }
                for on, day in sorted(self._days.items())
            ],
            "limits": [_limit(each) for each in limits],
        }

    def _change(self, past: PastOrder, trial: Trial) -> None:
        live, drafted = trial.live, trial.drafted
        money = drafted.totals.discount - live.totals.discount
        points = drafted.points.earn - live.points.earn
        money_net, points_net = what_stayed(past.history, trial)
        self.changed += 1
        self.points_spent += drafted.points.spend - live.points.spend
        self.gifts += sum(each.quantity for each in drafted.gifts)
        self.gifts -= sum(each.quantity for each in live.gifts)
        self.grants += sum(each.quantity for each in drafted.grants)
        self.grants -= sum(each.quantity for each in live.grants)
        day = self._days.setdefault(past.history.order.placed_on, _Day())
        day.add(money, points)
        day.money_net += money_net
        day.points_net += points_net
        if past.whose is None:
            self.guests += 1
            return
        person = self._members.setdefault(past.whose, _Person())
        person.add(money, points)
        person.tier = past.question.facts.tier or NO_TIER

    def _attribute(self, live: Gave, drafted: Gave) -> None:
        for rule in live.keys() | drafted.keys():
            before, after = live.get(rule), drafted.get(rule)
            if rule not in self.touched and before == after:
                continue
            sums = self._rules.setdefault(rule, (_Sum(), _Sum()))
            for total, gave in zip(sums, (before, after), strict=True):
                if gave is not None:
                    total.add(*gave)
        for rule in drafted.keys() & self.touched:
            for other in drafted.keys() - {rule}:
                both = self._overlap.setdefault((rule, other), _Together())
                both.drafted.add(*drafted[rule])
                both.other.add(*drafted[other])

    def _tiers(self) -> list[dict[str, Any]]:
        """Who wins and who loses, by the tier of a member's last order that changes."""
        found: dict[str, dict[str, Any]] = {}
        for person in self._members.values():
            one = found.setdefault(
                person.tier,
                {"winners": 0, "losers": 0, "orders": 0, "money": 0, "points": 0},
            )
            worth = self._worth(person)
            one["winners"] += worth > 0
            one["losers"] += worth < 0
            one["orders"] += person.orders
            one["money"] += person.money
            one["points"] += person.points
        return [{"tier": tier, **one} for tier, one in sorted(found.items())]

    def _most(self, sign: int) -> list[dict[str, Any]]:
        worths = (
            (sign * self._worth(person), id_.int, id_, person)
            for id_, person in self._members.items()
        )
        named = nlargest(MOST_NAMED, (each for each in worths if each[0] > 0))
        return [
            {
                "member": str(id_),
                "tier": person.tier,
                **person.document(),
                "worth": toward_zero(sign * worth, self.worth[1]),
            }
            for worth, _, id_, person in named
        ]

    def _worth(self, person: _Person) -> int:
        """What a member has more, in minor units times the points that the value is for."""
        value, per = self.worth
        return person.money * per + person.points * value


def what_stayed(history: History, trial: Trial) -> tuple[int, int]:
    """Money and points of the difference, without the share of what was cancelled or came back.

    Each line's share is rounded toward zero; shipping goes when nothing of the goods is left.
    """
    money = points = left_at_all = 0
    lines = zip(history.order.lines, trial.live.lines, trial.drafted.lines, strict=True)
    for line, live, drafted in lines:
        whole, left = _left_of(history.stands[line.line_no])
        left_at_all += left
        off = (live.total + live.points_value) - (drafted.total + drafted.points_value)
        money += toward_zero(off * left, whole)
        points += toward_zero((drafted.earn - live.earn) * left, whole)
    if left_at_all:
        live_shipping, drafted_shipping = trial.live.shipping, trial.drafted.shipping
        money += live_shipping.total + live_shipping.points_value
        money -= drafted_shipping.total + drafted_shipping.points_value
    return money, points


def toward_zero(amount: int, parts: int) -> int:
    """A part of an amount, rounded toward zero."""
    return amount // parts if amount >= 0 else -(-amount // parts)


def _left_of(stand: LineStand) -> tuple[int, int]:
    """How much a line is of, and how much of that is open or kept: by its price, else in units."""
    line = stand.line
    whole = line.figures.regular
    if not whole:
        return line.quantity, stand.open + stand.returnable
    left = stand.shipped_figures.regular - stand.returned_figures.regular
    if stand.open:
        still = line.figures.between(stand.shipped, line.quantity - stand.cancelled, line.quantity)
        left += still.regular
    return whole, left


def _limit(reached: UsedUp) -> Mapping[str, object]:
    first = reached.first_at
    return {**reached._asdict(), "first_at": None if first is None else first.isoformat()}
