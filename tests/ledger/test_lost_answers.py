"""The connection dies after COMMIT and before the answer: the same key finds out what happened."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

import ledger
from loyalty.database import Database
from loyalty.errors import OutcomeUnknown
from loyalty.ids import new_id
from tests.ledger.building import Books, day
from tests.support.cutting import Wire, wire_to
from tests.support.database import Clone

LOT, OTHER_LOT, PENDING_LOT = new_id(), new_id(), new_id()
HOLDER, SURVIVOR = new_id(), new_id()
ROWS = "SELECT count(*), max(sequence) FROM ledger.journal"


@pytest.fixture
async def wire(clone: Clone) -> AsyncIterator[Wire]:
    async with wire_to(clone.application) as wire:
        yield wire


async def prepared(connection: Any) -> None:
    """A wallet on which every operation can act."""
    books = Books(connection, HOLDER)
    await books.earn("a", 100, lot=LOT, expires=300, notice=True)
    await books.earn("b", 50, lot=OTHER_LOT, expires=300, schedule="rolling")
    await books.earn("p", 10, lot=PENDING_LOT, pending=True)
    await books.spend("s", 20)
    await books.hold("h", 10, until=9)
    owing = Books(connection, SURVIVOR)
    await owing.spend("s", 30, overdraw=True)


def postings() -> dict[str, ledger.Posting]:
    """One of every operation, on the wallet prepared."""
    nobody: Any = None  # nothing is posted
    said, owes = Books(nobody, HOLDER).said, Books(nobody, SURVIVOR).said
    lot: dict[str, Any] = {"lot": new_id(), "source": "order"}
    all_of_them: list[ledger.Posting] = [
        ledger.Earn(**said("k", 1, amount=7, **lot)),
        ledger.Opening(**said("k", 1, amount=7, **lot)),
        ledger.Activate(**said("k", 1, of="p")),
        ledger.Spend(**said("k", 1, amount=7)),
        ledger.Hold(**said("k", 1, amount=7, until=day(5))),
        ledger.Capture(**said("k", 1, of="h", amount=4)),
        ledger.Release(**said("k", 1, of="h")),
        ledger.Extend(**said("k", 1, of="h", until=None)),
        ledger.ClawBack(**said("k", 1, of="b", amount=50, shortfall=ledger.Shortfall.DEBT)),
        ledger.Restore(**said("k", 1, of="s", amount=5)),
        ledger.Adjust(**said("k", 1, amount=-5, reason="service")),
        ledger.WriteOff(**owes("k", 1, amount=5)),
        ledger.Freeze(**said("k", 1, frozen=True)),
        ledger.Notify(**said("k", 1, lots=[LOT])),
        ledger.Reschedule(**said("k", 1, lots=[OTHER_LOT], expires_at=day(400))),
        ledger.Move(**said("k", 1, to=SURVIVOR, arrival=new_id(), lots=[LOT, PENDING_LOT])),
    ]
    return {posting.kind.value: posting for posting in all_of_them}


async def post(connection: Any, posting: ledger.Posting) -> ledger.Outcome:
    if isinstance(posting, ledger.Move):
        (outcome,) = await ledger.move(connection, [posting], at=day(1))
    else:
        (outcome,) = await ledger.post(connection, [posting], at=day(1))
    return outcome


def test_every_operation_is_among_them() -> None:
    by_time = {ledger.Kind.EXPIRE}

    assert set(postings()) == {kind.value for kind in ledger.Kind if kind not in by_time}


@pytest.mark.parametrize("kind", list(postings()))
async def test_what_was_committed_without_an_answer_is_found_by_its_key(
    database: Database, wire: Wire, kind: str
) -> None:
    await database.write(prepared)
    posting = postings()[kind]
    client = Database.at(wire.url, pool_size=1)

    wire.cut_at_commit = True
    with pytest.raises(OutcomeUnknown):
        await client.write(post, posting)
    async with database.read() as connection:
        stood = (await connection.execute(text(ROWS))).one()
    again = await client.write(post, posting)
    once_more = await client.write(post, posting)
    await client.dispose()

    assert wire.cuts == 1
    assert (again.code, again.replayed) == ("posted", True)
    assert again.receipt == posting.journal
    assert once_more == replace(again)
    async with database.read() as connection:
        assert (await connection.execute(text(ROWS))).one() == stood
