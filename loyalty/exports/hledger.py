"""The journal for hledger: an independent program that adds everything up again. Pure.

The file stands for itself. Accounts and commodities are declared, the balances brought forward are
its first transaction, every lot is named where it is touched, and the last transaction asserts what
the ledger says stands on each account. Points and money are commodities of their own; hledger's own
lot arithmetic goes by the day of acquisition and ours by expiry, so lots are tags.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import BinaryIO, Final

from ledger import POINTS
from loyalty.exports.types import Balances, Entry, Line
from loyalty.exports.writing import REVISION, Head, instant, word
from loyalty.ids import show
from loyalty.money import digits

#: Of what others wrote only this may stand in a transaction; the rest could be read as syntax.
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._@/-]+")
_TYPES: Final = {
    "asset": "A",
    "liability": "L",
    "equity": "E",
    "revenue": "R",
    "expense": "X",
    "memo": "E",
}


class HledgerWriter:
    """Writes one transaction for each entry."""

    def __init__(self, out: BinaryIO, head: Head) -> None:
        self._out = out
        self._head = head
        self._names = {code: self._name(code) for code in head.account_map.accounts}

    def begin(self) -> None:
        """Declare everything and bring the balances forward."""
        export, head = self._head.export, self._head
        one = head.figure(10 ** digits(head.currency), head.currency)
        with_point = one if "." in one else f"{one}."
        declared = [
            f"; export {export.number}, revision {REVISION}, {export.since} to {head.last_day}",
            f"; map {export.map} {export.map_version}, {head.account_map.framework}",
            f"; seen {head.seen}, requested {instant(export.requested_at)}",
            "; " + word("en", "provisional" if export.provisional else "closed"),
            "decimal-mark .",
            f"commodity 1. {POINTS}",
            f"commodity {with_point} {head.currency}",
        ]
        declared += [
            f"account {name}  ; type:{_TYPES[head.account_map.accounts[code].kind]}"
            for code, name in self._names.items()
        ]
        self._write("\n".join(declared) + "\n\n")
        self._write(self._stand(export.since, "opening-balances", head.stands.opening))

    def add(self, entries: Sequence[Entry]) -> None:
        """Write the transactions."""
        self._write("".join(self._transaction(entry) for entry in entries))

    def end(self) -> None:
        """Assert what stands on every account."""
        closing = self._head.stands.closing
        text = [f"{self._head.last_day} {word(self._head.export.language, 'closing-balances')}"]
        for code, name in self._names.items():
            commodity = self._head.commodity_of(code)
            nothing = self._head.figure(0, commodity)
            stands = self._head.figure(closing.get((code, commodity), 0), commodity)
            text.append(f"    {name}  {nothing} {commodity} == {stands} {commodity}")
        self._write("\n".join(text) + "\n")

    def _stand(self, on: date, title: str, balances: Balances) -> str:
        standing = [
            f"    {self._names[code]}  {self._head.figure(amount, commodity)} {commodity}"
            for (code, commodity), amount in sorted(balances.items())
            if amount
        ]
        if not standing:
            return ""
        return "\n".join((f"{on} {word(self._head.export.language, title)}", *standing)) + "\n\n"

    def _transaction(self, entry: Entry) -> str:
        tags = []
        if entry.journal is not None:
            tags.append(f"journal:{show('jrn', entry.journal)}")
        if entry.order is not None:
            tags.append(f"order:{show('ord', entry.order)}")
        if entry.effective_at is not None:
            tags.append(f"at:{instant(entry.effective_at)}")
        said = f"{_safe(entry.kind)} | {_safe(entry.reason)}"
        comment = f"  ; {', '.join(tags)}" if tags else ""
        lines = "".join(self._posting(line) for line in entry.lines)
        return f"{entry.booked_on} ({entry.number}) {said}{comment}\n{lines}\n"

    def _posting(self, line: Line) -> str:
        figure = self._head.figure(line.amount, line.commodity)
        lot = "" if line.lot is None else f"  ; lot:{show('lot', line.lot)}"
        return f"    {self._names[line.account]}  {figure} {line.commodity}{lot}\n"

    def _name(self, code: str) -> str:
        kind = word(self._head.export.language, self._head.account_map.accounts[code].kind)
        return f"{kind}:{code} {self._head.title(code)}"

    def _write(self, text: str) -> None:
        self._out.write(text.encode())


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text)
