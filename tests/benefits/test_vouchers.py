"""Vouchers: one state machine, keyed by the order, that never runs over."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    FREE,
    BenefitsError,
    NewVoucher,
    Voucher,
    VoucherDefinition,
    VoucherOutcome,
    VoucherRefused,
    define_voucher,
    demand,
    issue_vouchers,
    read_voucher,
    redeem_vouchers,
    release_vouchers,
    reopen_vouchers,
    reserve_vouchers,
    verify,
    void_voucher,
    voucher_from,
    voucher_refusal,
    voucher_state,
    vouchers_of,
)
from loyalty.database import Database
from tests.benefits.builders import (
    MEMBER,
    NOON,
    ORDER,
    OTHER_MEMBER,
    OTHER_ORDER,
    new_voucher,
)
from tests.support.waiting import until_blocked

TEN_OFF = VoucherDefinition("ten-off", {"en": "10 off", "zh": "减10"})


async def issue(
    connection: AsyncConnection, /, *, uses: int = 1, holder: UUID = MEMBER
) -> NewVoucher:
    """Define and issue one voucher."""
    name = f"ten-off-{uses}"
    await define_voucher(connection, replace(TEN_OFF, name=name, uses=uses), actor="t", at=NOON)
    voucher = new_voucher(holder, definition=name)
    for outcome in await issue_vouchers(connection, [voucher], at=NOON):
        demand(outcome)
    return voucher


async def stored(connection: AsyncConnection, voucher: NewVoucher) -> Voucher:
    """Read one voucher back."""
    rows = await connection.execute(vouchers_of(voucher.member))
    return next(found for row in rows if (found := read_voucher(row)).id == voucher.id)


async def reserve(
    connection: AsyncConnection,
    voucher: NewVoucher,
    order: UUID = ORDER,
    *,
    used_by: UUID = MEMBER,
    at: datetime = NOON,
) -> str:
    """Reserve one voucher and say what became of it."""
    (outcome,) = await reserve_vouchers(
        connection, [(voucher.member, voucher.id)], order=order, used_by=used_by, at=at
    )
    return outcome.code + (" replayed" if outcome.replayed else "")


async def test_a_voucher_goes_from_issued_to_reserved_to_redeemed(
    connection: AsyncConnection,
) -> None:
    voucher = await issue(connection)
    key = [(voucher.member, voucher.id)]
    states = [voucher_state(await stored(connection, voucher), NOON)]

    assert await reserve(connection, voucher) == "done"
    states.append(voucher_state(await stored(connection, voucher), NOON))
    (redeemed,) = await redeem_vouchers(connection, key, order=ORDER, used_by=MEMBER, at=NOON)
    states.append(voucher_state(await stored(connection, voucher), NOON))

    assert (redeemed.code, redeemed.replayed, redeemed.overrun) == ("done", False, False)
    assert states == ["issued", "reserved", "redeemed"]
    assert await verify(connection) == []


async def test_each_step_done_again_is_a_replay(connection: AsyncConnection) -> None:
    voucher = await issue(connection)
    key = [(voucher.member, voucher.id)]
    await reserve(connection, voucher)

    assert await reserve(connection, voucher) == "done replayed"
    await redeem_vouchers(connection, key, order=ORDER, used_by=MEMBER, at=NOON)
    (redeemed,) = await redeem_vouchers(connection, key, order=ORDER, used_by=MEMBER, at=NOON)
    assert redeemed.replayed
    assert await reserve(connection, voucher) == "done replayed"
    await reopen_vouchers(connection, key, order=ORDER, at=NOON)
    (reopened,) = await reopen_vouchers(connection, key, order=ORDER, at=NOON)
    assert reopened.replayed
    found = await stored(connection, voucher)
    assert (found.uses_reserved, found.uses_redeemed) == (0, 0)
    assert await verify(connection) == []


async def test_a_released_voucher_is_free_for_another_order(connection: AsyncConnection) -> None:
    voucher = await issue(connection)
    key = [(voucher.member, voucher.id)]
    await reserve(connection, voucher)

    assert await reserve(connection, voucher, OTHER_ORDER) == "voucher-used-up"
    (released,) = await release_vouchers(connection, key, order=ORDER, at=NOON)
    assert released.code == "done"
    assert await reserve(connection, voucher, OTHER_ORDER) == "done"
    (late,) = await release_vouchers(connection, key, order=ORDER, at=NOON)
    assert late.replayed
    assert voucher_state(await stored(connection, voucher), NOON) == "reserved"


async def test_a_voucher_of_three_uses_is_used_three_times(connection: AsyncConnection) -> None:
    voucher = await issue(connection, uses=3)

    outcomes = [await reserve(connection, voucher, UUID(int=number)) for number in range(1, 5)]

    assert outcomes == ["done", "done", "done", "voucher-used-up"]


async def test_redeeming_after_release_retakes_the_use(connection: AsyncConnection) -> None:
    voucher = await issue(connection)
    key = [(voucher.member, voucher.id)]
    await reserve(connection, voucher)
    await release_vouchers(connection, key, order=ORDER, at=NOON)

    (retaken,) = await redeem_vouchers(connection, key, order=ORDER, used_by=MEMBER, at=NOON)

    assert (retaken.code, retaken.overrun) == ("done", False)
    assert voucher_state(await stored(connection, voucher), NOON) == "redeemed"


async def test_a_fact_after_payment_is_recorded_as_an_overrun(connection: AsyncConnection) -> None:
    voucher = await issue(connection)
    key = [(voucher.member, voucher.id)]
    await redeem_vouchers(connection, key, order=OTHER_ORDER, used_by=MEMBER, at=NOON)

    (late,) = await redeem_vouchers(connection, key, order=ORDER, used_by=MEMBER, at=NOON)

    assert (late.code, late.overrun) == ("done", True)
    (given_back,) = await reopen_vouchers(connection, key, order=ORDER, at=NOON)
    assert given_back.code == "done"
    assert voucher_state(await stored(connection, voucher), NOON) == "redeemed"
    assert await verify(connection) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"used_by": OTHER_MEMBER}, "voucher-not-yours"),
        ({"at": NOON + timedelta(days=31)}, "voucher-expired"),
        ({"at": NOON + timedelta(days=30)}, "voucher-expired"),
        ({"at": NOON - timedelta(days=2)}, "voucher-not-yet"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_name(
    connection: AsyncConnection, change: dict[str, Any], code: str
) -> None:
    voucher = await issue(connection)

    assert await reserve(connection, voucher, **change) == code
    found = await stored(connection, voucher)
    facts = {"used_by": MEMBER, "at": NOON, **change}
    assert voucher_refusal(found, member=facts["used_by"], at=facts["at"]) == code
    assert found.uses_reserved == 0


async def test_an_unknown_voucher_is_refused_by_name(connection: AsyncConnection) -> None:
    unknown = new_voucher()

    assert await reserve(connection, unknown) == "voucher-not-found"
    assert voucher_refusal(None, member=MEMBER, at=NOON) == "voucher-not-found"
    (outcome,) = await reserve_vouchers(
        connection, [(MEMBER, unknown.id)], order=ORDER, used_by=MEMBER, at=NOON
    )
    with pytest.raises(VoucherRefused) as refused:
        demand(outcome, pointer="/order/voucher_codes/0")
    assert refused.value.code == "voucher-not-found"
    assert refused.value.pointer == "/order/voucher_codes/0"


async def test_a_free_voucher_is_good_for_anybody_once(connection: AsyncConnection) -> None:
    voucher = await issue(connection, holder=FREE)

    assert await reserve(connection, voucher, used_by=OTHER_MEMBER) == "done"
    assert await reserve(connection, voucher, OTHER_ORDER) == "voucher-used-up"


async def test_a_void_voucher_is_refused_and_a_reserved_one_is_not_made_void(
    connection: AsyncConnection,
) -> None:
    voucher = await issue(connection)
    key = [(voucher.member, voucher.id)]
    await reserve(connection, voucher)

    in_use = await void_voucher(connection, voucher.member, voucher.id, at=NOON)
    await release_vouchers(connection, key, order=ORDER, at=NOON)
    voided = await void_voucher(connection, voucher.member, voucher.id, at=NOON)
    again = await void_voucher(connection, voucher.member, voucher.id, at=NOON)

    assert in_use.code == "voucher-in-use"
    assert (voided.code, voided.replayed, again.replayed) == ("done", False, True)
    assert await reserve(connection, voucher) == "voucher-void"
    assert voucher_state(await stored(connection, voucher), NOON) == "void"


async def test_issuing_again_is_a_replay_and_other_content_is_a_conflict(
    connection: AsyncConnection,
) -> None:
    voucher = await issue(connection)
    other = replace(voucher, amount=500)
    unknown = new_voucher(definition="unheard-of")

    outcomes = await issue_vouchers(connection, [unknown, voucher, other], at=NOON)

    assert [(each.code, each.replayed) for each in outcomes] == [
        ("voucher-definition-not-found", False),
        ("done", True),
        ("voucher-conflict", True),
    ]


async def test_a_row_reads_the_same_as_json(connection: AsyncConnection) -> None:
    voucher = await issue(connection)
    row = vouchers_of(MEMBER).subquery()

    document: Any = await connection.scalar(select(func.to_json(row.table_valued())))

    assert voucher_from(document) == await stored(connection, voucher)


def test_a_refusal_is_raised_by_its_name() -> None:
    codes = [
        "voucher-used-up",
        "voucher-definition-not-found",
        "voucher-expired",
        "birthday-already-issued",
    ]
    raised = []

    for code in codes:
        with pytest.raises(BenefitsError) as refused:
            demand(VoucherOutcome(ORDER, code, seen=1, wanted=1))
        raised.append(refused.value.code)

    assert raised == codes


async def test_a_birthday_voucher_is_issued_once_per_member_and_year(
    connection: AsyncConnection,
) -> None:
    await define_voucher(
        connection, replace(TEN_OFF, name="birthday", birthday_window="week"), actor="t", at=NOON
    )
    first = new_voucher(definition="birthday", birthday_year=2026)
    second = new_voucher(definition="birthday", birthday_year=2026)
    next_year = new_voucher(definition="birthday", birthday_year=2027)
    another = new_voucher(OTHER_MEMBER, definition="birthday", birthday_year=2026)

    codes = [
        [each.code for each in await issue_vouchers(connection, batch, at=NOON)]
        for batch in ([first, another], [first], [second, next_year])
    ]

    assert codes == [["done", "done"], ["done"], ["birthday-already-issued", "done"]]


async def test_two_birthday_vouchers_in_one_batch_become_one(connection: AsyncConnection) -> None:
    await define_voucher(connection, replace(TEN_OFF, name="birthday"), actor="t", at=NOON)
    twins = [new_voucher(definition="birthday", birthday_year=2026) for _ in range(2)]

    outcomes = await issue_vouchers(connection, twins, at=NOON)

    assert sorted(each.code for each in outcomes) == ["birthday-already-issued", "done"]


async def test_two_hundred_orders_for_one_voucher_make_exactly_one_reservation(
    database: Database,
) -> None:
    voucher = await database.write(issue)

    async def attempt(connection: AsyncConnection, number: int) -> str:
        return await reserve(connection, voucher, UUID(int=number))

    outcomes = await asyncio.gather(*(database.write(attempt, number) for number in range(1, 201)))

    assert sorted(set(outcomes)) == ["done", "voucher-used-up"]
    assert outcomes.count("done") == 1
    async with database.read() as connection:
        assert (await stored(connection, voucher)).uses_reserved == 1
        assert await verify(connection) == []


async def test_an_order_waits_for_the_one_before_it_and_is_then_refused_by_name(
    database: Database,
) -> None:
    """The row is locked before it is judged: no constraint is run into."""
    voucher = await database.write(issue)
    reserved, may_commit = asyncio.Event(), asyncio.Event()

    async def slow(connection: AsyncConnection) -> str:
        outcome = await reserve(connection, voucher)
        reserved.set()
        await may_commit.wait()
        return outcome

    async def second(connection: AsyncConnection) -> str:
        return await reserve(connection, voucher, OTHER_ORDER)

    first_task = asyncio.create_task(database.write(slow))
    await reserved.wait()
    second_task = asyncio.create_task(database.write(second))
    await until_blocked(database)
    may_commit.set()

    assert await first_task == "done"
    assert await second_task == "voucher-used-up"


async def test_racing_birthday_jobs_issue_one_voucher(database: Database) -> None:
    async def define(connection: AsyncConnection) -> None:
        await define_voucher(connection, replace(TEN_OFF, name="birthday"), actor="t", at=NOON)

    async def run(connection: AsyncConnection, voucher: NewVoucher) -> str:
        (outcome,) = await issue_vouchers(connection, [voucher], at=NOON)
        return outcome.code

    await database.write(define)
    batch = [new_voucher(definition="birthday", birthday_year=2026) for _ in range(20)]
    outcomes = await asyncio.gather(*(database.write(run, voucher) for voucher in batch))

    assert sorted(outcomes) == ["birthday-already-issued"] * 19 + ["done"]


@pytest.mark.parametrize(
    "statement",
    [
        "update benefits.voucher set uses_redeemed = 0",
        "delete from benefits.voucher_use",
        "insert into benefits.voucher_use select * from benefits.voucher_use",
        "update benefits.rule_version set document = '{}'",
        "delete from benefits.rule_set",
        "update benefits.price set amount = 0",
        "select benefits.give_voucher_back(null, null, 'reserved', 'released', now())",
    ],
)
async def test_the_application_moves_vouchers_by_the_functions_alone(
    connection: AsyncConnection, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await connection.execute(text(statement))


async def test_a_counter_altered_by_hand_is_found(
    database: Database, owner_connection: AsyncConnection
) -> None:
    voucher = await database.write(issue)
    await owner_connection.execute(text("update benefits.voucher set uses_redeemed = 1"))

    async with database.read() as connection:
        findings = await verify(connection)

    assert [(f.invariant, f.row) for f in findings] == [
        ("voucher-counters-equal-uses", f"{voucher.member}/{voucher.id}")
    ]
