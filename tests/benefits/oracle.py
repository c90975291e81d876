"""A second evaluator of what rules take off: slow, unit by unit, written from docs/rules.md.

It shares no code with the engine: it reads rules as JSON, counts in fractions, and looks at every
unit by itself. Hypothesis compares the two (`test_oracle.py`). Whatever is not said here is not
compared: earning, rights, gifts, limits and reasons.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from benefits import Line, PresentedVoucher, Question
from tests.benefits.builders import TIERS
from tests.benefits.single_units import (
    Unit,
    bundles,
    dearest_first,
    laid_on,
    per_line,
    percent_of,
    rounded,
    within,
    worth_of,
)

Document = Mapping[str, Any]

PRICES, LINES, ORDERS, VOUCHERS, SHIPPING = range(5)
GROUPED = ("bundle", "nth-unit", "buy-get")


class Offer(NamedTuple):
    """A rule as it is worked out: once, or once for each of its vouchers."""

    rule: Document
    voucher: PresentedVoucher | None

    @property
    def name(self) -> str:
        """The rule's name."""
        return str(self.rule["rule"])


class Sale:
    """What each line and shipping cost while the rules are worked through."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.cart = question.cart
        self.lines = [line.regular for line in question.cart.lines]
        self.shipping = question.cart.shipping_price
        self.after = [list(self.lines)]
        """What the lines cost before the first step, and after each step that is done."""
        self.off: dict[tuple[str, int], int] = {}
        """What each rule took off each line; of shipping under -1."""

    @property
    def total(self) -> int:
        """What is left to pay."""
        return sum(self.lines) + self.shipping

    def take(self, offer: Offer, step: int) -> int:
        """Work out the rule's effects of a step, one upon the other; answer what they took."""
        before = self.total
        for effect in offer.rule["effects"]:
            if step_of(effect, offer.rule) != step:
                continue
            if step == SHIPPING:
                self._note(offer, -1, off_shipping(effect, offer, self))
                continue
            for line, cents in enumerate(off_goods(effect, offer, self)):
                self._note(offer, line, cents)
        return before - self.total

    def would_take(self, offer: Offer, step: int) -> int:
        """Answer what they would take."""
        kept = list(self.lines), self.shipping, dict(self.off)
        taken = self.take(offer, step)
        self.lines, self.shipping, self.off = kept
        return taken

    def _note(self, offer: Offer, line: int, cents: int) -> None:
        if not cents:
            return
        if line < 0:
            self.shipping -= cents
        else:
            self.lines[line] -= cents
        self.off[offer.name, line] = self.off.get((offer.name, line), 0) + cents


def owed(rules: Sequence[Document], modes: Mapping[str, str], question: Question) -> Sale:
    """Work out what is to pay, by all the rules together or by an exclusive one alone."""
    ordered = sorted(rules, key=lambda rule: (-rule.get("priority", 0), rule["rule"]))
    offers = [offer for rule in ordered for offer in offers_of(rule, question)]
    together = [offer for offer in offers if not offer.rule.get("exclusive")]
    best = work_through(together, modes, question)
    for offer in offers:
        if offer.rule.get("exclusive"):
            alone = work_through([offer], modes, question)
            if alone.total < best.total:
                best = alone
    return best


def offers_of(rule: Document, question: Question) -> list[Offer]:
    """Say how often a rule is worked out: once, or for each of its vouchers that may be used."""
    if "voucher" not in rule:
        return [Offer(rule, None)]
    return [
        Offer(rule, voucher)
        for voucher in question.vouchers
        if voucher.definition == rule["voucher"] and voucher.refusal is None
    ]


def work_through(offers: Sequence[Offer], modes: Mapping[str, str], question: Question) -> Sale:
    """Step by step, rule by rule; of a group of mode best or first one rule at each step."""
    sale = Sale(question)
    for step in range(5):
        concerned = [offer for offer in offers if step in steps_of(offer.rule)]
        done: set[str] = set()
        for offer in concerned:
            group = str(offer.rule.get("group"))
            mode = modes.get(group, "all")
            if not met(offer, sale):
                continue
            if mode == "best" and group not in done:
                done.add(group)
                rivals = [each for each in concerned if each.rule.get("group") == group]
                rivals = [each for each in rivals if met(each, sale)]
                sale.take(max(rivals, key=lambda each: sale.would_take(each, step)), step)
            elif mode == "first" and group not in done:
                if sale.take(offer, step):
                    done.add(group)
            elif mode not in {"best", "first"}:
                sale.take(offer, step)
        sale.after.append(list(sale.lines))
    return sale


# --- when a rule counts -----------------------------------------------------------------------


def steps_of(rule: Document) -> set[int]:
    """Tell at which steps a rule works."""
    return {step_of(effect, rule) for effect in rule["effects"]}


