"""Vouchers from pages: a kind defined, codes made, brought in, read once, looked up, made void."""

import json
import re

import benefits
from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.support.api import Web

VOUCHERS = "/console/vouchers"
NEW = "/console/vouchers-new"
SPRING = f"{VOUCHERS}/spring"
FIND = "/console/vouchers-find"
RULES = "/console/rules"
KIND = {
    "name": "spring",
    "title_en": "Spring: $3 off",
    "title_zh": "春季：减 3 美元",
    "binding": "any",
    "tax_class": "discount",
    "birthday_window": "",
    "uses": "1",
    "uses_per_member": "1",
    "valid_for_days": "30",
    "minimum_order": "10.00",
    "limit0_most": "250",
    "limit0_count": "uses",
    "limit0_for": "all",
    "limit0_every": "year",
    "limit0_short": "none",
}
GIVES = {
    "rule": "spring-3",
    "voucher": "spring",
    "effects": [{"effect": "amount-off", "amount": 300, "target": "order"}],
}


async def test_a_kind_of_voucher_is_defined_once_and_said_in_words(
    application: Application, finance: Visitor, clerk: Visitor, shop: Shop
) -> None:
    for name, value, sentence in (
        ("uses", "many", "Please give a whole number."),
        ("minimum_order", "ten", "Please give an amount such as 1.00."),
        ("valid_until", "soon", "Please give a day and time"),
        ("valid_until", "2001-01-01T00:00", "good until after they begin"),
        ("limit0_most", "0", "Expected:"),
        ("tax_class", "none", "Please choose one."),
        ("name", "No Name", "lower case letters"),
    ):
        since = {"valid_from": "2002-01-01T00:00"} if value.startswith("2001") else {}
        answer = await clerk.send(NEW, KIND | since | {name: value}, at=NEW)
        assert answer.status_code == 422, (name, value)
        assert sentence in answer.text, (name, value)
        assert f'href="#f-voucher-{name}"' in answer.text, (name, value)

    await clerk.get(NEW)
    first = await clerk.send(NEW, KIND, fresh=False)
    second = await clerk.send(NEW, KIND, fresh=False)
    made = await clerk.follow(first)
    other = await clerk.send(NEW, KIND | {"uses": "2"}, at=NEW)
    async with application.database.read() as connection:
        stored = await benefits.find_definition(connection, "spring")

    assert first.headers["location"] == second.headers["location"]
    assert stored.limits == (
        {"count": "uses", "for": "all", "every": "year", "most": 250, "short": "none"},
    )
    assert (stored.minimum_order, stored.uses_per_member, stored.valid_for_days) == (1000, 1, 30)
    assert other.status_code == 422
    assert "it says something else" in other.text
    for words in (
        "Each may be used once.",
        "The goods have to come to $10.00, after discounts on the order.",
        "Good for 30 days; the day it is issued counts.",
        "At most 250 times a year for all.",
        "0 of 250 used",
        "No live rule names it, so it gives nothing yet.",
    ):
        assert words in made.text, words
    chinese = (await finance.get(SPRING, lang="zh")).text
    assert "春季：减 3 美元" in chinese
    assert "全体每年最多250次" in chinese
    for path in (NEW, f"{SPRING}/batch", f"{SPRING}/upload"):
        assert (await finance.get(path)).status_code == 403, path
    assert (await finance.get(f"{VOUCHERS}/nothing")).status_code == 404


