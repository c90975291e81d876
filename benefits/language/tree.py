"""A checked rule as typed values: conditions, effects, schedule. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from benefits.counted import Limit
from benefits.language.nodes import Fact

Wanted = int | str | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A fact compared with what is wanted."""

    fact: Fact
    operator: str
    wanted: Wanted
    where: "Node | None" = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Node"


Node = Comparison | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class FreeShipping:
    """Shipping costs nothing, up to a cap, for the methods named (none named: for all)."""

    methods: tuple[str, ...] = ()
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class ExclusivePrice:
    """A price for members: from a price list, a percentage below regular, or the line's own."""

    price_list: str | None = None
    percent: int | None = None
    line_price: bool = False
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """What counts from an amount on: a percentage in hundredths, or money."""

    from_: int
    gives: int


@dataclass(frozen=True, slots=True)
class PercentOff:
    """A percentage (in hundredths) off lines, the order or shipping; None is told by the steps."""

    percent: int | None
    target: str
    where: Node | None = None
    cap: int | None = None
    steps: tuple[Reached, ...] = ()
    units: int | None = None
    """The most units it works on; None is all of them."""
    pick: str = "all"


@dataclass(frozen=True, slots=True)
class AmountOff:
    """An amount off lines, the order or shipping; None is told by steps, else by the voucher."""

    amount: int | None
    target: str
    where: Node | None = None
    each_unit: bool = False
    cap: int | None = None
    steps: tuple[Reached, ...] = ()
    every: int | None = None
    """Once for every so much that the lines cost."""
    times: int | None = None
    units: int | None = None
    """The most units it works on; None is all of them."""
    pick: str = "all"


@dataclass(frozen=True, slots=True)
class Bundle:
    """So many units for one price, the dearest first."""

    units: int
    price: int
    where: Node | None = None
    times: int | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class NthUnit:
    """Of every so many units the cheapest at a percentage (in hundredths) off."""

    nth: int
    percent: int
    where: Node | None = None
    times: int | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class BuyGet:
    """For so many units bought, some more at a percentage (in hundredths) off.

    Without `get_where` the cheapest of each group are had; with it the dearest that it selects.
    """

    buy: int
    get: int
    percent: int
    where: Node | None = None
    get_where: Node | None = None
    times: int | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class GiftOf:
    """Units of a SKU that the shop adds for nothing, or of another that the member may choose."""

    sku: str
    quantity: int = 1
    choose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VoucherOf:
    """Vouchers of a definition for a later order."""

    definition: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class EarnRate:
    """So many points per so many minor units of a basis.

    One that carries its remainder, or names a rounding, is rounded by itself for each order.
    """

    points: int
    per: int
    where: Node | None = None
    basis: str = "paid"
    carry: bool = False
    rounding: str | None = None


@dataclass(frozen=True, slots=True)
class EarnEach:
    """So many points for each unit bought, or for the order; unlike a bonus it is multiplied."""

    points: int
    each: str
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """The rate from where the band before ends up to an amount spent in the period."""

    upto: int | None
    points: int
    per: int


@dataclass(frozen=True, slots=True)
class EarnBands:
    """Rates by what a member has spent in the period; each part of an order has its band's."""

    bands: tuple[Band, ...]
    every: str
    where: Node | None = None
    basis: str = "paid"
    rounding: str | None = None


@dataclass(frozen=True, slots=True)
class EarnMultiplier:
    """What rates earn, times a factor in hundredths."""

    multiplier: int
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class EarnBonus:
    """So many points once per order."""

    bonus: int
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Entitles:
    """A right of a kind: of what (an issue, an event; None is all), and how much of it."""

    kind: str
    subject: str | None = None
    value: int | str | None = None


Effect = (
    FreeShipping
    | ExclusivePrice
    | PercentOff
    | AmountOff
    | Bundle
    | NthUnit
    | BuyGet
    | GiftOf
    | VoucherOf
    | EarnRate
    | EarnEach
    | EarnBands
    | EarnMultiplier
    | EarnBonus
    | Entitles
)


@dataclass(frozen=True, slots=True)
class MemberDay:
    """A day that comes back: each week, month or year."""

    every: str
    weekday: int = 0
    month: int = 0
    day: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a rule is open: within validity, and on all the recurring parts that are named."""

    from_at: datetime | None = None
    to_at: datetime | None = None
    zone: str | None = None
    weekdays: frozenset[int] = frozenset()
    hours: tuple[int, int] | None = None
    """Minutes of the day, half-open; an end before the beginning reaches past midnight."""
    days: frozenset[int] = frozenset()
    member_days: tuple[MemberDay, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked rule."""

    name: str
    effects: tuple[Effect, ...]
    titles: Mapping[str, str]
    on: str | None = None
    """The kind of event that it answers; None is a cart."""
    when: Node | None = None
    schedule: Schedule | None = None
    voucher: str | None = None
    group: str | None = None
    exclusive: bool = False
    limits: tuple[Limit, ...] = ()
    holdout: int | None = None
    """The share of members, in hundredths of a percent, who do not get it."""
    priority: int = 0
    tell: bool = False
