"""One holder's wallet goes to another's, and later claims find what has moved."""

from dataclasses import fields
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.ids import new_id
from tests.ledger.building import Books, day, said
from tests.ledger.test_posting import transfers

KEPT = {field.name for field in fields(ledger.Lot)} - {"holder", "journal", "moved_from"}


@pytest.fixture
def survivor(books: Books) -> Books:
    """The holder to whom everything goes."""
    return Books(books.connection, new_id())


async def arrival(books: Books, survivor: Books) -> list[tuple[str, str, int]]:
    """The transfers of what arrived last."""
    movement = (await ledger.transactions(survivor.connection, survivor.holder))[0]
    journal = await ledger.journal(survivor.connection, survivor.holder, movement.journal)
    assert journal is not None
    return [(leg.debit.value, leg.credit.value, leg.amount) for leg in journal.transfers]


async def test_a_wallet_goes_through_in_transit_and_its_lots_stay_what_they_are(
    books: Books, survivor: Books
) -> None:
    await books.earn("a", 60, expires=40, allocated=55, labels={"tier": "gold"})
    await books.earn("b", 30, activates=14, expires=90, lot_class=ledger.LotClass.PROMOTION)
    await books.earn("c", 10, expires=90, notice=True, schedule="rolling")
    await books.spend("s", 20, at=1)
    lots = await books.lots(2)

    outcome = await books.move("merge", survivor.holder, at=2)

    assert (outcome.code, outcome.amount, outcome.to_debt) == ("posted", 80, 0)
    assert await transfers(books, outcome) == [
        ("available", "in-transit", 40),
        ("available", "in-transit", 10),
        ("pending", "in-transit", 30),
    ]
    assert await arrival(books, survivor) == [
        ("in-transit", "available", 40),
        ("in-transit", "available", 10),
        ("in-transit", "pending", 30),
    ]
    assert await books.counters(2) == (0, 0, 0, 0)
    assert await survivor.counters(2) == (50, 30, 0, 0)
    for before, after in zip(lots, await survivor.lots(2), strict=True):
        assert after.moved_from == books.holder
        for name in KEPT:
            assert getattr(after, name) == getattr(before, name), name
    assert await survivor.counters(14) == (80, 0, 0, 0)
    assert await survivor.counters(40) == (40, 0, 0, 0)


