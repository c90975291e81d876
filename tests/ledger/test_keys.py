"""Indexes that a posting adds to: at their end, unless they are read by the holder."""

import pytest
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import tables

BY_HOLDER = {
    "journal_has_one_place_in_its_wallet",
    "lot_id_is_unique_per_holder",
    "lot_in_order_of_spending",
    "lot_that_waits_for_a_notice",
    "hold_id_is_unique_per_holder",
    "hold_by_its_end",
    "wallet_is_one_per_holder_and_asset",
    "intake_has_one_row_per_place",
}
"""What is read by the holder alone; every other index would touch a page for every member."""


async def test_only_what_is_read_by_the_holder_begins_with_the_holder(
    connection: AsyncConnection,
) -> None:
    found = await connection.execute(
        text(
            "SELECT c.relname FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid"
            " JOIN pg_attribute AS a ON a.attrelid = x.indexrelid AND a.attnum = 1"
            " WHERE c.relnamespace = 'ledger'::regnamespace AND a.attname = 'holder'"
        )
    )

    assert set(found.scalars()) <= BY_HOLDER


@pytest.mark.parametrize("table", [tables.journal, tables.transfer, tables.slice_, tables.receipt])
def test_keys_hold_the_holder_all_the_same(table: Table) -> None:
    assert "holder" in table.primary_key.columns
