"""Shapes of what a member is entitled to: each right with the rule that gives it."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from api.schemas.types import Instant, MemberId
from benefits import Entitlement, NotHeld, entitlement_unit
from loyalty.checkout.sentences import reason_sentence, unlock_sentence
from loyalty.entitlements import Entitlements, Held
from loyalty.telling import tell_entitlement


class RightOut(Struct, frozen=True):
    """A right: its kind, of what (null: of everything), how much, and the rule that gives it."""

    name: str
    subject: str | None
    value: int | str | None
    unit: str | None
    rule: str
    version: int
    title: dict[str, str]


class EntitlementOut(RightOut, frozen=True):
    """A right that the member holds.

    `until` is the first instant at which it is not held any more, where that is known.
    """

    since: Instant | None
    until: Instant | None
    sentence: str

    @classmethod
    def of(cls, held: Held, language: str, zone: ZoneInfo) -> "EntitlementOut":
        """Show the right in a language, its dates in the programme's zone."""
        right = held.entitlement
        said = tell_entitlement(right, language, until=held.until, zone=zone)
        return cls(*_right(right), since=held.since, until=held.until, sentence=said)


class NotEntitledOut(RightOut, frozen=True):
    """A right that the member does not hold, and what is missing for it."""

    sentence: str
    code: str
    message: str
    fact: str | None
    unlock: str | None

    @classmethod
    def of(cls, near: NotHeld, language: str, currency: str) -> "NotEntitledOut":
        """Show the right and the reason in a language."""
        return cls(
            *_right(near.entitlement),
            sentence=tell_entitlement(near.entitlement, language),
            code=near.reason.code,
            message=reason_sentence(near.reason, language, currency),
            fact=near.reason.fact,
            unlock=unlock_sentence(near.reason.unlock, language, currency),
        )


class EntitlementsOut(Struct, frozen=True):
    """What a member is entitled to, the best of each kind, and what is near: nearest first."""

    member: MemberId
    at: Instant
    rule_set: int
    items: list[EntitlementOut]
    not_held: list[NotEntitledOut]


def entitlements_out(told: Entitlements, language: str, zone: ZoneInfo) -> list[EntitlementOut]:
    """Show the rights that are held."""
    return [EntitlementOut.of(held, language, zone) for held in told.items]


def _right(
    right: Entitlement,
) -> tuple[str, str | None, int | str | None, str | None, str, int, dict[str, str]]:
    unit, titles = entitlement_unit(right), dict(right.titles)
    return right.kind, right.subject, right.value, unit, right.rule, right.version, titles
