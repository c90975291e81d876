"""The report of an import: three counts that know nothing of each other, and whether they agree."""

from dataclasses import replace
from pathlib import Path

from loyalty.bootstrap import Application
from tests.loyalty.history.files import BY_LINE, application, bring, publish, write
from tests.loyalty.history.test_orders import LATER, SOME, line

__all__ = ["application"]


async def test_a_report_reconciles_file_orders_and_ledger_to_the_cent_and_the_point(
    application: Application, tmp_path: Path
) -> None:
    await publish(application)
    path = write(tmp_path / "orders.csv", BY_LINE, SOME)

    first = (await bring(application, path)).reconciled
    again = (await bring(application, path)).reconciled
    rest = [
        line("o4", "anna", "1", "JAM", "BREAD", 1, "5.55", at=LATER),
        line("o2", "ben", "1", "TEA", "DRINKS", 1, "10.01"),
        line("r9", "ben", "1", "TEA", "DRINKS", 1, "10.00", at=LATER, kind="return"),
        line("r8", "ben", "1", "TEA", "DRINKS", 1, "10.00", at=LATER, kind="return"),
    ]
    later = (await bring(application, write(tmp_path / "rest.csv", BY_LINE, rest))).reconciled

    assert first is not None
    assert again is not None
    assert later is not None
    assert (first.file_sold, first.orders_sold) == (4_301, 4_301)
    assert (first.orders_earned, first.ledger_earned) == (33, 33)
    assert (first.orders_taken_back, first.ledger_taken_back) == (10, 10)
    assert (first.file_returned, first.refunded, first.unmatched) == (1_000, 999, 0)
    assert (again.file_sold, again.orders_sold, again.ledger_earned) == (0, 0, 0)
    assert (later.file_sold, later.orders_sold, later.ledger_earned) == (555, 555, 5)
    assert (later.file_returned, later.refunded, later.unmatched) == (2_000, 1_000, 1_000)
    assert [each.agrees for each in (first, again, later)] == [True, True, True]
    assert list(first.told())[-1] == "file, orders and ledger agree"
    lost = replace(first, ledger_earned=32)
    assert not lost.agrees
    assert list(lost.told())[-1] == "THEY DO NOT AGREE"