async def test_in_transit_is_empty_afterwards(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    await survivor.spend("s", 100, overdraw=True)
    await books.move("merge", survivor.holder)

    balance = await ledger.trial_balance(books.connection, at=day(1))

    (transit,) = [
        line for line in balance.programme_side if line.account is ledger.Account.IN_TRANSIT
    ]
    assert (transit.debit, transit.credit) == (60, 60)
    assert balance.difference == 0


async def test_points_that_arrive_repay_debt(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    await survivor.spend("s", 100, overdraw=True)

    outcome = await books.move("merge", survivor.holder)

    assert outcome.repaid == 60
    assert await survivor.counters() == (0, 0, 0, 40)


async def test_debt_moves_and_is_repaid_on_arrival(books: Books, survivor: Books) -> None:
    await survivor.earn("a", 30)
    await books.spend("s", 100, overdraw=True)
    await books.earn("later", 5, activates=10)

    outcome = await books.move("merge", survivor.holder)

    assert await transfers(books, outcome) == [
        ("pending", "in-transit", 5),
        ("in-transit", "debt", 100),
    ]
    assert await arrival(books, survivor) == [
        ("in-transit", "pending", 5),
        ("debt", "in-transit", 100),
        ("available", "debt", 30),
    ]
    assert (outcome.amount, outcome.to_debt, outcome.repaid) == (5, 100, 30)
    assert await books.counters() == (0, 0, 0, 0)
    assert await survivor.counters() == (0, 5, 0, 70)


async def test_what_is_due_is_settled_before_it_moves(books: Books, survivor: Books) -> None:
    await books.earn("gone", 10, expires=3)
    await books.earn("waits", 20, activates=4)
    await survivor.earn("gone too", 7, expires=3)

    outcome = await books.move("merge", survivor.holder, at=5)

    assert outcome.amount == 20
    assert await survivor.counters(5) == (20, 0, 0, 0)


async def test_open_holds_refuse_a_move_by_name(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    await books.hold("h", 25)

    refused = await books.move("merge", survivor.holder)

    assert (refused.code, refused.seen) == ("holds-open", 25)
    with pytest.raises(ledger.HoldsOpen, match="25 points on open holds"):
        ledger.demand(refused)
    assert await books.counters() == (35, 0, 25, 0)
    assert await ledger.assets(books.connection, survivor.holder) == []
    await books.release("r", "h")
    assert (await books.move("merge", survivor.holder)).code == "posted"


async def test_a_frozen_wallet_is_thawed_before_it_moves(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    await books.freeze("f")

    assert (await books.move("merge", survivor.holder)).code == "wallet-frozen"
    await books.freeze("thaw", frozen=False)
    assert (await books.move("merge", survivor.holder)).code == "posted"


async def test_an_empty_wallet_has_nothing_to_move(books: Books, survivor: Books) -> None:
    assert (await books.move("merge", survivor.holder)).code == "nothing-to-move"
    await books.earn("a", 5)
    await books.spend("s", 5)
    assert (await books.move("merge", survivor.holder)).code == "nothing-to-move"


async def test_a_move_is_posted_once(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    first = await books.move("merge", survivor.holder)
    await books.earn("b", 7)

    again = await books.move("merge", survivor.holder)
    elsewhere = await books.move("merge", new_id())

    assert (again.replayed, again.receipt, again.amount) == (True, first.receipt, 60)
    assert (elsewhere.code, elsewhere.field) == ("key-reused", "of")
    assert await survivor.counters() == (60, 0, 0, 0)
    assert await books.counters() == (7, 0, 0, 0)


async def test_a_key_of_the_survivor_is_not_used_twice(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    await survivor.earn("merge", 1)

    refused = await books.move("merge", survivor.holder)

    assert (refused.code, refused.seen) == ("key-reused", "earn")
    assert await books.counters() == (60, 0, 0, 0)


async def test_one_asset_moves_and_the_other_stays(books: Books, survivor: Books) -> None:
    growth = Books(books.connection, books.holder, "growth")
    await books.earn("a", 60)
    await growth.earn("g", 9)

    await books.move("merge", survivor.holder)

    assert await growth.counters() == (9, 0, 0, 0)
    assert await ledger.assets(books.connection, books.holder) == ["growth", "points"]
    assert (await growth.move("merge growth", survivor.holder)).amount == 9


async def test_many_wallets_move_together_and_fail_alone(books: Books, survivor: Books) -> None:
    others = [Books(books.connection, new_id()) for _ in range(3)]
    for number, one in enumerate(others):
        await one.earn("a", 10 + number)
    await others[1].hold("h", 1)
    items = [
        ledger.Move(**one.said(f"merge {n}", 0, to=survivor.holder, arrival=new_id()))
        for n, one in enumerate(others)
    ]

    outcomes = await ledger.move(books.connection, items, at=day(0))

    assert [o.code for o in outcomes] == ["posted", "holds-open", "posted"]
    assert [o.position for o in outcomes] == [0, 1, 2]
    assert await survivor.counters() == (22, 0, 0, 0)


def test_nobody_moves_to_themselves() -> None:
    holder = new_id()

    with pytest.raises(ledger.MalformedPosting, match="another holder"):
        ledger.Move(**said(holder, "k", 0, to=holder, arrival=new_id()))


async def test_a_move_is_posted_only_as_a_move(books: Books, survivor: Books) -> None:
    await books.earn("a", 5)
    moved = ledger.Move(**books.said("m", 0, to=survivor.holder, arrival=new_id()))
    others = (
        ledger.post(books.connection, [moved], at=day(0)),
        ledger.post_recalled(books.connection, [moved], to=survivor.holder, at=day(0)),
        ledger.stage(books.connection, new_id(), [moved]),
    )

    for posted in others:
        with pytest.raises(ledger.MalformedPosting, match=r"use ledger\.move"):
            async with books.connection.begin_nested():
                await posted

    assert (await books.counters(), await survivor.counters()) == ((5, 0, 0, 0), (0, 0, 0, 0))


async def claimed(books: Books, survivor: UUID, kind: Any, key: str, **said: Any) -> ledger.Outcome:
    """A claim on the old holder's posting, after the wallet has moved."""
    at = said.pop("at", 0)
    return await books.recalled(kind(**books.said(key, at, **said)), survivor, at)


async def test_a_return_takes_back_the_lot_that_has_moved(books: Books, survivor: Books) -> None:
    await survivor.earn("own", 50, expires=5)
    await books.earn("a", 60, expires=90)
    await books.move("merge", survivor.holder)

    outcome = await claimed(
        books,
        survivor.holder,
        ledger.ClawBack,
        "return",
        of="a",
        amount=40,
        shortfall=ledger.Shortfall.DOWN_TO_ZERO,
    )

    assert (outcome.code, outcome.from_lot, outcome.forgiven) == ("posted", 40, 0)
    assert [(lot.granted, lot.remaining) for lot in await survivor.lots()] == [(50, 50), (60, 20)]
    assert [lot.clawed_back for lot in await survivor.lots()] == [0, 40]
    assert await books.counters() == (0, 0, 0, 0)


async def test_what_a_return_lacks_becomes_the_survivors_debt(
    books: Books, survivor: Books
) -> None:
    await books.earn("a", 60)
    await books.move("merge", survivor.holder)
    await survivor.spend("s", 50)
    await survivor.earn("own", 15, expires=5)

    outcome = await claimed(
        books,
        survivor.holder,
        ledger.ClawBack,
        "return",
        of="a",
        amount=60,
        shortfall=ledger.Shortfall.DEBT,
    )

    assert (outcome.from_lot, outcome.to_debt) == (10, 50)
    assert await survivor.counters() == (0, 0, 0, 35)


async def test_nothing_is_taken_back_twice_across_a_move(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    await books.claw_back("before", "a", 20, "debt")
    await books.move("merge", survivor.holder)
    more = {"of": "a", "shortfall": ledger.Shortfall.DEBT}

    refused = await claimed(books, survivor.holder, ledger.ClawBack, "too much", amount=41, **more)
    posted = await claimed(books, survivor.holder, ledger.ClawBack, "rest", amount=40, **more)
    again = await claimed(books, survivor.holder, ledger.ClawBack, "rest", amount=40, **more)

    assert (refused.code, refused.seen) == ("reversal-too-large", 40)
    assert (posted.code, again.replayed) == ("posted", True)
    assert await survivor.counters() == (0, 0, 0, 0)


async def test_a_refused_claim_recalls_nothing(books: Books, survivor: Books) -> None:
    await books.earn("a", 60)
    await books.move("merge", survivor.holder)
    before = await ledger.wallet(books.connection, survivor.holder, at=day(0))

    refused = await claimed(
        books,
        survivor.holder,
        ledger.ClawBack,
        "too much",
        of="a",
        amount=61,
        shortfall=ledger.Shortfall.DEBT,
    )

    assert refused.code == "reversal-too-large"
    assert await ledger.wallet(books.connection, survivor.holder, at=day(0)) == before


async def test_points_spent_before_a_move_return_to_the_survivor(
    books: Books, survivor: Books
) -> None:
    await books.earn("a", 60, expires=90)
    await books.spend("s", 45)
    await books.move("merge", survivor.holder)

    outcome = await claimed(books, survivor.holder, ledger.Restore, "back", of="s", amount=45)

    assert outcome.code == "posted"
    (lot,) = await survivor.lots()
    assert (lot.granted, lot.remaining, lot.expires_at) == (60, 60, day(90))


async def test_an_event_activates_points_that_have_moved(books: Books, survivor: Books) -> None:
    await books.earn("a", 60, pending=True)
    await books.move("merge", survivor.holder)
    await survivor.earn("own", 5)
    await survivor.hold("h", 5)

    outcome = await claimed(books, survivor.holder, ledger.Activate, "arrived", of="a")

    assert outcome.code == "posted"
    assert await survivor.counters() == (60, 0, 5, 0)


async def test_in_a_chain_of_moves_lots_keep_the_labels_of_their_birth(
    connection: AsyncConnection,
) -> None:
    first, second, third = (Books(connection, new_id()) for _ in range(3))
    await first.earn("a", 60, labels={"tier": "gold"})
    await first.move("m1", second.holder, labels={"tier": "none"})
    await second.move("m2", third.holder)

    (lot,) = await third.lots()

    assert lot.labels == {"tier": "gold"}
    assert lot.moved_from == second.holder
    assert list(await ledger.verify(connection)) == []
