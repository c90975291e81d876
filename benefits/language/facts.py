"""How each fact is read: from the member, the cart, or the order as far as it is priced. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from benefits.language.nodes import SUBTOTAL_STEPS
from benefits.language.tree import Comparison
from benefits.types import Cart, Facts, Line

Seen = int | str | bool | tuple[str, ...] | None
LineTest = Callable[[Line], bool]


@dataclass(frozen=True, slots=True)
class SkuIs:
    """The line test of most price actions; what meets it is looked up."""

    sku: str

    def __call__(self, line: Line) -> bool:
        """Whether the line is of the SKU."""
        return line.sku == self.sku


class Scene:
    """What a condition looks at: the member, the cart, and every line's money after each step.

    `stages[i]` holds the money of the lines after `SUBTOTAL_STEPS[i]`, `sums[i]` its total.
    """

    __slots__ = ("_by_sku", "_selected", "cart", "codes", "facts", "stages", "sums")

    def __init__(self, cart: Cart, facts: Facts, codes: tuple[str, ...]) -> None:
        self.cart = cart
        self.facts = facts
        self.codes = codes
        self.stages: list[list[int]] = []
        self.sums: list[int] = []
        self._by_sku: dict[str, list[int]] = {}
        self._selected: dict[LineTest, Sequence[int]] = {}

    def close_step(self, totals: list[int]) -> None:
        """Keep the money of the lines as a step left it."""
        self.stages.append(totals.copy())
        self.sums.append(sum(totals))

    def selected(self, where: LineTest) -> Sequence[int]:
        """The positions of the lines that meet a condition; each line is asked once."""
        if isinstance(where, SkuIs):
            return self._of_sku(where.sku)
        found = self._selected.get(where)
        if found is None:
            found = [place for place, line in enumerate(self.cart.lines) if where(line)]
            self._selected[where] = found
        return found

    def _of_sku(self, sku: str) -> Sequence[int]:
        by_sku = self._by_sku
        if not by_sku:
            for place, line in enumerate(self.cart.lines):
                by_sku.setdefault(line.sku, []).append(place)
        return by_sku.get(sku, ())


Reader = Callable[[Scene], Seen]


def _first_order(scene: Scene) -> Seen:
    count = scene.facts.order_count
    return None if count is None else count == 0


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "member": lambda scene: scene.facts.member,
        "tier": lambda scene: scene.facts.tier,
        "plan": lambda scene: scene.facts.plan,
        "plan-state": lambda scene: scene.facts.plan_state,
        "days-since-plan": lambda scene: scene.facts.days_since_plan,
        "class": lambda scene: scene.facts.member_class,
        "days-since-joining": lambda scene: scene.facts.days_since_joining,
        "birthday": lambda scene: scene.facts.birthday,
        "tags": lambda scene: scene.facts.tags,
        "lists": lambda scene: scene.facts.lists,
        "first-order": _first_order,
        "order-count": lambda scene: scene.facts.order_count,
        "days-since-last-order": lambda scene: scene.facts.days_since_last_order,
        "channel": lambda scene: scene.cart.channel,
        "country": lambda scene: scene.cart.country,
        "shipping-method": lambda scene: scene.cart.shipping_method,
        "voucher-codes": lambda scene: scene.codes,
    }
)
"""The facts that are simply there; `subtotal` and `quantity` are computed, see `reader_of`."""

LINE_READERS: Mapping[str, Callable[[Line], Seen]] = MappingProxyType(
    {
        "sku": lambda line: line.sku,
        "category": lambda line: line.category,
        "brand": lambda line: line.brand,
        "tags": lambda line: line.tags,
        "price": lambda line: line.regular // line.quantity,
        "amount": lambda line: line.regular,
    }
)


def reader_of(node: Comparison, stage: int, where: LineTest | None) -> Reader:
    """How a comparison sees its fact; `stage` is how far the order is priced by then."""
    if node.fact.name == "subtotal":
        stage = stage if node.step is None else SUBTOTAL_STEPS.index(node.step)
        return _subtotal(stage, where)
    if node.fact.name == "quantity":
        return _quantity(where)
    return READERS[node.fact.name]


def _subtotal(stage: int, where: LineTest | None) -> Reader:
    if where is None:
        return lambda scene: scene.sums[stage]

    def subtotal(scene: Scene) -> Seen:
        totals = scene.stages[stage]
        return sum([totals[place] for place in scene.selected(where)])

    return subtotal


def _quantity(where: LineTest | None) -> Reader:
    if where is None:
        return lambda scene: sum([line.quantity for line in scene.cart.lines])

    def quantity(scene: Scene) -> Seen:
        lines = scene.cart.lines
        return sum([lines[place].quantity for place in scene.selected(where)])

    return quantity
