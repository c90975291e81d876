"""Account maps: those that are shipped are whole, and others are checked before they are used."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

import ledger
from loyalty.exports.errors import AccountMapMalformed
from loyalty.exports.maps import SHIPPED, document_of_map, parse_map, shipped_document

Document = dict[str, Any]
Change = Callable[[Document], object]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_is_whole_and_reads_as_it_is_written(name: str) -> None:
    document = shipped_document(name)

    account_map = parse_map(document, version=3)

    assert document_of_map(account_map) == document
    assert (account_map.name, account_map.version) == (name, 3)
    for account in ledger.Account:
        for lot_class in (None, *ledger.LotClass):
            code = account_map.of_points(account, lot_class)
            assert account_map.accounts[code].kind == "memo"


def test_the_chinese_map_has_the_contract_liability_that_the_standard_names() -> None:
    account_map = parse_map(shipped_document("cas"), version=1)

    held = account_map.accounts[account_map.money["sale"].balance]

    assert held.code.startswith("2205")
    assert held.names["zh"].startswith("合同负债")


def test_points_without_a_lot_stand_where_the_map_says_for_any() -> None:
    account_map = parse_map(shipped_document("ifrs"), version=1)

    assert account_map.of_points("available", "sale") != account_map.of_points("available", None)
    assert account_map.of_points("debt", "sale") == account_map.of_points("debt", None)


def put(pointer: str, value: object) -> Change:
    def change(document: Document) -> None:
        *path, last = pointer.strip("/").split("/")
        place: Any = document
        for step in path:
            place = place[int(step) if isinstance(place, list) else step]
        place[int(last) if isinstance(place, list) else last] = value

    return change


WRONG: dict[str, tuple[Change, str]] = {
    "no object": (lambda d: d.clear(), "/accounts"),
    "no account of the ledger may be missing": (lambda d: d["points"].pop("held"), "/points/held"),
    "an account without a rule for any class": (
        lambda d: d["points"]["held"].pop("*"),
        "/points/held/*",
    ),
    "a class that no lot has": (
        put("/points/held/gift", "9139"),
        "/points/held",
    ),
    "a code that is not one of its accounts": (
        put("/points/held/sale", "7777"),
        "/points/held/sale",
    ),
    "points on an account of money": (put("/points/held/sale", "2610"), "/points/held/sale"),
    "money on an account of points": (put("/money/sale/balance", "9111"), "/money/sale/balance"),
    "a reason without an account": (
        lambda d: d["money"]["fee"]["against"].pop("ended"),
        "/money/fee/against/ended",
    ),
    "a class without money": (lambda d: d["money"].pop("goodwill"), "/money/goodwill"),
    "an account twice": (put("/accounts/1/code", "1260"), "/accounts/1/code"),
    "a kind that is none": (put("/accounts/1/kind", "cash"), "/accounts/1/kind"),
    "a name that a sheet reads as a formula": (
        put("/accounts/1/names/en", "=HYPERLINK(1)"),
        "/accounts/1/names/en",
    ),
    "a name that hledger reads as an amount": (
        put("/accounts/1/names/en", "Cash  5 USD"),
        "/accounts/1/names/en",
    ),
    "a name that hledger reads as a sub-account": (
        put("/accounts/1/names/zh", "a:b"),
        "/accounts/1/names/zh",
    ),
    "a name on two lines": (put("/accounts/1/names/zh", "a\nb"), "/accounts/1/names/zh"),
    "no name in one language": (
        lambda d: d["accounts"][1]["names"].pop("zh"),
        "/accounts/1/names/zh",
    ),
    "carried forward to income": (put("/carried", "4010"), "/carried"),
    "a map whose name is no code": (put("/name", "My map"), "/name"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_map_that_could_not_be_used_is_refused_where_it_is_wrong(wrong: str) -> None:
    change, pointer = WRONG[wrong]
    document = deepcopy(dict(shipped_document("ifrs")))
    change(document)

    with pytest.raises(AccountMapMalformed) as refused:
        parse_map(document, version=1)

    assert refused.value.pointer == pointer
