"""Reasons in people's words: those that the shop gives by code, and those a person chooses.

A code that nobody named here is the shop's own and is shown as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from admin.language import Voice
from admin.words import GIFTS, N_

CAME_BACK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "damaged": N_("Damaged"),
        "defective": N_("Does not work"),
        "wrong-item": N_("Another article came"),
        "wrong-size": N_("The wrong size"),
        "not-as-described": N_("Not as described"),
        "changed-mind": N_("Changed their mind"),
        "too-late": N_("Came too late"),
        "late": N_("Came too late"),
        "not-received": N_("Never came"),
        "out-of-stock": N_("Was not in stock"),
        "twice": N_("Ordered twice"),
        "price-protection": N_("It became cheaper"),
        "goodwill": N_("Goodwill"),
        "complaint": N_("Complaint"),
        "fraud": N_("Fraud"),
        "fraudulent": N_("The buyer did not recognise it"),
        "gift-card": N_("Paid with a gift card"),
        "known-buyer": N_("The buyer was known"),
        "other": N_("Another reason"),
        "unspecified": N_("No reason given"),
    }
)
"""Why an order, goods or money came back."""

BY_HAND: Final[Mapping[str, str]] = MappingProxyType(
    {
        "goodwill": N_("Goodwill"),
        "correction": N_("Correction"),
        "complaint": N_("Complaint"),
        "compensation": N_("Compensation"),
        "other": N_("Another reason"),
    }
)
"""Why somebody moved points or gave something by hand."""


def by_hand(voice: Voice, code: str) -> str:
    """Why somebody did something by hand; a code of the policy's own is shown as it is."""
    words = BY_HAND.get(code)
    return code if words is None else voice.say(words)


def came_back(voice: Voice, code: str | None) -> str | None:
    """Why something came back, where the code is one that has words."""
    words = CAME_BACK.get(code or "")
    return None if words is None else voice.say(words)


_SAYS_NOTHING_MORE: Final = frozenset({"order", "due", *GIFTS})
"""Reasons of what happened by itself, which its kind says already."""


def why_moved(voice: Voice, code: str) -> str | None:
    """Why points moved, where that says more than what happened; the shop's own as it is."""
    if code in _SAYS_NOTHING_MORE:
        return None
    return by_hand(voice, code) if code in BY_HAND else came_back(voice, code) or code
