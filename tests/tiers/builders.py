"""Verbs that make ladders and activity for the tests of tiers."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from tiers import Activity, Ladder, Subject, default_ladder, parse_ladder

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
MEMBER = uuid5(SPACE, "member")
JOINED = date(2024, 1, 1)
SILVER, GOLD, DIAMOND = (1_000, 3), (5_000, 10), (20_000, 30)


def climb(**changes: object) -> dict[str, object]:
    """The document of a small ladder, with fields replaced."""
    return default_ladder(silver=SILVER, gold=GOLD, diamond=DIAMOND) | changes


def ladder(version: int = 1, **changes: object) -> Ladder:
    return parse_ladder(climb(**changes), version=version)


def both(version: int = 1) -> Ladder:
    """The small ladder where purchases and orders must both be met."""
    document = default_ladder(silver=SILVER, gold=GOLD, diamond=DIAMOND, join="all")
    return parse_ladder(document, version=version)


def named(name: str) -> UUID:
    return uuid5(SPACE, name)


def buy(
    name: str, on: str | date, purchases: int, *, shipment: str = "1", returned: int = 0
) -> Activity:
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return Activity(named(name), named(f"{name}/{shipment}"), day, purchases, returned)


def newcomer(name: str = "member") -> Subject:
    return Subject(named(name), JOINED, None, ())
