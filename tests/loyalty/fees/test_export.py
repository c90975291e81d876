"""Fees in the journal on the company's accounts, and an independent program that accepts it."""

import asyncio
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.database import Database
from loyalty.exports import (
    AccountMapWithoutFees,
    Format,
    document_of_map,
    find_map,
    make_file,
    publish_map,
    request_export,
)
from loyalty.exports.fees import FeeMoved, movements, sides
from loyalty.exports.maps import SHIPPED, parse_map, shipped_document
from loyalty.fees import FeeMonth, Figures
from tests.loyalty.exports.reading import check
from tests.loyalty.fees.charged import charged, joined, offered, refunded
from tests.support.requirements import needs_hledger

JANUARY, FEBRUARY, NEXT_YEAR = date(2026, 1, 1), date(2026, 2, 1), date(2027, 1, 1)
MOVED = Figures(
    billed=1,
    credit_used=2,
    allocated=4,
    recognised=8,
    refunded=16,
    reversed=32,
    credited=64,
    tax=128,
    tax_refunded=256,
)


def cause() -> Cause:
    return Cause(at=datetime(2027, 2, 1, tzinfo=UTC), actor="staff:1", request_id="test")


async def fill(connection: AsyncConnection) -> None:
    """A yearly fee, an upgrade of a monthly one in its middle, a refund, and tax on all of it."""
    price = await offered(connection, "plus", "year", 36_500)
    at = {"recorded_at": datetime(2026, 1, 1, tzinfo=UTC)}
    ada, bob = [await joined(connection, "plus", price) for _ in range(2)]
    fee = await charged(connection, ada, JANUARY, date(2027, 1, 1), 36_500, tax=2_993, **at)
    await charged(connection, bob, date(2026, 1, 16), date(2026, 2, 16), 3_000, **at)
    await charged(
        connection, bob, date(2026, 1, 26), date(2027, 1, 26), 36_500, reason="upgrade", **at
    )
    await refunded(connection, ada, fee, date(2026, 2, 11), 36_500, tax=2_993, **at)


@needs_hledger
@pytest.mark.parametrize("map_", SHIPPED)
async def test_fees_are_accepted_by_hledger(database: Database, tmp_path: Path, map_: str) -> None:
    await database.write(fill)
    for since, until in ((JANUARY, FEBRUARY), (FEBRUARY, date(2026, 3, 1)), (JANUARY, NEXT_YEAR)):
        export = await database.write(
            request_export, cause(), since=since, until=until, format=Format.HLEDGER, map=map_
        )
        path = tmp_path / export.name

        await make_file(database, cause(), export.number, path)
        again = tmp_path / f"again-{export.name}"
        await make_file(database, cause(), export.number, again)

        text = await asyncio.to_thread(path.read_text)
        assert check(path) == ""
        assert text == await asyncio.to_thread(again.read_text)
        for said in ("fee-refunded", "fee-reversed", "fee-tax-refunded"):
            assert (f"{said} | plus" in text) == (until != FEBRUARY)
        for said in ("fee-billed", "fee-credit-used", "fee-credited", "fee-tax"):
            assert (f"{said} | plus" in text) == (since == JANUARY)
        recognised = 12 if until == NEXT_YEAR else 1
        assert text.count("fee-recognised | plus") == recognised


async def test_a_map_that_has_no_fees_says_so_and_a_new_version_takes_them(
    database: Database,
) -> None:
    async with database.read() as connection:
        whole = document_of_map(await find_map(connection, "ifrs"))
    without = {name: part for name, part in whole.items() if name != "fees"}
    await database.write(publish_map, cause(), without)
    asked = partial(request_export, since=JANUARY, until=FEBRUARY, format=Format.CSV, map="ifrs")
    assert (await database.write(asked, cause())).map_version == 1
    await database.write(fill)

    with pytest.raises(AccountMapWithoutFees):
        await database.write(asked, cause())
    await database.write(publish_map, cause(), whole)

    assert (await database.write(asked, cause())).map_version == 2


@pytest.mark.parametrize("name", SHIPPED)
def test_what_moves_the_liability_is_what_the_roll_forward_says(name: str) -> None:
    account_map = parse_map(shipped_document(name), version=1)
    fees = account_map.fees
    assert fees is not None
    month = FeeMonth(month=JANUARY, plan="plus", opening=0, moved=MOVED, closing=0)
    stands: dict[str, int] = {}

    for one in movements(month):
        debit, credit = sides(fees, account_map.money["fee"].against["deferred"], one.reason)
        stands[debit] = stands.get(debit, 0) + one.amount
        stands[credit] = stands.get(credit, 0) - one.amount

    assert stands[fees.liability] == -MOVED.rest
    assert stands[fees.tax] == MOVED.tax_refunded - MOVED.tax
    assert stands[fees.credit] == MOVED.credit_used - MOVED.credited
    assert account_map.accounts[fees.liability].names["zh"].startswith("合同负债")


def test_what_did_not_move_is_no_entry() -> None:
    month = FeeMonth(month=JANUARY, plan="plus", opening=5, moved=Figures(recognised=5), closing=0)

    assert list(movements(month)) == [FeeMoved(JANUARY, "plus", "recognised", 5)]
