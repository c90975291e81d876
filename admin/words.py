"""Codes in people's words: what each code of the domains is called on a page.

A code always has a word; the colour beside it only repeats what the word says. `N_` marks a
sentence for the catalogue where it stands; it is translated where it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from admin.language import Voice
from admin.visit import Visit
from ledger import Account, Kind, LotClass
from loyalty.staff import Role

N_: Final = str
"""Marks a sentence for the catalogue; it is translated when it is shown."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in a word and a colour."""

    words: str
    colour: str


KINDS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.EARN: N_("Earned"),
        Kind.ACTIVATE: N_("Became available"),
        Kind.SPEND: N_("Spent"),
        Kind.HOLD: N_("Set aside"),
        Kind.CAPTURE: N_("Taken from what was set aside"),
        Kind.RELEASE: N_("Given back"),
        Kind.EXTEND: N_("Set aside for longer"),
        Kind.EXPIRE: N_("Expired"),
        Kind.CLAW_BACK: N_("Clawed back"),
        Kind.RESTORE: N_("Restored"),
        Kind.ADJUST: N_("Adjusted"),
        Kind.OPEN: N_("Opening balance"),
        Kind.WRITE_OFF: N_("Debt written off"),
        Kind.FREEZE: N_("Locked or unlocked"),
        Kind.NOTIFY: N_("Told of the end"),
        Kind.RESCHEDULE: N_("Given another end"),
        Kind.MOVE: N_("Moved in a merge"),
    }
)

GIFTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "plan-bonus": N_("Given for joining a plan"),
        "plan-bonus-back": N_("Taken back with the fee of a plan"),
        "plan-bonus-again": N_("Given again with the fee of a plan"),
    }
)
"""Movements that say more than their kind, by their reason."""

ACCOUNTS: Final[Mapping[Account, str]] = MappingProxyType(
    {
        Account.AVAILABLE: N_("Available to members"),
        Account.PENDING: N_("Pending"),
        Account.HELD: N_("Held for orders"),
        Account.DEBT: N_("Debt of members"),
        Account.ISSUED: N_("Issued"),
        Account.REDEEMED: N_("Redeemed"),
        Account.RESTORED: N_("Restored by returns"),
        Account.EXPIRED: N_("Expired points"),
        Account.CLAWED_BACK: N_("Clawed back from returns"),
        Account.ADJUSTED: N_("Adjusted by hand"),
        Account.OPENING: N_("Opening balances"),
        Account.WRITTEN_OFF: N_("Written-off debt"),
        Account.IN_TRANSIT: N_("In transit"),
    }
)

LOT_CLASSES: Final[Mapping[LotClass, str]] = MappingProxyType(
    {
        LotClass.SALE: N_("Sale"),
        LotClass.FEE: N_("Fee"),
        LotClass.PROMOTION: N_("Promotion"),
        LotClass.GOODWILL: N_("Goodwill"),
        LotClass.PARTNER: N_("Partner"),
    }
)

MEMBER_CLASSES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "consumer": (N_("Consumer"), "good"),
        "staff": (N_("Staff of the shop"), "calm"),
        "wholesale": (N_("Wholesale"), "calm"),
        "test": (N_("Test"), "warn"),
        "blocked": (N_("Blocked"), "bad"),
    }
)

VOUCHER_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "issued": (N_("Ready to use"), "good"),
        "reserved": (N_("Held for an order"), "calm"),
        "redeemed": (N_("Used"), ""),
        "expired": (N_("Lapsed"), ""),
        "void": (N_("Withdrawn"), "bad"),
    }
)

DRAFT_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "open": (N_("Draft"), "warn"),
        "scheduled": (N_("Comes later"), "calm"),
        "review": (N_("In review"), "warn"),
        "approved": (N_("Approved"), "good"),
        "published": (N_("Published"), "good"),
        "retired": (N_("Put away"), ""),
    }
)

ORDER_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "open": (N_("Open"), "warn"),
        "completed": (N_("Completed"), "good"),
        "cancelled": (N_("Cancelled"), ""),
        "part-returned": (N_("With returns"), "warn"),
    }
)

KEY_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "active": (N_("In use"), "good"),
        "revoked": (N_("Revoked"), "bad"),
        "expired": (N_("Run out"), ""),
    }
)

KEY_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "checkout": N_("Checkout: quotes and orders"),
        "admin": N_("Administration: everything but the books"),
        "finance": N_("Finance: reads the books"),
        "member": N_("One member: reads their own wallet"),
    }
)

ROLES: Final[Mapping[Role, str]] = MappingProxyType(
    {Role.ADMIN: N_("Administration"), Role.FINANCE: N_("Finance")}
)

PERSON_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "active": (N_("Active"), "good"),
        "invited": (N_("Invited"), "warn"),
        "retired": (N_("Has left"), ""),
    }
)

LEAVING_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "left": N_("Has left the company"),
        "other-work": N_("Does other work now"),
        "risk": N_("May have been taken over by somebody else"),
    }
)

