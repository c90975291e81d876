"""The menu of the console: only what the person may open, with the present page marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from admin.visit import Visit
from loyalty.staff import Role


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the menu."""

    words: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that belong together."""

    words: str
    items: tuple[Item, ...]


def menu_for(visit: Visit) -> tuple[Section, ...]:
    """The sections that this person may open."""
    if visit.session is None:
        return ()
    return tuple(
        Section(words, items)
        for words, entries in _sections(visit)
        if (
            items := tuple(
                Item(name, href, _is_current(href, visit.path))
                for name, href, allowed in entries
                if allowed
            )
        )
    )


_Section = tuple[str, list[tuple[str, str, bool]]]


def _sections(visit: Visit) -> list[_Section]:
    """Every section and entry with its address, and whether this person may open it."""
    say = visit.voice.say
    admin = visit.may(Role.ADMIN)
    return [
        (
            say("Programme"),
            [
                (say("Overview"), "/console", True),
                (say("Members"), "/console/members", True),
                (say("Orders"), "/console/orders", True),
                (say("Exceptions"), "/console/exceptions", True),
                (say("Reasons of returns"), "/console/return-reasons", True),
                (say("Messages"), "/console/messages", admin),
            ],
        ),
        (
            say("What members get"),
            [
                (say("Rules"), "/console/rules", True),
                (say("Vouchers"), "/console/vouchers", True),
                (say("Lists of members"), "/console/lists", True),
                (say("Plans"), "/console/plans", True),
                (say("Memberships"), "/console/memberships", True),
                ("Stripe", "/console/stripe", admin),
                (say("Ladder"), "/console/ladder", True),
                (say("Rewards"), "/console/rewards", True),
                (say("Orders of rewards"), "/console/reward-orders", True),
            ],
        ),
        *_of_finance(visit),
        (
            say("Settings"),
            [
                (say("Programme policy"), "/console/settings/policy", admin),
                (say("Changes of expiry"), "/console/settings/expiry", admin),
                (say("Keys of the shop"), "/console/settings/keys", admin),
                (say("People"), "/console/settings/staff", admin),
            ],
        ),
    ]


def _of_finance(visit: Visit) -> list[_Section]:
    say = visit.voice.say
    finance = visit.may(Role.FINANCE)
    return [
        (
            say("Books"),
            [
                (say("Trial balance"), "/console/finance/trial-balance", finance),
                (say("Points by month"), "/console/finance/roll-forward", finance),
                (say("Money by month"), "/console/finance/money", finance),
                (say("Fees by month"), "/console/finance/fees", finance),
                (say("Cohorts and breakage"), "/console/finance/cohorts", finance),
                (say("Age of points"), "/console/finance/ageing", finance),
                (say("Debts"), "/console/finance/debts", finance),
            ],
        ),
        (
            say("Month end"),
            [
                (say("Periods"), "/console/finance/periods", finance),
                (say("Reconciliation"), "/console/finance/reconciliation", finance),
                (say("Exports"), "/console/finance/exports", finance),
                (say("Verification"), "/console/finance/verification", finance),
            ],
        ),
    ]


def _is_current(href: str, path: str) -> bool:
    if href == "/console":
        return path.rstrip("/") == href
    place = next((own for part, own in _BELONGS.items() if path.startswith(part)), path)
    return place == href or place.startswith(href + "/")


_BELONGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/console/finance/accounts": "/console/finance/trial-balance",
        "/console/finance/journals": "/console/finance/trial-balance",
        "/console/rule-groups": "/console/rules",
        "/console/plans-new": "/console/plans",
        "/console/rewards-new": "/console/rewards",
        "/console/voucher-batches": "/console/vouchers",
        "/console/vouchers-": "/console/vouchers",
        "/console/finance/estimates": "/console/finance/cohorts",
    }
)
"""Pages that are opened from another one, and have no entry of their own."""
