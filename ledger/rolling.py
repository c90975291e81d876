"""From what moved between accounts to a roll-forward: opening and what moved make the closing.

Pure: sums of pairs come in, lines go out. A leg on a member's account belongs to the birth of the
lot that the transfer names; debt has no birth. What went from lots into debt is ``repaid``: it
moves between births and is zero when all of them are added up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from ledger.reports import Breakdown, Component, Outstanding, RollForwardLine
from ledger.types import Account

ACCOUNT_OF: Final[Mapping[Component, Account]] = MappingProxyType(
    {
        Component.IMPORTED: Account.OPENING,
        Component.EARNED: Account.ISSUED,
        Component.SPENT: Account.REDEEMED,
        Component.RESTORED: Account.RESTORED,
        Component.EXPIRED: Account.EXPIRED,
        Component.CLAWED_BACK: Account.CLAWED_BACK,
        Component.ADJUSTED: Account.ADJUSTED,
        Component.WRITTEN_OFF: Account.WRITTEN_OFF,
        Component.MOVED: Account.IN_TRANSIT,
    }
)
"""The account whose movement each component tells; ``repaid`` has none of its own."""

TAKEN_OFF: Final = frozenset({Component.SPENT, Component.EXPIRED, Component.CLAWED_BACK})
"""Components that are told as what they take off."""

_COUNTERS: Final = MappingProxyType(
    {
        Account.PENDING: "pending",
        Account.AVAILABLE: "available",
        Account.HELD: "held",
        Account.DEBT: "debt",
    }
)
_COMPONENTS: Final = MappingProxyType({account: part for part, account in ACCOUNT_OF.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What went from one account to another in lots of one birth; ``month`` where it is known."""

    debit: Account
    credit: Account
    lot_class: str
    tier: str
    amount: int
    month: date | None = None


class _Sums:
    """One month of one birth: what each component and each counter moved by."""

    def __init__(self) -> None:
        self.components = dict.fromkeys(Component, 0)
        self.counters = dict.fromkeys(_COUNTERS.values(), 0)

    def count(self, account: Account, amount: int) -> None:
        """Take in one leg: positive where the account is credited."""
        if account in _COUNTERS:
            sign = -1 if account is Account.DEBT else 1
            self.counters[_COUNTERS[account]] += sign * amount
            return
        part = _COMPONENTS[account]
        self.components[part] += amount if part in TAKEN_OFF else -amount


def roll(moved: Iterable[Pair], months: Sequence[date], by: Breakdown) -> Sequence[RollForwardLine]:
    """Answer a line for each month and birth that ever held or moved anything, in that order."""
    birth_of = _BIRTHS[by]
    sums: dict[tuple[str | None, date | None], _Sums] = {}
    for one in moved:
        for account, amount in ((one.debit, -one.amount), (one.credit, one.amount)):
            birth = birth_of(one, account)
            sums.setdefault((birth, one.month), _Sums()).count(account, amount)
        if (one.debit, one.credit) == (Account.AVAILABLE, Account.DEBT):
            for account, amount in ((one.debit, -one.amount), (one.credit, one.amount)):
                own = sums[birth_of(one, account), one.month]
                own.components[Component.REPAID] += amount
    births = sorted({birth for birth, _ in sums}, key=lambda birth: birth or "")
    return [
        line
        for birth in births or ([None] if by is Breakdown.NONE else [])
        for line in _lines(birth, sums, months)
    ]


def _lines(
    birth: str | None,
    sums: Mapping[tuple[str | None, date | None], _Sums],
    months: Sequence[date],
) -> Sequence[RollForwardLine]:
    nothing = _Sums()
    standing = _add(Outstanding(), sums.get((birth, None), nothing))
    lines = []
    for month in months:
        own = sums.get((birth, month), nothing)
        closing = _add(standing, own)
        parts = {part.value.replace("-", "_"): own.components[part] for part in Component}
        lines.append(
            RollForwardLine(month=month, birth=birth, opening=standing, closing=closing, **parts)
        )
        standing = closing
    return lines


def _add(before: Outstanding, moved: _Sums) -> Outstanding:
    return Outstanding(
        **{name: getattr(before, name) + change for name, change in moved.counters.items()}
    )


def _no_birth(one: Pair, account: Account) -> str | None:
    del one, account
    return None


def _class_of(one: Pair, account: Account) -> str:
    return "" if account is Account.DEBT else one.lot_class


def _tier_of(one: Pair, account: Account) -> str:
    return "" if account is Account.DEBT else one.tier


_BIRTHS: Final[Mapping[Breakdown, Callable[[Pair, Account], str | None]]] = MappingProxyType(
    {Breakdown.NONE: _no_birth, Breakdown.CLASS: _class_of, Breakdown.TIER: _tier_of}
)
