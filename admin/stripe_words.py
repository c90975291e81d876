"""What Stripe told us and what came of it, in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from admin.language import Voice
from admin.words import N_

STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "waiting": (N_("Waits"), "calm"),
        "handled": (N_("Looked into"), "good"),
        "failed": (N_("Failed"), "bad"),
    }
)
OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "applied": N_("Brought in"),
        "unchanged": N_("Known already"),
        "not-begun": N_("Not paid yet"),
        "not-ours": N_("About nothing of ours"),
        "gone": N_("Not at Stripe any more"),
        "passed-over": N_("Of a kind that changes nothing here"),
        "stale": N_("Somebody knew more"),
        "busy": N_("Somebody else was at it"),
        "stripe-unavailable": N_("Stripe did not answer"),
        "stripe-off": N_("Stripe was switched off here"),
        "stripe-refused": N_("Stripe refused to tell"),
        "stripe-price-unknown": N_("At a price that is none of our plans'"),
        "stripe-customer-not-yet-known": N_("Of a customer who is nobody's here"),
        "membership-live": N_("The member has another membership"),
    }
)


def outcome_words(voice: Voice, code: str | None) -> str:
    """What came of an event; a code without words is shown as it is."""
    words = OUTCOMES.get(code or "")
    return code or "" if words is None else voice.say(words)
