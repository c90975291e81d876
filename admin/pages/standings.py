"""A member's way over the tiers, and what people do to it: grant a tier, take it back, pin it."""

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from admin.actors import actor_words, by_id
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.limits import reason_choices
from admin.member_view import Step, TierView, called, steps_of, tier_view
from admin.once import Effect, once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.standings import TierMark, mark_of
from admin.visit import Visit, visit_of
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.members import Member, Ref, find_member, profile_of, read_member_ref
from loyalty.staff import list_people
from loyalty.standings import GRANT, freeze_standing, grant_tier, lift_grant

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
PLACE: Final = "/console/members/{member:str}/tier"
CHANGES: Final = 40


@dataclass(frozen=True, slots=True)
class Held:
    """A tier that holds a member up until a day, and why."""

    mark: TierMark
    until: date
    by_hand: bool
    reason: str


@dataclass(frozen=True, slots=True)
class StandingView:
    """A member's standing and the way to it."""

    member: Member
    title: str
    address: str
    ladder: tiers.Ladder | None
    tier: TierView | None
    earned: TierMark | None
    held: tuple[Held, ...]
    pinned: str | None
    steps: tuple[tuple[Step, str], ...]
    older: int | None

    @property
    def granted(self) -> bool:
        """Whether somebody granted a tier by hand."""
        return any(one.by_hand for one in self.held)


@get(PLACE, opt=STAFF)
async def tier_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Where a member stands, why, and every step of the way."""
    return await _standing(request, read_member_ref(member), Form("grant"), HTTPStatus.OK)


@post(f"{PLACE}/grant", opt=ADMIN)
async def grant_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Hold a member at a tier or above until a day, for a reason."""
    visit, form = visit_of(request), await sent(request)
    cause, until = visit.cause(), _day(form.get("until"))
    wrong = _reason(visit, form)
    if until is None:
        wrong["until"] = visit.voice.say("Please give the day on which it ends.")

    async def effect(connection: AsyncConnection, begun: Begun) -> None:
        await grant_tier(
            connection,
            cause,
            begun.whose(),
            tier=form.get("tier"),
            until=until,
            reason=form.get("reason"),
            note=form.get("note") or None,
        )

    return await _do(request, member, form.form("grant", wrong), form, effect)


@post(f"{PLACE}/lift", opt=ADMIN)
async def lift_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Take a grant back before its end, for a reason."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, begun: Begun) -> None:
        await lift_grant(
            connection,
            cause,
            begun.whose(),
            reason=form.get("reason"),
            note=form.get("note") or None,
        )

    kept = form.form("lift", _reason(visit, form))
    return await _do(request, member, kept, form, effect)


@post(f"{PLACE}/pin", opt=ADMIN)
async def pin_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Pin the tier in force, or let it move again, for a reason."""
    visit, form = visit_of(request), await sent(request)
    cause, frozen = visit.cause(), form.get("frozen") == "yes"

    async def effect(connection: AsyncConnection, begun: Begun) -> None:
        await freeze_standing(
            connection,
            cause,
            begun.whose(),
            frozen=frozen,
            reason=form.get("reason"),
            note=form.get("note") or None,
        )

    return await _do(request, member, form.form("pin", _reason(visit, form)), form, effect)


async def _do(
    request: Request[Any, Any, Any],
    member: str,
    kept: Form,
    form: Sent,
    effect: Effect,
) -> Response[Any]:
    """Do it once, or show the form again with what is wrong beside its field."""
    visit, ref = visit_of(request), read_member_ref(member)
    if not kept.errors:
        done = _DONE.get((kept.name, form.get("frozen")), "")
        then = f"/console/members/{member}/tier?done={done}"
        try:
            return await once(visit, form, f"console.{kept.name}-tier", ref, effect, then=then)
        except REFUSALS as error:
            kept = kept.wrong({_field(error): sentence(visit.voice, error)})
    return await _standing(request, ref, kept, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _standing(
    request: Request[Any, Any, Any], ref: Ref, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    view = await _load(visit, ref)
    names = () if view.ladder is None else reversed(view.ladder.tiers[1:])
    return page(
        request,
        "member_tier.html",
        status=status,
        view=view,
        forms={name: form if form.name == name else Form(name) for name in _FORMS},
        tiers=[
            (tier.code, mark_of(visit.voice, view.ladder, tier.code).name)
            for tier in names
            if view.ladder is not None
        ],
        reasons=reason_choices(visit),
    )


_FORMS: Final = ("grant", "lift", "pin")
_DONE: Final = {
    ("grant", ""): "tier-granted",
    ("lift", ""): "grant-lifted",
    ("pin", "yes"): "tier-pinned",
    ("pin", "no"): "tier-unpinned",
}


async def _load(visit: Visit, ref: Ref) -> StandingView:
    today, voice = visit.policy.day_of(visit.at), visit.voice
    async with visit.application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        profile = await profile_of(connection, member.id)
        people = by_id(await list_people(connection))
        ladder = await tiers.live_ladder(connection)
        subject = await _subject(connection, visit, member)
        history = await tiers.history_of(
            connection, member.id, limit=CHANGES + 1, before=_before(visit)
        )
    standing = None if ladder is None else subject.standing
    shown = history[:CHANGES]
    return StandingView(
        member=member,
        title=called(profile) or show("mem", member.id),
        address=f"/console/members/{show('mem', member.id)}",
        ladder=ladder,
        tier=None if ladder is None else tier_view(visit, ladder, subject, shown),
        earned=None
        if standing is None or ladder is None
        else mark_of(voice, ladder, standing.earned_on(today)[0]),
        held=() if ladder is None else _held(visit, ladder, standing, today),
        pinned=None if standing is None or standing.freeze is None else standing.freeze.reason,
        steps=()
        if ladder is None
        else tuple(
            (step, actor_words(voice, step.change.actor, people))
            for step in steps_of(voice, ladder, shown)
        ),
        older=shown[-1].number if len(history) > CHANGES else None,
    )


async def _subject(connection: AsyncConnection, visit: Visit, member: Member) -> tiers.Subject:
    joined_on = visit.policy.day_of(member.joined_at)
    return (await tiers.find_subjects(connection, {member.id: joined_on}))[member.id]


def _held(
    visit: Visit, ladder: tiers.Ladder, standing: tiers.Standing | None, today: date
) -> tuple[Held, ...]:
    """What holds a member up today, besides what was earned."""
    floors = () if standing is None else standing.floors
    return tuple(
        Held(
            mark_of(visit.voice, ladder, one.tier),
            one.until,
            one.kind == "grant",
            one.reason.removeprefix(GRANT),
        )
        for one in floors
        if one.until > today
    )


def _before(visit: Visit) -> int | None:
    text = visit.query.get("before", "")
    return int(text) if text.isdecimal() and len(text) < len("1000000000") else None


def _reason(visit: Visit, form: Sent) -> dict[str, str]:
    if form.get("reason") in visit.policy.adjustment_reasons:
        return {}
    return {"reason": visit.voice.say("Please choose one of the reasons.")}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _field(error: Exception) -> str:
    known = {"floor-without-end": "until", "tier-unknown": "tier", "reason-malformed": "reason"}
    return known.get(getattr(error, "code", ""), "")


ROUTES: Final = (tier_page, grant_form, lift_form, pin_form)