async def test_codes_are_read_once_used_followed_and_made_void(
    web: Web, admin: Visitor, clerk: Visitor, shop: Shop
) -> None:
    await _on_sale(admin)
    none = await clerk.send(f"{SPRING}/batch", {"quantity": ""}, at=f"{SPRING}/batch")
    asked = await clerk.follow(
        await clerk.send(f"{SPRING}/batch", {"quantity": "3"}, at=f"{SPRING}/batch")
    )
    batch = asked.url.path
    chinese = (await clerk.get(batch, lang="zh")).text
    await clerk.get(batch, lang="en")
    foreign = await admin.send(f"{batch}/codes", {}, at=batch, of=f"{batch}/void")
    file = await clerk.send(f"{batch}/codes", {}, at=batch)
    again = await clerk.send(f"{batch}/codes", {}, at=batch, of=f"{batch}/void")
    head, *codes = file.text.split()

    assert none.status_code == 422
    assert "one of these" in none.text
    assert '<span class="state good">已生成</span>' in chinese
    assert foreign.status_code == again.status_code == 422
    assert "read by whoever asked for them" in foreign.text
    assert "they are shown once" in again.text
    assert file.headers["content-type"].startswith("text/csv")
    assert head == "code"
    assert len(codes) == len(set(codes)) == 3
    listed = (await clerk.get(SPRING)).text
    assert not [code for code in codes if code in listed]

    await _buys(web, shop, "V-1", codes[0])
    found = await clerk.follow(await clerk.send(FIND, {"code": codes[0]}, at=VOUCHERS))
    address = found.url.path
    held = await clerk.send(f"{address}/void", {"reason": "leaked"}, at=address)
    spare = await clerk.follow(await clerk.send(FIND, {"code": codes[1]}, at=VOUCHERS))
    gone = await clerk.follow(
        await clerk.send(f"{spare.url.path}/void", {"reason": "leaked"}, at=spare.url.path)
    )
    unknown = await clerk.send(FIND, {"code": "NONE-SUCH-1"}, at=VOUCHERS)
    blank = await clerk.send(f"{batch}/void", {"reason": "whim"}, at=batch)
    void = await clerk.follow(
        await clerk.send(f"{batch}/void", {"reason": "campaign-over"}, at=batch)
    )
    shown = (await admin.get(SPRING)).text

    assert codes[0] not in str(found.url)
    assert "V-1" in found.text
    assert "Held for the order" in found.text
    assert held.status_code == blank.status_code == unknown.status_code == 422
    assert "An open order holds it" in held.text
    assert "There is no voucher with this code." in unknown.text
    assert "The voucher is void" in gone.text
    assert "The code got out" in gone.text
    assert "The campaign is over · 2 vouchers" in void.text
    assert re.findall(r'<span class="figure">(\d+)</span>', shown) == ["0", "0", "0", "0", "3"]
    assert "1 of 250 used" in shown
    assert "249 left" in shown
    assert "$3.00 off the order" in shown
    assert (await admin.get(VOUCHERS)).text.count("1 of 250 used") == 1


async def test_codes_from_outside_are_taken_line_by_line_and_a_kind_is_retired(
    finance: Visitor, clerk: Visitor, shop: Shop
) -> None:
    await clerk.send(NEW, KIND, at=NEW)
    upload = f"{SPRING}/upload"
    lines = "PARTNER-1\nPARTNER-2, C-1000\n\nPARTNER-1\nabc\nPARTNER-3,C-9"

    empty = await clerk.send(upload, {"codes": " \n"}, at=upload)
    taken = await clerk.follow(await clerk.send(upload, {"codes": lines}, at=upload))
    known = await clerk.follow(await clerk.send(upload, {"codes": "PARTNER-1"}, at=upload))
    owned = await finance.follow(await finance.send(FIND, {"code": "PARTNER-2"}, at=VOUCHERS))
    retired = await clerk.follow(
        await clerk.send(f"{SPRING}/retire", {"reason": "campaign-over"}, at=SPRING)
    )
    late = await clerk.send(f"{SPRING}/batch", {"quantity": "1"}, at=f"{SPRING}/batch")

    assert empty.status_code == 422
    assert "2 taken, 0 known already, 3 not taken." in taken.text
    for words in (
        "Line 3: the same code stands in an earlier line",
        "Line 4: a code has 4 to 64 printable characters",
        "Line 5: nobody goes by this",
    ):
        assert words in taken.text, words
    assert "0 taken, 1 known already, 0 not taken." in known.text
    assert "C-1000" in owned.text
    assert "Make it void" not in owned.text
    assert "No more are issued; those that were stay good." in retired.text
    assert late.status_code == 422
    assert "No vouchers of this kind are issued any more." in late.text
    assert "spring" not in (await clerk.get(VOUCHERS)).text
    assert "spring" in (await clerk.get(VOUCHERS, state="all")).text


async def _on_sale(admin: Visitor) -> None:
    """Define the kind and publish the rule that says what it gives."""
    await admin.send(NEW, KIND, at=NEW)
    written = {"documents": json.dumps(GIVES), "retired": "", "verb": "store"}
    page = f"{RULES}/drafts/new"
    stored = await admin.send(page, written, at=f"{page}?view=written")
    draft = stored.headers["location"].partition("?")[0]
    await admin.follow(await admin.send(f"{draft}/publish", {"on": ""}, at=draft))


async def _buys(web: Web, shop: Shop, number: str, code: str) -> None:
    checkout = await web.caller("checkout")
    lines = [{"line_id": "1", "sku": "1095275", "quantity": 1, "unit_price": 4500}]
    order = {"currency": "USD", "channel": "web", "lines": lines, "voucher_codes": [code]}
    answer = await checkout.post(
        "/v1/orders", {"member": shop.member, "order_id": number, "order": order}
    )
    assert answer.status_code == 201, answer.text
