"""What people do to a wallet besides giving points: write off debt, lock, unlock, merge members.

Each has a page of its own that says what will happen, because it cannot be taken back by a click.
"""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from admin.forms import Form, Sent, blank, sent
from admin.guards import NEEDS, Needs
from admin.limits import daily_limit, limiting_role, reason_choices
from admin.member_view import called
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import MEMBER_CLASSES, N_, Badge, badge
from loyalty.corrections import Correction, freeze_wallet, write_off_debt
from loyalty.idempotency import Begun
from loyalty.ids import MalformedId, show
from loyalty.members import Member, Profile, Ref, find_member, profile_of, read_member_ref
from loyalty.members.merging import merge_members

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
MERGE_REASONS: Final = {
    "same-person": N_("The same person joined twice"),
    "household": N_("They belong to one household"),
    "mistake": N_("One was made by mistake"),
}
LARGEST: Final = 10**12


@dataclass(frozen=True, slots=True)
class Someone:
    """A member with what a page about a correction says of them."""

    member: Member
    profile: Profile
    wallet: ledger.Wallet
    kind: Badge

    @property
    def title(self) -> str:
        """What to call the member."""
        return called(self.profile) or show("mem", self.member.id)

    @property
    def address(self) -> str:
        """The address of the member's page."""
        return f"/console/members/{show('mem', self.member.id)}"


@get("/console/members/{member:str}/debt", opt=STAFF)
async def debt_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """What a member owes, and the form to write some of it off."""
    visit = visit_of(request)
    someone = await _someone(visit, read_member_ref(member))
    form = Form("debt", {"points": str(someone.wallet.debt or "")})
    return _debt(request, someone, form, HTTPStatus.OK)


@post("/console/members/{member:str}/debt", opt=STAFF)
async def debt_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Write off debt, for a reason."""
    visit, form, ref = visit_of(request), await sent(request), read_member_ref(member)
    points = _points(form.get("points"))
    wrong = _reason(visit, form)
    if points is None:
        wrong["points"] = visit.voice.say("Please give a whole number of at least 1.")
    else:
        cause, correction = visit.cause(), _correction(visit, form)

        async def effect(connection: AsyncConnection, begun: Begun) -> None:
            await write_off_debt(connection, cause, begun.whose(), points, correction)

        if not wrong:
            then = f"/console/members/{member}?done=debt-written-off"
            try:
                return await once(visit, form, "console.write-off", ref, effect, then=then)
            except REFUSALS as error:
                wrong = _wrong(visit, error, fallback="points")
    again = form.form("debt", wrong)
    return _debt(request, await _someone(visit, ref), again, HTTPStatus.UNPROCESSABLE_ENTITY)


@get("/console/members/{member:str}/lock", opt=STAFF)
async def lock_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Whether the wallet is locked, and the form to lock or unlock it."""
    visit = visit_of(request)
    return _lock(request, await _someone(visit, read_member_ref(member)), Form("lock"))


@post("/console/members/{member:str}/lock", opt=STAFF)
async def lock_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Lock or unlock a wallet, for a reason."""
    visit, form, ref = visit_of(request), await sent(request), read_member_ref(member)
    cause, correction = visit.cause(), _correction(visit, form)
    frozen = form.get("frozen") == "yes"
    wrong = _reason(visit, form)

    async def effect(connection: AsyncConnection, begun: Begun) -> None:
        await freeze_wallet(connection, cause, begun.whose(), correction, frozen=frozen)

    if not wrong:
        done = "wallet-locked" if frozen else "wallet-unlocked"
        then = f"/console/members/{member}?done={done}"
        try:
            return await once(visit, form, "console.freeze", ref, effect, then=then)
        except REFUSALS as error:
            wrong = _wrong(visit, error, fallback="")
    again, status = form.form("lock", wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    return _lock(request, await _someone(visit, ref), again, status)


@get("/console/members/{member:str}/merge", opt=ADMIN)
async def merge_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Two members side by side, and what would become of them."""
    return await _merge(
        request, read_member_ref(member), blank(visit_of(request), "merge", into=""), HTTPStatus.OK
    )


