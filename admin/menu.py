"""The menu of the console: only what the person may open, with the present page marked."""

from dataclasses import dataclass

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
    say = visit.voice.say
    admin, finance = visit.may(Role.ADMIN), visit.may(Role.FINANCE)
    sections = [
        (
            say("Programme"),
            [
                (say("Overview"), "/console", True),
                (say("Members"), "/console/members", True),
                (say("Orders"), "/console/orders", True),
            ],
        ),
        (
            say("What members get"),
            [(say("Rules"), "/console/rules", True), (say("Ladder"), "/console/ladder", True)],
        ),
        (say("Books"), [(say("Trial balance"), "/console/finance/trial-balance", finance)]),
        (
            say("Settings"),
            [
                (say("Programme policy"), "/console/settings/policy", admin),
                (say("Keys of the shop"), "/console/settings/keys", admin),
                (say("People"), "/console/settings/staff", admin),
            ],
        ),
    ]
    return tuple(
        Section(words, items)
        for words, entries in sections
        if (
            items := tuple(
                Item(name, href, _is_current(href, visit.path))
                for name, href, allowed in entries
                if allowed
            )
        )
    )


def _is_current(href: str, path: str) -> bool:
    if href == "/console":
        return path.rstrip("/") == href
    if href == "/console/finance/trial-balance":
        return path.startswith("/console/finance")
    return path == href or path.startswith(href + "/")
