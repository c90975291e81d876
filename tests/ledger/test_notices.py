"""Points that lapse only after their holder was told, and lots that get another end."""

from typing import Any
from uuid import UUID

import pytest

import ledger
from loyalty.ids import new_id
from tests.ledger.building import Books, day, said
from tests.ledger.test_posting import transfers


async def lot_of(books: Books, at: float = 0) -> ledger.Lot:
    """The only lot there is."""
    (lot,) = await books.lots(at)
    return lot


async def told(books: Books, lives: float, told_at: float) -> ledger.Lot:
    """A lot that needs a notice, after one."""
    await books.earn("a", 100, expires=lives, notice=True)
    lot = await lot_of(books)
    await books.notify("mail", lot.id, at=told_at)
    return await lot_of(books, told_at)


async def test_points_that_need_a_notice_do_not_lapse_without_one(books: Books) -> None:
    await books.earn("a", 100, expires=30, notice=True)

    assert await books.settle(400) == 0
    assert await books.counters(400) == (100, 0, 0, 0)
    lot = await lot_of(books, 400)
    assert (lot.expires_at, lot.ends_at, lot.notice) == (None, day(30), True)
    wallet = await ledger.wallet(books.connection, books.holder, at=day(400))
    assert wallet.next_due is None
    assert await ledger.expiring(books.connection, books.holder, at=day(0), until=day(400)) == []


@pytest.mark.parametrize(
    ("lives", "told_at", "lapses"),
    [
        (100, 50, 100),  # in good time: the end that policy gives
        (100, 70, 100),  # thirty days before
        (100, 80, 110),  # too late for that: thirty days after the notice
        (100, 130, 160),  # after the end
        (100, 40, 100),  # sixty days before still counts
        (100, 39.9, None),  # sooner counts as none
    ],
)
async def test_they_lapse_at_their_end_or_thirty_days_after_the_notice(
    books: Books, lives: float, told_at: float, lapses: float | None
) -> None:
    lot = await told(books, lives, told_at)

    assert lot.expires_at == (None if lapses is None else day(lapses))
    assert lot.notified_at == day(told_at)
    if lapses is None:
        assert await books.counters(999) == (100, 0, 0, 0)
        return
    assert await books.counters(lapses - 0.001) == (100, 0, 0, 0)
    assert await books.counters(lapses) == (0, 0, 0, 0)
    assert await books.settle(lapses + 5) == 1
    movement = (await ledger.transactions(books.connection, books.holder))[0]
    assert (movement.kind, movement.effective_at) == (ledger.Kind.EXPIRE, day(lapses))


async def test_every_read_knows_the_end_that_a_notice_gives(books: Books) -> None:
    await told(books, 100, 85)

    wallet = await ledger.wallet(books.connection, books.holder, at=day(86))
    coming = await ledger.expiring(books.connection, books.holder, at=day(86), until=day(200))
    balance = await ledger.trial_balance(books.connection, at=day(115))

    assert wallet.next_due == day(115)
    assert [(one.expires_at, one.amount) for one in coming] == [(day(115), 100)]
    assert balance.difference == 0
    assert [line.balance for line in balance.member_side] == [0, 0, 0, 0]


async def test_a_second_notice_puts_no_end_off(books: Books) -> None:
    lot = await told(books, 100, 80)

    again = await books.notify("second mail", lot.id, at=100)

    assert again.code == "posted"
    assert (await lot_of(books, 100)).expires_at == day(110)


async def test_a_notice_that_came_too_early_is_followed_by_one_that_counts(books: Books) -> None:
    lot = await told(books, 100, 10)
    assert lot.expires_at is None

    await books.notify("second mail", lot.id, at=60)

    assert (await lot_of(books, 60)).expires_at == day(100)


async def test_points_that_cannot_lapse_yet_are_spent_last(books: Books) -> None:
    await books.earn("a", 50, expires=5, notice=True)
    await books.earn("b", 50, expires=50)

    await books.spend("s", 50)

    (lot,) = await books.lots()
    assert lot.notice


async def test_a_notice_for_points_that_are_gone_meanwhile_is_no_mistake(books: Books) -> None:
    await books.earn("a", 50, expires=100, notice=True)
    lot = await lot_of(books)
    await books.spend("s", 50)

    outcome = await books.notify("mail", lot.id, at=80)
    await books.restore("r", "s", 50, at=90)

    assert outcome.code == "posted"
    assert (await lot_of(books, 90)).expires_at == day(110)


