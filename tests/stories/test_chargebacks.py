"""A buyer's bank takes money back: points follow, the wallet is locked, somebody looks at it."""

import pytest

from tests.stories.test_statements import MOST, counting
from tests.support.api import Caller, Web
from tests.support.shop import Json, Shop, cart, line


async def charge_back(shop: Shop, name: str = "S-1", *, status: int = 201, **body: object) -> Json:
    """Report a chargeback."""
    return await shop.post(f"/v1/orders/ext:{name}/chargeback", body, status=status)


async def settle(caller: Caller, exception: str, *, status: int = 200, **body: str) -> Json:
    """Settle an exception."""
    answered = await caller.post(f"/v1/exceptions/{exception}/settle", body)
    assert answered.status_code == status, answered.text
    content: Json = answered.json()
    return content


async def test_a_chargeback_takes_back_what_was_earned_and_locks_the_wallet_until_it_was_reviewed(
    shop: Shop, web: Web, finance: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.give(ada, 100)
    order = cart(line("1", 3, 333), line("2", 1, 3_000), points_to_spend=50, shipping=777)
    await shop.place(order)
    done = await shop.complete()
    assert (done["total"], done["points_earned"]) == (3_949, 39)

    some = await charge_back(shop, amount=1_000, reason="not-received", chargeback_id="D-1")
    with counting(monkeypatch) as seen:
        rest = await charge_back(shop, reason="fraudulent", chargeback_id="D-2")

    assert len(seen) <= MOST, seen
    assert (some["money"], some["wallet_locked"], some["shipping"]) == (1_000, True, 164)
    assert [one["refund_money"] for one in some["lines"]] == [209, 627]
    assert (rest["money"], rest["wallet_locked"]) == (3_726, False)
    assert some["points_clawed_back"] + rest["points_clawed_back"] == 39
    wallet = await shop.wallet(ada)
    assert (wallet.available, wallet.frozen, wallet.debt) == (50, True, 0)
    refused = await shop.place(cart(points_to_spend=10), "S-2", status=409)
    assert refused["code"] == "wallet-frozen"
    await shop.holds()

    back = await shop.give_back(lines=[{"line_id": "1", "quantity": 1}])
    assert (back["refund_money"], back["points_returned"]) == (0, 4)
    back = await shop.give_back(
        lines=[{"line_id": "1", "quantity": 2}, {"line_id": "2", "quantity": 1}]
    )
    assert (back["refund_money"], back["points_returned"]) == (0, 46)

    upheld = await settle(finance, rest["review"], outcome="released", reason="known-buyer")
    assert upheld["settled"]["by"].startswith("key:")
    assert (await shop.wallet(ada)).frozen
    await settle(finance, some["review"], outcome="released", reason="known-buyer")
    assert not (await shop.wallet(ada)).frozen
    await shop.holds()


async def test_a_lock_that_is_upheld_stays_and_a_review_is_settled_once(
    shop: Shop, web: Web, finance: Caller
) -> None:
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 1, 999)))
    review = (await charge_back(shop, reason="fraudulent", chargeback_id="D-1"))["review"]

    unfit = await settle(finance, review, reason="fraud", status=422)
    assert (unfit["code"], unfit["errors"][0]["pointer"]) == ("outcome-unfit", "/outcome")
    once = await settle(finance, review, outcome="upheld", reason="fraud", reference="CASE-1")
    again = await settle(finance, review, outcome="upheld", reason="fraud", reference="CASE-1")
    other = await settle(finance, review, outcome="released", reason="fraud", status=409)

    assert once == again
    assert once["settled"]["reference"] == "CASE-1"
    assert other["code"] == "exception-settled"
    assert (await shop.wallet(ada)).frozen
    missing = await finance.get("/v1/exceptions/exc_00000000000000000000000001")
    assert missing.json()["code"] == "unknown-exception"


async def test_a_chargeback_beyond_what_was_left_or_before_shipping_is_recorded_all_the_same(
    shop: Shop, web: Web, finance: Caller
) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 3, 333)), "S-1")
    await shop.give_back("S-1", lines=[{"line_id": "1", "quantity": 1}])
    await shop.place(cart(line("1", 1, 500)), "S-2")

    over = await charge_back(shop, "S-1", amount=999, chargeback_id="D-1")
    early = await charge_back(shop, "S-2", chargeback_id="D-2")

    assert (over["money"], over["exceptions"]) == (
        666,
        ["chargeback-review", "chargeback-over-paid"],
    )
    assert (early["money"], early["points_clawed_back"], early["lines"]) == (0, 0, [])
    listed = (await finance.get("/v1/exceptions?code=chargeback-over-paid")).json()["items"]
    assert [(one["amount"], one["unit"]) for one in listed] == [(333, "money")]
    await shop.holds()


async def test_the_same_chargeback_is_a_replay_and_other_content_is_a_conflict(
    shop: Shop, web: Web
) -> None:
    await web.joined(external_id="C-1")
    await shop.buy(cart(line("1", 3, 333)))
    await shop.place(cart(line("1", amount=0)), "S-2")
    once = await charge_back(shop, amount=500, chargeback_id="D-1")
    again = await charge_back(shop, amount=500, chargeback_id="D-1")
    other = await charge_back(shop, amount=501, chargeback_id="D-1", status=409)
    as_return = await shop.give_back(return_id="D-1", amount=1, status=409)
    free = await charge_back(shop, "S-2", status=409)

    assert again == once
    assert (other["code"], other["facts"]["field"]) == ("order-conflict", "content")
    assert (as_return["code"], as_return["facts"]["field"]) == ("order-conflict", "kind")
    assert free["code"] == "nothing-paid"
    await shop.holds()


async def test_no_refund_pays_for_points_that_are_gone_when_the_bank_took_the_money(
    shop: Shop, web: Web
) -> None:
    await shop.policy(shortfall="deducted")
    ada = await web.joined(external_id="C-1")
    await shop.buy(cart(line(unit_price=9_999)), "S-1", priced_by="shop")
    await shop.buy(cart(line(unit_price=1_000), points_to_spend=99), "S-2")

    done = await charge_back(shop, "S-1")

    assert (done["points_clawed_back"], done["shortfall_points"]) == (9, 90)
    assert (await shop.wallet(ada)).debt == 90
    await shop.holds()


async def test_a_guest_s_chargeback_locks_nothing_and_waits_for_no_review(shop: Shop) -> None:
    await shop.place(cart(line("1", 3, 333)), who=None)
    await shop.complete()

    done = await charge_back(shop, reason="fraudulent")

    assert (done["money"], done["wallet_locked"], done["review"]) == (999, False, None)
    await shop.holds()
