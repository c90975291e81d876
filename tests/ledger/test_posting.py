"""Each operation's worked cases: figures, order, and nothing else moved."""

import pytest

import ledger
from ledger import Account
from tests.ledger.building import Books, day


async def transfers(books: Books, outcome: ledger.Outcome) -> list[tuple[str, str, int]]:
    """The transfers of what was just posted, in their order."""
    assert outcome.receipt is not None
    journal = await ledger.journal(books.connection, books.holder, outcome.receipt)
    assert journal is not None
    return [(leg.debit.value, leg.credit.value, leg.amount) for leg in journal.transfers]


async def left(books: Books, at: float = 0) -> list[int]:
    """What is left in each open lot, in the order of spending."""
    lots = await ledger.lots(books.connection, books.holder, at=day(at))
    return [lot.remaining for lot in lots]


async def test_an_earn_is_available_at_once_and_makes_a_lot(books: Books) -> None:
    outcome = await books.earn("a", 100, expires=30, allocated=90)

    assert outcome.code == "posted"
    assert (outcome.amount, outcome.repaid, outcome.replayed) == (100, 0, False)
    assert await transfers(books, outcome) == [("issued", "available", 100)]
    assert await books.counters() == (100, 0, 0, 0)
    (lot,) = await ledger.lots(books.connection, books.holder, at=day(0))
    assert (lot.granted, lot.remaining, lot.allocated) == (100, 100, 90)
    assert lot.lot_class is ledger.LotClass.SALE
    assert lot.expires_at == day(30)


async def test_a_pending_earn_waits_for_its_date(books: Books) -> None:
    outcome = await books.earn("a", 100, activates=14)

    assert await transfers(books, outcome) == [("issued", "pending", 100)]
    assert await books.counters(13) == (0, 100, 0, 0)
    assert await books.counters(14) == (100, 0, 0, 0)


async def test_a_pending_earn_waits_for_its_event(books: Books) -> None:
    await books.earn("a", 100, pending=True)

    outcome = await books.activate("arrived", "a", at=400)

    assert await transfers(books, outcome) == [("pending", "available", 100)]
    assert outcome.amount == 100
    assert await books.counters(400) == (100, 0, 0, 0)


async def test_points_are_activated_once(books: Books) -> None:
    await books.earn("a", 100, pending=True)
    await books.activate("arrived", "a")

    assert (await books.activate("again", "a")).code == "lot-not-pending"
    assert await books.counters() == (100, 0, 0, 0)


async def test_a_spend_takes_the_lot_that_expires_first_then_the_older(books: Books) -> None:
    await books.earn("forever", 10)
    await books.earn("late", 20, expires=60)
    await books.earn("soon", 30, at=1, expires=30)
    await books.earn("soon too", 40, at=2, expires=30)

    outcome = await books.spend("s", 80, at=3)

    assert await transfers(books, outcome) == [
        ("available", "redeemed", 30),
        ("available", "redeemed", 40),
        ("available", "redeemed", 10),
    ]
    assert await left(books, 3) == [10, 10]


async def test_a_spend_beyond_the_wallet_is_refused_and_changes_nothing(books: Books) -> None:
    await books.earn("a", 100)
    before = await ledger.wallet(books.connection, books.holder, at=day(0))

    outcome = await books.spend("s", 101)

    assert (outcome.code, outcome.seen, outcome.wanted) == ("insufficient-points", 100, 101)
    assert outcome.receipt is None
    assert await ledger.wallet(books.connection, books.holder, at=day(0)) == before
    with pytest.raises(ledger.InsufficientPoints, match="has 100 available") as refused:
        ledger.demand(outcome)
    assert refused.value.facts["wanted"] == 101


async def test_a_refusal_burns_no_key(books: Books) -> None:
    assert (await books.spend("s", 10)).code == "insufficient-points"
    await books.earn("a", 100)

    assert (await books.spend("s", 10)).code == "posted"


async def test_pending_points_cannot_be_spent(books: Books) -> None:
    await books.earn("a", 100, activates=14)

    assert (await books.spend("s", 1, at=13)).code == "insufficient-points"
    assert (await books.spend("s", 100, at=14)).code == "posted"


async def test_an_overdrawn_spend_leaves_debt_and_nothing_available(books: Books) -> None:
    await books.earn("a", 30)

    outcome = await books.spend("s", 100, overdraw=True)

    assert await transfers(books, outcome) == [
        ("available", "redeemed", 30),
        ("debt", "redeemed", 70),
    ]
    assert outcome.to_debt == 70
    assert await books.counters() == (0, 0, 0, 70)


async def test_an_earn_repays_debt_first_as_a_transfer_of_its_own(books: Books) -> None:
    await books.spend("s", 70, overdraw=True)

    outcome = await books.earn("a", 100)

    assert await transfers(books, outcome) == [
        ("issued", "available", 100),
        ("available", "debt", 70),
    ]
    assert outcome.repaid == 70
    assert await books.counters() == (30, 0, 0, 0)


