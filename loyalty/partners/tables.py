"""Tables of partner benefits: what a plan has, codes that were brought in, and who has which."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.membership.tables import membership
from loyalty.plans.tables import plan
from loyalty.schema import Instant, Key, metadata

PROGRAMME_WIDE: Final = frozenset(
    {
        "partner_benefit",  # what plans offer
        "partner_code",  # codes that partners made; who was given one stands in partner_grant
    }
)


class _BenefitColumns(TypedColumns):
    plan: Named[str] = Column(Key)
    code: Named[str] = Column(Key)
    titles: Named[dict[str, Any]] = Column(JSONB)
    each: Named[str] = Column(Key)
    at_end: Named[str] = Column(Key)
    opened_at: Named[datetime] = Column(Instant)
    archived_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


partner_benefit: Final = Table(
    "partner_benefit",
    metadata,
    _BenefitColumns,
    PrimaryKeyConstraint("plan", "code", name="partner_benefit_code_is_taken_once"),
    ForeignKeyConstraint(["plan"], [plan.c.code], name="partner_benefit_is_of_a_plan"),
    CheckConstraint("code ~ '^[a-z][a-z0-9-]{0,39}$'", name="partner_benefit_code_is_a_code"),
    CheckConstraint("jsonb_typeof(titles) = 'object'", name="partner_benefit_titles_are_named"),
    CheckConstraint("each in ('membership', 'period')", name="partner_benefit_rhythm_is_known"),
    CheckConstraint("at_end in ('keep', 'void')", name="partner_benefit_end_is_known"),
    CheckConstraint(
        "archived_at >= opened_at", name="partner_benefit_is_archived_after_it_was_opened"
    ),
)


class _CodeColumns(TypedColumns):
    id: Named[UUID]
    plan: Named[str] = Column(Key)
    benefit: Named[str] = Column(Key)
    code: Named[str] = Column(Key)
    added_at: Named[datetime] = Column(Instant)
    taken_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: A code that a partner made; once it is taken it is never given to anybody else.
partner_code: Final = Table(
    "partner_code",
    metadata,
    _CodeColumns,
    PrimaryKeyConstraint("id", name="partner_code_has_one_row"),
    UniqueConstraint("plan", "benefit", "code", name="partner_code_is_brought_in_once"),
    ForeignKeyConstraint(
        ["plan", "benefit"],
        [partner_benefit.c.plan, partner_benefit.c.code],
        name="partner_code_is_of_a_benefit",
    ),
    CheckConstraint("code ~ '^[!-~]{1,100}$'", name="partner_code_is_printable"),
    CheckConstraint("taken_at >= added_at", name="partner_code_is_taken_after_it_came"),
)
Index(
    "partner_code_by_what_is_left",
    partner_code.c.plan,
    partner_code.c.benefit,
    partner_code.c.id,
    postgresql_where=partner_code.c.taken_at.is_(None),
)


class _GrantColumns(TypedColumns):
    member: Named[UUID]
    id: Named[UUID]
    membership: Named[UUID]
    plan: Named[str] = Column(Key)
    benefit: Named[str] = Column(Key)
    period: Named[datetime] = Column(Instant)
    code: Named[UUID]
    given_at: Named[datetime] = Column(Instant)
    voided_at: Named[datetime | None] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


#: A code that a member was given: once for a membership, or for each period of it.
partner_grant: Final = Table(
    "partner_grant",
    metadata,
    _GrantColumns,
    PrimaryKeyConstraint("member", "id", name="partner_grant_has_one_row"),
    UniqueConstraint("code", name="partner_grant_gives_a_code_once"),
    UniqueConstraint(
        "member", "membership", "plan", "benefit", "period", name="partner_grant_is_given_once"
    ),
    ForeignKeyConstraint(
        ["member", "membership"],
        [membership.c.member, membership.c.id],
        name="partner_grant_is_of_a_membership",
        onupdate="CASCADE",
    ),
    ForeignKeyConstraint(
        ["plan", "benefit"],
        [partner_benefit.c.plan, partner_benefit.c.code],
        name="partner_grant_is_of_a_benefit",
    ),
    ForeignKeyConstraint(["code"], [partner_code.c.id], name="partner_grant_has_a_code"),
    CheckConstraint("voided_at >= given_at", name="partner_grant_is_voided_after_it_was_given"),
)
