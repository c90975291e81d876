"""Members are told what will expire, and points that wait for it live until that is proved."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

import ledger
from loyalty.cause import Cause
from loyalty.ids import new_id
from loyalty.members import Member
from loyalty.outbox import Reason, State, notify_expiring, notify_required, remind, report_told
from loyalty.policy import document_of, policy_at, publish_policy
from tests.support.mailbox import Mood
from tests.support.mailing import Mailing

EVENTS = text("SELECT id, data FROM loyalty.event WHERE type = 'points.expiring' ORDER BY position")


async def earn(
    mailing: Mailing, whose: Member, *ends: datetime, notice: bool = True
) -> Sequence[UUID]:
    """Give a member a lot of a hundred points for each end."""
    at = mailing.application.clock.now() - timedelta(days=1)
    lots = [new_id() for _ in ends]
    items = [
        ledger.Earn(
            holder=whose.holder,
            key=f"test:{lot}",
            journal=new_id(),
            effective_at=at,
            actor="system",
            request_id="test",
            amount=100,
            lot=lot,
            source="order",
            expires_at=end,
            notice=notice,
        )
        for lot, end in zip(lots, ends, strict=True)
    ]
    for outcome in await mailing.database.write(ledger.post, items, at=at):
        ledger.demand(outcome)
    return lots


async def events(mailing: Mailing) -> Sequence[tuple[UUID, dict[str, Any]]]:
    async with mailing.database.read() as connection:
        return [(row.id, row.data) for row in await connection.execute(EVENTS)]


async def lots_of(mailing: Mailing, whose: Member) -> dict[UUID, ledger.Lot]:
    at = mailing.application.clock.now()
    async with mailing.database.read() as connection:
        return {lot.id: lot for lot in await ledger.lots(connection, whose.holder, at=at)}


async def notify(mailing: Mailing) -> int:
    """Run the job, and relay what it told."""
    told = await notify_expiring(mailing.application, mailing.cause())
    for id_, _ in await events(mailing):
        await mailing.relay_past(id_)
    return told


async def test_a_notice_counts_from_its_proof_and_the_mail_says_the_same_moment(
    mailing: Mailing,
) -> None:
    ann = await mailing.join()
    now = mailing.application.clock.now()
    soon, later = now + timedelta(days=10), now + timedelta(days=50)
    far = now + timedelta(days=90)
    first, second, third = await earn(mailing, ann, soon, later, far)
    mailing.box.moods = [Mood.LATER_AT_CONTENT]

    told = await notify(mailing)
    await mailing.send()
    unproved = await lots_of(mailing, ann)
    await mailing.send()
    proved = await lots_of(mailing, ann)

    ((_, data),) = await events(mailing)
    assert told == 1
    assert [lot["lot"] for lot in data["lots"]] == [str(first), str(second)]
    assert {lot.expires_at for lot in unproved.values()} == {None}
    notified = proved[first].notified_at
    assert notified is not None
    assert notified > now
    assert proved[first].expires_at == notified + timedelta(days=30)
    assert proved[second].expires_at == later
    assert (proved[third].notified_at, proved[third].expires_at) == (None, None)
    (mail,) = mailing.box.kept
    body = mail.get_body(("plain",))
    assert body is not None
    end = proved[first].expires_at
    assert end is not None
    assert end.astimezone(UTC).strftime("%-I:%M:%S") in body.get_content()
    assert mail["Subject"] == "200 points will expire"


async def test_points_lapse_thirty_days_after_the_notice_and_never_without_one(
    mailing: Mailing,
) -> None:
    ann, bob = await mailing.join(), await mailing.join(None)
    now = mailing.application.clock.now()
    for each in (ann, bob):
        await earn(mailing, each, now + timedelta(days=10))
    await notify(mailing)
    await mailing.send()

    async def available(whose: Member, at: datetime) -> int:
        async with mailing.database.read() as connection:
            return (await ledger.wallet(connection, whose.holder, at=at)).available

    before, after = now + timedelta(days=29), now + timedelta(days=31)
    assert [await available(ann, at) for at in (before, after)] == [100, 0]
    assert [await available(bob, at) for at in (before, after)] == [100, 100]
    reasons = {each.member: each.reason for each in await mailing.messages()}
    assert reasons == {ann.id: None, bob.id: Reason.NO_ADDRESS}


async def test_a_shop_that_tells_its_members_itself_reports_it(mailing: Mailing) -> None:
    off = mailing.switched_off()
    ann = await off.join()
    now = off.application.clock.now()
    (lot,) = await earn(off, ann, now + timedelta(days=10))
    await notify(off)
    message = await off.only()
    unproved = (await lots_of(off, ann))[lot]

    told_at = off.application.clock.now()
    await off.database.write(report_told, off.cause(), message.id, told_at=told_at)
    await off.database.write(
        report_told, off.cause(), message.id, told_at=told_at + timedelta(seconds=1)
    )

    assert (message.state, message.reason) == (State.SKIPPED, Reason.MAIL_OFF)
    assert (unproved.notified_at, unproved.expires_at) == (None, None)
    proved = (await lots_of(off, ann))[lot]
    assert proved.notified_at == told_at
    assert proved.expires_at == told_at + timedelta(days=30)
    assert (await off.only()).reason == Reason.TOLD_BY_SHOP


async def test_a_member_is_told_once_until_there_is_something_new(mailing: Mailing) -> None:
    ann = await mailing.join()
    now = mailing.application.clock.now()
    await earn(mailing, ann, now + timedelta(days=40), now + timedelta(days=44))

    waiting = [await notify(mailing), await notify(mailing)]
    await mailing.send()
    sent = await notify(mailing)
    await earn(mailing, ann, now + timedelta(days=20))
    new = await notify(mailing)

    assert waiting == [1, 0]
    assert (sent, new) == (0, 1)
    assert [len(data["lots"]) for _, data in await events(mailing)] == [2, 1]


async def test_a_notice_that_could_not_be_proved_is_tried_again_after_a_month(
    mailing: Mailing,
) -> None:
    ann = await mailing.join(None)
    now = mailing.application.clock.now()
    await earn(mailing, ann, now + timedelta(days=10))

    await notify(mailing)
    await mailing.send()
    soon = await mailing.database.write(notify_required, mailing.cause(now + timedelta(days=20)))
    later = await mailing.database.write(notify_required, mailing.cause(now + timedelta(days=31)))

    assert (soon.told, later.told) == (0, 1)


async def test_nobody_is_told_before_the_time(mailing: Mailing) -> None:
    ann = await mailing.join()
    now = mailing.application.clock.now()
    await earn(mailing, ann, now + timedelta(days=50))

    assert await notify(mailing) == 0
    cause = mailing.cause(now + timedelta(days=6))
    assert (await mailing.database.write(notify_required, cause)).told == 1


async def test_every_member_is_reached_batch_after_batch(mailing: Mailing) -> None:
    now = mailing.application.clock.now()
    for number in range(5):
        member = await mailing.join(f"m{number}@example.com")
        await earn(mailing, member, now + timedelta(days=10))

    told, last = 0, None
    while True:
        batch = await mailing.database.write(notify_required, mailing.cause(), after=last, limit=2)
        told, last = told + batch.told, batch.last
        if last is None:
            break

    assert told == 5


async def test_reminders_are_off_until_policy_switches_them_on(mailing: Mailing) -> None:
    ann = await mailing.join()
    now = mailing.application.clock.now()
    await earn(mailing, ann, now + timedelta(days=5), now + timedelta(days=20), notice=False)

    off = await notify(mailing)
    await mailing.database.write(_reminders_on, mailing.cause())
    on = await notify(mailing)
    again = await notify(mailing)
    await mailing.send()
    month_later = mailing.cause(now + timedelta(days=13))
    soon = await mailing.database.write(remind, month_later)

    assert (off, on, again, soon.told) == (0, 1, 0, 0)
    ((_, data),) = await events(mailing)
    assert (data["required"], data["points"], len(data["lots"])) == (False, 100, 1)
    assert [mail["Subject"] for mail in mailing.box.kept] == ["A reminder: 100 points expire soon"]


async def test_whoever_has_left_is_not_told(mailing: Mailing) -> None:
    ann = await mailing.join()
    now = mailing.application.clock.now()
    await earn(mailing, ann, now + timedelta(days=10))
    async with mailing.database.read() as connection:
        await connection.execute(
            text("UPDATE loyalty.member SET closed_at = now() WHERE id = :id"), {"id": ann.id}
        )

    assert await notify(mailing) == 0


async def _reminders_on(connection: Any, cause: Cause) -> None:
    policy = await policy_at(connection, cause.at)
    document = {**document_of(policy), "expiry_reminder_days": 7}
    await publish_policy(connection, cause, document)
