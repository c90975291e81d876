"""Tables of the schema `benefits`: rules, rule sets, prices, voucher definitions and vouchers.

Private to this package; others join the Selects that the front door publishes. What was published
never changes: the application role may insert and read it, no more. Migration 0003 is equal to
this module.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Named,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata: Final = MetaData(schema="benefits")

PROGRAMME_WIDE: Final = frozenset(
    {
        *("rule_version", "rule_set", "rule_set_rule", "rule_switch"),
        *("rule_draft", "rule_draft_review"),
        *("price_list", "price", "voucher_definition"),
    }
)

_Instant: Final = DateTime(timezone=True)
_Key: Final = Text(collation="C")


class _RuleVersionColumns(TypedColumns):
    rule: Named[str] = Column(_Key)
    version: Named[int] = Column(Integer, autoincrement=False)
    document: Named[dict[str, Any]] = Column(JSONB)
    created_at: Named[datetime] = Column(_Instant)
    created_by: Named[str] = Column(_Key)


rule_version: Final = Table(
    "rule_version",
    metadata,
    _RuleVersionColumns,
    PrimaryKeyConstraint("rule", "version", name="rule_version_numbered_once"),
    CheckConstraint("version > 0", name="rule_version_positive"),
    CheckConstraint("document ->> 'rule' = rule", name="rule_version_document_names_its_rule"),
)


class _RuleSetColumns(TypedColumns):
    version: Named[int] = Column(Integer, autoincrement=False)
    live_from: Named[datetime] = Column(_Instant)
    zone: Named[str] = Column(_Key)
    tiers: Named[list[str]] = Column(ARRAY(_Key))
    groups: Named[dict[str, Any]] = Column(JSONB)
    published_at: Named[datetime] = Column(_Instant)
    published_by: Named[str] = Column(_Key)


rule_set: Final = Table(
    "rule_set",
    metadata,
    _RuleSetColumns,
    PrimaryKeyConstraint("version", name="rule_set_version_published_once"),
    CheckConstraint("version > 0", name="rule_set_version_positive"),
    CheckConstraint("jsonb_typeof(groups) = 'object'", name="rule_set_groups_is_object"),
    Index("rule_set_live", text("live_from desc"), text("version desc")),
)


class _RuleSetRuleColumns(TypedColumns):
    rule_set: Named[int] = Column(Integer)
    rule: Named[str] = Column(_Key)
    rule_version: Named[int] = Column(Integer)


rule_set_rule: Final = Table(
    "rule_set_rule",
    metadata,
    _RuleSetRuleColumns,
    PrimaryKeyConstraint("rule_set", "rule", name="rule_set_rule_stands_once"),
    ForeignKeyConstraint(
        ["rule_set"], [rule_set.c.version], name="rule_set_rule_is_of_a_published_set"
    ),
    ForeignKeyConstraint(
        ["rule", "rule_version"],
        [rule_version.c.rule, rule_version.c.version],
        name="rule_set_rule_is_a_stored_version",
    ),
)


class _RuleDraftColumns(TypedColumns):
    id: Named[UUID] = Column(Uuid)
    rules: Named[list[dict[str, Any]]] = Column(JSONB)
    retired: Named[list[str]] = Column(ARRAY(_Key))
    groups: Named[dict[str, Any]] = Column(JSONB)
    based_on: Named[int | None] = Column(Integer)
    made_at: Named[datetime] = Column(_Instant)
    made_by: Named[str] = Column(_Key)
    request_id: Named[str] = Column(_Key)
    published: Named[int | None] = Column(Integer)
    live_from: Named[datetime | None] = Column(_Instant)
    retired_at: Named[datetime | None] = Column(_Instant)
    authors: Named[list[str]] = Column(ARRAY(_Key))


rule_draft: Final = Table(
    "rule_draft",
    metadata,
    _RuleDraftColumns,
    PrimaryKeyConstraint("id", name="rule_draft_stored_once"),
    ForeignKeyConstraint(
        ["published"], [rule_set.c.version], name="rule_draft_is_published_as_a_set"
    ),
    CheckConstraint("jsonb_typeof(rules) = 'array'", name="rule_draft_rules_is_list"),
    CheckConstraint("cardinality(authors) > 0", name="rule_draft_has_an_author"),
    CheckConstraint("jsonb_typeof(groups) = 'object'", name="rule_draft_groups_is_object"),
    CheckConstraint(
        "(published is null) = (live_from is null)", name="rule_draft_published_says_from_when"
    ),
)


class _RuleSwitchColumns(TypedColumns):
    rule: Named[str] = Column(_Key)
    number: Named[int] = Column(Integer, autoincrement=False)
    stopped: Named[bool] = Column(Boolean)
    reason: Named[str] = Column(_Key)
    at: Named[datetime] = Column(_Instant)
    actor: Named[str] = Column(_Key)
    request_id: Named[str] = Column(_Key)


#: That a rule was stopped by hand, or goes on: odd numbers stop, the newest of a rule holds.
rule_switch: Final = Table(
    "rule_switch",
    metadata,
    _RuleSwitchColumns,
    PrimaryKeyConstraint("rule", "number", name="rule_switch_numbered_once"),
    CheckConstraint("number > 0", name="rule_switch_number_positive"),
    CheckConstraint("length(btrim(reason)) > 0", name="rule_switch_has_a_reason"),
    CheckConstraint("stopped = (number % 2 = 1)", name="rule_switch_stops_first"),
)


class _PriceListColumns(TypedColumns):
    name: Named[str] = Column(_Key)
    created_at: Named[datetime] = Column(_Instant)
    created_by: Named[str] = Column(_Key)


price_list: Final = Table(
    "price_list",
    metadata,
    _PriceListColumns,
    PrimaryKeyConstraint("name", name="price_list_named_once"),
)


class _PriceColumns(TypedColumns):
    sku: Named[str] = Column(_Key)
    price_list: Named[str] = Column(_Key)
    starts_at: Named[datetime] = Column(_Instant)
    amount: Named[int | None] = Column(BigInteger)
    regular: Named[int | None] = Column(BigInteger)
    created_at: Named[datetime] = Column(_Instant)
    created_by: Named[str] = Column(_Key)


price: Final = Table(
    "price",
    metadata,
    _PriceColumns,
    PrimaryKeyConstraint("sku", "price_list", "starts_at", name="price_starts_once"),
    ForeignKeyConstraint(["price_list"], [price_list.c.name], name="price_is_of_a_list"),
    CheckConstraint("amount >= 0", name="price_amount_not_negative"),
    CheckConstraint("amount <= regular", name="price_amount_at_most_regular"),
)


class _VoucherDefinitionColumns(TypedColumns):
    name: Named[str] = Column(_Key)
    titles: Named[dict[str, str]] = Column(JSONB)
    uses: Named[int] = Column(Integer)
    valid_for_days: Named[int | None] = Column(Integer)
    tax_class: Named[str] = Column(_Key)
    birthday_window: Named[str | None] = Column(_Key)
    created_at: Named[datetime] = Column(_Instant)
    created_by: Named[str] = Column(_Key)
    retired_at: Named[datetime | None] = Column(_Instant)
    minimum_order: Named[int | None] = Column(BigInteger)
    valid_from: Named[datetime | None] = Column(_Instant)
    valid_until: Named[datetime | None] = Column(_Instant)
    uses_per_member: Named[int | None] = Column(Integer)
    binding: Named[str] = Column(_Key, server_default="any")
    limits: Named[list[dict[str, Any]]] = Column(JSONB, server_default=text("'[]'"))


voucher_definition: Final = Table(
    "voucher_definition",
    metadata,
    _VoucherDefinitionColumns,
    PrimaryKeyConstraint("name", name="voucher_definition_named_once"),
    CheckConstraint("uses between 1 and 1000000", name="voucher_definition_uses_positive"),
    CheckConstraint(
        "valid_for_days between 1 and 36500", name="voucher_definition_validity_positive"
    ),
    CheckConstraint(
        "tax_class in ('discount', 'single-purpose', 'multi-purpose')",
        name="voucher_definition_tax_class_is_known",
    ),
    CheckConstraint(
        "birthday_window in ('day', 'week', 'month')",
        name="voucher_definition_birthday_window_is_known",
    ),
    CheckConstraint("minimum_order > 0", name="voucher_definition_minimum_positive"),
    CheckConstraint("valid_until > valid_from", name="voucher_definition_window_opens"),
    CheckConstraint("uses_per_member > 0", name="voucher_definition_uses_per_member_positive"),
    CheckConstraint(
        "binding in ('member', 'free', 'any')", name="voucher_definition_binding_is_known"
    ),
    CheckConstraint("jsonb_typeof(limits) = 'array'", name="voucher_definition_limits_is_list"),
)


class _VoucherColumns(TypedColumns):
    member: Named[UUID] = Column(Uuid)
    id: Named[UUID] = Column(Uuid)
    code: Named[str] = Column(_Key)
    definition: Named[str] = Column(_Key)
    starts_at: Named[datetime] = Column(_Instant)
    expires_at: Named[datetime | None] = Column(_Instant)
    amount: Named[int | None] = Column(BigInteger)
    skus: Named[list[str]] = Column(ARRAY(_Key))
    uses: Named[int] = Column(Integer)
    uses_reserved: Named[int] = Column(Integer, server_default=text("0"))
    uses_redeemed: Named[int] = Column(Integer, server_default=text("0"))
    uses_overrun: Named[int] = Column(Integer, server_default=text("0"))
    birthday_year: Named[int | None] = Column(SmallInteger)
    issued_at: Named[datetime] = Column(_Instant)
    voided_at: Named[datetime | None] = Column(_Instant)
    batch: Named[UUID | None] = Column(Uuid)
    void_reason: Named[str | None] = Column(_Key)
    uses_passed: Named[int] = Column(Integer, server_default=text("0"))


voucher: Final = Table(
    "voucher",
    metadata,
    _VoucherColumns,
    PrimaryKeyConstraint("member", "id", name="voucher_issued_once"),
    UniqueConstraint("member", "code", name="voucher_code_once_per_member"),
    CheckConstraint("uses > 0", name="voucher_uses_positive"),
    CheckConstraint("uses_reserved >= 0", name="voucher_reserved_not_negative"),
    CheckConstraint("uses_passed >= 0", name="voucher_passed_not_negative"),
    CheckConstraint("uses_redeemed >= 0", name="voucher_redeemed_not_negative"),
    CheckConstraint("uses_overrun >= 0", name="voucher_overrun_not_negative"),
    CheckConstraint(
        "uses_reserved + uses_redeemed + uses_passed <= uses", name="voucher_not_used_too_often"
    ),
    CheckConstraint("uses_passed = 0 or voided_at is not null", name="voucher_passed_on_is_void"),
    CheckConstraint("expires_at > starts_at", name="voucher_expires_after_it_starts"),
    CheckConstraint("amount > 0", name="voucher_amount_positive"),
    CheckConstraint("length(code) between 4 and 64", name="voucher_code_has_a_length"),
    CheckConstraint(
        "void_reason is null or voided_at is not null", name="voucher_void_reason_is_of_a_void_one"
    ),
    Index("voucher_by_id", "id"),
    Index("voucher_by_definition", "definition", "id"),
    Index("voucher_by_batch", "batch", "id", postgresql_where=text("batch is not null")),
    Index(
        "voucher_birthday_once_a_year",
        "member",
        "definition",
        "birthday_year",
        unique=True,
        postgresql_where=text("birthday_year is not null"),
    ),
    postgresql_with={"fillfactor": "90"},
)


class _VoucherUseColumns(TypedColumns):
    member: Named[UUID] = Column(Uuid)
    voucher: Named[UUID] = Column(Uuid)
    order_id: Named[UUID] = Column(Uuid)
    used_by: Named[UUID] = Column(Uuid)
    state: Named[str] = Column(_Key)
    overrun: Named[bool] = Column(Boolean, server_default=text("false"))
    reserved_at: Named[datetime | None] = Column(_Instant)
    redeemed_at: Named[datetime | None] = Column(_Instant)
    given_back_at: Named[datetime | None] = Column(_Instant)


voucher_use: Final = Table(
    "voucher_use",
    metadata,
    _VoucherUseColumns,
    PrimaryKeyConstraint("member", "voucher", "order_id", name="voucher_use_once_per_order"),
    ForeignKeyConstraint(
        ["member", "voucher"], [voucher.c.member, voucher.c.id], name="voucher_use_is_of_a_voucher"
    ),
    CheckConstraint(
        "state in ('reserved', 'redeemed', 'released', 'returned')",
        name="voucher_use_state_is_known",
    ),
    CheckConstraint(
        "state <> 'reserved' or reserved_at is not null", name="voucher_use_reserved_has_an_instant"
    ),
    CheckConstraint(
        "state <> 'redeemed' or redeemed_at is not null", name="voucher_use_redeemed_has_an_instant"
    ),
    Index("voucher_use_by_user", "used_by", "voucher"),
)
