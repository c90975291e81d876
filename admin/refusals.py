"""Refusals of the domains in the visitor's language: one sentence per code, with its figures.

A code without a sentence here is shown with the domain's own English one; a test names the codes
that console forms can meet.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from admin.language import Voice
from admin.words import N_
from benefits import BenefitsError
from ledger import LedgerError
from loyalty.errors import LoyaltyError
from tiers import TiersError

REFUSALS: Final = (LoyaltyError, LedgerError, TiersError, BenefitsError)
"""What the domains refuse with; anything else is a failure of ours."""

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wrong-credentials": N_("The e-mail and the password do not belong together."),
        "too-many-attempts": N_(
            "There were too many wrong passwords. The next try is allowed in"
            " %(wait_seconds)s seconds."
        ),
        "link-unusable": N_(
            "This one-time link was used already, has expired or never existed."
            " Please ask for a new one."
        ),
        "password-too-short": N_("A password has at least %(wanted)s characters, not %(seen)s."),
        "password-too-long": N_("A password has at most %(wanted)s characters, not %(seen)s."),
        "password-guessable": N_("Please choose a password that is harder to guess."),
        "staff-email-taken": N_("Somebody here already signs in with this e-mail address."),
        "staff-email-malformed": N_("An e-mail address reads name@host."),
        "staff-name-missing": N_("Please give a name of 1 to 100 characters."),
        "staff-role-missing": N_("Please choose at least one role."),
        "last-admin": N_(
            "This is the last person with the administration role. Give the role to somebody else"
            " first."
        ),
        "insufficient-points": N_(
            "The wallet has %(seen)s points available; %(wanted)s were to be taken."
        ),
        "adjustment-over-limit": N_(
            "Your role may move at most %(allowed)s points a day;"
            " %(wanted)s more would exceed that."
        ),
        "membership-without-access": N_("The membership gives no benefits at the moment."),
        "partner-benefit-archived": N_("No more codes of this are given."),
        "partner-codes-run-out": N_("There is no code left at the moment."),
        "idempotency-key-reused": N_(
            "This form was sent before with other content. Look at what it did, then try again."
        ),
        "idempotency-in-progress": N_("This form is being worked on; look again in a second."),
        "policy-malformed": N_("Expected: %(wanted)s. Seen: %(seen)s."),
        "policy-starts-too-soon": N_(
            "Points may be worth less only after 30 days' notice: from %(wanted)s."
        ),
        "policy-starts-in-the-past": N_("The start must not lie before %(wanted)s."),
        "policy-cannot-change": N_("With members in the programme this stays %(wanted)s."),
        "estimate-malformed": N_("An estimate needs more: %(wanted)s."),
        "unknown-cohort": N_("No points of this class were earned in %(seen)s."),
        "cohort-ended": N_("Nothing of the cohort of %(seen)s is outstanding any more."),
        "estimate-below-redeemed": N_(
            "%(seen)s points are expected, but %(redeemed)s have been redeemed already."
        ),
        "estimate-above-issued": N_(
            "%(seen)s points are expected, but the cohort has no more than %(issued)s."
        ),
        "estimate-backdated": N_("It counts from %(wanted)s at the earliest."),
        "estimate-in-future": N_("It counts from today, %(wanted)s, at the latest."),
        "unanswerable-instant": N_("The books begin on %(seen)s; before that there is no answer."),
        "recorded-in-future": N_("What will be recorded later is not known yet."),
        "debt-too-small": N_("The wallet owes %(seen)s; %(wanted)s were to be written off."),
        "holds-open": N_("Orders still hold points of this wallet; complete or cancel them first."),
        "merge-with-itself": N_("This is the same member."),
        "member-merged": N_("This member was merged already and goes on as %(into)s."),
        "member-blocked": N_("This member is blocked; unblock them before they are merged."),
        "unknown-member": N_("Nobody goes by this."),
        "period-not-over": N_("The month is not over yet."),
        "period-out-of-order": N_("Another month comes first: %(wanted)s."),
        "period-unknown": N_("The books do not have this month."),
        "item-cleared": N_("This difference was explained already."),
        "item-not-cleared": N_("This difference is not explained."),
        "reconciliation-period-unfit": N_("Only days that have begun can be compared."),
        "billing-report-rejected": N_(
            "Lines that cannot be taken: %(rows)s; the first is line %(row)s."
        ),
        "import-unreadable": N_("This cannot be read as a table in CSV."),
        "export-period-unfit": N_("Only months that have begun can be exported."),
        "unknown-account-map": N_("There is no such account map."),
        "expiry-preview-outdated": N_("This preview is too old; preview the change again."),
        "expiry-policy-moved": N_("Another policy was published since; preview the change again."),
        "message-stands": N_("The message stands otherwise by now; look at it again."),
        "told-too-early": N_("The member cannot have been told before the message was made."),
        "ladder-malformed": N_("This cannot be used here. Expected: %(wanted)s."),
        "ladder-metric-unknown": N_("Nothing is counted under the name %(seen)s."),
        "ladder-without-bottom": N_("The lowest tier is for everybody and asks for nothing."),
        "ladder-tier-repeated": N_("Two tiers have the code %(seen)s; each needs its own."),
        "ladder-unordered": N_(
            "Whoever has enough for %(tier)s must have enough for %(below)s, the tier below."
        ),
        "ladder-tier-unreachable": N_(
            "Nobody could stand on %(tier)s: whoever has enough for it has enough for %(above)s."
        ),
        "ladder-keep-harder": N_("Keeping a tier may not take more than reaching it."),
        "ladder-validity-unfit": N_(
            "What counts and how long a tier is kept do not fit: the last so many months or days"
            " go with months or days, calendar periods with periods, everything with for ever."
        ),
        "ladder-upgrade-unfit": N_(
            "There is a next period only where a month, a quarter, a half-year or a year counts."
        ),
        "ladder-outrun": N_(
            "Another ladder was published since this page was shown. Look at what it changed."
        ),
        "ladder-draft-closed": N_("This draft was published or put away and does not change."),
        "ladder-target-malformed": N_("This share or figure cannot be aimed at with this draft."),
        "ladder-starts-in-past": N_("Please give a day to come, or none for now."),
        "preview-in-future": N_("A preview is of today or of a day that has been."),
        "no-ladder": N_("No ladder is published, so nobody stands on a tier."),
        "not-qualifying": N_("Only consumers stand on the ladder, not members of other kinds."),
        "nothing-granted": N_("Nothing is granted to this member by hand."),
        "floor-without-end": N_("A grant ends on a day to come."),
        "tier-unknown": N_("The live ladder has no tier %(seen)s."),
        "reason-malformed": N_("Please choose one of the reasons."),
        "exception-settled": N_("Somebody settled this meanwhile, otherwise: %(seen)s."),
        "outcome-unfit": N_("Please say whether the wallet is released or the lock upheld."),
        "rule-draft-closed": N_("This draft was published or put away and does not change."),
        "rule-draft-empty": N_("A draft changes at least one rule."),
        "rule-draft-outrun": N_(
            "Somebody published another version of %(seen)s since this draft was made."
        ),
        "review-pending": N_(
            "This draft is being reviewed; it stays as it is until it is approved or sent back."
        ),
        "review-not-asked": N_("Nobody asks for a review of this draft any more."),
        "review-missing": N_("Somebody else has to approve a draft before it is published."),
        "review-stale": N_("It is no longer what was reviewed; please have it looked at again."),
        "review-own": N_("Somebody who neither wrote the draft nor handed it in approves it."),
        "tag-malformed": N_(
            "A tag is up to 40 lower-case letters, digits and hyphens, not %(seen)s."
        ),
        "too-many-tags": N_("A member has at most %(wanted)s tags."),
        "member-list-malformed": N_("A name is up to 40 lower-case letters, digits and hyphens."),
        "member-list-too-long": N_("A list has at most %(wanted)s members."),
        "rule-wrong-type": N_("This cannot be used here: %(seen)s. Expected: %(wanted)s."),
        "rule-value-out-of-range": N_("This cannot be used here: %(seen)s. Expected: %(wanted)s."),
        "rule-unknown-value": N_("This cannot be used here: %(seen)s. Expected: %(wanted)s."),
        "rule-unknown-tier": N_("This cannot be used here: %(seen)s. Expected: %(wanted)s."),
        "rule-unknown-field": N_("This does not belong here: %(seen)s. It may say: %(wanted)s."),
        "rule-unknown-fact": N_("This does not belong here: %(seen)s. It may say: %(wanted)s."),
        "rule-unknown-operator": N_("This does not belong here: %(seen)s. It may say: %(wanted)s."),
        "rule-unknown-effect": N_("This does not belong here: %(seen)s. It may say: %(wanted)s."),
        "rule-missing-field": N_("This has to be told: %(wanted)s."),
        "rule-unknown-reference": N_("There is no %(kind)s with the name %(seen)s."),
        "rule-percent-out-of-range": N_(
            "A percentage is above 0 and at most 100, with at most two decimals."
        ),
        "rule-negative-price": N_("A price is never negative."),
        "rule-empty-schedule": N_("The rule would never be open: %(reason)s."),
        "rule-effect-without-target": N_("It has nothing to work on: %(reason)s."),
        "rule-step-not-reached": N_(
            "At the point at which this rule works, that subtotal is not known yet: %(seen)s."
        ),
        "rule-nested-too-deep": N_("Conditions stand at most %(wanted)s deep within each other."),
        "rule-too-large": N_("This is too much for one rule: at most %(wanted)s."),
        "rule-contradictory-fields": N_("%(seen)s contradicts %(wanted)s."),
        "rule-set-too-many-told": N_(
            "At most %(wanted)s rules may be told to those who nearly have them."
        ),
        "rule-named-twice": N_("The rule %(rule)s is named twice."),
        "rule-not-live": N_("No rule %(rule)s is live."),
        "rule-unfit": N_("The live rule %(rule)s would not fit any more: %(reason)s."),
        "plan-taken": N_("There is a plan with this code already, and it says something else."),
        "plan-malformed": N_("This cannot be used here: %(seen)s. Expected: %(wanted)s."),
        "membership-ended": N_("The membership has ended; the member may join anew."),
        "membership-cancelled-already": N_("It will end already."),
        "membership-nothing-to-undo": N_("Nobody has asked to end this membership."),
        "membership-live": N_("There is a membership already that has not ended."),
        "trial-taken": N_("You have had a trial; it comes once for life."),
        "stripe-unavailable": N_("Stripe does not answer just now; please try again in a moment."),
        "no-refund-refused": N_("There is no refund left that Stripe has refused."),
        "refund-under-way": N_("Stripe is being asked for the refund; look again in a minute."),
        "stripe-refused": N_("Stripe refuses this: %(seen)s."),
        "card-refused": N_("The card was refused (%(seen)s); nothing was changed."),
        "unknown-checkout": N_("There is no such page of Stripe's."),
        "withdrawal-over": N_("The days to withdraw are over."),
        "voucher-definition-exists": N_(
            "There is a voucher with this code already, and it says something else."
        ),
        "voucher-definition-refused": N_("This cannot be used here: %(reason)s."),
        "voucher-definition-not-found": N_("No vouchers of this kind are issued any more."),
        "voucher-binding-differs": N_("Vouchers of this kind are bound otherwise."),
        "voucher-outside-window": N_("The time of these vouchers is over."),
        "voucher-batch-malformed": N_("A batch has 1 to %(wanted)s vouchers."),
        "voucher-batch-not-yours": N_("The codes are read by whoever asked for them, alone."),
        "voucher-batch-not-made": N_("%(seen)s of %(wanted)s codes are made; wait for the rest."),
        "voucher-batch-codes-read": N_("The codes were read already; they are shown once."),
        "voucher-in-use": N_("An open order holds it; complete or cancel that order first."),
        "unknown-member-list": N_("There is no list with this name."),
        "reward-malformed": N_("This cannot be used here. Expected: %(wanted)s."),
        "reward-code-taken": N_("There is a reward with the code %(seen)s already."),
        "reward-not-drafted": N_("There is nothing to publish: change the reward first."),
        "reward-retired": N_("This reward is out of the catalogue."),
        "reward-tax-class-not-chosen": N_(
            "Points alone buy it, so finance chooses its tax class before it is published."
        ),
        "reward-moved": N_("Somebody published another version meanwhile; look at it again."),
        "reward-stock-not-counted": N_("The stock of this reward is not counted."),
        "reward-stock-short": N_("Only %(seen)s are left."),
        "reward-order-closed": N_("This order is %(seen)s already."),
        "reward-voucher-used": N_("The voucher of this order was used, so the order stands."),
        "member-closed": N_("This member has left the programme; nothing can be posted any more."),
        "wallet-frozen": N_("This wallet is locked; nothing can be posted until it is unlocked."),
    }
)


def sentence(voice: Voice, error: Exception) -> str:
    """The refusal in a sentence."""
    known = SENTENCES.get(getattr(error, "code", ""))
    if known is None:
        return str(error)
    facts = {
        name: voice.number(value) if isinstance(value, int) else value
        for name, value in getattr(error, "facts", {}).items()
    }
    return voice.say(known, **facts)
