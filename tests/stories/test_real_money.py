"""A real retailer's year of tills, line by line: three rules come to what the shop received.

What the columns mean, and why a line costs what it does, stands in `tests.support.baskets`. The
card price is the line's own member price, each match of a coupon a voucher of that amount, good
once and for the line's product only. The third rule earns: a point for each dollar received.

The import drops a line that has neither quantity nor money, so it is left out here, and counted by
what it was. A line with money and no quantity is taken as one piece, as the import does.
"""

import resource
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    Cart,
    Decision,
    Facts,
    Line,
    NewVoucher,
    PresentedVoucher,
    Question,
    RuleSet,
    RuleVersion,
    VoucherDefinition,
    compile_rule_set,
    decision_text,
    demand,
    evaluate,
    issue_vouchers,
    mint_code,
    replay,
)
from loyalty.cause import Cause
from loyalty.ids import new_id
from loyalty.members import Member
from loyalty.names import VOUCHER, Name, take_names
from loyalty.vouchers import define_voucher, list_vouchers
from tests.support.api import Caller, Web
from tests.support.baskets import Bought, RealBasket, real_baskets
from tests.support.proofs import Proof
from tests.support.requirements import proving, sample
from tests.support.shop import CARD_PRICE, EARN_ONE, Json, Shop, open_programme

AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
MATCH: Json = {
    "rule": "matched-coupon",
    "titles": {"en": "We match your coupon"},
    "voucher": "match",
    "effects": [{"effect": "amount-off", "amount_of": "voucher", "target": "lines"}],
}
RULES = (CARD_PRICE, MATCH, EARN_ONE)
DEFINITION = VoucherDefinition("match", {"en": "Matched coupon"}, uses=1)
TIERS = ("standard", "silver", "gold", "diamond")
MEMBER = Facts(member=True, tier="standard", member_class="consumer", order_count=1)
WHOLE_YEAR = {"baskets": 155_520, "lines": 1_460_467, "cents": 459_603_958, "matched": 454_265}
DROPPED_OF_THE_YEAR = {"nothing": 5859, "a coupon only": 2978, "a card discount only": 3}
"""Of 8,869 lines without a quantity 29 have money, to the cent."""
CODES_MOST = 20
"""Voucher codes that one cart may name over the API."""


def rule_set() -> RuleSet:
    """Return the three rules, compiled."""
    rules = [RuleVersion(each["rule"], 1, each) for each in RULES]
    return compile_rule_set(rules, version=1, tiers=TIERS)


def why_dropped(line: Bought) -> str | None:
    """Say what a line was that the import drops; None for one that it takes."""
    if line.quantity or line.paid:
        return None
    if line.matched:
        return "a match only"
    return "a coupon only" if line.coupon else "a card discount only" if line.card else "nothing"


def imported(dropped: Counter[str]) -> Iterator[RealBasket]:
    """Read baskets as the import takes them, counting what it drops."""
    for basket in real_baskets():
        reasons = [why_dropped(line) for line in basket.lines]
        dropped.update(reason for reason in reasons if reason is not None)
        taken = [
            line._replace(quantity=line.quantity or 1)
            for line, reason in zip(basket.lines, reasons, strict=True)
            if reason is None
        ]
        if taken:
            yield basket._replace(lines=taken)
        else:
            dropped["baskets"] += 1


def question(basket: RealBasket) -> Question:
    """Return the question that the till had to answer."""
    lines = tuple(
        Line(str(place), line.sku, line.quantity, line.regular, member_amount=line.with_card)
        for place, line in enumerate(basket.lines, start=1)
    )
    vouchers = tuple(
        PresentedVoucher(
            f"M{place}",
            UUID(int=place),
            UUID(int=1),
            "match",
            amount=line.matched,
            skus=(line.sku,),
        )
        for place, line in enumerate(basket.lines, start=1)
        if line.matched
    )
    return Question(Cart("USD", lines), AT, MEMBER, vouchers)


def check(basket: RealBasket, decision: Decision) -> None:
    """Expect what the shop received, line by line, and each discount for its reason."""
    for line, answer in zip(basket.lines, decision.lines, strict=True):
        assert answer.total == line.paid, (basket.name, line.sku)
        given = {each.rule: each.amount for each in answer.discounts}
        wanted = {"card-price": line.card, "matched-coupon": line.matched}
        assert given == {rule: amount for rule, amount in wanted.items() if amount}
    paid = sum(line.paid for line in basket.lines)
    matches = [line.matched for line in basket.lines if line.matched]
    assert decision.totals.payable == paid
    assert decision.points.earn == paid // 100
    assert [each.amount for each in decision.vouchers] == matches


