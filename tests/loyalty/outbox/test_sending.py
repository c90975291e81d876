"""Mails to members: never lost, never twice but where nobody can know, and nobody bothered."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.ids import new_id
from loyalty.members import Consent
from loyalty.outbox import (
    MessageStands,
    Reason,
    State,
    UnknownMessage,
    count_messages,
    count_uncertain,
    find_message,
    relay_events,
    resend,
    send_mail,
)
from loyalty.outbox.leasing import LEASE, PAUSES, claim_message, finish, leave_out
from loyalty.outbox.mail import TOTAL_SECONDS, Outcome, Verdict
from tests.support.mailbox import Mood
from tests.support.mailing import Mailing


async def test_an_upgrade_reaches_the_member_once_with_the_proof_kept(mailing: Mailing) -> None:
    ann = await mailing.join(language="zh")
    await mailing.upgrade(ann.id)

    sent = await mailing.send()
    again = await mailing.send()
    await relay_events(mailing.application, mailing.cause())

    (mail,) = mailing.box.kept
    message = await mailing.only()
    assert (sent, again) == (1, 0)
    assert (mail["To"], mail["From"]) == ("ann@example.com", "Points <points@shop.example>")
    assert mail["Subject"] == "恭喜您升级为金卡会员"
    assert mail["Message-ID"] == message.message_id
    assert message.message_id.endswith("@shop.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "zh"
    assert {part.get_content_type() for part in mail.iter_parts()} == {"text/plain", "text/html"}
    assert (message.state, message.reason, message.attempts) == (State.SENT, None, 1)
    assert message.answer == "250 2.0.0 OK: queued as M1"
    assert message.sent_at is not None


async def test_no_row_and_no_answer_holds_an_address(mailing: Mailing) -> None:
    ann = await mailing.join("ann.lee@example.com")
    await mailing.upgrade(ann.id)
    mailing.box.moods = [Mood.NEVER_AT_RECIPIENT]

    await mailing.send()

    message = await mailing.only()
    assert (message.state, message.reason) == (State.FAILED, Reason.REFUSED)
    assert message.answer == "550 5.1.1 no such user <<address>>"
    async with mailing.database.read() as connection:
        row = await connection.scalar(text("SELECT to_json(m)::text FROM loyalty.message AS m"))
    assert "ann.lee" not in str(row)
    assert "example.com" not in str(row)


@pytest.mark.parametrize("mood", [Mood.LATER_AT_RECIPIENT, Mood.LATER_AT_CONTENT])
async def test_a_temporary_refusal_is_tried_again_later(mailing: Mailing, mood: Mood) -> None:
    ann = await mailing.join()
    await mailing.upgrade(ann.id)
    mailing.box.moods = [mood]

    first = await mailing.send()
    waiting = await mailing.only()
    second = await mailing.send()

    assert (first, second) == (0, 1)
    assert (waiting.state, waiting.attempts, waiting.uncertain) == (State.QUEUED, 1, 0)
    assert waiting.next_at is not None
    pause = waiting.next_at - mailing.application.clock.now()
    assert PAUSES[0] * 0.7 < pause < PAUSES[0] * 1.3
    assert len(mailing.box.kept) == 1
    assert (await mailing.only()).attempts == 2


@pytest.mark.parametrize("mood", [Mood.NEVER_AT_RECIPIENT, Mood.NEVER_AT_CONTENT])
async def test_a_permanent_refusal_is_not_tried_again(mailing: Mailing, mood: Mood) -> None:
    ann = await mailing.join()
    await mailing.upgrade(ann.id)
    mailing.box.moods = [mood]

    await mailing.send()
    await mailing.send()

    message = await mailing.only()
    assert (message.state, message.reason) == (State.FAILED, Reason.REFUSED)
    assert message.attempts == 1
    assert mailing.box.kept == []


async def test_a_server_that_refuses_the_sender_or_is_away_fails_no_message(
    mailing: Mailing,
) -> None:
    for name in ("ann", "bob"):
        await mailing.upgrade((await mailing.join(f"{name}@example.com")).id)
    mailing.box.moods = [Mood.NEVER_AT_SENDER]

    await mailing.send()
    talks = mailing.box.talks
    mailing.box.moods = [Mood.DROP_AT_GREETING]
    await mailing.send()
    stands = [(each.state, each.uncertain) for each in await mailing.messages()]
    sent = await mailing.send()

    assert talks == 1
    assert stands == [(State.QUEUED, 0), (State.QUEUED, 0)]
    assert sent == 2


async def test_a_line_that_breaks_before_the_content_leaves_no_doubt(mailing: Mailing) -> None:
    await mailing.upgrade((await mailing.join()).id)
    mailing.box.moods = [Mood.DROP_AT_GREETING]

    await mailing.send()

    assert (await mailing.only()).uncertain == 0


@pytest.mark.parametrize(
    ("mood", "kept"), [(Mood.DROP_WITHOUT_KEEPING, 1), (Mood.DROP_AFTER_KEEPING, 2)]
)
async def test_a_line_that_breaks_after_the_content_is_counted_and_repeated_with_the_same_id(
    mailing: Mailing, mood: Mood, kept: int
) -> None:
    await mailing.upgrade((await mailing.join()).id)
    mailing.box.moods = [mood]

    await mailing.send()
    doubtful = await mailing.only()
    await mailing.send()

    message = await mailing.only()
    assert (doubtful.state, doubtful.uncertain) == (State.QUEUED, 1)
    assert (message.state, message.uncertain) == (State.SENT, 1)
    assert mailing.box.message_ids() == {message.message_id: kept}
    async with mailing.database.read() as connection:
        assert await count_uncertain(connection) == 1


async def test_a_server_that_goes_away_after_its_answer_is_simply_called_again(
    mailing: Mailing,
) -> None:
    for name in ("ann", "bob"):
        await mailing.upgrade((await mailing.join(f"{name}@example.com")).id)
    mailing.box.moods = [Mood.DROP_AFTER_ANSWER]

    sent = await mailing.send()
    sent += await mailing.send()

    assert sent == 2
    assert set(mailing.box.message_ids().values()) == {1}
    assert {each.uncertain for each in await mailing.messages()} == {0}


async def test_after_the_last_attempt_a_message_fails_and_can_be_sent_again(
    mailing: Mailing,
) -> None:
    await mailing.upgrade((await mailing.join()).id)
    mailing.box.moods = [Mood.LATER_AT_RECIPIENT] * (len(PAUSES) + 1)

    for _ in range(len(PAUSES) + 1):
        await mailing.send()
    gave_up = await mailing.only()
    queued = await mailing.database.write(resend, mailing.cause(), gave_up.id)
    await mailing.send()

    message = await mailing.only()
    assert (gave_up.state, gave_up.reason) == (State.FAILED, Reason.GAVE_UP)
    assert gave_up.answer == "450 4.2.1 mailbox busy: <<address>>"
    assert (queued.state, queued.message_id) == (State.QUEUED, gave_up.message_id)
    assert (message.state, message.message_id) == (State.SENT, gave_up.message_id)
    async with mailing.database.read() as connection:
        trail = await connection.execute(
            text("SELECT action, before, after FROM loyalty.change WHERE subject_kind = 'message'")
        )
    ((action, before, after),) = trail.all()
    assert (action, before["reason"], after["state"]) == ("resend", "gave-up", "queued")


async def test_only_what_was_not_sent_can_be_sent_again(mailing: Mailing) -> None:
    await mailing.upgrade((await mailing.join()).id)
    await mailing.send()

    with pytest.raises(MessageStands):
        await mailing.database.write(resend, mailing.cause(), (await mailing.only()).id)
    with pytest.raises(UnknownMessage):
        await mailing.database.write(resend, mailing.cause(), new_id())
    assert len(mailing.box.kept) == 1


async def test_two_workers_at_once_send_each_mail_once(mailing: Mailing) -> None:
    for number in range(12):
        await mailing.upgrade((await mailing.join(f"m{number}@example.com")).id)
    mailing.box.moods, mailing.box.seconds = [Mood.SLOW] * 12, 0.02

    sent = await asyncio.gather(
        *(send_mail(mailing.application, mailing.cause()) for _ in range(4))
    )

    assert sum(sent) == 12
    assert set(mailing.box.message_ids().values()) == {1}


async def test_an_event_makes_one_message_however_often_it_is_relayed(mailing: Mailing) -> None:
    await mailing.upgrade((await mailing.join()).id)
    async with mailing.database.read() as connection:
        await connection.execute(
            text("UPDATE loyalty.feed_reader SET era = 0, xid = '0', position = 0")
        )
    await asyncio.gather(*(relay_events(mailing.application, mailing.cause()) for _ in range(4)))

    assert len(await mailing.messages()) == 1


async def test_whoever_lost_the_lease_writes_nothing(mailing: Mailing) -> None:
    await mailing.upgrade((await mailing.join()).id)
    now = mailing.application.clock.now()
    first = await mailing.database.write(claim_message, now)
    assert first is not None
    nothing = await mailing.database.write(claim_message, now)
    second = await mailing.database.write(claim_message, now + LEASE)
    assert second is not None
    accepted = Outcome(Verdict.ACCEPTED, "250 OK")

    late = await mailing.database.write(finish, mailing.cause(), first, accepted, language="en")
    left = await mailing.database.write(leave_out, first, Reason.NO_ADDRESS)
    ours = await mailing.database.write(finish, mailing.cause(), second, accepted, language="en")

    assert nothing is None
    assert (late, left, ours) == (False, False, True)
    message = await mailing.only()
    assert (message.state, message.uncertain) == (State.SENT, 1)
    assert timedelta(seconds=TOTAL_SECONDS) * 3 < LEASE


async def test_a_mail_that_cannot_be_written_fails_and_holds_up_no_other(mailing: Mailing) -> None:
    consents = (Consent("marketing", granted=True, text_version="1"),)
    ann = await mailing.join("ann@example.com", consents=consents)
    unknown = {"voucher": str(new_id()), "definition": "five-off"}
    await mailing.tell(ann.id, "voucher.issued", unknown)
    await mailing.upgrade(ann.id)

    sent = await mailing.send()

    unwritable, upgraded = await mailing.messages()
    assert sent == 1
    assert (unwritable.state, unwritable.reason) == (State.FAILED, Reason.UNWRITABLE)
    assert (unwritable.attempts, unwritable.uncertain) == (0, 0)
    assert upgraded.state is State.SENT


async def test_messages_are_counted_by_where_they_stand(mailing: Mailing) -> None:
    await mailing.upgrade((await mailing.join()).id)
    await mailing.upgrade((await mailing.join(None)).id)
    await mailing.send()

    async with mailing.database.read() as connection:
        counted = await count_messages(connection)
        one = await find_message(connection, (await mailing.messages())[0].id)

    assert counted == {
        State.QUEUED: 0,
        State.SENDING: 0,
        State.SENT: 1,
        State.FAILED: 0,
        State.SKIPPED: 1,
    }
    assert one.state is State.SENT


async def test_the_database_refuses_a_second_message_of_an_event(
    mailing: Mailing, owner_connection: AsyncConnection
) -> None:
    await mailing.upgrade((await mailing.join()).id)

    with pytest.raises(IntegrityError, match="message_is_made_once_per_event"):
        await owner_connection.execute(
            text(
                "INSERT INTO loyalty.message (member, id, event, template, message_id, state,"
                " queued_at, next_at) SELECT member, gen_random_uuid(), event, template,"
                " message_id, state, queued_at, next_at FROM loyalty.message"
            )
        )
