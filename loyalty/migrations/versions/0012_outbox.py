"""Being told: the order of the feed, and the messages to members.

What: two columns of the event that give its place in the feed, the clusters whose transaction ids
they are, how far our own readers have come, and messages. Why: an event must neither be skipped
nor overtake another of its member, also after a restore into another cluster; and a mail must go
out once. Events that are there already come first, in their old order (null is era 0), and none of
them is told any more. Locks: the event table while its index is built.
"""

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels = None
depends_on = None

FEED = """
create table loyalty.feed_cluster (
    era integer not null,
    cluster bigint not null,
    begun_at timestamptz not null default transaction_timestamp(),
    constraint feed_cluster_has_one_row_per_era primary key (era),
    constraint feed_cluster_era_is_positive check (era > 0)
);

create function loyalty.feed_era() returns integer
    language sql immutable parallel safe return 1;

alter table loyalty.event add column feed_era integer, add column feed_xid xid8;
alter table loyalty.event
    alter column feed_era set default loyalty.feed_era(),
    alter column feed_xid set default pg_current_xact_id();
create index event_in_feed_order on loyalty.event
    (coalesce(feed_era, 0), coalesce(feed_xid, '0'::xid8), position);
drop index loyalty.event_by_position;

create table loyalty.feed_reader (
    name text collate "C" not null,
    era integer not null,
    xid xid8 not null,
    position bigint not null,
    constraint feed_reader_has_one_row_per_name primary key (name)
);
insert into loyalty.feed_reader (name, era, xid, position)
select 'mail', 0, '0'::xid8, coalesce(max(position), 0) from loyalty.event;
"""

MESSAGES = """
create table loyalty.message (
    member uuid not null,
    id uuid not null,
    event uuid not null,
    template text collate "C" not null,
    message_id text collate "C" not null,
    state text collate "C" not null,
    reason text collate "C",
    language text collate "C",
    attempts integer not null default 0,
    uncertain integer not null default 0,
    fence bigint not null default 0,
    queued_at timestamptz not null,
    next_at timestamptz,
    sent_at timestamptz,
    answer text,
    recorded_at timestamptz not null default transaction_timestamp(),
    constraint message_has_one_row primary key (member, id),
    constraint message_belongs_to_a_member foreign key (member) references loyalty.member (id),
    constraint message_is_made_once_per_event unique (member, event, template),
    constraint message_state_is_known
        check (state in ('queued', 'sending', 'sent', 'failed', 'skipped')),
    constraint message_is_due_until_it_has_ended
        check ((state in ('queued', 'sending')) = (next_at is not null)),
    constraint message_sent_says_when check ((state = 'sent') = (sent_at is not null)),
    constraint message_not_sent_says_why
        check (state not in ('failed', 'skipped') or reason is not null),
    constraint message_attempts_are_counted
        check (attempts between 0 and fence and uncertain between 0 and fence),
    constraint message_id_is_well_formed check (message_id ~ '^<msg_[0-9a-z]{26}@[^ <>@]+>$')
);
create index message_newest_first on loyalty.message (id);
create index message_by_due_time on loyalty.message (next_at)
    where state in ('queued', 'sending');
"""


def upgrade() -> None:
    op.execute(FEED)
    op.execute(MESSAGES)


def downgrade() -> None:
    op.execute("drop table loyalty.message, loyalty.feed_reader")
    op.execute("create index event_by_position on loyalty.event (position)")
    op.execute("drop index loyalty.event_in_feed_order")
    op.execute("alter table loyalty.event drop column feed_xid, drop column feed_era")
    op.execute("drop function loyalty.feed_era()")
    op.execute("drop table loyalty.feed_cluster")
