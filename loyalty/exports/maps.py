"""How the ledger's accounts become the company's: a document that finance may change. Pure.

Points stand on memorandum accounts in their own commodity, by account of the ledger and, where
the map says so, by the class of the lots. Money stands on the balance that a class's treatment
keeps (deferred revenue, a provision, a payable) against what each reason moves it for.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ledger import Account, LotClass
from loyalty.exports.errors import AccountMapMalformed
from loyalty.exports.types import Language

KINDS: Final = ("asset", "liability", "equity", "revenue", "expense", "memo")
REASONS: Final = ("deferred", "spent", "ended", "estimate", "returned", "undone")
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
SHIPPED: Final = ("cas", "ifrs")
ANY: Final = "*"

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,31}")
# A name is a cell of a table and an account of hledger: nothing that either reads as more.
_TITLE = re.compile(r"(?!.*  )[^\W_](?:[^\x00-\x1f:;|=+@\"]{0,98}[^\x00-\x20:;|=+@\"])?")
_MOST_ACCOUNTS = 500


@dataclass(frozen=True, slots=True)
class CompanyAccount:
    """One account of the company's own chart."""

    code: str
    kind: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AccountMap:
    """One version of a map, checked."""

    name: str
    version: int
    framework: str
    titles: Mapping[str, str]
    accounts: Mapping[str, CompanyAccount]
    points: Mapping[str, Mapping[str, str]]
    money: Mapping[str, "MoneyAccounts"]
    carried: str
    fees: "FeeAccounts | None" = None
    """None in a map that was published before there were fees; it takes none."""

    def of_points(self, account: str, lot_class: str | None) -> str:
        """Return the code of an account of the ledger, for lots of a class."""
        codes = self.points[account]
        return codes.get(lot_class or ANY) or codes[ANY]

    def balance_codes(self) -> frozenset[str]:
        """Return the accounts of money that keep their balance from period to period."""
        lasting = {"asset", "liability", "equity"}
        return frozenset(code for code, one in self.accounts.items() if one.kind in lasting)


@dataclass(frozen=True, slots=True)
class MoneyAccounts:
    """Where the money of one class stands, and what moves it, by reason."""

    balance: str
    against: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FeeAccounts:
    """Where membership fees stand: what is open, what was taken, and what became revenue.

    Bonus points take their share against what the map says of points of the class `fee`.
    """

    liability: str
    clearing: str
    tax: str
    credit: str
    revenue: str


@cache
def shipped_document(name: str) -> Mapping[str, Any]:
    """Return the document of a map that comes with the programme."""
    text = (files("loyalty.exports") / "maps" / f"{name}.json").read_text(encoding="utf-8")
    document: Mapping[str, Any] = json.loads(text)
    return document


def parse_map(document: object, *, version: int) -> AccountMap:
    """Check a document and return the map that it is."""
    whole = _object(document, "", {"name", "framework", "titles", "accounts", "points", "money"})
    accounts = _accounts(whole["accounts"])
    points = _points(whole["points"], accounts)
    money = _money(whole["money"], accounts)
    fees = _fees(whole["fees"], accounts) if "fees" in whole else None
    carried = _known(whole.get("carried"), "/carried", accounts)
    if accounts[carried].kind != "equity":
        raise _malformed("/carried", "an account of equity", carried)
    return AccountMap(
        name=_matching(whole["name"], "/name", _NAME),
        version=version,
        framework=_matching(whole["framework"], "/framework", _TITLE),
        titles=_titles(whole["titles"], "/titles"),
        accounts=accounts,
        points=points,
        money=money,
        carried=carried,
        fees=fees,
    )


def document_of_map(account_map: AccountMap) -> dict[str, Any]:
    """Return the document that reads as this map."""
    fees = {} if account_map.fees is None else {"fees": asdict(account_map.fees)}
    return {
        "name": account_map.name,
        "framework": account_map.framework,
        "titles": dict(account_map.titles),
        "accounts": [
            {"code": one.code, "kind": one.kind, "names": dict(one.names)}
            for one in account_map.accounts.values()
        ],
        "points": {account: dict(codes) for account, codes in account_map.points.items()},
        "money": {
            lot_class: {"balance": held.balance, "against": dict(held.against)}
            for lot_class, held in account_map.money.items()
        },
        **fees,
        "carried": account_map.carried,
    }