async def test_pending_points_repay_debt_when_they_become_available(books: Books) -> None:
    await books.spend("s", 70, overdraw=True)
    await books.earn("a", 50, activates=14)
    await books.earn("b", 50, activates=14)

    assert await books.counters(1) == (0, 100, 0, 70)
    assert await books.counters(14) == (30, 0, 0, 0)
    assert await books.settle(14) == 1
    assert await books.counters(14) == (30, 0, 0, 0)


async def test_lots_expire_each_at_their_own_instant(books: Books) -> None:
    await books.earn("a", 100, expires=10)
    await books.earn("b", 50, expires=20)
    await books.earn("c", 5, expires=20)

    assert await books.settle(30) == 1

    movements = await ledger.transactions(books.connection, books.holder)
    assert [(m.kind.value, m.effective_at, m.change) for m in movements[:2]] == [
        ("expire", day(20), -55),
        ("expire", day(10), -100),
    ]
    assert await books.counters(30) == (0, 0, 0, 0)


async def test_pending_points_may_expire_before_any_event(books: Books) -> None:
    await books.earn("a", 100, pending=True, expires=10)

    assert await books.settle(10) == 1
    assert await books.counters(10) == (0, 0, 0, 0)
    assert (await books.activate("e", "a", at=11)).code == "lot-not-pending"


async def test_a_freeze_refuses_spends_and_holds_and_lets_facts_through(books: Books) -> None:
    await books.earn("a", 100)
    await books.hold("h", 40)
    await books.freeze("f")

    assert (await books.spend("s", 1)).code == "wallet-frozen"
    assert (await books.hold("h2", 1)).code == "wallet-frozen"
    assert (await books.capture("c", "h", 40)).code == "posted"
    assert (await books.earn("b", 1)).code == "posted"
    await books.freeze("thaw", frozen=False)
    assert (await books.spend("s", 1)).code == "posted"


async def test_an_adjustment_up_makes_a_lot_and_one_down_takes(books: Books) -> None:
    up = await books.adjust("up", 50)
    assert await transfers(books, up) == [("adjusted", "available", 50)]

    down = await books.adjust("down", -20)
    assert await transfers(books, down) == [("available", "adjusted", 20)]

    assert await books.counters() == (30, 0, 0, 0)
    refused = await books.adjust("too much", -31)
    assert (refused.code, refused.seen, refused.wanted) == ("insufficient-points", 30, 31)


async def test_an_opening_balance_comes_from_its_own_account(books: Books) -> None:
    posting = ledger.Opening(
        **books.said("o", 0, amount=100, lot=books.holder, source="import"), expires_at=day(9)
    )

    outcome = await books.post(posting, 0)

    assert await transfers(books, outcome) == [("opening", "available", 100)]


async def test_debt_is_written_off_but_never_more_than_is_owed(books: Books) -> None:
    await books.spend("s", 70, overdraw=True)

    assert (await books.write_off("w", 71)).code == "debt-too-small"
    outcome = await books.write_off("w", 30)

    assert await transfers(books, outcome) == [("written-off", "debt", 30)]
    assert await books.counters() == (0, 0, 0, 40)


async def test_assets_do_not_mix(books: Books) -> None:
    growth = Books(books.connection, books.holder, "growth")
    await books.earn("a", 100)
    await growth.earn("g", 7)

    assert await books.counters() == (100, 0, 0, 0)
    assert await growth.counters() == (7, 0, 0, 0)
    refused = await growth.claw_back("c", "a", 1, "debt")
    assert (refused.code, refused.seen, refused.wanted) == ("wrong-asset", "points", "growth")


async def test_references_must_exist_and_fit(books: Books) -> None:
    await books.earn("a", 100)

    assert (await books.capture("c", "nothing", 1)).code == "unknown-posting"
    assert (await books.capture("c", "a", 1)).code == "unfit-posting"
    assert (await books.restore("c", "a", 1)).code == "unfit-posting"
    assert (await books.activate("c", "nothing")).code == "unknown-posting"


async def test_many_postings_of_many_kinds_travel_together_and_fail_alone(books: Books) -> None:
    said = books.said
    items = [
        ledger.Earn(**said("a", 0, amount=100, lot=books.holder, source="order")),
        ledger.Spend(**said("s1", 0, amount=70)),
        ledger.Spend(**said("s2", 0, amount=70)),
        ledger.Spend(**said("s3", 0, amount=30)),
    ]

    outcomes = await ledger.post(books.connection, items, at=day(0))

    assert [o.code for o in outcomes] == ["posted", "posted", "insufficient-points", "posted"]
    assert [o.position for o in outcomes] == [0, 1, 2, 3]
    assert await books.counters() == (0, 0, 0, 0)


async def test_a_sweep_settles_idle_wallets_in_bounded_batches(books: Books) -> None:
    for number in range(3):
        await Books(books.connection).earn(f"{number}", 10, expires=1)

    first = await ledger.sweep(books.connection, at=day(1), limit=2)
    second = await ledger.sweep(books.connection, at=day(1), limit=2)

    assert (first.wallets, first.more) == (2, True)
    assert (second.wallets, second.more) == (1, False)


def test_every_account_is_on_one_side() -> None:
    assert len(Account) - len(ledger.MEMBER_ACCOUNTS) == 9
