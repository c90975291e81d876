"""Random orders through the API: what any splitting, repeating or giving back may never change.

Hypothesis draws carts and how they are cut up; what it finds it shrinks to the smallest life that
still breaks the promise. Every life is a member of its own in one programme.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from loyalty.members import Member
from tests.stories.test_earning_counters import STAR, limited
from tests.stories.test_steps_twice import strip
from tests.support.api import Caller, Web
from tests.support.contents import differences, of_member
from tests.support.proofs import Proof
from tests.support.requirements import proving, sample
from tests.support.shop import RULES, Json, Shop, cart, line, open_programme

START: Final = 3_000
SKUS: Final = ["TEA", "BUN", "JAM"]
POLICIES: Final = ["debt", "deducted", "pending-only", "down-to-zero"]
NUMBERS: Final[Iterator[int]] = count(1)
USED: Final = text(
    "select scope, sum(used) from benefits.counter where member = :member group by scope"
)
COUNTED: Final = (
    *("total", "purchases", "points_spent", "points_earned", "points_released"),
    *("refund_money", "points_returned", "points_clawed_back"),
    *("shortfall_points", "shortfall_money"),
)


def lives(quick: int, full: int) -> Callable[[Any], Any]:
    """Let a test live as many random lives as this run tries."""
    chance = given(st.randoms(use_true_random=False))
    limits = settings(
        max_examples=sample(quick=quick, full=full),
        deadline=None,
        phases=tuple(Phase) if proving() else (Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: limits(chance(test))


def a_line(chance: Random, number: int, *, most: int) -> Json:
    """A line whose amounts do not divide; now and then it earns nothing or counts for nothing."""
    quantity, price = chance.randint(1, 5), chance.randint(0, most)
    sku = chance.choice(SKUS)
    more: Json = {"sku": sku, "category": sku, "tax": chance.randint(0, price * quantity // 8)}
    if chance.random() < 0.5:
        more["member_price"] = chance.randint(0, price)
    for excluded in ("earns", "qualifies"):
        if chance.random() < 0.15:
            more |= {excluded: False, "reason": "gift-card"}
    return line(str(number), quantity, price, **more)


def a_cart(chance: Random, *, most: int = 4_000) -> Json:
    """A cart of a few lines, with or without shipping and tax in its prices."""
    lines = [a_line(chance, number, most=most) for number in range(1, chance.randint(2, 4))]
    included = chance.random() < 0.5
    return cart(*lines, shipping=chance.choice([0, 590]), prices_include_tax=included)


def total(said: Sequence[Json]) -> Counter[str]:
    """Sum up what steps said about money, points and tiers."""
    found: Counter[str] = Counter()
    for step in said:
        found += Counter({figure: step.get(figure, 0) for figure in COUNTED})
    return found


@pytest.fixture
async def shop(web: Web, checkout: Caller) -> Shop:
    """A shop that also carries remainders and limits what tea earns in a month."""
    tea = limited("TEA", **{"for": "member", "every": "month", "most": 30, "short": "partial"})
    await web.application.database.write(open_programme, web.cause(), (*RULES, STAR, tea))
    return Shop(web, checkout)


@pytest.fixture(autouse=True)
def lived(proof: Proof) -> Iterator[None]:
    """Tell how many random lives kept the promise of a test."""
    before = next(NUMBERS)
    yield
    proof("random lives of members that kept the promise", next(NUMBERS) - before - 1)


@dataclass(slots=True)
class Life:
    """A member and what they buy; every step has a name, so that it may be said again."""

    shop: Shop
    chance: Random
    who: Member
    label: str
    orders: int = 0
    steps: int = 0

    @classmethod
    async def begin(cls, shop: Shop, chance: Random) -> "Life":
        """Let somebody join who has points."""
        label = f"q{next(NUMBERS):05d}q"
        who = await shop.web.joined(external_id=f"C-{label}")
        await shop.give(who, START)
        return cls(shop, chance, who, label)

    @property
    def ref(self) -> str:
        """How the shop names the member."""
        return f"ext:C-{self.label}"

    async def quote(self, order: Json) -> Json:
        """Quote a cart, with as many points as the member likes of those that it takes."""
        spendable = (await self.shop.quote(order, who=self.ref))["points"]["spendable"]
        order["points_to_spend"] = self.chance.randint(0, spendable)
        return await self.shop.quote(order, who=self.ref)

    async def place(self, order: Json, *, quote: str | None = None) -> str:
        """Place a cart under the next name."""
        self.orders += 1
        name = f"S-{self.label}-{self.orders}"
        token: Json = {} if quote is None else {"quote": quote}
        await self.shop.place(order, name, who=self.ref, **token)
        return name

    async def ship(self, name: str, *, cancels: float = 0.0, whole: bool = True) -> list[Json]:
        """Ship what is open, cut up as it comes, and cancel now and then; or a part of it."""
        said: list[Json] = []
        while open_ := await self._open(name):
            taken = self.chance.sample(sorted(open_), self.chance.randint(1, len(open_)))
            lines = [
                {"line_id": each, "quantity": self.chance.randint(1, open_[each])} for each in taken
            ]
            shipped = self.chance.random() >= cancels
            step = self.shop.complete if shipped else self.shop.cancel
            done = await step(name, shipment=self._next("P"), lines=lines)
            said.append(done if shipped else {"points_released": done["points_released"]})
            if not whole:
                break
        return said

    async def give_back(self, name: str, *, whole: bool = True) -> list[Json]:
        """Give back what was shipped, by units and by amounts, until nothing is left; or a part."""
        said: list[Json] = []
        while lines := await self._returnable(name):
            some = self.chance.sample(lines, self.chance.randint(1, len(lines)))
            asked = [self._asked(stand) for stand in some]
            back = await self.shop.give_back(name, return_id=self._next("R"), lines=asked)
            said.append(back)
            if not whole:
                return said
        order = await self.shop.order(name)
        left = order["shipping"] - sum(back["shipping"] for back in order["returns"])
        if left and said:
            said.append(await self.shop.give_back(name, return_id=self._next("R"), shipping=True))
        return said

    async def stands(self) -> Json:
        """Where the member stands: points of every kind, tier, and what counts for it."""
        wallet = await self.shop.wallet(self.who)
        told = await (await self.shop.web.caller("admin")).get(f"/v1/members/{self.ref}/tier")
        tier = told.json()
        points = (wallet.available, wallet.pending, wallet.held, wallet.debt)
        counted = {"tier": tier["tier"], "figures": tier["figures"]}
        return {"points": points, "used": await self._used(), **counted}

    async def _used(self) -> Mapping[str, int]:
        """Where the member's counters stand, by rule; those at nothing are left out."""
        async with self.shop.web.application.database.read() as connection:
            rows = await connection.execute(USED, {"member": self.who.id})
            return {scope: int(used) for scope, used in rows if used}

    async def _open(self, name: str) -> dict[str, int]:
        stands = (await self.shop.order(name))["stands"]
        return {stand["line_id"]: stand["open"] for stand in stands if stand["open"]}

    async def _returnable(self, name: str) -> list[Json]:
        stands = (await self.shop.order(name))["stands"]
        return [stand for stand in stands if stand["shipped"] > stand["returned"]]

    def _asked(self, stand: Json) -> Json:
        if stand["refundable"] and self.chance.random() < 0.3:
            amount = self.chance.randint(1, stand["refundable"])
            return {"line_id": stand["line_id"], "amount": amount}
        units = self.chance.randint(1, stand["shipped"] - stand["returned"])
        return {"line_id": stand["line_id"], "quantity": units}

    def _next(self, kind: str) -> str:
        self.steps += 1
        return f"{kind}-{self.steps}"


