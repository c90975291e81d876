"""Tables of the journal export: account maps, what was asked for, and what was made.

Rows are added and never changed, so an export's number, watermark and digest stand for ever.
"""

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Named,
    PrimaryKeyConstraint,
    Table,
    TypedColumns,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from loyalty.schema import Instant, Key, metadata

PROGRAMME_WIDE: Final = frozenset(
    {
        "account_map",  # versions of the company's chart of accounts
        "export",  # numbered exports of the whole journal
        "export_file",  # what was seen and made for each of them
    }
)


class _AccountMapColumns(TypedColumns):
    name: Named[str] = Column(Key)
    version: Named[int] = Column(Integer, autoincrement=False)
    document: Named[dict[str, Any]] = Column(JSONB)
    published_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


account_map: Final = Table(
    "account_map",
    metadata,
    _AccountMapColumns,
    PrimaryKeyConstraint("name", "version", name="account_map_version_is_unique"),
    CheckConstraint("version > 0", name="account_map_version_is_positive"),
    CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name="account_map_name_is_a_code"),
)


class _ExportColumns(TypedColumns):
    number: Named[int] = Column(BigInteger, autoincrement=False)
    since: Named[date] = Column(Date)
    until: Named[date] = Column(Date)
    format: Named[str] = Column(Key)
    language: Named[str] = Column(Key)
    map: Named[str] = Column(Key)
    map_version: Named[int] = Column(Integer)
    provisional: Named[bool]
    requested_at: Named[datetime] = Column(Instant)
    recorded_at: Named[datetime] = Column(Instant, server_default=func.transaction_timestamp())
    actor: Named[str] = Column(Key)
    request_id: Named[str] = Column(Key)


export: Final = Table(
    "export",
    metadata,
    _ExportColumns,
    PrimaryKeyConstraint("number", name="export_number_is_unique"),
    ForeignKeyConstraint(
        ["map", "map_version"],
        [account_map.c.name, account_map.c.version],
        name="export_names_a_published_map",
    ),
    CheckConstraint("number > 0", name="export_number_is_positive"),
    CheckConstraint(
        "since < until and extract(day from since) = 1 and extract(day from until) = 1",
        name="export_is_of_whole_months",
    ),
    CheckConstraint("format in ('csv', 'xlsx', 'hledger')", name="export_format_is_known"),
    CheckConstraint("language in ('en', 'zh')", name="export_language_is_known"),
)


class _ExportFileColumns(TypedColumns):
    number: Named[int] = Column(BigInteger, autoincrement=False)
    revision: Named[int] = Column(Integer)
    seen: Named[str] = Column(Key)
    money: Named[dict[str, Any]] = Column(JSONB)
    digest: Named[bytes] = Column(LargeBinary)
    size: Named[int] = Column(BigInteger)
    entries: Named[int] = Column(BigInteger)
    lines: Named[int] = Column(BigInteger)
    made_at: Named[datetime] = Column(Instant)


#: What the first making of an export saw and how its file came out; every later one must agree.
export_file: Final = Table(
    "export_file",
    metadata,
    _ExportFileColumns,
    PrimaryKeyConstraint("number", name="export_file_is_one_per_export"),
    ForeignKeyConstraint(["number"], [export.c.number], name="export_file_is_of_an_export"),
    CheckConstraint("octet_length(digest) = 32", name="export_file_digest_is_a_digest"),
    CheckConstraint(
        "revision > 0 and least(size, entries, lines) >= 0", name="export_file_counts_something"
    ),
)