@post("/console/members/{member:str}/merge", opt=ADMIN)
async def merge_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Let one member go on as another, for a reason."""
    visit, form, ref = visit_of(request), await sent(request), read_member_ref(member)
    wrong: dict[str, str] = {}
    try:
        into = read_member_ref(_named(form.get("into")))
        someone = await _someone(visit, into)
    except REFUSALS:
        wrong["into"] = visit.voice.say("Nobody goes by this.")
    else:
        cause = visit.cause()
        merge = partial(
            merge_members,
            reason=form.get("reason") if form.get("reason") in MERGE_REASONS else "same-person",
            note=form.get("note") or None,
        )

        async def effect(connection: AsyncConnection, _: Begun) -> None:
            await merge(connection, cause, ref, into)

        then = f"{someone.address}?done=members-merged"
        try:
            return await once(visit, form, "console.merge", None, effect, then=then)
        except REFUSALS as error:
            wrong = _wrong(visit, error, fallback="into")
    again = form.form("merge", wrong)
    return await _merge(request, ref, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _someone(visit: Visit, ref: Ref) -> Someone:
    async with visit.application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        return Someone(
            member,
            await profile_of(connection, member.id),
            await ledger.wallet(connection, member.holder, at=visit.at),
            badge(visit.voice, MEMBER_CLASSES, member.class_),
        )


def _debt(
    request: Request[Any, Any, Any], someone: Someone, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    return page(
        request,
        "debt.html",
        status=status,
        someone=someone,
        form=form,
        reasons=reason_choices(visit),
        limit=daily_limit(visit),
        face=visit.policy.point_value.money_down(someone.wallet.debt),
    )


def _lock(
    request: Request[Any, Any, Any],
    someone: Someone,
    form: Form,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response[Any]:
    reasons = reason_choices(visit_of(request))
    return page(request, "lock.html", status=status, someone=someone, form=form, reasons=reasons)


async def _merge(
    request: Request[Any, Any, Any], ref: Ref, form: Form, status: HTTPStatus
) -> Response[Any]:
    """The page with the other member beside the first, once one is named."""
    visit, other = visit_of(request), None
    gone = await _someone(visit, ref)
    text = form.values.get("into", "")
    if text:
        try:
            other = await _someone(visit, read_member_ref(_named(text)))
        except REFUSALS:
            form = form.wrong({"into": visit.voice.say("Nobody goes by this."), **form.errors})
        else:
            if other.member.id == gone.member.id:
                other = None
                form = form.wrong({"into": visit.voice.say("This is the same member.")})
    return page(
        request,
        "merge.html",
        status=status,
        gone=gone,
        other=other,
        form=form,
        reasons=[(code, visit.voice.say(words)) for code, words in MERGE_REASONS.items()],
    )


def _named(text: str) -> str:
    """A member as somebody types one: our id, or else the shop's."""
    if text.startswith(("mem_", "ext:")):
        return text
    if not text:
        raise MalformedId(seen=text, wanted="mem_")
    return f"ext:{text}"


def _correction(visit: Visit, form: Sent) -> Correction:
    return Correction(form.get("reason"), limiting_role(visit), form.get("note") or None)


def _reason(visit: Visit, form: Sent) -> dict[str, str]:
    if form.get("reason") in visit.policy.adjustment_reasons:
        return {}
    return {"reason": visit.voice.say("Please choose one of the reasons.")}


def _points(text: str) -> int | None:
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdecimal()):
        return None
    points = int(digits[:20])
    return points if 0 < points <= LARGEST else None


def _wrong(visit: Visit, error: Exception, *, fallback: str) -> dict[str, str]:
    field = (getattr(error, "pointer", None) or "").removeprefix("/")
    known = field if field in {"points", "reason", "note", "into"} else fallback
    return {known: sentence(visit.voice, error)}


ROUTES: Final = (debt_page, debt_form, lock_page, lock_form, merge_page, merge_form)
