"""Tables of being told: how far each reader of the feed has come, and the messages to members.

A message holds no personal data: the address, and what the mail says, are made when it is sent.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    func,
    text,
)

from loyalty.schema import Instant, Key, Xid8, metadata
from loyalty.tables import member

#: Tables that belong to the programme and not to one member; a test keeps the list.
PROGRAMME_WIDE: Final = frozenset(
    {
        "feed_cluster",  # the database clusters this programme has lived in
        "feed_reader",  # how far our own readers of the feed have come
    }
)


class _FeedClusterColumns(TypedColumns):
    era: Named[int] = Column(Integer, autoincrement=False)
    cluster: Named[int] = Column(BigInteger)
    begun_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())


#: Transaction ids only compare within one cluster, so each one begins an era of the feed.
feed_cluster: Final = Table(
    "feed_cluster",
    metadata,
    _FeedClusterColumns,
    PrimaryKeyConstraint("era", name="feed_cluster_has_one_row_per_era"),
    CheckConstraint("era > 0", name="feed_cluster_era_is_positive"),
)


class _FeedReaderColumns(TypedColumns):
    name: Named[str] = Column(Key)
    era: Named[int] = Column(Integer)
    xid: Named[int] = Column(Xid8())
    position: Named[int] = Column(BigInteger)


#: Where one of our own readers goes on; moved in the transaction of what it makes of the events.
feed_reader: Final = Table(
    "feed_reader",
    metadata,
    _FeedReaderColumns,
    PrimaryKeyConstraint("name", name="feed_reader_has_one_row_per_name"),
)


class _MessageColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    event: Named[UUID]
    template: Named[str] = Column(Key)
    message_id: Named[str] = Column(Key)
    state: Named[str] = Column(Key)
    reason: Named[str | None] = Column(Key)
    language: Named[str | None] = Column(Key)
    attempts: Named[int] = Column(Integer, server_default="0")
    uncertain: Named[int] = Column(Integer, server_default="0")
    fence: Named[int] = Column(BigInteger, server_default="0")
    queued_at: Named[datetime] = Column(Instant)
    next_at: Named[datetime | None] = Column(Instant)
    sent_at: Named[datetime | None] = Column(Instant)
    answer: Named[str | None] = Column(Text)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())


#: What is to be told to a member because of an event: made once, sent until it is proved sent.
message: Final = Table(
    "message",
    metadata,
    _MessageColumns,
    PrimaryKeyConstraint("member", "id", name="message_has_one_row"),
    ForeignKeyConstraint(["member"], [member.c.id], name="message_belongs_to_a_member"),
    UniqueConstraint("member", "event", "template", name="message_is_made_once_per_event"),
    CheckConstraint(
        "state in ('queued', 'sending', 'sent', 'failed', 'skipped')",
        name="message_state_is_known",
    ),
    CheckConstraint(
        "(state in ('queued', 'sending')) = (next_at is not null)",
        name="message_is_due_until_it_has_ended",
    ),
    CheckConstraint("(state = 'sent') = (sent_at is not null)", name="message_sent_says_when"),
    CheckConstraint(
        "state not in ('failed', 'skipped') or reason is not null",
        name="message_not_sent_says_why",
    ),
    CheckConstraint(
        "attempts between 0 and fence and uncertain between 0 and fence",
        name="message_attempts_are_counted",
    ),
    CheckConstraint(
        "message_id ~ '^<msg_[0-9a-z]{26}@[^ <>@]+>$'", name="message_id_is_well_formed"
    ),
    Index("message_newest_first", "id"),
    Index(
        "message_by_due_time",
        "next_at",
        postgresql_where=text("state in ('queued', 'sending')"),
    ),
)