async def test_a_notice_is_not_recorded_so_late_that_points_had_lapsed_already(
    books: Books,
) -> None:
    await books.earn("a", 50, expires=10, notice=True)
    lot = await lot_of(books)

    outcome = await books.notify("mail", lot.id, at=50, told=20)

    assert (outcome.code, outcome.field) == ("end-too-early", "expires_at")
    assert (outcome.seen, outcome.wanted) == ("2026-02-20T12:00:00Z", "2026-02-20T12:00:00Z")
    with pytest.raises(ledger.EndTooEarly):
        ledger.demand(outcome)


async def test_late_returns_follow_the_notice_of_their_lot(books: Books) -> None:
    lot = await told(books, 100, 80)
    await books.spend("s", 60, at=90)

    assert (await books.restore("r1", "s", 10, at=105)).lapsed == 0
    assert (await books.restore("r2", "s", 10, at=111)).lapsed == 10
    assert (await books.restore("r3", "s", 10, at=112, grace_days=5)).lapsed == 0
    assert (await lot_of(books, 112)).expires_at == day(117)
    await books.settle(117)
    late = await books.restore("r4", "s", 10, at=200, grace_days=7)

    assert late.code == "posted"
    waiting = await lot_of(books, 200)
    assert (waiting.id, waiting.ends_at, waiting.expires_at) == (lot.id, day(207), None)


async def test_who_is_to_be_told_is_listed_holder_by_holder(books: Books) -> None:
    others = sorted((Books(books.connection, new_id()) for _ in range(3)), key=lambda b: b.holder)
    for one in others:
        await one.earn("soon", 10, expires=20, notice=True)
        await one.earn("sooner", 5, expires=15, notice=True)
        await one.earn("late", 7, expires=200, notice=True)
        await one.earn("without", 7, expires=20)

    first = await ledger.lots_to_notify(books.connection, at=day(10), until=day(40), limit=2)
    rest = await ledger.lots_to_notify(
        books.connection, at=day(10), until=day(40), after=first[-1].holder, limit=2
    )

    assert [(lot.holder, lot.remaining) for lot in first] == [
        (one.holder, remaining) for one in others[:2] for remaining in (5, 10)
    ]
    assert {lot.holder for lot in rest} == {others[2].holder}
    assert [(lot.ends_at, lot.expires_at) for lot in rest] == [
        (day(15), day(40)),
        (day(20), day(40)),
    ]
    await others[2].notify("mail", *(lot.lot for lot in rest), at=10)
    left = await ledger.lots_to_notify(books.connection, at=day(10), until=day(40), limit=9)
    assert {lot.holder for lot in left} == {one.holder for one in others[:2]}
    assert [lot.expires_at for lot in await others[2].lots(10) if lot.notified_at] == [day(40)] * 2


async def test_lots_that_lapse_without_a_notice_are_listed_too(books: Books) -> None:
    await books.earn("soon", 10, expires=20)
    await books.earn("late", 7, expires=200)
    await books.earn("told", 7, expires=20, notice=True)

    listed = await ledger.lots_expiring(books.connection, since=day(10), until=day(40))

    assert [(lot.remaining, lot.ends_at, lot.expires_at) for lot in listed] == [
        (10, day(20), day(20))
    ]


async def test_a_lot_gets_another_end(books: Books) -> None:
    await books.earn("a", 100, expires=30)
    lot = await lot_of(books)

    outcome = await books.reschedule("longer", lot.id, to=60, at=5)

    assert (outcome.code, outcome.amount) == ("posted", 100)
    assert await transfers(books, outcome) == []
    assert (await lot_of(books, 5)).expires_at == day(60)
    assert await books.counters(59) == (100, 0, 0, 0)
    assert await books.counters(60) == (0, 0, 0, 0)


async def test_an_end_may_come_sooner_but_not_before_now(books: Books) -> None:
    await books.earn("a", 100, expires=30)
    lot = await lot_of(books)

    assert (await books.reschedule("sooner", lot.id, to=10, at=5)).code == "posted"
    posting = ledger.Reschedule(**books.said("past", 2, lots=[lot.id], expires_at=day(4)))
    refused = await books.post(posting, 5)

    assert refused.code == "end-too-early"
    assert (await lot_of(books, 5)).expires_at == day(10)


async def test_points_do_not_end_before_they_become_available(books: Books) -> None:
    await books.earn("a", 100, activates=14, expires=30)
    lot = await lot_of(books)

    refused = await books.reschedule("sooner", lot.id, to=14)

    assert (refused.code, refused.wanted) == ("end-too-early", "2026-01-15T12:00:00Z")


