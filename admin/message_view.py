"""A message to a member in words: what it tells, where it stands and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.language import Voice
from admin.words import N_, Badge, badge
from loyalty.ids import show
from loyalty.members.listing import Entry, entries_of
from loyalty.outbox import Message, Reason, State

STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        State.QUEUED.value: (N_("Queued"), "calm"),
        State.SENDING.value: (N_("Being sent"), "calm"),
        State.SENT.value: (N_("Sent"), "good"),
        State.FAILED.value: (N_("Failed"), "bad"),
        State.SKIPPED.value: (N_("Left out"), "warn"),
    }
)
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Reason.MAIL_OFF.value: N_("No mail server is set up"),
        Reason.NO_ADDRESS.value: N_("The member has given no address"),
        Reason.NO_CONSENT.value: N_("The member has not agreed"),
        Reason.MEMBER_CLOSED.value: N_("The member has left"),
        Reason.REFUSED.value: N_("The mail server refused it"),
        Reason.GAVE_UP.value: N_("The mail server could not be reached for days"),
        Reason.OUTDATED.value: N_("It was no longer true when it could have gone out"),
        Reason.TOLD_BY_SHOP.value: N_("The shop has told the member itself"),
    }
)
TEMPLATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "points-expiring": N_("Points will expire (required notice)"),
        "points-expiring-soon": N_("Points expire soon"),
        "tier-upgraded": N_("A higher tier"),
        "tier-downgraded": N_("A lower tier"),
        "tier-will-fall": N_("The tier will fall"),
        "voucher-issued": N_("A voucher"),
    }
)


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in words."""

    message: Message
    id: str
    what: str
    state: Badge
    why: str | None
    member: Entry | None
    again: bool
    tellable: bool


async def message_views(
    connection: AsyncConnection, voice: Voice, messages: Sequence[Message]
) -> list[MessageView]:
    """Messages in words, with the members they are for."""
    members = await entries_of(connection, sorted({one.member for one in messages}))
    by_id = {one.id: one for one in members}
    return [message_view(voice, one, by_id.get(one.member)) for one in messages]


def message_view(voice: Voice, one: Message, member: Entry | None) -> MessageView:
    """One message in words."""
    known = None if one.reason is None else REASONS.get(one.reason)
    what = TEMPLATES.get(one.template)
    not_sent = one.state in {State.FAILED, State.SKIPPED}
    return MessageView(
        one,
        show("msg", one.id),
        one.template if what is None else voice.say(what),
        badge(voice, STATES, one.state.value),
        one.reason if known is None else voice.say(known),
        member,
        not_sent,
        not_sent or one.state is State.QUEUED,
    )