@lives(quick=6, full=120)
async def test_any_split_of_shipments_and_returns_sums_to_the_whole(
    shop: Shop, chance: Random
) -> None:
    whole, parts = await Life.begin(shop, chance), await Life.begin(shop, chance)
    order = a_cart(chance)
    await whole.quote(order)
    names = [await life.place(order) for life in (whole, parts)]

    at_once = [await shop.complete(names[0])]
    in_parts = await parts.ship(names[1])
    assert total(in_parts) == total(at_once)
    assert await parts.stands() == await whole.stands()

    lines = [{"line_id": each["line_id"], "quantity": each["quantity"]} for each in order["lines"]]
    everything = [await shop.give_back(names[0], lines=lines, shipping=True)]
    piecemeal = await parts.give_back(names[1])
    assert total(piecemeal) == total(everything)
    assert await parts.stands() == await whole.stands()
    nothing = await whole.stands()
    assert (nothing["points"], nothing["used"]) == ((START, 0, 0, 0), {})


@lives(quick=6, full=120)
async def test_what_was_quoted_is_what_is_posted(shop: Shop, chance: Random) -> None:
    life = await Life.begin(shop, chance)
    for _ in range(3):
        order = a_cart(chance, most=15_000)
        quoted = await life.quote(order)
        before = await life.stands()

        name = await life.place(order, quote=quoted["quote"])
        placed = await shop.order(name)
        done = await shop.complete(name)

        assert (placed["totals"], placed["rule_set"]) == (quoted["totals"], quoted["rule_set"])
        for said, kept, sent in zip(quoted["lines"], placed["lines"], done["lines"], strict=True):
            discount = sum(each["amount"] for each in said["discounts"])
            assert (kept["regular"], kept["discount"]) == (said["regular"], discount)
            assert kept["points_value"] == said["points_value"]
            assert kept["total"] == sent["total"] == said["total"]
            assert kept["earn"] == sent["earn"] == said["earn"]
        points = quoted["points"]
        assert (done["points_spent"], done["points_earned"]) == (points["spend"], points["earn"])
        after = await life.stands()
        available = before["points"][0] - points["spend"] + points["earn"]
        assert after["points"] == (available, 0, 0, 0)
        counted = after["figures"]["purchases"] - before["figures"]["purchases"]
        assert counted == done["purchases"] == _purchases(order, quoted)


