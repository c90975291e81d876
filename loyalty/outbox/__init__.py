"""Being told: the feed of events, and mails to members with proof of sending.

`read_feed` gives every event once, in an order that holds. `relay_events` makes messages of the
events that members are told of and `send_mail` sends them, which `tell_members` does one after the
other; `notify_expiring` finds whose points will expire. Each may die anywhere. The rest reads and
mends messages.
"""

from loyalty.outbox.errors import (
    FeedCursorLost,
    FeedCursorMalformed,
    MessageStands,
    ToldTooEarly,
    UnknownMessage,
)
from loyalty.outbox.expiring import notify_expiring, notify_required, remind
from loyalty.outbox.feed import (
    BEGINNING,
    Feed,
    Place,
    Told,
    cursor_of,
    find_place,
    is_in_its_cluster,
    read_feed,
)
from loyalty.outbox.notices import NOTICES, Notice
from loyalty.outbox.reading import (
    MailState,
    count_messages,
    count_uncertain,
    find_message,
    list_messages,
    mail_state,
    report_told,
    resend,
)
from loyalty.outbox.relay import relay_batch, relay_events
from loyalty.outbox.sending import send_mail, tell_members
from loyalty.outbox.state import Message, Reason, State

__all__ = [
    "BEGINNING",
    "NOTICES",
    "Feed",
    "FeedCursorLost",
    "FeedCursorMalformed",
    "MailState",
    "Message",
    "MessageStands",
    "Notice",
    "Place",
    "Reason",
    "State",
    "Told",
    "ToldTooEarly",
    "UnknownMessage",
    "count_messages",
    "count_uncertain",
    "cursor_of",
    "find_message",
    "find_place",
    "is_in_its_cluster",
    "list_messages",
    "mail_state",
    "notify_expiring",
    "notify_required",
    "read_feed",
    "relay_batch",
    "relay_events",
    "remind",
    "report_told",
    "resend",
    "send_mail",
    "tell_members",
]