def step_of(effect: Document, rule: Document) -> int:
    """Tell at which step an effect works."""
    if effect["effect"] == "free-shipping" or effect.get("target") == "shipping":
        return SHIPPING
    if "voucher" in rule:
        return VOUCHERS
    if effect["effect"] == "exclusive-price":
        return PRICES
    return LINES if effect["effect"] in GROUPED or effect["target"] == "lines" else ORDERS


def met(offer: Offer, sale: Sale) -> bool:
    """Whether the rule's conditions hold; its subtotal is seen when its first effect works."""
    when = offer.rule.get("when")
    seen = min(*steps_of(offer.rule), ORDERS)
    return when is None or holds(when, sale, seen)


def holds(node: Document, sale: Sale, seen: int) -> bool:
    """Whether a condition holds."""
    if "all" in node:
        return all(holds(part, sale, seen) for part in node["all"])
    if "any" in node:
        return any(holds(part, sale, seen) for part in node["any"])
    if "not" in node:
        return not holds(node["not"], sale, seen)
    return _holds_fact(node, sale, seen)


def _holds_fact(node: Document, sale: Sale, seen: int) -> bool:
    facts, lines = sale.question.facts, sale.cart.lines
    match node:
        case {"fact": "subtotal" | "quantity" as of}:
            amounts = sale.after[seen] if of == "subtotal" else [line.quantity for line in lines]
            where = node.get("where")
            chosen = [p for p, line in enumerate(lines) if where is None or suits(line, where)]
            return sum(amounts[p] for p in chosen) >= int(node["at-least"])
        case {"fact": "tier", "at-least": lowest}:
            return facts.tier in TIERS[TIERS.index(lowest) :]
        case {"fact": "tags", "has-all": wanted}:
            return set(wanted) <= set(facts.tags)
        case {"fact": "order-count", "at-most": most}:
            return facts.order_count is not None and facts.order_count <= int(most)
        case _:
            pass
    said: dict[str, Sequence[object]] = {
        "member": [facts.member],
        "tier": [facts.tier],
        "channel": [sale.cart.channel],
        "birthday": facts.birthday,
        "first-order": [facts.order_count == 0] if facts.order_count is not None else [],
    }
    wanted = node.get("in") or [node.get("is", node.get("within"))]
    return any(one in said[node["fact"]] for one in wanted)


def suits(line: Line, where: Document) -> bool:
    """Whether a line is one of those meant."""
    if "all" in where:
        return all(suits(line, part) for part in where["all"])
    if "any" in where:
        return any(suits(line, part) for part in where["any"])
    if "not" in where:
        return not suits(line, where["not"])
    if where["fact"] == "amount":
        return line.regular >= int(where["at-least"])
    said = line.sku if where["fact"] == "sku" else line.category
    return said == where["is"] if "is" in where else said in where["in"]


# --- what an effect takes off -----------------------------------------------------------------


def off_shipping(effect: Document, offer: Offer, sale: Sale) -> int:
    """Tell what is taken off shipping."""
    goods = sum(sale.lines)
    if effect["effect"] == "free-shipping":
        methods = effect.get("methods")
        wanted = 0 if methods and sale.cart.shipping_method not in methods else sale.shipping
    elif effect["effect"] == "percent-off":
        wanted = rounded(sale.shipping * percent_of(effect, goods))
    else:
        wanted = amount_of(effect, offer, goods)
    return min(wanted, sale.shipping, int(effect.get("cap", wanted)))


def off_goods(effect: Document, offer: Offer, sale: Sale) -> list[int]:
    """Tell what is taken off each line of the cart."""
    chosen = meant(effect.get("where"), offer, sale)
    kind = effect["effect"]
    if kind == "exclusive-price":
        prices = {p: price_of(effect, p, sale) for p in chosen}
        off = {p: max(0, sale.lines[p] - price) for p, price in prices.items()}
    elif kind == "bundle":
        off = bundles(effect, units_of(chosen, sale))
    elif kind in GROUPED:
        off = per_line(had_units(effect, offer, sale, chosen), Fraction(percent_of(effect, 0)))
        off = within(off, effect.get("cap"))
    elif kind == "percent-off":
        off = percent_off(effect, chosen, sale)
    else:
        off = amount_off(effect, offer, chosen, sale)
    return [off.get(p, 0) for p in range(len(sale.lines))]


def percent_off(effect: Document, chosen: Sequence[int], sale: Sale) -> dict[int, int]:
    """A percentage off each line, or off the order and laid on its lines."""
    percent = percent_of(effect, sum(sale.lines[p] for p in chosen))
    worth = worth_of(some_units(effect, chosen, sale))
    if effect["target"] == "order":
        whole = rounded(sum(worth.values()) * percent)
        return laid_on(min(whole, effect.get("cap", whole)), worth)
    return within({p: rounded(cents * percent) for p, cents in worth.items()}, effect.get("cap"))


