"""Tags of members, uploaded lists of members, and the brand and tags of what was sold.

What: three tables, new and empty, and two columns of order lines. Why: rules ask for them, when a
cart is priced and when past orders are read. Locks: the columns are null where nothing was said, so
no line is rewritten.
"""

from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels = None
depends_on = None

_STEPS = (
    """
    create table loyalty.member_tag (
        member uuid not null,
        tag text collate "C" not null,
        given_at timestamptz not null,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint member_tag_is_given_once primary key (member, tag),
        constraint member_tag_is_of_a_member foreign key (member) references loyalty.member (id),
        constraint member_tag_is_a_code check (tag ~ '^[a-z0-9][a-z0-9-]{0,39}$')
    )
    """,
    "create index member_tag_by_tag on loyalty.member_tag (tag, member)",
    """
    create table loyalty.member_list (
        name text collate "C" not null,
        made_at timestamptz not null,
        changed_at timestamptz not null,
        retired_at timestamptz,
        actor text collate "C" not null,
        request_id text collate "C" not null,
        constraint member_list_has_one_row_per_name primary key (name),
        constraint member_list_name_is_a_code check (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
        constraint member_list_changes_after_it_was_made check (changed_at >= made_at),
        constraint member_list_is_retired_after_it_was_made check (retired_at >= made_at)
    )
    """,
    """
    create table loyalty.member_list_entry (
        member uuid not null,
        list text collate "C" not null,
        added_at timestamptz not null,
        constraint member_list_entry_is_made_once primary key (member, list),
        constraint member_list_entry_is_of_a_member
            foreign key (member) references loyalty.member (id),
        constraint member_list_entry_is_of_a_list
            foreign key (list) references loyalty.member_list (name)
    )
    """,
    "create index member_list_entry_by_list on loyalty.member_list_entry (list, member)",
    """
    alter table loyalty.order_line
        add column brand text collate "C",
        add column tags text[] collate "C"
    """,
)


def upgrade() -> None:
    """Create the tables, and tell lines more of what was sold."""
    for step in _STEPS:
        op.execute(step)


def downgrade() -> None:
    """A step back is a restored backup."""
