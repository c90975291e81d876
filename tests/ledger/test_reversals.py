"""What was earned and is taken back, what was spent and comes back, and keys that come twice."""

import pytest

import ledger
from tests.ledger.building import Books, day
from tests.ledger.test_posting import left, transfers


async def test_a_claw_back_takes_its_own_lot_first(books: Books) -> None:
    await books.earn("other", 100, expires=5)
    await books.earn("a", 100, expires=10)

    outcome = await books.claw_back("c", "a", 30, "debt")

    assert await transfers(books, outcome) == [("available", "clawed-back", 30)]
    assert (outcome.from_lot, outcome.from_others, outcome.to_debt) == (30, 0, 0)
    assert await left(books) == [100, 70]


async def test_a_claw_back_of_pending_points_leaves_the_rest_alone(books: Books) -> None:
    await books.earn("other", 100)
    await books.earn("a", 100, activates=14)

    outcome = await books.claw_back("c", "a", 100, "debt", at=3)

    assert await transfers(books, outcome) == [("pending", "clawed-back", 100)]
    assert await books.counters(14) == (100, 0, 0, 0)


@pytest.mark.parametrize(
    ("shortfall", "legs", "counters", "figures"),
    [
        (
            "pending-only",
            [],
            (80, 40, 0, 0),
            {"from_lot": 0, "from_others": 0, "to_debt": 0, "forgiven": 200},
        ),
        (
            "down-to-zero",
            [("available", "clawed-back", 50)],
            (30, 40, 0, 0),
            {"from_lot": 50, "from_others": 0, "to_debt": 0, "forgiven": 150},
        ),
        (
            "debt",
            [
                ("available", "clawed-back", 50),
                ("available", "clawed-back", 30),
                ("pending", "clawed-back", 40),
                ("debt", "clawed-back", 80),
            ],
            (0, 0, 0, 80),
            {"from_lot": 50, "from_others": 70, "to_debt": 80, "forgiven": 0},
        ),
        (
            "deducted",
            [
                ("available", "clawed-back", 50),
                ("available", "clawed-back", 30),
                ("pending", "clawed-back", 40),
                ("debt", "clawed-back", 80),
                ("written-off", "debt", 80),
            ],
            (0, 0, 0, 0),
            {"from_lot": 50, "from_others": 70, "to_debt": 0, "deducted": 80, "forgiven": 0},
        ),
    ],
)
async def test_the_shortfall_policy_decides_about_the_rest(
    books: Books,
    shortfall: str,
    legs: list[tuple[str, str, int]],
    counters: tuple[int, int, int, int],
    figures: dict[str, int],
) -> None:
    await books.earn("a", 200, expires=10)
    await books.spend("s", 150)
    await books.earn("other", 30, expires=20)
    await books.earn("waiting", 40, activates=14)

    outcome = await books.claw_back("c", "a", 200, shortfall)

    assert await transfers(books, outcome) == legs
    assert {name: getattr(outcome, name) for name in figures} == figures
    assert await books.counters() == counters


async def test_a_refund_bears_only_what_it_can(books: Books) -> None:
    await books.earn("a", 100)
    await books.spend("s", 100)

    outcome = await books.claw_back("c", "a", 100, "deducted", deductible=60)

    assert (outcome.deducted, outcome.to_debt) == (60, 40)
    assert await books.counters() == (0, 0, 0, 40)


async def test_nothing_is_clawed_back_beyond_what_was_earned(books: Books) -> None:
    await books.earn("a", 100)
    await books.claw_back("c1", "a", 60, "debt")

    refused = await books.claw_back("c2", "a", 41, "debt")

    assert (refused.code, refused.seen, refused.wanted) == ("reversal-too-large", 40, 41)
    assert await books.counters() == (40, 0, 0, 0)
    assert (await books.claw_back("c3", "a", 40, "debt")).code == "posted"


async def test_held_points_are_not_clawed_back_from_under_their_hold(books: Books) -> None:
    await books.earn("a", 100)
    await books.hold("h", 70)

    outcome = await books.claw_back("c", "a", 100, "debt")

    assert (outcome.from_lot, outcome.to_debt) == (30, 70)
    assert await books.counters() == (0, 0, 70, 70)
    released = await books.release("r", "h")
    assert released.repaid == 70
    assert await books.counters() == (0, 0, 0, 0)


async def test_spent_points_return_to_the_lots_they_came_from(books: Books) -> None:
    await books.earn("a", 50, expires=10)
    await books.earn("b", 50, expires=20)
    await books.spend("s", 80)

    first = await books.restore("r1", "s", 40)

    assert await transfers(books, first) == [
        ("restored", "available", 30),
        ("restored", "available", 10),
    ]
    assert await left(books) == [10, 50]
    assert (await books.restore("r2", "s", 41)).code == "reversal-too-large"
    assert (await books.restore("r3", "s", 40)).code == "posted"
    assert await left(books) == [50, 50]


async def test_captured_points_are_restored_like_spent_ones(books: Books) -> None:
    await books.earn("a", 100)
    await books.hold("h", 60)
    await books.capture("c", "h", 60)

    assert (await books.restore("r", "c", 60)).code == "posted"
    assert await books.counters() == (100, 0, 0, 0)


