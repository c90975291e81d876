"""What every format is given, and the words that they share. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from ledger import POINTS
from loyalty.exports.maps import AccountMap
from loyalty.exports.types import Entry, Export, Language, Stands
from loyalty.money import written

REVISION: Final = 1
"""Counted up when what a format writes changes; files of an earlier one are made by it no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands before and after the entries."""

    export: Export
    account_map: AccountMap
    currency: str
    seen: str
    stands: Stands

    @property
    def last_day(self) -> date:
        """The last day of the period."""
        return self.export.until - timedelta(days=1)

    def title(self, code: str) -> str:
        """The account's name in the export's language."""
        return self.account_map.accounts[code].names[self.export.language]

    def figure(self, amount: int, commodity: str) -> str:
        """Write an amount as a plain decimal: whole points, money in major units."""
        return str(amount) if commodity == POINTS else written(amount, self.currency)

    def commodity_of(self, code: str) -> str:
        """The one commodity of an account: points on memorandum accounts, money on all others."""
        memo = self.account_map.accounts[code].kind == "memo"
        return POINTS if memo else self.currency


class Writer(Protocol):
    """Writes one file: what stands before the entries, the entries, what stands after them."""

    def begin(self) -> None:
        """Write what stands before the entries."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Write some entries, in order."""

    def end(self) -> None:
        """Write what stands after the entries; the file is then complete."""


_WORDS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "about": "About",
        "accounts": "Accounts",
        "account": "Account",
        "account-name": "Account name",
        "asset": "Assets",
        "balances": "Balances",
        "booked-on": "Booked on",
        "class": "Class",
        "closing": "Closing",
        "closing-balances": "closing balances",
        "commodity": "Commodity",
        "credit": "Credit",
        "currency": "Currency",
        "debit": "Debit",
        "entries": "Events",
        "entry": "Entry",
        "equity": "Equity",
        "expense": "Expenses",
        "kind": "Kind",
        "liability": "Liabilities",
        "journal": "Journal",
        "map": "Account map",
        "memo": "Memorandum",
        "number": "Export",
        "opening": "Opening",
        "opening-balances": "opening balances",
        "opens": "Account of the ledger",
        "period": "Period",
        "provisional": "Provisional: the period was not closed",
        "requested-at": "Requested at",
        "revenue": "Revenue",
        "seen": "Seen",
        "state": "State",
        "closed": "The period was closed",
        "type": "Type",
    },
    "zh": {
        "about": "说明",
        "accounts": "科目表",
        "account": "科目代码",
        "account-name": "科目名称",
        "asset": "资产",
        "balances": "科目余额",
        "booked-on": "记账日期",
        "class": "积分类别",
        "closing": "期末余额",
        "closing-balances": "期末余额",
        "commodity": "计量单位",
        "credit": "贷方",
        "currency": "币种",
        "debit": "借方",
        "entries": "业务笔数",
        "entry": "凭证号",
        "equity": "所有者权益",
        "expense": "费用",
        "kind": "业务类型",
        "liability": "负债",
        "journal": "分录",
        "map": "科目映射",
        "memo": "备查",
        "number": "导出编号",
        "opening": "期初余额",
        "opening-balances": "期初余额",
        "opens": "积分账户",
        "period": "会计期间",
        "provisional": "暂估：该期间尚未结账",
        "requested-at": "申请时间",
        "revenue": "收入",
        "seen": "数据快照",
        "state": "状态",
        "closed": "该期间已结账",
        "type": "科目类型",
    },
}


def word(language: Language, name: str) -> str:
    """Return a heading in the language of the export."""
    return _WORDS[language][name]


def instant(at: datetime | None) -> str:
    """Write an instant to the microsecond in UTC; none is empty."""
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")
