"""Who is told by mail and who is not, and that the reason is always kept."""

from sqlalchemy import text

from benefits import VoucherDefinition
from loyalty.members import Consent, ProfilePatch, close_member, update_profile
from loyalty.outbox import Reason, State, mail_state
from loyalty.settings import Settings
from loyalty.vouchers import define_voucher, give_voucher
from tests.support.mailing import Mailing


async def test_whoever_has_no_address_or_has_left_is_left_out_with_the_reason(
    mailing: Mailing,
) -> None:
    nobody, gone = await mailing.join(None), await mailing.join("gone@example.com")
    for each in (nobody, gone):
        await mailing.upgrade(each.id)
    await mailing.database.write(close_member, mailing.cause(), gone, reason="asked-to-leave")

    sent = await mailing.send()

    told = {
        each.member: (each.state, each.reason, each.attempts) for each in await mailing.messages()
    }
    assert sent == 0
    assert told[nobody.id] == (State.SKIPPED, Reason.NO_ADDRESS, 0)
    assert told[gone.id] == (State.SKIPPED, Reason.MEMBER_CLOSED, 0)
    assert mailing.box.talks == 0


async def test_the_address_is_the_one_at_the_time_of_sending(mailing: Mailing) -> None:
    ann = await mailing.join("old@example.com")
    await mailing.upgrade(ann.id)
    await mailing.database.write(
        update_profile, mailing.cause(), ann, ProfilePatch(email="new@example.com")
    )

    await mailing.send()

    assert [mail["To"] for mail in mailing.box.kept] == ["new@example.com"]


async def test_a_member_whose_history_is_imported_is_told_nothing(mailing: Mailing) -> None:
    ann = await mailing.join()
    data = {"before": "silver", "after": "gold", "rule": "reached", "on": "2026-03-01"}

    await mailing.happen(ann.id, "tier.changed", data, historic=True)

    assert await mailing.messages() == []


async def test_with_mail_off_messages_are_left_out_and_stay_so(mailing: Mailing) -> None:
    off = mailing.switched_off()
    ann = await off.join()
    await off.upgrade(ann.id)

    sent = await off.send()
    later = await mailing.send()

    assert (sent, later) == (0, 0)
    message = await mailing.only()
    assert (message.state, message.reason) == (State.SKIPPED, Reason.MAIL_OFF)
    assert mail_state(off.application.settings).why == "LOYALTY_SMTP_URL is not set"
    assert mail_state(mailing.application.settings).on
    half = Settings(mail_from="points@shop.example")
    assert mail_state(half).why == "LOYALTY_SMTP_URL is not set"


async def test_what_was_queued_waits_while_mail_is_off(mailing: Mailing) -> None:
    await mailing.upgrade((await mailing.join()).id)

    await mailing.switched_off().send()
    waiting = await mailing.only()
    await mailing.send()

    assert waiting.state is State.QUEUED
    assert len(mailing.box.kept) == 1


async def test_what_is_too_old_is_given_up(mailing: Mailing) -> None:
    await mailing.upgrade((await mailing.join()).id)
    async with mailing.database.read() as connection:
        await connection.execute(
            text("UPDATE loyalty.message SET queued_at = queued_at - interval '8 days'")
        )

    await mailing.send()

    message = await mailing.only()
    assert (message.state, message.reason) == (State.FAILED, Reason.OUTDATED)
    assert mailing.box.kept == []


async def test_a_voucher_is_told_only_to_those_who_agreed(mailing: Mailing) -> None:
    definition = VoucherDefinition("five-off", {"en": "5 off", "zh": "立减五元"}, valid_for_days=30)
    await mailing.database.write(define_voucher, mailing.cause(), definition)
    reasons, codes = [], []
    for number, granted in enumerate((None, False, True)):
        said = () if granted is None else (Consent("marketing", granted, "1"),)
        member = await mailing.join(f"m{number}@example.com", consents=said)
        issued = await mailing.database.write(
            give_voucher, mailing.cause(), member, definition="five-off", reason="goodwill"
        )
        await mailing.upgrade(member.id)
        await mailing.send()
        (told,) = [each for each in await mailing.messages() if each.template == "voucher-issued"][
            -1:
        ]
        reasons.append(told.reason)
        codes.append(issued.code)

    vouchers = [mail for mail in mailing.box.kept if "voucher" in str(mail["Subject"])]
    assert reasons == [Reason.NO_CONSENT, Reason.NO_CONSENT, None]
    assert [str(mail["Subject"]) for mail in vouchers] == ["A voucher for you: 5 off"]
    body = vouchers[0].get_body(("plain",))
    assert body is not None
    assert f"Your code: {codes[2]}" in body.get_content()
