"""What time does to memberships, what is told ahead, and what merging and leaving make of it."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.members import Ref, close_member
from loyalty.members.merging import merge_members
from loyalty.membership.asking import NewChange, cancel, change, undo_cancel, withdraw
from loyalty.membership.errors import (
    BothMembers,
    CancelledAlready,
    MembershipEnded,
    NothingToUndo,
    NotPaid,
    SamePrice,
    TrialTaken,
    WithdrawalOver,
)
from loyalty.membership.external import NewPayment, NewRefund, report_payment, report_refund
from loyalty.membership.store import find_membership, live_membership, timeline_of
from loyalty.membership.upkeep import end_closed_batch, foretell_batch, settle_batch
from loyalty.membership.verify import CHECKS, first_broken_membership
from tests.loyalty.membership.building import (
    MONTH,
    NOW,
    begun,
    cause,
    causes,
    events,
    joined,
    opened,
    paid,
)
from tests.support.requirements import sample

DAY = timedelta(days=1)


async def test_upkeep_writes_down_what_time_has_done_and_no_more(
    connection: AsyncConnection,
) -> None:
    await opened(connection)
    ada, bob = await joined(connection), await joined(connection, "C-2")
    row = (await begun(connection, ada)).membership
    trial = (await begun(connection, bob, "SUB-2", trial=True)).membership

    async def settled(at: datetime) -> list[str]:
        await settle_batch(connection, cause(at))
        found = [await find_membership(connection, one.id) for one in (row, trial)]
        return [one.end_cause or one.state for one in found]

    assert await settled(NOW + 14 * DAY) == ["active", "trial"]
    assert await settled(NOW + 15 * DAY) == ["active", "trial-ended"]
    assert await settled(NOW + MONTH + DAY) == ["past-due", "trial-ended"]
    assert await settled(NOW + MONTH + 7 * DAY) == ["grace-ended", "trial-ended"]
    assert await settled(NOW + MONTH + 9 * DAY) == ["grace-ended", "trial-ended"]
    assert await causes(connection, row.id) == ["joined", "paid", "payment-failed", "grace-ended"]
    assert (await events(connection, ada))[-1] == "membership.ended"
    assert await first_broken_membership(connection) == {}


async def test_what_is_ahead_is_told_once_for_each_end(connection: AsyncConnection) -> None:
    await opened(connection)
    ada = await joined(connection)
    row = (await begun(connection, ada, trial=True)).membership

    async def told(at: datetime) -> list[str]:
        await foretell_batch(connection, cause(at))
        return [type_.partition(".")[2] for type_ in await events(connection, ada)][1:]

    assert await told(NOW + 10 * DAY) == []
    assert await told(NOW + 12 * DAY) == ["trial-ending"]
    assert await told(NOW + 13 * DAY) == ["trial-ending"]
    ends = NOW + 14 * DAY
    await report_payment(connection, cause(ends), row.id, paid("P-1", ends))
    assert await told(ends + 22 * DAY) == ["trial-ending", "renewed"]
    assert (await told(ends + 23 * DAY))[2:] == ["renewal-ahead"]
    assert (await told(ends + 24 * DAY))[2:] == ["renewal-ahead"]


async def test_payments_in_any_order_lead_to_one_row(connection: AsyncConnection) -> None:
    await opened(connection)
    ada = await joined(connection)
    row = (await begun(connection, ada)).membership
    told_at, made_at = NOW + 3 * MONTH + DAY, NOW + 29 * DAY
    payments = [paid(f"P-{n}", NOW + n * MONTH, paid_at=made_at) for n in (1, 2, 3)]
    refund = NewRefund("R-1", "SUB-1-1", 100, "goodwill")
    ends = set()

    orders = list(permutations((*payments, refund)))
    for order in orders[:: sample(quick=5, full=1)]:
        async with connection.begin_nested() as step:
            for one in (*order, order[0]):
                if isinstance(one, NewRefund):
                    await report_refund(connection, cause(told_at), row.id, one)
                elif isinstance(one, NewPayment):
                    await report_payment(connection, cause(told_at), row.id, one)
            found = await find_membership(connection, row.id)
            ends.add((found.state, found.began_at, found.period_start, found.period_end))
            await step.rollback()

    assert ends == {("active", NOW, NOW + 3 * MONTH, NOW + 4 * MONTH)}


async def test_a_membership_is_cancelled_undone_and_changed(connection: AsyncConnection) -> None:
    await opened(connection)
    row = (await begun(connection, await joined(connection))).membership

    with pytest.raises(NothingToUndo):
        await undo_cancel(connection, cause(), row.id)
    ends = (await cancel(connection, cause(), row.id, "period-end")).applied.membership
    assert (ends.cancel_at, ends.access_until) == (NOW + MONTH, NOW + MONTH)
    with pytest.raises(CancelledAlready):
        await cancel(connection, cause(), row.id, "period-end")
    await undo_cancel(connection, cause(), row.id)

    with pytest.raises(SamePrice):
        await change(connection, cause(), row.id, NewChange("monthly"))
    later = await change(connection, cause(), row.id, NewChange("yearly"))
    assert later.applied.membership.next_price is not None
    await change(connection, cause(), row.id, NewChange("monthly"))
    with pytest.raises(NotPaid):
        await change(connection, cause(), row.id, NewChange("yearly", when="now"))
    now = NewChange("yearly", when="now", paid=paid("UP-1", NOW, days=365, net=8_000))
    upgraded = (await change(connection, cause(), row.id, now)).applied.membership
    assert upgraded.period_end == NOW + 365 * DAY
    with pytest.raises(WithdrawalOver):
        await withdraw(connection, cause(NOW + 14 * DAY + DAY / 2), row.id)

    asked = await cancel(connection, cause(NOW + 200 * DAY), row.id, "now")
    assert [(due.charge, due.days, due.net) for due in asked.due] == [
        ("SUB-1-1", 365, 885),  # what the upgrade took over of it
        ("UP-1", 365, 8_000),  # nothing was used
    ]
    with pytest.raises(MembershipEnded):
        await cancel(connection, cause(NOW + 201 * DAY), row.id, "now")
    assert await causes(connection, row.id) == [
        "joined", "paid", "cancel-asked", "cancel-undone", "downgrade-set", "downgrade-undone",
        "upgraded", "cancelled-now",
    ]  # fmt: skip


async def test_a_merge_passes_a_membership_on_and_refuses_two(connection: AsyncConnection) -> None:
    await opened(connection)
    ada, bob = await joined(connection), await joined(connection, "C-2")
    refs = (Ref("member", "", id=bob.id), Ref("member", "", id=ada.id))
    row = (await begun(connection, bob, trial=True)).membership
    async with connection.begin_nested() as both:
        await begun(connection, ada, "SUB-2")
        with pytest.raises(BothMembers):
            await merge_members(connection, cause(), *refs, reason="same-person")
        await both.rollback()

    await merge_members(connection, cause(), *refs, reason="same-person")

    live = await live_membership(connection, ada.id)
    assert live is not None
    assert live.id == row.id
    paid_row = await report_payment(
        connection, cause(NOW + DAY), row.id, paid("P-1", NOW + 14 * DAY, paid_at=NOW)
    )
    assert paid_row.membership.member == ada.id
    await cancel(connection, cause(NOW + DAY), row.id, "now")
    with pytest.raises(TrialTaken):
        await begun(connection, ada, "SUB-3", trial=True, at=NOW + 2 * DAY)
    assert await first_broken_membership(connection) == {}


async def test_who_leaves_has_no_membership_any_more(connection: AsyncConnection) -> None:
    await opened(connection)
    ada = await joined(connection)
    row = (await begun(connection, ada)).membership
    await close_member(connection, cause(), ada, reason="asked")

    await end_closed_batch(connection, cause(NOW + DAY))

    ended = await find_membership(connection, row.id)
    assert (ended.end_cause, ended.ended_at) == ("member-closed", NOW + DAY)
    last = (await timeline_of(connection, row.id))[-1]
    assert last.data == {
        "due": [{"charge": "SUB-1-1", "net": 916, "tax": 74, "days": 30, "of_days": 30}]
    }


ALTERED = {
    "update loyalty.membership set version = 9": "a membership is what its timeline says",
    "update loyalty.membership set period_end = now() + interval '9 years'": (
        "a membership is paid until the end of a charge"
    ),
    "delete from loyalty.name where kind = 'membership'": (
        "a membership is found by its reference"
    ),
}


async def test_a_row_that_was_altered_is_found(connection: AsyncConnection) -> None:
    await opened(connection)
    await begun(connection, await joined(connection))
    assert set(ALTERED.values()) == set(CHECKS)

    for damage, check in ALTERED.items():
        async with connection.begin_nested() as altered:
            await connection.execute(text(damage))
            assert list(await first_broken_membership(connection)) == [check]
            await altered.rollback()
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with connection.begin_nested():
            await connection.execute(text("delete from loyalty.membership_change"))
