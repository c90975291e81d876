"""Orders brought along from files: what goes in, what is mended, what is refused, and repeats."""

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from benefits import RuleSetNotFound
from loyalty.bootstrap import Application
from loyalty.history.columns import ColumnsUnusable
from loyalty.history.errors import ImportUnreadable
from loyalty.verify import verify
from tests.loyalty.history.files import (
    BY_LINE,
    WHOLE,
    application,
    bring,
    publish,
    rejects_of,
    write,
)

__all__ = ["application"]

AT = "2025-03-01T10:00:00+00:00"
LATER = "2025-03-05T10:00:00+00:00"


def line(
    order: str, member: str, *rest: object, at: str = AT, kind: str = "sale", of: str = ""
) -> tuple[object, ...]:
    """A row of a file by line; the rest is line id, SKU, category, quantity, amount."""
    return (order, member, at, kind, "USD", of, *rest)


async def balances(application: Application) -> dict[str, int]:
    """Points available by the shop's id of the member."""
    async with application.database.read() as connection:
        rows = await connection.execute(
            text(
                "select n.name, w.available from loyalty.name n join loyalty.member m"
                " on m.id = n.member join ledger.wallet w on w.holder = m.holder"
                " where n.kind = 'member'"
            )
        )
        return {row.name: row.available for row in rows}


async def counted(application: Application, table: str) -> int:
    """How many rows a table has."""
    async with application.database.read() as connection:
        return int(await connection.scalar(text(f"select count(*) from {table}")) or 0)


async def check_books(application: Application) -> None:
    """Every verifier is content."""
    async with application.database.snapshot() as connection:
        assert await verify(connection) == []


SOME: Sequence[tuple[object, ...]] = (
    line("o1", "anna", "1", "TEA", "DRINKS", 2, "19.99"),
    line("o1", "anna", "2", "RYE", "BREAD", 1, "3.02"),
    line("o2", "ben", "1", "TEA", "DRINKS", 1, "10.00"),
    line("r1", "anna", "1", "TEA", "DRINKS", 1, "10.00", at=LATER, kind="return"),
    line("o3", "", "1", "TEA", "DRINKS", 1, "10.00"),
)


