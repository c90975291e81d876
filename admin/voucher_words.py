"""Vouchers in people's words: what a definition says, and how batches and uses stand."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import benefits
from admin.forms import Sent
from admin.language import Voice
from admin.words import N_

CHOICES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "binding": {
            "any": N_("some are a member's, some are for whoever has the code"),
            "member": N_("each is one member's own"),
            "free": N_("each is for whoever has the code"),
        },
        "tax_class": {
            "discount": N_("a discount: it lowers the price"),
            "single-purpose": N_("a single-purpose voucher: taxed when it is sold"),
            "multi-purpose": N_("a multi-purpose voucher: taxed when it is used"),
        },
        "birthday_window": {
            "": N_("not for birthdays"),
            "day": N_("the day itself"),
            "week": N_("the week around it"),
            "month": N_("the month it is in"),
        },
    }
)
"""By the name of the field, then of the choice."""

BATCH_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "making": (N_("Being made"), "warn"),
        "made": (N_("Codes are made"), "good"),
        "void": (N_("Void"), "bad"),
    }
)
BATCH_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"minted": N_("Made here"), "imported": N_("Brought in from outside")}
)
USE_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "reserved": (N_("Held for the order"), "calm"),
        "redeemed": (N_("Used"), "good"),
        "released": (N_("Given back: cancelled or run out"), ""),
        "returned": (N_("Given back: all of it was returned"), ""),
    }
)
VOID_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "issued-by-mistake": N_("Issued by mistake"),
        "leaked": N_("The code got out"),
        "misused": N_("It was misused"),
        "replaced": N_("Another one takes its place"),
        "campaign-over": N_("The campaign is over"),
    }
)
FAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code-malformed": N_("a code has 4 to 64 printable characters without blanks"),
        "code-repeated": N_("the same code stands in an earlier line"),
        "code-taken": N_("another voucher has this code"),
        "unknown-member": N_("nobody goes by this"),
        "voucher-binding-differs": N_("these vouchers are bound otherwise"),
        "voucher-outside-window": N_("it would not be good in the time of these vouchers"),
        "ends-before-it-begins": N_("it would end before it begins"),
    }
)
"""Why a line of codes from outside was not taken."""


def terms_of(voice: Voice, one: benefits.VoucherDefinition) -> list[str]:
    """What a definition says of its vouchers, a sentence each."""
    say = voice.say
    told = [
        voice.count("Each may be used once.", "Each may be used %(number)s times.", one.uses),
        say("Whose they are: %(words)s.", words=_chosen(voice, "binding", one.binding)),
    ]
    if one.uses_per_member is not None:
        told.append(
            voice.count(
                "One member may use %(number)s of them; guests none.",
                "One member may use %(number)s of them; guests none.",
                one.uses_per_member,
            )
        )
    told += _window(voice, one)
    if one.minimum_order is not None:
        told.append(
            say(
                "The goods have to come to %(money)s, after discounts on the order.",
                money=voice.money(one.minimum_order),
            )
        )
    if one.birthday_window is not None:
        window = _chosen(voice, "birthday_window", one.birthday_window)
        told.append(
            say("Given for birthdays, once a calendar year; good in: %(window)s.", window=window)
        )
    taxed = _chosen(voice, "tax_class", one.tax_class)
    told.append(say("For tax it is %(words)s.", words=taxed))
    return told


def why(voice: Voice, reason: str | None) -> str:
    """A reason in words; one that the shop made up is shown as it is."""
    known = VOID_REASONS.get(reason or "")
    return (reason or "") if known is None else voice.say(known)


def reason_from(form: Sent, voice: Voice) -> tuple[str, dict[str, str]]:
    """The reason that was chosen to end vouchers, and what is wrong with it."""
    reason = form.get("reason")
    if reason in VOID_REASONS:
        return reason, {}
    return reason, {"reason": voice.say("Please choose one of the reasons.")}


def _chosen(voice: Voice, field: str, code: str) -> str:
    return voice.say(CHOICES[field][code])


def _window(voice: Voice, one: benefits.VoucherDefinition) -> list[str]:
    say, told = voice.say, []
    if one.valid_for_days is not None:
        told.append(
            voice.count(
                "Good on the day it is issued only.",
                "Good for %(number)s days; the day it is issued counts.",
                one.valid_for_days,
            )
        )
    elif one.birthday_window is None:
        told.append(say("It does not lapse by itself."))
    since, until = one.valid_from, one.valid_until
    if since is not None:
        told.append(say("None is good before %(when)s.", when=voice.instant(since)))
    if until is not None:
        told.append(say("None is good from %(when)s on.", when=voice.instant(until)))
    return told
