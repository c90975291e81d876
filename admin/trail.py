"""What people and programs did about a member, as the trail keeps it, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words
from admin.language import Voice
from admin.words import N_
from loyalty.changes import Change, list_changes, texts_of
from loyalty.staff import Person

MOST_SHOWN: Final = 12

ACTIONS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("member", "join"): N_("Joined the programme"),
        ("member", "update-profile"): N_("Changed personal details"),
        ("member", "change-class"): N_("Changed the kind of member"),
        ("member", "set-tags"): N_("The shop's tags were set"),
        ("member", "close"): N_("Left the programme"),
        ("stripe-refund", "retry"): N_("Stripe is asked for a refund again"),
        ("stripe-refund", "settle"): N_("A refund that Stripe refused was settled"),
        ("wallet", "adjust"): N_("Points by hand"),
        ("voucher", "give"): N_("Voucher by hand"),
        ("voucher", "void"): N_("A voucher was made void"),
        ("consent", "grant"): N_("Agreed"),
        ("consent", "withdraw"): N_("Declined"),
        ("wallet", "write-off"): N_("Debt was written off"),
        ("wallet", "freeze"): N_("The wallet was locked"),
        ("wallet", "thaw"): N_("The wallet was unlocked"),
        ("wallet", "activate"): N_("Pending points were made available"),
        ("member", "merge"): N_("Went on as another member"),
        ("member", "absorb"): N_("Another member was merged into this one"),
        ("standing", "grant"): N_("A tier was granted by hand"),
        ("standing", "lift"): N_("A granted tier was taken back"),
        ("standing", "freeze"): N_("The tier was pinned"),
        ("standing", "thaw"): N_("The tier was let go"),
        ("order-exception", "settle"): N_("An exception of an order was settled"),
        ("reward-order", "fulfil"): N_("An order of a reward was fulfilled"),
        ("reward-order", "cancel"): N_("An order of a reward was cancelled"),
        ("message", "resend"): N_("A message was sent again"),
        ("message", "report-told"): N_("The shop told the member itself"),
        ("reconciliation-item", "clear"): N_("A difference of the books was explained"),
        ("reconciliation-item", "reopen"): N_("An explanation of a difference did not hold"),
        ("key", "create"): N_("A key of this member was made"),
        ("key", "revoke"): N_("A key of this member was revoked"),
    }
)
"""Every deed that the trail keeps about a member; a test finds one that is missing."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry of the trail."""

    at: datetime
    words: str
    who: str
    reason: str
    note: str | None


async def deeds_of(
    connection: AsyncConnection, voice: Voice, member: UUID, people: Mapping[UUID, Person]
) -> Sequence[Deed]:
    """The latest entries about a member, with the notes that colleagues left."""
    changes = await list_changes(connection, limit=MOST_SHOWN, member=member)
    notes = {one.id: _note_row(one) for one in changes}
    texts = await texts_of(connection, member, [row for row in notes.values() if row is not None])
    return [
        Deed(
            one.recorded_at,
            _words(voice, one),
            actor_words(voice, one.actor, people),
            str((one.after or {}).get("reason", "")),
            None if (row := notes[one.id]) is None else texts.get(row),
        )
        for one in changes
    ]


def _words(voice: Voice, change: Change) -> str:
    known = ACTIONS.get((change.subject_kind, change.action))
    return f"{change.subject_kind}: {change.action}" if known is None else voice.say(known)


def _note_row(change: Change) -> UUID | None:
    """Where the note of a change is kept, if it has one."""
    note = (change.after or {}).get("note")
    return UUID(str(note["history"])) if isinstance(note, Mapping) else None