async def test_a_slice_whose_lot_has_expired_lapses_at_once(books: Books) -> None:
    await books.earn("a", 50, expires=10)
    await books.earn("b", 50, expires=20)
    await books.spend("s", 80)

    outcome = await books.restore("r", "s", 80, at=15)

    assert outcome.lapsed == 50
    assert await transfers(books, outcome) == [
        ("restored", "available", 30),
        ("restored", "available", 50),
        ("available", "expired", 50),
    ]
    assert await books.counters(15) == (50, 0, 0, 0)


async def test_or_it_lives_through_days_of_grace(books: Books) -> None:
    await books.earn("a", 50, expires=10)
    await books.spend("s", 50)

    outcome = await books.restore("r", "s", 50, at=15, grace_days=7)

    assert outcome.lapsed == 0
    assert await books.counters(21.9) == (50, 0, 0, 0)
    assert await books.counters(22) == (0, 0, 0, 0)


async def test_restoring_repays_debt_first(books: Books) -> None:
    await books.earn("a", 100)
    await books.spend("s", 100)
    await books.spend("more", 30, overdraw=True)

    outcome = await books.restore("r", "s", 100)

    assert outcome.repaid == 30
    assert await books.counters() == (70, 0, 0, 0)


async def test_an_overdrawn_part_comes_back_as_less_debt(books: Books) -> None:
    await books.earn("a", 20)
    await books.spend("s", 100, overdraw=True)

    await books.restore("r", "s", 90)

    assert await books.counters() == (10, 0, 0, 0)


async def test_an_overdrawn_part_whose_debt_was_repaid_comes_back_as_a_lot(books: Books) -> None:
    await books.spend("s", 100, overdraw=True)
    await books.earn("a", 70)

    outcome = await books.restore("r", "s", 100)

    assert await transfers(books, outcome) == [
        ("restored", "debt", 30),
        ("restored", "available", 70),
    ]
    assert await books.counters() == (70, 0, 0, 0)


async def test_the_same_key_and_content_answers_the_first_receipt(books: Books) -> None:
    first = await books.earn("a", 100)

    again = await books.earn("a", 100, at=1)

    assert (again.code, again.replayed, again.receipt) == ("posted", True, first.receipt)
    assert await books.counters(1) == (100, 0, 0, 0)


@pytest.mark.parametrize("shortfall", ["pending-only", "down-to-zero", "debt", "deducted"])
async def test_a_replay_carries_the_figures_of_the_first_time(books: Books, shortfall: str) -> None:
    await books.earn("a", 100)
    await books.spend("s", 70)
    await books.earn("b", 10)
    first = await books.claw_back("c", "a", 90, shortfall, deductible=30)

    again = await books.claw_back("c", "a", 90, shortfall, deductible=30)

    assert again.replayed
    assert again.receipt == first.receipt
    for figure in ("amount", "from_lot", "from_others", "to_debt", "deducted", "forgiven"):
        assert getattr(again, figure) == getattr(first, figure), figure


async def test_a_key_with_other_content_is_refused_and_names_the_difference(books: Books) -> None:
    await books.earn("a", 100)
    await books.spend("s", 10)

    other_amount = await books.earn("a", 101)
    other_kind = await books.spend("a", 100)
    other_source = await books.earn("a", 100, source="birthday")

    assert (other_amount.code, other_amount.field) == ("key-reused", "amount")
    assert (other_amount.seen, other_amount.wanted) == (100, 101)
    assert (other_kind.field, other_kind.seen, other_kind.wanted) == ("kind", "earn", "spend")
    assert other_source.field == "terms"
    assert await books.counters() == (90, 0, 0, 0)
    with pytest.raises(ledger.KeyReused, match="amount was 100, now it is 101"):
        ledger.demand(other_amount)


async def test_what_was_settled_is_not_opened_again_by_an_earlier_instant(books: Books) -> None:
    await books.earn("a", 100, expires=10)
    await books.settle(11)

    late = ledger.Spend(**books.said("s", 9, amount=100))

    (outcome,) = await ledger.spend(books.connection, [late], at=day(12))
    assert outcome.code == "insufficient-points"


async def test_debt_and_available_points_never_meet(books: Books) -> None:
    await books.spend("s", 50, overdraw=True)
    await books.earn("a", 30)
    await books.earn("b", 30, activates=5)

    for at in (0, 5, 6):
        available, _, _, debt = await books.counters(at)
        assert available == 0 or debt == 0


@pytest.mark.parametrize("amount", [0, -5, 10**15 + 1])
async def test_amounts_that_are_none_are_not_even_posted(books: Books, amount: int) -> None:
    with pytest.raises(ledger.MalformedPosting, match="amount"):
        await books.earn("a", amount)


async def test_an_adjustment_needs_a_reason(books: Books) -> None:
    with pytest.raises(ledger.MalformedPosting, match="reason"):
        await books.adjust("a", 5, reason="")


async def test_instants_without_an_offset_are_not_posted(books: Books) -> None:
    with pytest.raises(ledger.MalformedPosting, match="effective_at"):
        await books.earn("a", 5, effective_at=day(0).replace(tzinfo=None))
