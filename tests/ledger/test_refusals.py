"""What the ledger refuses, each by its name, and that a refusal moves no row and burns no key."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

import ledger
from loyalty.ids import new_id
from tests.ledger.beside import ROWS
from tests.ledger.building import Books, day

Ask = Callable[[Books], Awaitable[ledger.Outcome]]

REFUSED: dict[str, tuple[Ask, str]] = {
    "a capture beyond the hold": (lambda b: b.capture("k", "h", 41), "hold-too-small"),
    "a capture of a released hold": (lambda b: b.capture("k", "released", 1), "hold-closed"),
    "a second release": (lambda b: b.release("k", "released"), "hold-closed"),
    "a release beyond the hold": (lambda b: b.release("k", "h", 41), "hold-too-small"),
    "a release of what was captured": (lambda b: b.release("k", "captured"), "hold-closed"),
    "an extension of a hold that has ended": (
        lambda b: b.extend("k", "released", 9, at=0),
        "hold-closed",
    ),
    "a claw-back beyond the earn": (
        lambda b: b.claw_back("k", "a", 101, "debt"),
        "reversal-too-large",
    ),
    "a restore beyond the spend": (lambda b: b.restore("k", "s", 6), "reversal-too-large"),
    "a reversal of a reversal": (lambda b: b.restore("k", "back", 1), "unfit-posting"),
    "a spend beyond the wallet": (lambda b: b.spend("k", 1_000), "insufficient-points"),
    "a hold beyond the wallet": (lambda b: b.hold("k", 1_000), "insufficient-points"),
    "an adjustment beyond the wallet": (lambda b: b.adjust("k", -1_000), "insufficient-points"),
    "an activation of what is active": (lambda b: b.activate("k", "a"), "lot-not-pending"),
    "a write-off of no debt": (lambda b: b.write_off("k", 1), "debt-too-small"),
    "an unknown posting": (lambda b: b.claw_back("k", "nothing", 1, "debt"), "unknown-posting"),
    "an unknown lot": (lambda b: b.notify("k", new_id()), "unknown-lot"),
    "a key with other content": (lambda b: b.earn("a", 99), "key-reused"),
    "a move with open holds": (lambda b: b.move("k", new_id()), "holds-open"),
    "the wrong asset": (
        lambda b: Books(b.connection, b.holder, "growth").restore("k", "s", 1),
        "wrong-asset",
    ),
}


@pytest.fixture
async def lived(books: Books) -> Books:
    """A wallet with an earn, a spend, and holds that are open, captured and released."""
    await books.earn("a", 100)
    await books.hold("h", 40)
    await books.hold("captured", 5)
    await books.capture("capture", "captured", 5)
    await books.hold("released", 5)
    await books.release("release", "released")
    await books.spend("s", 10)
    await books.restore("back", "s", 5)
    return books


async def rows(books: Books) -> list[str]:
    return list((await books.connection.execute(text(ROWS))).scalars())


@pytest.mark.parametrize("name", list(REFUSED))
async def test_it_is_refused_by_name_without_any_effect(lived: Books, name: str) -> None:
    ask, code = REFUSED[name]
    before = await rows(lived)

    refused = await ask(lived)

    assert refused.code == code
    assert refused.receipt is None
    assert await rows(lived) == before
    with pytest.raises(ledger.REFUSALS[code]) as raised:
        ledger.demand(refused)
    assert "?" not in str(raised.value)


@pytest.mark.parametrize("verb", ["spend", "hold"])
async def test_a_frozen_wallet_spends_and_holds_nothing(lived: Books, verb: str) -> None:
    await lived.freeze("f")
    before = await rows(lived)

    refused = await getattr(lived, verb)("k", 1)

    assert refused.code == "wallet-frozen"
    assert await rows(lived) == before


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
@pytest.mark.parametrize("verb", ["earn", "spend", "hold", "write_off"])
async def test_no_amount_is_zero_negative_or_above_the_limit(
    lived: Books, verb: str, amount: int
) -> None:
    before = await rows(lived)

    with pytest.raises(ledger.MalformedPosting, match="amount"):
        await getattr(lived, verb)("k", amount)

    assert await rows(lived) == before


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
async def test_nor_is_an_amount_that_refers_to_another(lived: Books, amount: int) -> None:
    before = await rows(lived)

    asks: list[Ask] = [
        lambda b: b.capture("k", "h", amount),
        lambda b: b.release("k", "h", amount),
        lambda b: b.claw_back("k", "a", amount, "debt"),
        lambda b: b.restore("k", "s", amount),
    ]
    for ask in asks:
        with pytest.raises(ledger.MalformedPosting, match="amount"):
            await ask(lived)

    assert await rows(lived) == before


async def test_an_adjustment_needs_a_reason_and_moves_something(lived: Books) -> None:
    with pytest.raises(ledger.MalformedPosting, match="reason"):
        await lived.adjust("k", 5, reason="")
    with pytest.raises(ledger.MalformedPosting, match="amount"):
        await lived.adjust("k", 0)


async def test_a_refused_key_can_be_used_again(lived: Books) -> None:
    assert (await lived.spend("k", 1_000)).code == "insufficient-points"
    assert (await lived.earn("k", 1)).code == "posted"


async def test_one_bad_posting_of_a_batch_does_not_fail_the_others(lived: Books) -> None:
    said = lived.said
    batch = [
        ledger.Spend(**said("k1", 0, amount=1)),
        ledger.Capture(**said("k2", 0, of="released", amount=1)),
        ledger.Spend(**said("k3", 0, amount=1_000)),
        ledger.Capture(**said("k4", 0, of="h", amount=40)),
        ledger.Restore(**said("k5", 0, of="k1", amount=2)),
        ledger.Notify(**said("k6", 0, lots=[new_id()])),
        ledger.Earn(**said("k7", 0, amount=1, lot=new_id(), source="order"), expires_at=day(1)),
    ]

    outcomes = await ledger.post(lived.connection, batch, at=day(0))

    assert [outcome.code for outcome in outcomes] == [
        "posted",
        "hold-closed",
        "insufficient-points",
        "posted",
        "reversal-too-large",
        "unknown-lot",
        "posted",
    ]
    assert await lived.counters() == (50, 0, 0, 0)
