"""Sending what is due: one message after the other, each claimed, sent, and written down.

No transaction is open while we speak to the mail server. A server that cannot be reached ends the
run; the next one tries again. Members' addresses are read when a mail is sent, and kept nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.links import make_link
from loyalty.members import Ref, find_member, profile_of
from loyalty.outbox.leasing import Claim, claim_message, finish, leave_out
from loyalty.outbox.mail import Letter, MailLine, Outcome, Verdict, mail_server
from loyalty.outbox.notices import NOTICE_OF
from loyalty.outbox.relay import relay_events
from loyalty.outbox.rendering import write_mail
from loyalty.outbox.state import Reason, State
from loyalty.outbox.wording import Names, Surroundings, VoucherWords, language_of, words_of
from loyalty.plans.store import find_plan
from loyalty.policy import Policy, policy_at
from loyalty.vouchers import find_definition

LINK_LIVES: Final = timedelta(days=7)
"""How long the wallet link in a mail opens the wallet."""

LOG: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Addressed:
    """Where a mail goes, in which language, and what it can name."""

    to: str
    language: str
    around: Surroundings


async def tell_members(application: Application, cause: Cause) -> int:
    """Make messages of what happened and send what is due; answer how many were sent."""
    await relay_events(application, cause)
    return await send_mail(application, cause)


async def send_mail(application: Application, cause: Cause) -> int:
    """Send every message that is due; answer how many the server took."""
    server = mail_server(application.settings)
    if server is None:
        return 0
    sent = 0
    async with MailLine(server) as line:
        while True:
            at = application.clock.now()
            claim = await application.database.write(claim_message, at)
            if claim is None:
                return sent
            verdict = await _send(application, cause, claim, line)
            sent += verdict is Verdict.ACCEPTED
            if verdict is Verdict.UNREACHABLE:
                return sent


async def _send(
    application: Application, cause: Cause, claim: Claim, line: MailLine
) -> Verdict | None:
    """Send one message, or say why not; the verdict is None when nothing was attempted."""
    if claim.is_outdated:
        await application.database.write(leave_out, claim, Reason.OUTDATED, state=State.FAILED)
        return None
    try:
        letter = await _compose(application, claim)
    except (LookupError, ValueError, TypeError):
        LOG.exception("mail-unwritable", message=str(claim.id), template=claim.template)
        await application.database.write(leave_out, claim, Reason.UNWRITABLE, state=State.FAILED)
        return None
    if isinstance(letter, Reason):
        await application.database.write(leave_out, claim, letter)
        return None
    outcome = await line.send(letter)
    now = Cause(application.clock.now(), cause.actor, cause.request_id)
    kept = await application.database.write(finish, now, claim, outcome, language=letter.language)
    _log(claim, outcome, kept=kept)
    return outcome.verdict


async def _compose(application: Application, claim: Claim) -> Letter | Reason:
    """Write the mail as things are now, or say why it does not go."""
    async with application.database.read() as connection:
        addressed = await address(connection, claim)
    return (
        addressed if isinstance(addressed, Reason) else await _letter(application, claim, addressed)
    )


async def address(connection: AsyncConnection, claim: Claim) -> Addressed | Reason:
    """Return where the mail goes and what it can say, or the reason why it does not go."""
    whose = await find_member(connection, Ref("member", str(claim.member), id=claim.member))
    if whose.closed_at is not None:
        return Reason.MEMBER_CLOSED
    profile = await profile_of(connection, claim.member)
    if profile.email is None:
        return Reason.NO_ADDRESS
    purpose = NOTICE_OF[claim.template].purpose
    granted = {each.purpose for each in profile.consents if each.granted}
    if purpose is not None and purpose not in granted:
        return Reason.NO_CONSENT
    policy = await policy_at(connection, claim.at)
    around = Surroundings(
        unit=_unit(policy, claim.data.get("asset", ledger.POINTS)),
        zone=policy.zone,
        language=policy.language,
        tiers=await _tier_names(connection),
        voucher=await _voucher(connection, claim),
        plans=await _plan_names(connection, claim),
    )
    return Addressed(profile.email, language_of(profile.language, policy.language), around)


async def _plan_names(connection: AsyncConnection, claim: Claim) -> Mapping[str, Names]:
    """Return what the plan is called that the event is about."""
    if "membership" not in claim.data:
        return {}
    plan = await find_plan(connection, str(claim.data["plan"]))
    return {plan.code: plan.titles}


def _unit(policy: Policy, asset: str) -> Names:
    """Return what the programme calls an asset; one it has given up goes by its code."""
    if asset == ledger.POINTS:
        return policy.unit
    known = policy.assets.get(asset)
    return {policy.language: asset} if known is None else known.names


async def _letter(application: Application, claim: Claim, addressed: Addressed) -> Letter:
    words = words_of(claim.data, addressed.around, addressed.language, at=claim.at)
    link = await _link(application, claim)
    return Letter(
        to=addressed.to,
        message_id=claim.message_id,
        language=addressed.language,
        written=write_mail(claim.template, addressed.language, words, link=link),
        at=claim.at,
    )


async def _link(application: Application, claim: Claim) -> str | None:
    """Return a link into the wallet, where the programme knows its own address."""
    root = application.settings.public_url
    if root is None:
        return None
    async with application.database.read() as connection:
        await application.signing.load(connection)
    link = make_link(
        application.signing, claim.member, purpose="wallet", at=claim.at, lives=LINK_LIVES
    )
    return f"{root.rstrip('/')}/wallet/enter/{link.token}"


async def _tier_names(connection: AsyncConnection) -> Mapping[str, Names]:
    ladder = await tiers.live_ladder(connection)
    return {} if ladder is None else {tier.code: tier.name for tier in ladder.tiers}


async def _voucher(connection: AsyncConnection, claim: Claim) -> VoucherWords | None:
    """Return what is told of the voucher of this event, if it has one."""
    if "voucher" not in claim.data:
        return None
    theirs = benefits.vouchers_of(claim.member)
    columns = theirs.selected_columns
    rows = await connection.execute(theirs.where(columns["id"] == UUID(claim.data["voucher"])))
    row = rows.one_or_none()
    if row is None:
        raise LookupError("the voucher of this event is missing")
    found = benefits.read_voucher(row)
    definition = await find_definition(connection, found.definition, pointer="/voucher")
    return VoucherWords(definition.titles, found.code, found.expires_at)


def _log(claim: Claim, outcome: Outcome, *, kept: bool) -> None:
    """Write one line without address or content."""
    LOG.info(
        "mail-attempted",
        message=str(claim.id),
        template=claim.template,
        attempt=claim.attempts,
        verdict=outcome.verdict.value,
        kept=kept,
    )