def _purchases(order: Json, quoted: Json) -> int:
    """What counts for the tiers: paid for lines that earn and qualify, without the tax in it."""
    found = 0
    for asked, said in zip(order["lines"], quoted["lines"], strict=True):
        if asked.get("qualifies", True) and asked.get("earns", True) and said["regular"]:
            tax = asked["tax"] if order["prices_include_tax"] else 0
            found += said["total"] * (said["regular"] - tax) // said["regular"]
    return found


@lives(quick=6, full=120)
async def test_buying_and_giving_back_in_any_order_never_leaves_a_gain(
    shop: Shop, chance: Random
) -> None:
    shortfall, pending = chance.choice(POLICIES), chance.choice([0, 14])
    await shop.policy(shortfall=shortfall, pending_days=pending)
    life = await Life.begin(shop, chance)
    names: list[str] = []
    said: list[Json] = []
    for _ in range(chance.randint(2, 8)):
        if not names or chance.random() < 0.4:
            order = a_cart(chance, most=15_000)
            await life.quote(order)
            names.append(await life.place(order))
        elif chance.random() < 0.6:
            said += await life.ship(chance.choice(names), cancels=0.3, whole=False)
        else:
            said += await life.give_back(chance.choice(names), whole=False)
    for name in names:
        if await life._open(name):
            await shop.cancel(name, shipment=life._next("X"))
    shipping = 0
    for name in names:
        back = await life.give_back(name)
        said += back
        shipping += sum(each["shipping"] for each in (await shop.order(name))["returns"])

    sums, stands = total(said), await life.stands()
    assert sums["refund_money"] == sums["total"] + shipping
    assert sums["points_returned"] == sums["points_spent"]
    forgiven = 0 if shortfall == "debt" else sums["shortfall_points"]
    available, waiting, held, debt = stands["points"]
    assert (available + waiting - debt, held) == (START + forgiven, 0)
    assert shortfall != "deducted" or sums["shortfall_money"] >= forgiven
    assert stands["used"] == {}
    assert (stands["tier"], any(stands["figures"].values())) == ("standard", False)


class Echo(Shop):
    """A shop that says everything twice: the second time it is answered the same, for nothing."""

    def of(self, who: Member, label: str) -> "Echo":
        """Watch a member."""
        self.who, self.label = who, label
        return self

    async def post(self, path: str, body: Json, *, status: int) -> Json:
        """Say it twice, and expect no row of the member to move the second time."""
        once = await Shop.post(self, path, body, status=status)
        if "quotes" not in path:
            before = await self._holds()
            again = await Shop.post(self, path, body, status=status)
            assert strip(again) == strip(once)
            assert differences(await self._holds(), before) == {}
        return once

    async def _holds(self) -> Any:
        return await of_member(self.web.application.database, self.who.id, self.label)


@lives(quick=4, full=60)
async def test_whatever_is_said_again_has_no_effect(shop: Shop, chance: Random) -> None:
    life = await Life.begin(shop, chance)
    life.shop = Echo(shop.web, shop.caller).of(life.who, life.label)
    order = a_cart(chance)
    await life.quote(order)
    name = await life.place(order)
    await life.ship(name, cancels=0.3)
    await life.give_back(name)

    assert (await life.stands())["points"] == (START, 0, 0, 0)
