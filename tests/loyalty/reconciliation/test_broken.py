"""A true month of Stripe's, broken in one place on purpose: each break is found, and named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.reconciliation import (
    FeeStep,
    Item,
    Leg,
    Movement,
    Payout,
    list_items,
    reconcile,
    take_movements,
    take_payouts,
)
from tests.loyalty.fees.charged import Paid, charged, joined, offered, refunded

JANUARY, FEBRUARY = date(2027, 1, 1), date(2027, 2, 1)
TENTH = datetime(2027, 1, 10, 9, tzinfo=UTC)
CAUSE = Cause(datetime(2027, 3, 2, 12, tzinfo=UTC), SYSTEM, "test")
Found = tuple[str, str, int | None, int | None]
Lines = dict[str, Movement]
Break = Callable[[Lines], None]
REFERENCES: Mapping[str, tuple[FeeStep, int]] = {
    "in_1": (FeeStep.BILLED, 3_300),
    "re_1": (FeeStep.REFUNDED, 1_100),
    "du_1": (FeeStep.DISPUTED, 550),
    "du_1/won": (FeeStep.REINSTATED, 550),
}


def line(reference: str) -> Movement:
    """What Stripe's report says of one of them, truly."""
    step, amount = REFERENCES[reference]
    sign = -1 if step in {FeeStep.REFUNDED, FeeStep.DISPUTED} else 1
    return Movement(
        id=f"txn_{reference}",
        category=step.value,
        fee=(step, reference),
        certain=True,
        amount=amount,
        tax=amount // 11,
        currency="USD",
        settled=sign * amount,
        settled_in="USD",
        at=TENTH,
        payout="po_1",
    )


TRUE: Lines = {reference: line(reference) for reference in REFERENCES}
PAID_OUT = sum(one.settled for one in TRUE.values())


def payout(name: str, amount: int, at: datetime = TENTH) -> Payout:
    return Payout(id=f"txn_{name}", payout=name, amount=amount, currency="USD", at=at)


async def ours(connection: AsyncConnection) -> Paid:
    """The charge with its refund and its dispute, as memberships have them."""
    plus = await joined(connection, "plus", await offered(connection, "plus", "month", 3_000))
    at: dict[str, Any] = {"adapter": "stripe", "reference": "in_1", "tax": 300, "paid_at": TENTH}
    charge = await charged(connection, plus, JANUARY, FEBRUARY, 3_000, **at)
    day = TENTH.date()
    await refunded(connection, plus, charge, day, 1_000, tax=100, reference="re_1")
    more: dict[str, Any] = {"tax": 50, "kind": "dispute", "reference": "du_1"}
    await refunded(connection, plus, charge, day, 500, **more)
    more = {"tax": 50, "kind": "reinstated", "reference": "du_1/won"}
    await refunded(connection, plus, charge, day, 500, **more)
    return plus


async def compared(
    connection: AsyncConnection,
    lines: Sequence[Movement],
    payouts: Sequence[Payout],
    leg: Leg = Leg.BILLER_FEES,
) -> list[Found]:
    """Take both reports in, compare January, and answer what differs in one leg."""
    await take_movements(connection, CAUSE, "stripe", lines)
    await take_payouts(connection, CAUSE, "stripe", payouts)
    runs = await reconcile(connection, CAUSE, since=JANUARY, until=FEBRUARY)
    (run,) = (one for one in runs if one.leg is leg)
    items: Sequence[Item] = await list_items(connection, run.number, limit=50)
    return [(one.kind.value, one.key, one.left_amount, one.right_amount) for one in items]


async def test_an_unbroken_month_has_nothing_to_explain(connection: AsyncConnection) -> None:
    await ours(connection)
    both = (list(TRUE.values()), [payout("po_1", PAID_OUT)])

    assert await compared(connection, *both) == []
    assert await compared(connection, *both, Leg.PAYOUTS_MOVEMENTS) == []


