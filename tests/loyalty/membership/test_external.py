"""The shop charges and reports: joining, renewing, failing, mending, refunding, being refused."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.membership.asking import NewChange, change
from loyalty.membership.errors import (
    AmountNotPositive,
    BilledElsewhere,
    ChargeConflict,
    ChargeUnknown,
    ConsentMissing,
    CurrencyForeign,
    FeeInFuture,
    MembershipLive,
    NotPaid,
    PeriodAhead,
    PeriodImpossible,
    PeriodsOverlap,
    ReferenceTaken,
    RefundAboveCharge,
    TrialNotOffered,
    TrialTaken,
)
from loyalty.membership.external import (
    NewMembership,
    NewRefund,
    join_plan,
    report_failure,
    report_payment,
    report_refund,
)
from loyalty.membership.states import standing_of
from loyalty.membership.store import charges_of, find_membership
from loyalty.plans.errors import PlanArchived, PlanTaken, PlanUnknown, PriceArchived, PriceUnknown
from loyalty.plans.publishing import archive_plan, archive_price
from tests.loyalty.membership.building import (
    CONSENT,
    MONTH,
    NOW,
    begun,
    cause,
    causes,
    events,
    joined,
    now,
    opened,
    paid,
    renewed,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_a_membership_is_paid_renewed_fails_and_is_mended(
    connection: AsyncConnection,
) -> None:
    plan, ada = await opened(connection), await joined(connection)

    first = await begun(connection, ada)
    row = (await renewed(connection, first.membership, NOW + MONTH)).membership
    assert (row.state, row.period_end) == ("active", NOW + 2 * MONTH)

    late = NOW + 2 * MONTH + DAY
    row = (await report_failure(connection, cause(late), row.id)).membership
    failed = standing_of(row, plan, late)
    assert (failed.access, failed.state, failed.next_date) == (
        True, "past-due", NOW + 2 * MONTH + 7 * DAY,
    )  # fmt: skip
    row = (await renewed(connection, row, late)).membership

    assert standing_of(row, plan, late).state == "active"
    assert await causes(connection, row.id) == [
        "joined", "paid", "renewed", "payment-failed", "mended",
    ]  # fmt: skip
    assert await events(connection, ada) == [
        "membership.began",
        "membership.renewed",
        "membership.payment-failed",
        "membership.mended",
    ]


async def test_the_same_report_again_changes_nothing(connection: AsyncConnection) -> None:
    await opened(connection)
    ada = await joined(connection)
    first = await begun(connection, ada)
    row = await now(connection, first)

    again = await begun(connection, ada)
    payment = await report_payment(connection, cause(), row.id, paid("SUB-1-1"))
    failure = await report_failure(connection, cause(NOW + HOUR), row.id, at=NOW - HOUR)

    assert (again.steps, payment.steps, failure.steps) == ((), (), ())
    assert await now(connection, first) == row


async def test_access_ends_by_time_though_nobody_writes_it_down(
    connection: AsyncConnection,
) -> None:
    plan, ada = await opened(connection), await joined(connection)
    row = (await begun(connection, ada)).membership
    ends = NOW + MONTH

    def at(moment: timedelta) -> tuple[bool, str]:
        standing = standing_of(row, plan, ends + moment)
        return standing.access, standing.state

    assert at(-HOUR) == (True, "active")
    assert at(HOUR) == (True, "active")  # the renewal is awaited
    assert at(2 * HOUR) == (True, "past-due")
    assert at(7 * DAY - HOUR) == (True, "past-due")
    assert at(7 * DAY) == (False, "ended")


async def test_a_payment_made_in_time_and_told_late_takes_the_end_back(
    connection: AsyncConnection,
) -> None:
    await opened(connection)
    ada = await joined(connection)
    row = (await begun(connection, ada)).membership
    told_at = NOW + MONTH + 10 * DAY
    await report_failure(connection, cause(told_at), row.id, at=told_at - 9 * DAY)
    assert (await find_membership(connection, row.id)).end_cause == "grace-ended"

    made_at = NOW + MONTH + 2 * DAY
    payment = paid("PAY-2", NOW + MONTH, paid_at=made_at)
    row = (await report_payment(connection, cause(told_at), row.id, payment)).membership

    assert (row.state, row.ended_at, row.period_end) == ("active", None, NOW + 2 * MONTH)


async def test_a_payment_for_what_has_ended_is_recorded_and_buys_nothing(
    connection: AsyncConnection,
) -> None:
    await opened(connection)
    ada = await joined(connection)
    row = (await begun(connection, ada)).membership
    told_at = NOW + MONTH + 10 * DAY

    payment = paid("PAY-2", NOW + MONTH, paid_at=told_at)
    row = (await report_payment(connection, cause(told_at), row.id, payment)).membership

    assert (row.state, row.ended_at) == ("ended", NOW + MONTH + 7 * DAY)
    assert [charge.reason for charge in await charges_of(connection, row.id)] == ["first", "late"]
    assert (await begun(connection, ada, "SUB-2", at=told_at)).steps[0].cause == "won-back"


async def test_a_trial_comes_once_for_life(connection: AsyncConnection) -> None:
    plan = await opened(connection)
    ada = await joined(connection, email="Ada@example.org")
    row = (await begun(connection, ada, trial=True)).membership
    assert standing_of(row, plan, NOW + 13 * DAY).state == "trial"
    assert not standing_of(row, plan, NOW + 14 * DAY + 2 * HOUR).access

    with pytest.raises(TrialTaken):
        await begun(connection, ada, "SUB-2", trial=True, at=NOW + 20 * DAY)
    paid_row = (await begun(connection, ada, "SUB-3", at=NOW + 20 * DAY)).membership
    assert paid_row.state == "active"


async def test_a_refund_is_split_as_its_charge_and_never_above_it(
    connection: AsyncConnection,
) -> None:
    await opened(connection)
    row = (await begun(connection, await joined(connection))).membership

    async def refund(reference: str, amount: int) -> tuple[int, int]:
        told = NewRefund(reference, "SUB-1-1", amount, "goodwill")
        (made,) = (await report_refund(connection, cause(), row.id, told)).refunds
        return made.net, made.tax

    parts = [await refund("R-1", 333), await refund("R-2", 333)]
    with pytest.raises(RefundAboveCharge):
        await refund("R-3", 325)
    parts.append(await refund("R-4", 324))

    again = NewRefund("D-1", "SUB-1-1", 991, "bank", "reinstated")
    with pytest.raises(RefundAboveCharge):  # the bank gives back no more than it took
        await report_refund(connection, cause(), row.id, again)
    assert parts[0] == (308, 25)
    assert [sum(part) for part in zip(*parts, strict=True)] == [916, 74]
    assert (await find_membership(connection, row.id)).state == "active"


async def test_what_cannot_be_joined_is_refused_by_name(connection: AsyncConnection) -> None:
    await opened(connection, "prime", trial_days=0)
    await opened(connection, "gone")
    await opened(connection, "card", adapter="stripe")
    await archive_plan(connection, cause(), "gone")
    await archive_price(connection, cause(), "prime", "yearly")
    ada = await joined(connection)
    good = NewMembership("prime", "monthly", "SUB-1", CONSENT, paid=paid("P-1"))

    for asked, refusal in (
        (replace(good, plan="none"), PlanUnknown),
        (replace(good, plan="gone"), PlanArchived),
        (replace(good, plan="card"), BilledElsewhere),
        (replace(good, price="weekly"), PriceUnknown),
        (replace(good, price="yearly"), PriceArchived),
        (replace(good, consent=None), ConsentMissing),
        (replace(good, paid=None), NotPaid),
        (replace(good, paid=None, trial=True), TrialNotOffered),
        (replace(good, paid=paid("P-1", net=0, tax=0)), AmountNotPositive),
        (replace(good, paid=paid("P-1", net=-1)), AmountNotPositive),
        (replace(good, paid=paid("P-1", days=0)), PeriodImpossible),
        (replace(good, paid=paid("P-1", currency="EUR")), CurrencyForeign),
        (replace(good, paid=paid("P-1", paid_at=NOW + HOUR)), FeeInFuture),
        (replace(good, paid=paid("P-1", NOW + 3 * HOUR, paid_at=NOW)), PeriodAhead),
    ):
        with pytest.raises(refusal):
            await join_plan(connection, cause(), ada, asked)
    with pytest.raises(PlanTaken):
        await opened(connection, "prime", trial_days=3)
    assert await events(connection, ada) == []


async def test_what_cannot_be_reported_is_refused_by_name(connection: AsyncConnection) -> None:
    await opened(connection)
    ada, bob = await joined(connection), await joined(connection, "C-2")
    row = (await begun(connection, ada)).membership

    with pytest.raises(MembershipLive):
        await begun(connection, ada, "SUB-2")
    with pytest.raises(ReferenceTaken):
        await begun(connection, bob)
    with pytest.raises(PeriodsOverlap):
        await report_payment(connection, cause(), row.id, paid("P-2", NOW + 29 * DAY, paid_at=NOW))
    with pytest.raises(ChargeConflict):
        await report_payment(connection, cause(), row.id, paid("SUB-1-1", net=900))
    unknown = NewRefund("R-1", "P-9", 100, "goodwill")
    with pytest.raises(ChargeUnknown):
        await report_refund(connection, cause(), row.id, unknown)
    with pytest.raises(AmountNotPositive):
        await report_refund(
            connection, cause(), row.id, replace(unknown, charge="SUB-1-1", amount=0)
        )
    assert await causes(connection, row.id) == ["joined", "paid"]


async def test_a_period_that_begins_later_gives_access_from_then_on(
    connection: AsyncConnection,
) -> None:
    plan, ada = await opened(connection), await joined(connection)
    soon = paid("P-1", NOW + HOUR, paid_at=NOW)  # within the margin: clocks differ
    asked = NewMembership("prime", "monthly", "SUB-1", CONSENT, paid=soon)
    row = (await join_plan(connection, cause(), ada, asked)).membership

    before, then = standing_of(row, plan, NOW), standing_of(row, plan, NOW + HOUR)
    assert (before.access, before.why, before.next_date) == (False, "begins", NOW + HOUR)
    assert (then.access, then.why) == (True, "renews")

    gap = paid("P-3", NOW + 2 * MONTH, paid_at=NOW)
    with pytest.raises(PeriodAhead) as refused:
        await report_payment(connection, cause(), row.id, gap)
    assert refused.value.pointer == "/from"
    next_ = paid("P-2", NOW + MONTH + DAY, paid_at=NOW)  # within the grace of the first
    await report_payment(connection, cause(), row.id, next_)
    last = await report_payment(
        connection, cause(), row.id, paid("P-3", next_.ends_at, paid_at=NOW)
    )
    assert last.membership.period_end == next_.ends_at + MONTH


async def test_what_the_bank_gives_back_of_a_period_that_was_paid_anew_is_refused(
    connection: AsyncConnection,
) -> None:
    await opened(connection)
    row = (await begun(connection, await joined(connection))).membership
    gone = NewRefund("D-1", "SUB-1-1", 990, "fraudulent", "dispute")
    await report_refund(connection, cause(), row.id, gone)
    await report_payment(connection, cause(), row.id, paid("P-2"))

    won = NewRefund("D-2", "SUB-1-1", 990, "won", "reinstated")
    with pytest.raises(PeriodsOverlap) as refused:
        await report_refund(connection, cause(), row.id, won)
    assert (refused.value.facts["reference"], refused.value.pointer) == ("P-2", "/charge")

    await report_refund(connection, cause(), row.id, NewRefund("R-1", "P-2", 990, "paid-twice"))
    for _ in range(2):
        await report_refund(connection, cause(), row.id, won)
    left = {
        one.reference: one.net - one.refunded_net for one in await charges_of(connection, row.id)
    }
    assert left == {"SUB-1-1": 916, "P-2": 0}


async def test_an_upgrade_that_was_disputed_is_reinstated_beside_what_it_took_over(
    connection: AsyncConnection,
) -> None:
    await opened(connection)
    row = (await begun(connection, await joined(connection))).membership
    up = NewChange("yearly", when="now", paid=paid("UP-1", NOW + DAY, days=365))
    await change(connection, cause(NOW + DAY), row.id, up)

    for charge in ("SUB-1-1", "UP-1"):
        for kind in ("dispute", "reinstated"):
            told = NewRefund(f"{charge}-{kind}", charge, 990, "bank", kind)
            await report_refund(connection, cause(NOW + DAY), row.id, told)

    assert [one.refunded_net for one in await charges_of(connection, row.id)] == [0, 0]
