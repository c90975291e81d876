"""A change of when points end, for points already earned: previewed, then confirmed by somebody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.charts import share
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.policy import show_policy
from admin.policy_form import LABELS as POLICY_LABELS
from admin.policy_form import document_from, field_of, told_of
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import N_
from loyalty.errors import LoyaltyError
from loyalty.idempotency import Begun
from loyalty.lifetimes import (
    ExpiryChange,
    confirm_expiry_change,
    find_expiry_change,
    list_expiry_changes,
    preview_expiry_change,
)
from loyalty.policy import document_of
from loyalty.staff import list_people

ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/settings/expiry"
SHOWN: Final = 30
DIRECTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "earlier": (N_("Would end earlier"), "warn"),
        "later": (N_("Would end later"), "good"),
        "same": (N_("Stay as they are"), ""),
    }
)


@dataclass(frozen=True, slots=True)
class End:
    """What ends in one month, today and after the change."""

    month: date | None
    before: int
    after: int
    lots: int
    members: int
    before_length: int
    after_length: int


@get(HERE, opt=ADMIN)
async def changes_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every preview, the latest first, and what became of it."""
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        found = await list_expiry_changes(connection, limit=SHOWN)
        people = by_id(await list_people(connection))
    rows = [
        (
            one,
            _state(visit, one),
            None
            if one.confirmed_by is None
            else actor_words(visit.voice, one.confirmed_by, people),
        )
        for one in found
    ]
    return page(request, "expiry_changes.html", rows=rows)


@post("/console/settings/policy/preview", opt=ADMIN)
async def preview_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Work out what the policy as typed would do to points already earned; changes nothing."""
    visit, form = visit_of(request), await sent(request)
    document, wrong = document_from(form, visit.policy, visit.voice)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        made = await preview_expiry_change(connection, cause, document)
        return f"{HERE}/{made.id}?done=expiry-previewed"

    if not wrong:
        try:
            return await once(visit, form, "console.preview-expiry", None, effect, then=HERE)
        except LoyaltyError as error:
            field = "" if error.pointer is None else field_of(error.pointer, form.values)
            wrong[field] = sentence(visit.voice, error)
    kept = {**form.values, "activities": ",".join(form.chosen("activities"))}
    shown = Form("policy", kept, wrong)
    return await show_policy(request, shown, HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{change:str}}", opt=ADMIN)
async def change_page(request: Request[Any, Any, Any], change: FromPath[str]) -> Response[Any]:
    """One preview: what ends when, and the button that makes it so."""
    return await _change(request, _id(change), Form("confirm"))


@post(f"{HERE}/{{change:str}}/confirm", opt=ADMIN)
async def confirm_form(request: Request[Any, Any, Any], change: FromPath[str]) -> Response[Any]:
    """Publish the policy of a preview and let its points be moved."""
    visit, form, one = visit_of(request), await sent(request), _id(change)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await confirm_expiry_change(connection, cause, one)

    then = f"{HERE}/{one}?done=expiry-confirmed"
    try:
        return await once(visit, form, "console.confirm-expiry", None, effect, then=then)
    except REFUSALS as error:
        wrong = {"": sentence(visit.voice, error)}
    return await _change(request, one, form.form("confirm", wrong), status=422)


async def _change(
    request: Request[Any, Any, Any], change: UUID, form: Form, *, status: int = 200
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        found = await find_expiry_change(connection, change)
        people = by_id(await list_people(connection))
    answer = page(
        request,
        "expiry_change.html",
        status=status,
        form=form,
        one=found,
        state=_state(visit, found),
        ends=_ends(found),
        shifts=[
            (*DIRECTIONS.get(str(shift["direction"]), (str(shift["direction"]), "")), shift)
            for shift in found.shifts
        ],
        told=_told(visit, found),
        who=None
        if found.confirmed_by is None
        else actor_words(visit.voice, found.confirmed_by, people),
    )
    if found.confirmed_at is not None and not found.done:
        # how far the work is shows without a click
        answer.headers["refresh"] = "5"
    return answer


def _state(visit: Visit, one: ExpiryChange) -> tuple[str, str]:
    say = visit.voice.say
    if one.done:
        return say("Carried out"), "good"
    if one.confirmed_at is not None:
        return say("Being carried out"), "calm"
    return (
        (say("Preview"), "") if one.replaces == visit.policy.version else (say("Outdated"), "warn")
    )


def _ends(one: ExpiryChange) -> list[End]:
    """The months in which points end, today and after the change, with their bars."""
    most = max(
        (max(int(row["points"]), int(row["points_before"])) for row in one.months), default=0
    )
    return [
        End(
            None if row["month"] is None else date.fromisoformat(f"{row['month']}-01"),
            int(row["points_before"]),
            int(row["points"]),
            int(row["lots"]),
            int(row["members"]),
            share(int(row["points_before"]), most),
            share(int(row["points"]), most),
        )
        for row in one.months
    ]


def _told(visit: Visit, one: ExpiryChange) -> list[tuple[str, str, str]]:
    """What the policy of a preview changes: name, what it was, what it becomes."""
    if one.replaces != visit.policy.version:
        return []
    currency = visit.policy.currency
    was = told_of(visit.voice, document_of(visit.policy), currency)
    becomes = told_of(visit.voice, document_of(one.policy), currency)
    none = visit.voice.say("none")
    return [
        (visit.voice.say(POLICY_LABELS[name]), was.get(name) or none, value or none)
        for name, value in becomes.items()
        if name in POLICY_LABELS and was.get(name, "") != value
    ]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise PageMissing from None


ROUTES: Final = (changes_page, preview_form, change_page, confirm_form)