DONE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "points-given": N_("The points were posted; the entry is at the top of the history."),
        "voucher-given": N_("The voucher was issued and stands among the member's vouchers."),
        "policy-published": N_("The new version is published; earlier versions stay as they were."),
        "key-revoked": N_("The key is revoked and opens nothing any more."),
        "person-invited": N_("The person was invited."),
        "roles-changed": N_("The roles were changed; they apply from the next click."),
        "person-retired": N_("The person has left; their sessions have ended."),
        "estimate-signed": N_("The estimate is signed; it counts from its day on."),
        "debt-written-off": N_("The debt was written off; the entry is in the member's history."),
        "wallet-locked": N_("The wallet is locked; nothing can be spent from it."),
        "wallet-unlocked": N_("The wallet is unlocked."),
        "members-merged": N_("The two members are one now; this is what is left of them."),
        "reconciled": N_("The comparison was run."),
        "report-taken": N_("The report was taken in; the next comparison of its months sees it."),
        "item-cleared": N_("The difference is explained; later comparisons know it."),
        "item-reopened": N_(
            "The difference is asked for again, in every comparison that found it."
        ),
        "export-requested": N_("The export has its number; its file is made when you download it."),
        "closing-begun": N_("The month takes no more bookings; it closes when all checks pass."),
        "message-queued": N_("The message is queued and goes out within a minute."),
        "message-told": N_("It is on record that the member was told."),
        "expiry-previewed": N_("The change was worked out; nothing was changed yet."),
        "expiry-confirmed": N_("The change is confirmed; the points are being moved."),
        "draft-made": N_("The draft is stored; nothing has changed for anybody."),
        "draft-changed": N_("The draft was changed; its earlier previews stay as they were."),
        "draft-handed-in": N_("The draft is handed in; it stays as it is until it is looked at."),
        "draft-approved": N_("The draft is approved as it stands."),
        "draft-sent-back": N_("The draft is sent back, with your reason."),
        "draft-retired": N_("The draft was put away; it stays readable."),
        "ladder-previewed": N_("The draft was held against all members; nothing was changed."),
        "ladder-published": N_("The new ladder is live; the worker moves members within the hour."),
        "ladder-scheduled": N_("The draft is published by itself on its day."),
        "tier-granted": N_("The tier is granted; the step stands on the member's way."),
        "grant-lifted": N_("The grant has ended; the member stands where they have earned."),
        "tier-pinned": N_("The tier is pinned; nothing moves it until somebody lets it go."),
        "tier-unpinned": N_("The tier moves again; what was earned meanwhile counts."),
        "exception-settled": N_("The exception is settled, under your name."),
        "list-uploaded": N_("The list is as it was uploaded; rules see it from now on."),
        "list-retired": N_("Nobody is on the list any more."),
        "tags-set": N_("The tags are set."),
        "run-asked": N_("A worker has been asked; the figures appear here when they are done."),
        "rule-stopped": N_("The rule is stopped: it gives nothing from now on, in every process."),
        "rule-resumed": N_("The rule goes on."),
        "voucher-defined": N_("The kind of voucher is defined; rules say what it gives."),
        "voucher-retired": N_("No more are issued; those that were stay good."),
        "voucher-void": N_("The voucher is void; nobody can use it any more."),
        "batch-asked": N_("The batch is asked for; its codes are read here, once."),
        "batch-void": N_("What was left of the batch is void."),
        "codes-taken": N_("The codes were brought in; what was not taken stands below."),
        "plan-opened": N_("The plan can be had from now on; it never changes."),
        "plan-archived": N_("Nobody joins any more; who has it keeps it."),
        "membership-cancel": N_("It ends with what is paid; until then everything stays."),
        "membership-undo": N_("It goes on after all."),
        "membership-change": N_("The price changes with the next period."),
        "membership-joined": N_("You have joined."),
        "membership-confirming": N_("Stripe is still confirming it; look again in a moment."),
        "membership-left": N_("Nothing was joined and nothing was charged."),
        "partner-code": N_("Here is your code."),
        "membership-leave": N_("The membership has ended."),
        "membership-withdraw": N_("The joining is taken back."),
        "stripe-refund-retried": N_("Stripe is asked for the refund again within minutes."),
        "stripe-refund-settled": N_("Nobody asks Stripe for the refund any more."),
        "stripe-replayed": N_("The event waits again; a worker looks into it."),
        "rules-published": N_("The rules are live, in every process, from now on."),
        "rules-scheduled": N_("The rules become live on their day."),
        "rule-ended": N_("A rule set without it is published."),
        "reward-made": N_("The reward is in the making; nobody sees it before it is published."),
        "reward-changed": N_("The draft is stored; what is published stays as it is."),
        "reward-publish": N_("The reward is published; members can order it."),
        "reward-retire": N_("The reward is out of the catalogue; its orders stay."),
        "reward-stock": N_("The stock was changed."),
        "reward-tax-class": N_("The tax class is chosen, under your name."),
        "reward-fulfilled": N_("The order is fulfilled."),
        "reward-cancelled": N_("The order is cancelled; points and stock came back."),
        "signed-out": N_("You are signed out."),
    }
)


def badge(voice: Voice, words: Mapping[str, tuple[str, str]], code: str) -> Badge:
    """The word and colour of a code; an unknown code is shown as it is."""
    known = words.get(code)
    return Badge(code, "") if known is None else Badge(voice.say(known[0]), known[1])


def role_words(visit: Visit) -> str:
    """The roles of the person signed in."""
    if visit.session is None:
        return ""
    return " · ".join(visit.voice.say(words) for role, words in ROLES.items() if visit.may(role))


def done_words(visit: Visit) -> str | None:
    """What the form just sent has done; anything but our own codes is silence."""
    words = DONE.get(visit.query.get("done", ""))
    return None if words is None else visit.voice.say(words)


def named(voice: Voice, names: Mapping[str, str], fallback: str) -> str:
    """A name from a language map: the visitor's language, English, any, or the code."""
    for language in (voice.name, voice.html, "zh-CN" if voice.name == "zh" else "en", "en"):
        if language in names:
            return names[language]
    return next(iter(names.values()), fallback)