def amount_off(effect: Document, offer: Offer, chosen: Sequence[int], sale: Sale) -> dict[int, int]:
    """An amount off each unit, or once and laid on the lines."""
    amount = amount_of(effect, offer, sum(sale.lines[p] for p in chosen))
    units = some_units(effect, chosen, sale)
    if effect.get("each") == "unit":
        each = [unit._replace(cents=min(amount, unit.cents)) for unit in units]
        return within(worth_of(each), effect.get("cap"))
    worth = worth_of(units)
    whole = min(amount, sum(worth.values()))
    return laid_on(min(whole, effect.get("cap", whole)), worth)


def had_units(effect: Document, offer: Offer, sale: Sale, chosen: Sequence[int]) -> list[Unit]:
    """Tell which units are had for less; a `get_where` that repeats `where` adds nothing."""
    if "get_where" in effect and effect["get_where"] != effect.get("where"):
        return had_for_others(effect, chosen, meant(effect["get_where"], offer, sale), sale)
    nth = effect.get("nth")
    buy, get = (nth - 1, 1) if nth else (effect["buy"], effect["get"])
    ranked = dearest_first(units_of(chosen, sale))
    starts = range(0, len(ranked), buy + get)[: effect.get("times")]
    return [unit for start in starts for unit in ranked[start + buy : start + buy + get]]


def had_for_others(
    effect: Document, bought: Sequence[int], had: Sequence[int], sale: Sale
) -> list[Unit]:
    """Of all numbers of rounds the fewest that bring most; no unit is both bought and had."""
    stock = len(units_of(bought, sale))
    rounds_most = min(stock // effect["buy"], effect.get("times", stock))
    best: list[Unit] = []
    for rounds in range(1, rounds_most + 1):
        spare = stock - rounds * effect["buy"]
        taken: list[Unit] = []
        for unit in dearest_first(units_of(had, sale)):
            if len(taken) == rounds * effect["get"]:
                break
            if unit.line in bought:
                if not spare:
                    continue
                spare -= 1
            taken.append(unit)
        if sum(unit.cents for unit in taken) > sum(unit.cents for unit in best):
            best = taken
    return best


# --- what it is worked out of -----------------------------------------------------------------


def meant(where: Document | None, offer: Offer, sale: Sale) -> list[int]:
    """Tell which lines are meant, by the effect and by the voucher."""
    skus = offer.voucher.skus if offer.voucher is not None else ()
    return [
        place
        for place, line in enumerate(sale.cart.lines)
        if (where is None or suits(line, where)) and (not skus or line.sku in skus)
    ]


def price_of(effect: Document, place: int, sale: Sale) -> int:
    """Tell the exclusive price of a line, or what it costs where there is none."""
    line = sale.cart.lines[place]
    if "percent" in effect:
        return line.regular - rounded(line.regular * percent_of(effect, 0))
    if "price_list" in effect:
        listed: list[int] = [
            price.amount * line.quantity
            for price in sale.question.prices
            if (price.price_list, price.sku) == (effect["price_list"], line.sku)
        ]
        return listed[0] if listed else sale.lines[place]
    return sale.lines[place] if line.member_amount is None else line.member_amount


def amount_of(effect: Document, offer: Offer, worth: int) -> int:
    """Tell the amount taken off: of the steps reached the highest, or again and again."""
    if "steps" in effect:
        reached = [step["amount"] for step in effect["steps"] if worth >= step["from"]]
        return int(reached[-1]) if reached else 0
    if "amount_of" in effect:
        return 0 if offer.voucher is None else offer.voucher.amount or 0
    if "every" in effect:
        rounds = worth // int(effect["every"])
        return int(effect["amount"]) * min(rounds, int(effect.get("times", rounds)))
    return int(effect["amount"])


def units_of(chosen: Iterable[int], sale: Sale) -> list[Unit]:
    """Count out the units that cost anything, of each line the dearer ones first."""
    units = []
    for place in chosen:
        left, pieces = sale.lines[place], sale.cart.lines[place].quantity
        while pieces:
            cents = -(-left // pieces)
            units.append(Unit(place, cents))
            left, pieces = left - cents, pieces - 1
    return [unit for unit in units if unit.cents]


def some_units(effect: Document, chosen: Iterable[int], sale: Sale) -> list[Unit]:
    """Tell which units an effect works on: all, or some of them."""
    units, pick = units_of(chosen, sale), effect.get("pick", "all")
    if pick == "all":
        return units[: effect.get("units", len(units))]
    ranked = sorted(units, key=lambda unit: (unit.cents, unit.line))
    return (ranked if pick == "cheapest" else dearest_first(units))[: effect.get("units", 1)]
