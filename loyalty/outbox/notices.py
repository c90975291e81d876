"""Which events are told to the member by mail, with which template, and who is asked first. Pure.

A *service* notice tells of the member's own points and standing and needs no consent; one with a
purpose is only sent to members whose last answer to that purpose was yes. Events of an imported
history are never told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

Data = Mapping[str, Any]
Ranks = Mapping[str, int]
"""The tiers of the live ladder, the lowest first."""

MARKETING: Final = "marketing"

POINTS_EXPIRING: Final = "points-expiring"


@dataclass(frozen=True, slots=True)
class Notice:
    """An event of one of these types, if it applies, is told with the template."""

    template: str
    events: tuple[str, ...]
    applies: Callable[[Data, Ranks], bool]
    purpose: str | None = None
    """The consent that is needed; None is a service notice."""
    keeps: timedelta = timedelta(days=7)
    """How long it is worth sending; later it is given up as outdated."""


def notices_for(type_: str, data: Data, ranks: Ranks) -> tuple[Notice, ...]:
    """Return what a member is told of an event."""
    return tuple(each for each in NOTICES if type_ in each.events and each.applies(data, ranks))


def moved(data: Data) -> tuple[str | None, str | None]:
    """Return the tier before and after, told by a tier's own event or by an order's step."""
    told = data.get("tier")
    step = told if isinstance(told, Mapping) else data
    return step.get("before"), step.get("after")


def _rises(data: Data, ranks: Ranks) -> bool:
    return _steps(data, ranks) > 0


def _falls(data: Data, ranks: Ranks) -> bool:
    return _steps(data, ranks) < 0


def _steps(data: Data, ranks: Ranks) -> int:
    before, after = moved(data)
    if before is None or after is None:
        return 0
    return ranks.get(after, 0) - ranks.get(before, 0)


_DAYS: Final = timedelta(days=3)
_TIER_EVENTS: Final = ("tier.changed", "order.completed", "order.returned")

NOTICES: Final[tuple[Notice, ...]] = (
    Notice(
        POINTS_EXPIRING,
        ("points.expiring",),
        lambda data, _: data.get("required") is True,
        keeps=timedelta(days=14),
    ),
    Notice(
        "points-expiring-soon", ("points.expiring",), lambda data, _: data.get("required") is False
    ),
    Notice("tier-upgraded", _TIER_EVENTS, _rises),
    Notice("tier-downgraded", _TIER_EVENTS, _falls),
    Notice("tier-will-fall", ("tier.will-fall",), lambda _, __: True),
    Notice("voucher-issued", ("voucher.issued",), lambda _, __: True, purpose=MARKETING),
    Notice("trial-ending", ("membership.trial-ending",), lambda _, __: True, keeps=_DAYS),
    Notice("renewal-ahead", ("membership.renewal-ahead",), lambda _, __: True),
    Notice("membership-payment-failed", ("membership.payment-failed",), lambda _, __: True),
    Notice("membership-cancelled", ("membership.cancel-asked",), lambda _, __: True),
    Notice("membership-ended", ("membership.ended",), lambda _, __: True),
)

NOTICE_TYPES: Final = tuple(sorted({type_ for each in NOTICES for type_ in each.events}))

NOTICE_OF: Final[Mapping[str, Notice]] = {each.template: each for each in NOTICES}
