"""A file of members: who is new joins as if by the API, who is known is left alone."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import tiers
from loyalty.bootstrap import Application
from loyalty.history.columns import ColumnsUnusable
from loyalty.history.members import import_members
from loyalty.history.rejects import rejects_path
from loyalty.members import Birthday, Consent, Joining, find_member, join, profile_of
from loyalty.members.types import Ref
from tests.loyalty.history.files import application, cause_now, publish, write

__all__ = ["application"]

COLUMNS = (
    *("member", "email", "phone", "name", "birthday", "class", "language", "joined_at"),
    *("tier", "since", "until", "consent:newsletter", "consent_version", "tags"),
)
ADA = (
    *("ada", "Ada@Example.org", "+41 44 123 45 67", "Ada L.", "1984-02-29", "", "en"),
    *("2020-01-31T10:00:00+01:00", "", "", "", "yes", "2026-1", "vip; tea-lover"),
)
BEN = ("ben", "", "", "", "--12-24", "staff", "", "2021-05-01", "", "", "", "", "", "")


TOLD = """
    select subject_kind, action, after - '{{email,phone,external_id,name,birthday}}'::text[]
    from loyalty.change where member = '{}'
"""


def ref(external_id: str) -> Ref:
    return Ref("member", f"ext:{external_id}", external=external_id)


async def rows(application: Application, query: str) -> list[Any]:
    async with application.database.read() as connection:
        return list((await connection.execute(text(query))).all())


async def test_a_row_joins_as_the_api_would_let_it(
    application: Application, tmp_path: Path
) -> None:
    await publish(application, time_zone="Europe/Zurich")
    path = write(tmp_path / "members.csv", COLUMNS, [ADA, BEN])

    summary = await import_members(application, path)
    joining = Joining(
        external_id="eva",
        email="Eva@Example.org",
        phone="+41 44 123 45 68",
        name="Ada L.",
        birthday=Birthday(2, 29, 1984),
        language="en",
        joined_at=datetime(2020, 1, 31, 9, tzinfo=UTC),
        consents=(Consent("newsletter", granted=True, text_version="2026-1"),),
        tags=("vip", "tea-lover"),
    )
    await application.database.write(join, cause_now(application), joining)

    assert (summary.joined, summary.known, summary.rejected, summary.rows) == (2, 0, 0, 2)
    async with application.database.read() as connection:
        ada, eva = (
            await find_member(connection, ref("ada")),
            await find_member(connection, ref("eva")),
        )
        ben = await find_member(connection, ref("ben"))
        one, other = await profile_of(connection, ada.id), await profile_of(connection, eva.id)
    assert (ada.class_, ada.joined_at) == (eva.class_, eva.joined_at)
    assert (ben.class_, ben.joined_at) == ("staff", datetime(2021, 4, 30, 22, tzinfo=UTC))
    assert one.email == "Ada@Example.org"
    assert (one.name, one.birthday, one.birthday_changed_on, one.language, one.consents) == (
        *(other.name, other.birthday, other.birthday_changed_on, other.language, other.consents),
    )
    # the same rows in every table, but for ids, instants and the two contacts
    for query in (
        TOLD,
        "select type, effective_at, data from loyalty.event where member = '{}'",
        "select field, before from loyalty.profile_history where member = '{}' order by field",
        "select purpose, granted, text_version from loyalty.consent where member = '{}'",
        "select kind from loyalty.name where member = '{}' order by kind",
        "select tag from loyalty.member_tag where member = '{}' order by tag",
    ):
        assert await rows(application, query.format(ada.id)) == await rows(
            application, query.format(eva.id)
        ), query


async def test_the_same_file_again_changes_nothing(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    path = write(tmp_path / "members.csv", COLUMNS, [ADA, BEN])
    await import_members(application, path)
    before = await rows(application, "select count(*) from loyalty.change")

    again = await import_members(application, path)

    assert (again.joined, again.known, again.rejected) == (0, 2, 0)
    assert await rows(application, "select count(*) from loyalty.change") == before
    assert not rejects_path(path).exists()


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("member", "", "expected the shop's id"),
        ("email", "nobody", "an e-mail address"),
        ("phone", "ring me", "a phone number"),
        ("birthday", "1985-02-29", "no day 29 in month 2"),
        ("birthday", "soon", "expected a date such as"),
        ("class", "king", "expected one of consumer"),
        ("language", "english!", "expected a language tag"),
        ("joined_at", "2999-01-01", "between 1970 and now"),
        ("tier", "platinum", "expected one of"),
        ("since", "2020-01-01", "expected a tier beside"),
        ("until", "2020-01-01", "expected a tier beside"),
        ("consent:newsletter", "perhaps", "expected yes or no"),
    ],
)
async def test_a_bad_row_is_rejected_with_its_column_and_reason(
    application: Application, tmp_path: Path, column: str, value: str, told: str
) -> None:
    await publish(application)
    bad = dict(zip(COLUMNS, ADA, strict=True)) | {column: value}
    if column in ("since", "until"):
        bad["tier"] = ""
    path = write(tmp_path / "members.csv", COLUMNS, [tuple(bad.values()), BEN])

    summary = await import_members(application, path)

    assert (summary.joined, summary.rejected, summary.complete) == (1, 1, False)
    header, reject = rejects_path(path).read_text(encoding="utf-8").splitlines()
    assert header.startswith("row,column,reason,member,email")
    number, where, reason = reject.split(",", 2)
    assert number == "2"
    assert where in (column, "tier")
    assert told in reason


async def test_contacts_and_ids_belong_to_one_member(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    taken = Joining(external_id="old", email="taken@example.org")
    await application.database.write(join, cause_now(application), taken)
    rows_ = [
        ("new", "TAKEN@example.org"),
        ("ada", "ada@example.org"),
        ("ada", "ada@example.org"),
        ("eva", "ada@example.org"),
        ("old", "other@example.org"),
    ]
    path = write(tmp_path / "members.csv", ("member", "email"), rows_)

    summary = await import_members(application, path)

    assert (summary.joined, summary.rejected) == (1, 4)
    reasons = [
        line.split(",")[:3] for line in rejects_path(path).read_text("utf-8").splitlines()[1:]
    ]
    assert [(number, column) for number, column, _ in reasons] == [
        *(("2", "email"), ("4", "member"), ("5", "email"), ("6", "email")),
    ]
    assert reasons[0][2].startswith("name-taken")
    assert reasons[3][2].startswith("joined-with-other-content")


async def test_a_mended_file_of_rejects_imports_as_it_is(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    path = write(tmp_path / "members.csv", ("member", "class"), [("ada", "queen"), ("ben", "")])
    await import_members(application, path)
    mended = rejects_path(path)
    mended.write_text(mended.read_text("utf-8").replace("queen", "consumer"), "utf-8")

    summary = await import_members(application, mended)

    assert (summary.joined, summary.rejected) == (1, 0)


async def test_a_column_that_is_unknown_missing_or_doubled_refuses_the_file(
    application: Application, tmp_path: Path
) -> None:
    for header in (("email",), ("member", "shoe size"), ("member", "member")):
        with pytest.raises(ColumnsUnusable):
            await import_members(application, write(tmp_path / "members.csv", header, []))


async def test_a_tier_comes_along_and_is_kept_until_its_day(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    async with application.database.read() as connection:
        ladder = await tiers.live_ladder(connection)
    assert ladder is not None
    top = ladder.tiers[-1].code
    columns = ("member", "joined_at", "tier", "since", "until")
    row = ("ada", "2020-01-01", top, "2024-06-01", "2199-12-31")
    path = write(tmp_path / "members.csv", columns, [row])

    summary = await import_members(application, path)

    assert (summary.joined, summary.standings) == (1, 1)
    async with application.database.read() as connection:
        ada = await find_member(connection, ref("ada"))
        standing = (await connection.execute(tiers.standing_at(ada.id, date(2026, 11, 22)))).one()
    assert standing.tier == top