def _accounts(given: object) -> dict[str, CompanyAccount]:
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_ACCOUNTS:
        raise _malformed("/accounts", f"a list of 1 to {_MOST_ACCOUNTS} accounts", given)
    accounts: dict[str, CompanyAccount] = {}
    for place, row in enumerate(given):
        where = f"/accounts/{place}"
        one = _object(row, where, {"code", "kind", "names"})
        code = _matching(one["code"], f"{where}/code", _CODE)
        if code in accounts:
            raise _malformed(f"{where}/code", "a code that is used once", code)
        if one["kind"] not in KINDS:
            raise _malformed(f"{where}/kind", " or ".join(KINDS), one["kind"])
        accounts[code] = CompanyAccount(code, one["kind"], _titles(one["names"], f"{where}/names"))
    return accounts


def _points(given: object, accounts: Mapping[str, CompanyAccount]) -> dict[str, dict[str, str]]:
    wanted = {account.value for account in Account}
    codes = _object(given, "/points", wanted)
    points: dict[str, dict[str, str]] = {}
    for account in sorted(wanted):
        where = f"/points/{account}"
        by_class = _object(codes[account], where, {ANY})
        for lot_class, code in by_class.items():
            _lot_class(lot_class, where)
            if accounts[_known(code, f"{where}/{lot_class}", accounts)].kind != "memo":
                raise _malformed(f"{where}/{lot_class}", "a memorandum account", code)
        points[account] = dict(by_class)
    return points


def _money(given: object, accounts: Mapping[str, CompanyAccount]) -> dict[str, MoneyAccounts]:
    needed = {one.value for one in LotClass if one is not LotClass.PROMOTION}
    money: dict[str, MoneyAccounts] = {}
    for lot_class, row in _object(given, "/money", needed).items():
        where = f"/money/{lot_class}"
        _lot_class(lot_class, where)
        one = _object(row, where, {"balance", "against"})
        against = _object(one["against"], f"{where}/against", set(REASONS))
        codes = {f"{where}/balance": one["balance"]}
        codes |= {f"{where}/against/{reason}": against[reason] for reason in REASONS}
        for pointer, code in codes.items():
            if accounts[_known(code, pointer, accounts)].kind == "memo":
                raise _malformed(pointer, "an account of money", code)
        money[lot_class] = MoneyAccounts(
            one["balance"], {reason: against[reason] for reason in REASONS}
        )
    return money


def _fees(given: object, accounts: Mapping[str, CompanyAccount]) -> FeeAccounts:
    names = [field.name for field in fields(FeeAccounts)]
    one = _object(given, "/fees", set(names))
    for name in names:
        kind = accounts[_known(one[name], f"/fees/{name}", accounts)].kind
        if kind == "memo":
            raise _malformed(f"/fees/{name}", "an account of money", one[name])
    return FeeAccounts(**{name: one[name] for name in names})


def _lot_class(given: str, where: str) -> None:
    if given != ANY and given not in set(LotClass):
        raise _malformed(where, "classes of lots: " + ", ".join(LotClass), given)


def _object(given: object, where: str, needed: set[str]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _malformed(where, "an object", given)
    if missing := needed - given.keys():
        raise _malformed(f"{where}/{min(missing)}", f"the field {min(missing)}", "none")
    return given


def _known(given: object, where: str, accounts: Mapping[str, CompanyAccount]) -> str:
    if not isinstance(given, str) or given not in accounts:
        raise _malformed(where, "the code of one of its accounts", given)
    return given


def _titles(given: object, where: str) -> dict[str, str]:
    names = _object(given, where, set(LANGUAGES))
    return {name: _matching(names[name], f"{where}/{name}", _TITLE) for name in LANGUAGES}


def _matching(given: object, where: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise _malformed(where, f"a text that matches {pattern.pattern}", given)
    return given


def _malformed(pointer: str, wanted: str, seen: object) -> AccountMapMalformed:
    return AccountMapMalformed(pointer=pointer, wanted=wanted, seen=str(seen)[:80])
