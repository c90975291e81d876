"""Bonus points follow the money that paid for them: back with it, and again with it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.fees.verify import first_broken_fee
from loyalty.ids import new_id
from loyalty.members import Member, Ref
from loyalty.members.merging import merge_members
from loyalty.members.store import members_by_id
from loyalty.membership.asking import withdraw
from loyalty.membership.external import NewRefund, report_refund
from loyalty.membership.store import find_membership
from loyalty.membership.types import Membership, RefundKind
from loyalty.membership.verify import first_broken_membership
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.policy.types import Shortfall
from tests.loyalty.membership.building import NOW, begun, cause, causes, joined, opened

DAY = timedelta(days=1)
TURNS: tuple[RefundKind, RefundKind] = ("dispute", "reinstated")
WALLETS = "select available, debt from ledger.wallet where available + debt > 0"
LOTS = "select granted, allocated, class from ledger.lot order by earned_at"
REASONS = "select key, reason from ledger.journal where key like 'membership:%' order by sequence"


async def with_bonus(connection: AsyncConnection) -> tuple[Member, Membership]:
    """Return a member who paid 9.90 and got 300 points for it."""
    await opened(connection, bonus_points=300)
    ada = await joined(connection)
    return ada, (await begun(connection, ada)).membership


async def moved(
    connection: AsyncConnection, row: Membership, day: int, kind: RefundKind, amount: int = 990
) -> None:
    """Let the bank or the shop move the fee on a day."""
    at = NOW + day * DAY
    told = NewRefund(f"M-{day}", "SUB-1-1", amount, "fraudulent", kind)
    await report_refund(connection, cause(at), row.id, told)


async def spent(connection: AsyncConnection, whose: Member, points: int) -> None:
    """Let points be spent on the day of joining."""
    spend = ledger.Spend(
        holder=whose.holder,
        key=f"spent:{points}",
        journal=new_id(NOW),
        effective_at=NOW,
        actor="system",
        request_id="test",
        amount=points,
    )
    (outcome,) = await ledger.spend(connection, [spend], at=NOW)
    ledger.demand(outcome)


async def under(connection: AsyncConnection, shortfall: Shortfall) -> None:
    """Publish what becomes of points that are missing when they are taken back."""
    document = document_of(await policy_at(connection, NOW))
    await publish_policy(connection, cause(NOW - DAY), {**document, "shortfall": shortfall})


async def wallets(connection: AsyncConnection) -> Sequence[tuple[int, int]]:
    """Return what every wallet that is not empty holds, and owes."""
    return [(row[0], row[1]) for row in await connection.execute(text(WALLETS))]


async def proved(connection: AsyncConnection) -> bool:
    """Whether everything that is kept of memberships and fees agrees."""
    return not {
        **await first_broken_fee(connection),
        **await first_broken_membership(connection),
    }


async def test_points_that_went_with_the_fee_come_again_with_it_and_once(
    connection: AsyncConnection,
) -> None:
    _, row = await with_bonus(connection)
    kinds: tuple[RefundKind, ...] = (*TURNS, *TURNS, "refund")
    stood = []

    for day, kind in enumerate(kinds, 1):
        await moved(connection, row, day, kind)
        await moved(connection, row, day, kind)
        stood.append(await wallets(connection))
        assert await proved(connection)

    assert stood == [[], [(300, 0)], [], [(300, 0)], []]
    assert await causes(connection, row.id) == [
        *("joined", "paid"),
        *("disputed", "bonus-taken-back", "reinstated", "bonus-given-again") * 2,
        *("refunded", "bonus-taken-back"),
    ]
    lots = [tuple(lot) for lot in await connection.execute(text(LOTS))]
    assert len(set(lots)) == 1, "each has the whole share of the fee behind it"
    assert lots[0][0] == 300
    assert lots[0][1] > 0
    key = f"membership:{row.id}:bonus"
    assert [tuple(each) for each in await connection.execute(text(REASONS))] == [
        (key, "plan-bonus"),
        (f"{key}:back", "plan-bonus-back"),
        (f"{key}:again:1", "plan-bonus-again"),
        (f"{key}:again:1:back", "plan-bonus-back"),
        (f"{key}:again:2", "plan-bonus-again"),
        (f"{key}:again:2:back", "plan-bonus-back"),
    ]


@pytest.mark.parametrize(
    ("shortfall", "gone", "again"),
    [
        ("pending-only", [(200, 0)], [(200, 0)]),
        ("down-to-zero", [], [(200, 0)]),
        ("debt", [(0, 100)], [(200, 0)]),
        ("deducted", [(0, 100)], [(200, 0)]),
    ],
)
async def test_no_more_comes_again_than_was_taken(
    connection: AsyncConnection,
    shortfall: Shortfall,
    gone: Sequence[tuple[int, int]],
    again: Sequence[tuple[int, int]],
) -> None:
    await under(connection, shortfall)
    ada, row = await with_bonus(connection)
    await spent(connection, ada, 100)

    await moved(connection, row, 1, "dispute")
    assert await wallets(connection) == gone
    await moved(connection, row, 2, "reinstated")

    assert await wallets(connection) == again
    assert await proved(connection)


async def test_points_go_with_the_last_of_the_fee_and_come_with_the_first(
    connection: AsyncConnection,
) -> None:
    _, row = await with_bonus(connection)

    await moved(connection, row, 1, "refund", 600)
    assert await wallets(connection) == [(300, 0)]
    await moved(connection, row, 2, "dispute", 390)
    assert await wallets(connection) == []
    await moved(connection, row, 3, "reinstated", 390)

    assert await wallets(connection) == [(300, 0)]


async def test_whoever_withdrew_gets_no_points_again(connection: AsyncConnection) -> None:
    _, row = await with_bonus(connection)
    await withdraw(connection, cause(NOW + DAY), row.id)
    await moved(connection, row, 2, "refund")

    await moved(connection, row, 3, "reinstated")

    assert await wallets(connection) == []
    assert (await causes(connection, row.id)).count("bonus-taken-back") == 1
    assert await proved(connection)


async def test_after_a_merge_they_come_to_whom_the_member_went_on_as(
    connection: AsyncConnection,
) -> None:
    ada, row = await with_bonus(connection)
    eve = await joined(connection, "C-2")
    await moved(connection, row, 1, "dispute")
    refs = (Ref("member", "", id=ada.id), Ref("member", "", id=eve.id))
    await merge_members(connection, cause(NOW + DAY), *refs, reason="same-person")

    stood = []
    for day, kind in enumerate((TURNS[1], *TURNS), 2):
        await moved(connection, row, day, kind)
        stood.append(await wallets(connection))

    assert stood == [[(300, 0)], [], [(300, 0)]]
    assert (await find_membership(connection, row.id)).member == eve.id
    assert eve.id in await members_by_id(connection, [eve.id])
    assert await proved(connection)


async def test_points_that_were_given_twice_are_found(connection: AsyncConnection) -> None:
    ada, row = await with_bonus(connection)
    (lot,) = await connection.execute(text(LOTS))
    twice = ledger.Earn(
        holder=ada.holder,
        key=f"membership:{row.id}:bonus:again:1",
        journal=new_id(NOW),
        effective_at=NOW,
        actor="system",
        request_id="test",
        amount=300,
        lot=new_id(NOW),
        source="plan",
        lot_class=ledger.LotClass.FEE,
        allocated=lot.allocated,
    )

    await ledger.earn(connection, [twice], at=NOW)

    assert list(await first_broken_fee(connection)) == ["fee-lots-stand-once"]
