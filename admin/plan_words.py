"""Paid plans and memberships in people's words: terms, states, what comes next, and causes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from admin.language import Voice
from admin.words import N_
from loyalty.membership.reasons import GIVEN
from loyalty.membership.types import Change
from loyalty.plans.types import NewPlan, NewPrice, Plan, Price

CHOICES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "adapter": {
            "external": N_("the shop, which reports payments"),
            "stripe": N_("Stripe"),
        },
        "trial_needs_card": {
            "no": N_("without a card"),
            "yes": N_("with a card, charged when it ends"),
        },
        "refund_policy": {
            "full-if-unused": N_("all if unused, else the days left"),
            "pro-rata": N_("the days left"),
            "none": N_("nothing"),
        },
        "every": {"month": N_("a month"), "year": N_("a year")},
        "tax": {"inclusive": N_("tax included"), "exclusive": N_("tax comes on top")},
    }
)
"""By the name of the field, then of the choice."""

PLAN_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "open": (N_("Can be joined"), "good"),
        "off": (N_("Switched off: Stripe has no key"), "warn"),
        "archived": (N_("Nobody joins any more"), ""),
    }
)
STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "trial": (N_("On trial"), "calm"),
        "active": (N_("Active"), "good"),
        "cancelled": (N_("Cancelled, paid until its end"), "warn"),
        "past-due": (N_("Payment is due"), "bad"),
        "paused": (N_("Paused"), "warn"),
        "ended": (N_("Ended"), ""),
    }
)
REFUNDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "refund": N_("Money was given back"),
        "dispute": N_("The bank took money back"),
        "reinstated": N_("The bank gave money back again"),
    }
)
NEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "renews": N_("renews on %(when)s"),
        "renewal-awaited": N_("the renewal is awaited until %(when)s"),
        "trial-ends": N_("the trial ends on %(when)s"),
        "grace-ends": N_("benefits end on %(when)s unless it is paid"),
        "ends": N_("ends on %(when)s"),
    }
)
CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "joined": N_("Joined"),
        "adopted": N_("Taken over from Stripe"),
        "won-back": N_("Came back"),
        "trial-began": N_("The trial began"),
        "trial-ended": N_("The trial ended"),
        "paid": N_("Paid for the first time"),
        "renewed": N_("Renewed"),
        "paid-late": N_("Paid after the end; to be given back"),
        "payment-failed": N_("A payment failed or did not come"),
        "mended": N_("Paid after all"),
        "upgraded": N_("Changed to a dearer price at once"),
        "changed": N_("Changed its price"),
        "downgrade-set": N_("Changes its price at the end of the period"),
        "downgrade-undone": N_("Keeps its price after all"),
        "downgraded": N_("Changed to a cheaper price"),
        "period-moved": N_("The paid period was moved"),
        "cancel-asked": N_("Cancelled for the end of the period"),
        "cancel-undone": N_("Goes on after all"),
        "cancelled-now": N_("Cancelled at once"),
        "withdrawn": N_("Withdrawn from"),
        "reason-given": N_("Said why they leave"),
        "member-closed": N_("The member has left"),
        "second-membership": N_("Bought beside another; given back"),
        "period-ended": N_("Ended with the period"),
        "grace-ended": N_("Ended unpaid"),
        "paused": N_("Paused; no benefits"),
        "resumed": N_("Goes on"),
        "refunded": N_("Money was given back"),
        "disputed": N_("The bank took money back"),
        "reinstated": N_("The bank gave money back again"),
        "bonus-taken-back": N_("The bonus points were taken back"),
        "bonus-given-again": N_("The bonus points were given again"),
        "adjusted": N_("Put right"),
        "ended": N_("Ended"),
    }
)

LEFT_FOR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "too-expensive": N_("Too dear"),
        "unused": N_("Hardly used it"),
        "missing-features": N_("Benefits were missing"),
        "switched-service": N_("Found something better"),
        "customer-service": N_("Unhappy with the service"),
        "low-quality": N_("Unhappy with the quality"),
        "too-complex": N_("Too complicated"),
        "other": N_("Another reason"),
    }
)
"""Why members leave, where pages ask; a shop may have reasons of its own."""
GIVEN_BACK_FOR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "duplicate": N_("Charged twice"),
        "fraudulent": N_("The buyer did not recognise it"),
        "requested-by-customer": N_("The member asked for it"),
        "goodwill": N_("Goodwill"),
    }
)
"""Why money of a charge went back, where it is no cause of a membership's own."""