async def test_orders_and_returns_of_members_and_guests_go_in(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    summary = await bring(application, write(tmp_path / "orders.csv", BY_LINE, SOME))
    assert summary.complete
    assert (summary.rows, summary.members_new, summary.orders) == (5, 2, 3)
    assert (summary.returns, summary.guest_orders, summary.lines) == (1, 1, 5)
    assert (summary.points_earned, summary.points_taken_back) == (33, 10)
    assert await balances(application) == {"anna": 13, "ben": 10}


async def test_the_same_file_again_changes_nothing(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    path = write(tmp_path / "orders.csv", BY_LINE, SOME)
    await bring(application, path)
    tables = ("loyalty.event", "loyalty.change", "ledger.journal", "loyalty.return")
    before = [await counted(application, table) for table in tables]
    again = await bring(application, path)
    assert again.complete
    assert (again.replays, again.orders, again.returns, again.points_earned) == (4, 0, 0, 0)
    assert [await counted(application, table) for table in tables] == before


async def test_a_known_order_with_other_content_is_refused_by_column(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    await bring(application, write(tmp_path / "orders.csv", BY_LINE, SOME))
    other = [line("o2", "ben", "1", "TEA", "DRINKS", 1, "10.01")]
    path = write(tmp_path / "other.csv", BY_LINE, other)
    summary = await bring(application, path)
    assert (summary.orders_rejected, summary.rows_rejected) == (1, 1)
    (reject,) = rejects_of(path)
    assert (reject["row"], reject["column"]) == ("2", "amount")
    assert "order-conflict" in reject["reason"]
    assert await balances(application) == {"anna": 13, "ben": 10}


async def test_a_later_file_takes_back_what_an_earlier_one_sold(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    await bring(application, write(tmp_path / "orders.csv", BY_LINE, SOME))
    rows = [
        line("o4", "anna", "1", "JAM", "BREAD", 1, "5.00", at=LATER),
        line("r2", "anna", "1", "TEA", "DRINKS", 1, "9.99", at=LATER, kind="return", of="o1"),
        line("r3", "ben", "1", "JAM", "BREAD", 1, "5.00", at=LATER, kind="return"),
    ]
    summary = await bring(application, write(tmp_path / "later.csv", BY_LINE, rows))
    assert summary.complete
    assert (summary.orders, summary.returns, summary.unmatched_returns) == (1, 2, 1)
    assert await balances(application) == {"anna": 8, "ben": 10}
    again = await bring(application, tmp_path / "later.csv")
    assert (again.replays, again.orders, again.returns) == (3, 0, 0)
    await check_books(application)


async def test_one_bad_row_rejects_its_order_whole_and_no_other(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    rows = [*SOME, line("o1", "anna", "3", "JAM", "BREAD", "two", "4.00")]
    path = write(tmp_path / "orders.csv", BY_LINE, rows)
    summary = await bring(application, path)
    assert (summary.orders_rejected, summary.rows_rejected, summary.orders) == (1, 3, 2)
    rejects = rejects_of(path)
    assert [(each["row"], each["column"]) for each in rejects] == [
        ("2", ""),
        ("3", ""),
        ("7", "quantity"),
    ]
    assert rejects[2]["reason"] == "expected a whole number of at least 0, found 'two'"
    assert rejects[0]["reason"] == "rejected with row 7 of the same order"


async def test_a_mended_file_of_rejects_goes_in_as_it_is(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    path = write(tmp_path / "orders.csv", BY_LINE, [line("o1", "anna", "1", "T", "D", 1, "4,00")])
    assert not (await bring(application, path)).complete
    rejects = tmp_path / "orders.csv.rejects.csv"
    rejects.write_text(rejects.read_text().replace('"4,00"', "4.00"))
    assert (await bring(application, rejects)).complete
    assert await balances(application) == {"anna": 4}


async def test_what_is_mended_is_counted(application: Application, tmp_path: Path) -> None:
    await publish(application, time_zone="America/New_York")
    columns = [*BY_LINE[:-1], "unit_price"]
    rows = [
        line("o1", "anna", "1", "TEA", "D", 2, "1.005", at="2025-03-01T22:00:00"),
        line("o1", "anna", "2", "TEA", "D", 0, "3.00", at="2025-03-01T22:00:00"),
        line("o1", "anna", "3", "TEA", "D", 0, "0", at="2025-03-01T22:00:00"),
        line("o2", "anna", "1", "TEA", "D", 0, "0"),
    ]
    summary = await bring(application, write(tmp_path / "orders.csv", columns, rows))
    assert summary.complete
    assert (summary.third_decimals, summary.quantities_zero_with_money) == (1, 1)
    assert (summary.lines_dropped, summary.baskets_dropped) == (2, 1)
    assert summary.times_without_offset == 1
    assert await balances(application) == {"anna": 5}
    async with application.database.read() as connection:
        placed = await connection.scalar(text('select placed_at from loyalty."order"'))
    assert placed.isoformat() == "2025-03-02T03:00:00+00:00"


async def test_gzip_a_byte_order_mark_and_line_ends_of_windows_are_read(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    path = tmp_path / "orders.csv.gz"
    body = f"{','.join(WHOLE)}\r\no1,anna,{AT},SALE,usd,12.34\r\n\r\n"
    path.write_bytes(gzip.compress(("\ufeff" + body).encode()))
    summary = await bring(application, path)
    assert (summary.complete, summary.orders) == (True, 1)
    assert await balances(application) == {"anna": 12}


async def test_effects_choose_what_orders_move(application: Application, tmp_path: Path) -> None:
    await publish(application)
    path = write(tmp_path / "orders.csv", BY_LINE, SOME)
    only_tiers = await bring(application, path, effects="tiers")
    assert (only_tiers.orders, only_tiers.points_earned) == (3, 0)
    assert await counted(application, "tiers.activity") == 2
    assert await counted(application, "ledger.journal") == 0


async def test_effects_of_points_leave_standings_at_the_bottom(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    summary = await bring(
        application, write(tmp_path / "orders.csv", BY_LINE, SOME), effects="points"
    )
    assert summary.points_earned == 33
    assert await counted(application, "tiers.activity") == 0
    assert await counted(application, "tiers.standing") == 2


async def test_without_rules_nothing_is_earned_and_it_is_said(
    application: Application, tmp_path: Path
) -> None:
    await publish(application, rules=())
    summary = await bring(application, write(tmp_path / "orders.csv", BY_LINE, SOME))
    assert (summary.points_earned, summary.orders_without_rules) == (0, 3)
    assert any("earned nothing" in told for told in summary.told())


async def test_history_is_told_as_history(application: Application, tmp_path: Path) -> None:
    await publish(application)
    await bring(application, write(tmp_path / "orders.csv", BY_LINE, SOME))
    assert await counted(application, "loyalty.event where not historic") == 0
    assert await counted(application, "loyalty.event where historic") == 9


BAD_VALUES = [
    ("ordered_at", "yesterday"),
    ("ordered_at", "2999-01-01T00:00:00Z"),
    ("kind", "refund"),
    ("currency", "EUR"),
    ("quantity", "-1"),
    ("quantity", "1.5"),
    ("quantity", "10000000"),
    ("amount", "-1.00"),
    ("amount", "1.005"),
    ("amount", "NaN"),
    ("amount", ""),
    ("line_id", ""),
    ("order_id", ""),
    ("sku", "x" * 201),
    ("category", "null\0character"),
]


@pytest.mark.parametrize(("column", "value"), BAD_VALUES)
async def test_a_wrong_value_is_named_by_row_and_column(
    application: Application, tmp_path: Path, column: str, value: str
) -> None:
    good = dict(zip(BY_LINE, line("o1", "anna", "1", "TEA", "D", 1, "1.00"), strict=True))
    path = write(tmp_path / "orders.csv", BY_LINE, [list((good | {column: value}).values())])
    summary = await bring(application, path)
    assert (summary.orders, summary.rows_rejected) == (0, 1)
    (reject,) = rejects_of(path)
    assert (reject["row"], reject["column"]) == ("2", column)
    assert reject["reason"]
    assert await counted(application, "loyalty.member") == 0


async def test_bytes_that_are_no_text_and_rows_that_are_no_csv_are_rejected(
    application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    head = ",".join(WHOLE).encode()
    path.write_bytes(
        head
        + f"\no1,an\xffna,{AT},sale,USD,1.00".encode("latin-1")
        + f"\no2,ben,{AT},sale,USD,1.00,more".encode()
        + f"\no3,ben,{AT},sale,USD,1.00".encode()
        + f'\no4,"b"en,{AT},sale,USD,1.00\n'.encode()
    )
    summary = await bring(application, path)
    assert (summary.orders, summary.rows_rejected) == (1, 3)


async def test_lines_that_repeat_or_disagree_are_rejected(
    application: Application, tmp_path: Path
) -> None:
    rows = [
        line("o1", "anna", "1", "TEA", "D", 1, "1.00"),
        line("o1", "anna", "1", "TEA", "D", 1, "1.00"),
        line("o2", "anna", "1", "TEA", "D", 1, "1.00"),
        line("o2", "ben", "2", "TEA", "D", 1, "1.00"),
    ]
    path = write(tmp_path / "orders.csv", BY_LINE, rows)
    assert (await bring(application, path)).orders_rejected == 2
    columns = [each["column"] for each in rejects_of(path)]
    assert columns == ["", "line_id", "", "member"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (WHOLE[1:], "order_id is missing"),
        ((*WHOLE, "colour"), "colour is not a column"),
        ((*WHOLE, "member"), "member appears twice"),
        ((*WHOLE, "sku"), "sku cannot stand beside order_amount"),
        (BY_LINE[:-1], r"amount is missing \(or unit_price\)"),
        ((), "order_id, member, ordered_at, kind, currency is missing"),
    ],
)
async def test_a_header_that_cannot_be_used_is_refused_by_column(
    application: Application, tmp_path: Path, columns: Sequence[str], problem: str
) -> None:
    with pytest.raises(ColumnsUnusable, match=problem):
        await bring(application, write(tmp_path / "orders.csv", columns, []))


async def test_a_damaged_archive_is_refused(application: Application, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(",".join(WHOLE).encode() * 9)[:-9])
    with pytest.raises(ImportUnreadable):
        await bring(application, path)


async def test_orders_before_the_first_rules_earn_nothing_unless_told_which_to_use(
    application: Application, tmp_path: Path
) -> None:
    await publish(application, live_from=None)
    silent = await bring(application, write(tmp_path / "orders.csv", BY_LINE, SOME[:2]))
    rest = [
        line("o9", "anna", "1", "TEA", "DRINKS", 1, "7.00", at=LATER),
        line("o8", "carl", "1", "TEA", "DRINKS", 1, "9.00"),
    ]

    told = await bring(application, write(tmp_path / "rest.csv", BY_LINE, rest), rules=1)

    assert (silent.points_earned, silent.orders_without_rules) == (0, 1)
    assert (told.points_earned, told.orders_without_rules) == (16, 0)
    assert await balances(application) == {"anna": 7, "carl": 9}
    with pytest.raises(RuleSetNotFound):
        await bring(application, tmp_path / "rest.csv", rules=2)
    await check_books(application)


async def test_what_is_told_of_older_orders_leaves_those_alone_that_have_rules(
    application: Application, tmp_path: Path
) -> None:
    await publish(application, live_from=datetime(2025, 3, 3, tzinfo=UTC))
    double = {"rule": "base", "effects": [{"effect": "earn", "points": 5, "per": 100}]}
    await publish(application, rules=(double,), ladder=None, live_from=None)
    rows = [
        line("o1", "anna", "1", "TEA", "DRINKS", 1, "10.00"),
        line("o2", "anna", "1", "TEA", "DRINKS", 1, "10.00", at=LATER),
    ]

    summary = await bring(application, write(tmp_path / "orders.csv", BY_LINE, rows), rules=2)

    assert summary.points_earned == 60, "5 a dollar before there were rules, 1 since"


async def test_tiers_alone_issue_no_points_and_points_alone_move_no_tier(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    big = [line(f"o{n}", "anna", "1", "TEA", "DRINKS", 1, "150.00") for n in (1, 2, 3)]
    other = [line(f"p{n}", "ben", "1", "TEA", "DRINKS", 1, "150.00") for n in (1, 2, 3)]

    tiers_only = await bring(application, write(tmp_path / "a", BY_LINE, big), effects="tiers")
    points_only = await bring(application, write(tmp_path / "b", BY_LINE, other), effects="points")

    assert (tiers_only.points_earned, points_only.points_earned) == (0, 450)
    assert await balances(application) == {"ben": 450}
    async with application.database.read() as connection:
        standings = await connection.execute(
            text(
                "select n.name, s.tier from tiers.standing s join loyalty.name n"
                " on n.member = s.member and n.kind = 'member' order by 1"
            )
        )
        assert {row.name: row.tier for row in standings} == {"anna": "gold", "ben": "standard"}