async def test_a_new_end_needs_its_notice_anew_when_the_old_one_is_too_far_off(
    books: Books,
) -> None:
    lot = await told(books, 100, 80)

    await books.reschedule("longer", lot.id, to=120, at=90)
    assert (await lot_of(books, 90)).expires_at == day(120)
    await books.reschedule("much longer", lot.id, to=400, at=95)

    assert (await lot_of(books, 95)).expires_at is None
    await books.notify("second mail", lot.id, at=360)
    assert (await lot_of(books, 360)).expires_at == day(400)


async def test_lots_of_one_schedule_move_together_and_only_further(books: Books) -> None:
    await books.earn("a", 10, expires=30, schedule="rolling")
    await books.earn("b", 20, expires=90, schedule="rolling")
    await books.earn("c", 40, expires=30)
    await books.earn("held", 80, expires=20, schedule="rolling")
    await books.hold("h", 80)

    outcome = await books.reschedule("activity", to=60, at=5, schedule="rolling")

    assert outcome.amount == 10
    await books.release("r", "h", at=25)
    ends = {lot.granted: lot.expires_at for lot in await books.lots(25)}
    assert ends == {10: day(60), 20: day(90), 40: day(30), 80: day(60)}


async def test_a_schedule_without_lots_writes_nothing(books: Books) -> None:
    await books.earn("a", 10, expires=30)
    before = await ledger.wallet(books.connection, books.holder, at=day(1))

    outcome = await books.reschedule("activity", to=60, at=1, schedule="rolling")

    assert (outcome.code, outcome.receipt, outcome.amount) == ("posted", None, 0)
    assert await ledger.wallet(books.connection, books.holder, at=day(1)) == before
    assert ledger.demand(outcome) is outcome


async def test_a_lot_that_is_named_follows_another_schedule_and_rule_of_notice(
    books: Books,
) -> None:
    await books.earn("a", 10, expires=30, schedule="old")
    lot = await lot_of(books)

    await books.reschedule("change", lot.id, to=60, at=1, schedule="new", notice=True)

    waiting = await lot_of(books, 1)
    assert (waiting.schedule, waiting.notice, waiting.expires_at) == ("new", True, None)
    await books.reschedule("old activity", to=90, at=2, schedule="old")
    await books.reschedule("activity", to=80, at=2, schedule="new")
    assert (await lot_of(books, 2)).ends_at == day(80)
    await books.reschedule("back", lot.id, to=70, at=3, notice=False)
    plain = await lot_of(books, 3)
    assert (plain.schedule, plain.notice, plain.expires_at) == (None, False, day(70))


async def test_what_has_lapsed_stays_lapsed(books: Books) -> None:
    await books.earn("a", 10, expires=30)
    lot = await lot_of(books)

    outcome = await books.reschedule("too late", lot.id, to=60, at=30)

    assert (outcome.code, outcome.amount) == ("posted", 0)
    assert await books.counters(30) == (0, 0, 0, 0)


async def test_a_key_stands_for_its_lots_and_their_end(books: Books) -> None:
    await books.earn("a", 10, expires=30)
    lot = await lot_of(books)
    first = await books.reschedule("k", lot.id, to=60, at=1)

    again = await books.reschedule("k", lot.id, to=60, at=2)
    other_end = await books.reschedule("k", lot.id, to=61, at=2)

    assert (again.replayed, again.receipt, again.amount) == (True, first.receipt, 10)
    assert (other_end.code, other_end.field) == ("key-reused", "terms")


@pytest.mark.parametrize("verb", ["notify", "reschedule"])
async def test_lots_must_be_this_holders_and_of_this_asset(books: Books, verb: str) -> None:
    await books.earn("a", 10, expires=30, notice=True)
    lot = (await lot_of(books)).id
    stranger = Books(books.connection)
    growth = Books(books.connection, books.holder, "growth")
    more = {"to": 60} if verb == "reschedule" else {}

    unknown = await getattr(stranger, verb)("k", lot, **more)
    wrong = await getattr(growth, verb)("k", lot, **more)

    assert (unknown.code, UUID(str(unknown.wanted))) == ("unknown-lot", lot)
    assert (wrong.code, wrong.seen, wrong.wanted) == ("wrong-asset", "points", "growth")


@pytest.mark.parametrize(
    "wrong",
    [{"lots": []}, {"lots": None}, {"schedule": "rolling", "notice": True}, {"schedule": ""}],
)
def test_a_reschedule_says_lots_or_a_schedule(wrong: dict[str, Any]) -> None:
    with pytest.raises(ledger.MalformedPosting):
        ledger.Reschedule(**said(new_id(), "k", 0), expires_at=day(3), **wrong)