def broken_line(how: str, reference: str) -> tuple[Sequence[Movement], Found]:
    """What the report says of one reference when it is broken so, and what is found then."""
    step, amount = REFERENCES[reference]
    true, tax = TRUE[reference], amount // 11
    key = f"fee:stripe:{step.value}:{reference}"
    match how:
        case "dropped":
            return [], ("missing-at-biller", key, None, amount)
        case "doubled":
            twice = replace(true, id=f"{true.id}_again", tax=None)
            return [true, twice], ("money-differs", key, 2 * amount, amount)
        case "altered":
            return [replace(true, amount=amount + 1)], ("money-differs", key, amount + 1, amount)
        case "taxed":
            found = ("money-differs", f"{key}:tax", tax + 1, tax)
            return [replace(true, tax=tax + 1)], found
        case "foreign":
            return [replace(true, currency="ISK")], ("currency-differs", key, amount, amount)
        case _:
            later = replace(true, at=TENTH + timedelta(days=31))
            return [later], ("timing", key, amount, amount)


@pytest.mark.parametrize("how", ["dropped", "doubled", "altered", "taxed", "foreign", "moved"])
async def test_a_line_that_is_broken_is_named(connection: AsyncConnection, how: str) -> None:
    await ours(connection)
    made = [broken_line(how, reference) for reference in REFERENCES]

    found = await compared(connection, [line for lines, _ in made for line in lines], [])

    assert found == sorted((named for _, named in made), key=lambda one: one[1])


async def test_what_memberships_do_not_have_is_named(connection: AsyncConnection) -> None:
    found = await compared(connection, list(TRUE.values()), [])

    assert found == sorted(
        (
            ("missing-in-memberships", f"fee:stripe:{step.value}:{reference}", amount, None)
            for reference, (step, amount) in REFERENCES.items()
        ),
        key=lambda one: one[1],
    )


def _drop(lines: Lines) -> None:
    del lines["re_1"]


def _double(lines: Lines) -> None:
    lines["again"] = replace(lines["re_1"], id="txn_again")


def _alter(lines: Lines) -> None:
    lines["re_1"] = replace(lines["re_1"], settled=-1_000)


@pytest.mark.parametrize(("broken", "made"), [(_drop, 3_300), (_double, 1_100), (_alter, 2_300)])
async def test_a_balance_transaction_that_is_broken_is_named_by_its_payout(
    connection: AsyncConnection, broken: Break, made: int
) -> None:
    lines = dict(TRUE)
    broken(lines)

    found = await compared(
        connection, list(lines.values()), [payout("po_1", PAID_OUT)], Leg.PAYOUTS_MOVEMENTS
    )

    assert found == [("money-differs", "payout:stripe:po_1", PAID_OUT, made)]


async def test_a_payout_that_is_broken_is_named(connection: AsyncConnection) -> None:
    more = [replace(TRUE["in_1"], id=f"txn_{name}", payout=name) for name in ("po_2", "po_3")]
    payouts = [
        payout("po_1", PAID_OUT + 1),
        payout("po_2", 3_300),
        replace(payout("po_2", 3_300), id="txn_po_2_again"),
        payout("po_9", 700, TENTH + timedelta(days=20)),
    ]

    found = await compared(connection, [*TRUE.values(), *more], payouts, Leg.PAYOUTS_MOVEMENTS)

    assert found == [
        ("money-differs", "payout:stripe:po_1", PAID_OUT + 1, PAID_OUT),
        ("money-differs", "payout:stripe:po_2", 6_600, 3_300),
        ("missing-at-biller", "payout:stripe:po_3", None, 3_300),
        ("missing-in-movements", "payout:stripe:po_9", 700, None),
    ]


async def test_a_payout_may_be_on_its_way(connection: AsyncConnection) -> None:
    more = replace(TRUE["in_1"], id="txn_po_3", payout="po_3")
    payouts = [payout("po_1", PAID_OUT, TENTH + timedelta(days=14))]

    found = await compared(connection, [*TRUE.values(), more], payouts, Leg.PAYOUTS_MOVEMENTS)

    assert found == []