def terms_of(voice: Voice, plan: Plan | NewPlan, tiers: Mapping[str, str]) -> list[str]:
    """What a plan says, a sentence each."""
    say = voice.say
    told = [say("Who charges: %(words)s.", words=_chosen(voice, "adapter", plan.adapter))]
    if plan.trial_days:
        with_card = _chosen(voice, "trial_needs_card", "yes" if plan.trial_needs_card else "no")
        told.append(
            voice.count(
                "A trial of %(number)s day, once for life, %(card)s.",
                "A trial of %(number)s days, once for life, %(card)s.",
                plan.trial_days,
                card=with_card,
            )
        )
    else:
        told.append(say("No trial."))
    if plan.tier_floor is not None:
        tier = tiers.get(f"tier:{plan.tier_floor}", plan.tier_floor)
        told.append(say("Members stand on %(tier)s at least, as long as it lasts.", tier=tier))
    if plan.bonus_points:
        told.append(
            voice.count(
                "%(number)s point with the first payment.",
                "%(number)s points with the first payment.",
                plan.bonus_points,
            )
        )
    told.append(
        voice.count(
            "Where a payment fails, benefits go on for %(number)s day.",
            "Where a payment fails, benefits go on for %(number)s days.",
            plan.grace_days,
        )
    )
    refund = _chosen(voice, "refund_policy", plan.refund_policy)
    told.append(say("Who leaves at once is given back: %(refund)s.", refund=refund))
    if plan.withdrawal_days:
        told.append(
            voice.count(
                "Whoever joined may withdraw for %(number)s day.",
                "Whoever joined may withdraw for %(number)s days.",
                plan.withdrawal_days,
            )
        )
    return told


def price_words(voice: Voice, price: Price | NewPrice, currency: str) -> str:
    """What a plan costs, and how often."""
    return voice.say(
        "%(money)s %(every)s, %(tax)s",
        money=voice.money(price.amount, currency),
        every=_chosen(voice, "every", price.every),
        tax=_chosen(voice, "tax", price.tax),
    )


def _chosen(voice: Voice, field: str, code: str) -> str:
    return voice.say(CHOICES[field][code])


def cause_words(voice: Voice, cause: str) -> str:
    """Why a membership changed."""
    words = CAUSES.get(cause)
    return cause if words is None else voice.say(words)


def left_for(voice: Voice, code: str) -> str:
    """Why a member leaves; a reason of the shop's own is shown as it is."""
    words = LEFT_FOR.get(code)
    return code if words is None else voice.say(words)


def step_words(voice: Voice, step: Change) -> str:
    """What a step of a timeline says, with the reason where one was given."""
    words = cause_words(voice, step.cause)
    if step.cause != GIVEN:
        return words
    why = left_for(voice, str(step.data["reason"]))
    return voice.say("%(what)s: %(why)s", what=words, why=why)


def given_back_for(voice: Voice, code: str) -> str:
    """Why money of a charge was given back: what happened, or what the shop or Stripe says."""
    words = GIVEN_BACK_FOR.get(code) or CAUSES.get(code)
    return code if words is None else voice.say(words)


def why_left(voice: Voice, steps: Sequence[Change]) -> str | None:
    """The reason that was given last, unless the member changed their mind since."""
    told = [step for step in steps if step.cause in {GIVEN, "cancel-undone"}]
    if not told or told[-1].cause != GIVEN:
        return None
    return left_for(voice, str(told[-1].data["reason"]))


def reasons_to_choose(voice: Voice) -> list[tuple[str, str]]:
    """Why somebody leaves, where a page asks; nobody has to say."""
    return [("", "\N{EN DASH}"), *((code, voice.say(words)) for code, words in LEFT_FOR.items())]