def test_three_rules_come_to_what_the_shop_received_line_by_line(proof: Proof) -> None:
    rules, dropped = rule_set(), Counter[str]()
    found: Counter[str] = Counter()
    most = sample(quick=1_500, full=1_000_000)
    warm = memory = 0
    begun = time.perf_counter()

    for number, basket in enumerate(islice(imported(dropped), most)):
        decision = evaluate(rules, question(basket))

        check(basket, decision)
        found["baskets"] += 1
        found["lines"] += len(basket.lines)
        found["cents"] += decision.totals.payable
        found["regular"] += decision.totals.regular
        found["matched"] += sum(each.amount for each in decision.vouchers)
        found["matches"] += len(decision.vouchers)
        if number % 50 == 0:
            text = decision_text(decision)
            assert decision_text(replay(text, rules)) == text
        if number == 5_000:
            warm = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - warm

    assert found["matches"] > 10
    assert dropped.total() > 10
    if proving():
        assert {name: found[name] for name in WHOLE_YEAR} == WHOLE_YEAR
        assert dropped - Counter(baskets=dropped["baskets"]) == DROPPED_OF_THE_YEAR
        assert memory < 64 * 1024, "kilobytes more than after the first 5,000 baskets"
    proof("real baskets decided to the cent, line by line", found["baskets"])
    proof("their lines", found["lines"])
    proof("received by the shop, as decided", f"{found['cents'] / 100:,.2f}", "USD")
    proof("regular prices of the same", f"{found['regular'] / 100:,.2f}", "USD")
    proof("coupons matched", found["matches"])
    for reason, count in sorted(dropped.items()):
        proof(f"left out as the import does, {reason}", count)
    proof("memory beyond that of the first 5,000 baskets", round(memory / 1024), "MB")
    proof("seconds", round(time.perf_counter() - begun, 1), "s")


@pytest_asyncio.fixture
async def shop(web: Web, checkout: Caller) -> Shop:
    """A shop with the three rules and no others."""
    await web.application.database.write(define_voucher, web.cause(), DEFINITION)
    await web.application.database.write(open_programme, web.cause(), RULES)
    return Shop(web, checkout)


async def match_coupons(
    connection: AsyncConnection, cause: Cause, whose: Member, basket: RealBasket
) -> list[str]:
    """Issue a voucher for each coupon that the shop matched; return the codes."""
    vouchers = [
        NewVoucher(
            member=whose.id,
            id=new_id(cause.at),
            code=mint_code(secrets.randbelow),
            definition="match",
            starts_at=cause.at,
            amount=line.matched,
            skus=(line.sku,),
        )
        for line in basket.lines
        if line.matched
    ]
    names = [Name(VOUCHER, each.code, whose.id, each.id) for each in vouchers]
    assert len(await take_names(connection, names)) == 0
    for outcome in await issue_vouchers(connection, vouchers, at=cause.at):
        demand(outcome)
    return [each.code for each in vouchers]


def some_baskets(most: int) -> list[RealBasket]:
    """Return baskets with as many matches as a cart may name, and as many baskets without one."""
    with_match: list[RealBasket] = []
    without: list[RealBasket] = []
    for basket in imported(Counter()):
        matches = sum(1 for line in basket.lines if line.matched)
        (with_match if matches else without).append(basket)
        if matches > CODES_MOST:
            with_match.pop()
        if len(with_match) >= most:
            break
    return [*with_match, *without[:most]]


async def test_over_the_api_a_real_basket_is_quoted_placed_and_earns_on_what_was_received(
    shop: Shop, web: Web, proof: Proof
) -> None:
    earned: Counter[str] = Counter()
    members: dict[str, Member] = {}
    baskets = some_baskets(sample(quick=2, full=100))

    for basket in baskets:
        household = basket.household
        if household not in members:
            members[household] = await web.joined(external_id=household)
        whose = members[household]
        codes = await web.application.database.write(match_coupons, web.cause(), whose, basket)
        order = over_the_api(basket, codes)
        quoted = await shop.quote(order, who=f"ext:{household}")
        placed = await shop.place(order, basket.name, who=f"ext:{household}", quote=quoted["quote"])
        await shop.complete(basket.name)
        stands = await shop.order(basket.name)

        paid = [line.paid for line in basket.lines]
        assert [line["total"] for line in quoted["lines"]] == paid
        assert [line["total"] for line in placed["lines"]] == paid
        assert stands["totals"]["payable"] == sum(paid)
        async with web.application.database.read() as connection:
            stored = await list_vouchers(connection, whose.id, limit=100)
        assert {each.uses_redeemed for each in stored} <= {1}
        earned[household] += sum(paid) // 100

    for household, points in earned.items():
        assert (await shop.wallet(members[household])).available == points
    await shop.holds()
    proof("real baskets through quote, place, complete and ledger", len(baskets))


def over_the_api(basket: RealBasket, codes: list[str]) -> Json:
    """Return the cart as a shop sends it."""
    lines = [
        {
            "line_id": str(place),
            "sku": line.sku,
            "quantity": line.quantity,
            "amount": line.regular,
            "member_amount": line.with_card,
        }
        for place, line in enumerate(basket.lines, start=1)
    ]
    return {"currency": "USD", "lines": lines, "voucher_codes": codes}
