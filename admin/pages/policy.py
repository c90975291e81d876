"""The programme policy: the version in force, the form for the next one, and all before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.expiry_form import label_of, rows_of
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.policy_form import (
    LABELS,
    activities,
    choices,
    document_from,
    field_of,
    told_of,
    values_of,
)
from admin.refusals import sentence
from admin.render import page
from admin.visit import Visit, visit_of
from loyalty.changes import list_changes
from loyalty.errors import LoyaltyError
from loyalty.idempotency import Begun
from loyalty.policy import document_of, list_policies, publish_policy
from loyalty.staff import list_people

ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/settings/policy"
SHOWN_VERSIONS: Final = 20


@dataclass(frozen=True, slots=True)
class Version:
    """One published version, as the history shows it."""

    number: int
    starts_at: datetime
    published_at: datetime | None
    by: str
    in_force: bool
    changes: tuple[tuple[str, str, str], ...]


@get(HERE, opt=ADMIN)
async def policy_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The policy in force, ready to be edited into the next version."""
    visit = visit_of(request)
    form = Form("policy", values_of(document_of(visit.policy), visit.policy.currency))
    return await show_policy(request, form, HTTPStatus.OK)


@post(HERE, opt=ADMIN)
async def publish_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Publish the next version, or show the form again with what is wrong in it."""
    visit, form = visit_of(request), await sent(request)
    document, wrong = document_from(form, visit.policy, visit.voice)
    starts_at = _start(visit, form, wrong)
    cause = visit.cause()

    async def publish(connection: AsyncConnection, _: Begun) -> None:
        await publish_policy(connection, cause, document, starts_at=starts_at)

    if not wrong:
        try:
            return await once(
                visit, form, "console.policy", None, publish, then=f"{HERE}?done=policy-published"
            )
        except LoyaltyError as error:
            if error.pointer is None:
                raise
            wrong[field_of(error.pointer, form.values)] = _sentence(visit, error)
    kept = {**form.values, "activities": ",".join(form.chosen("activities"))}
    shown = Form("policy", kept, wrong)
    return await show_policy(request, shown, HTTPStatus.UNPROCESSABLE_ENTITY)


def _start(visit: Visit, form: Sent, wrong: dict[str, str]) -> datetime | None:
    """The midnight at which the version starts; nothing means at once."""
    text = form.get("starts_on")
    if not text:
        return None
    try:
        return visit.policy.midnight(date.fromisoformat(text))
    except ValueError:
        wrong["starts_at"] = visit.voice.say("Please give a date such as 2026-12-31.")
        return None


def _sentence(visit: Visit, error: LoyaltyError) -> str:
    words = sentence(visit.voice, error)
    for fact in error.facts.values():
        try:
            instant = datetime.fromisoformat(str(fact))
        except ValueError:
            continue
        words = words.replace(str(fact), visit.voice.instant(instant))
    return words


async def show_policy(
    request: Request[Any, Any, Any], form: Form, status: HTTPStatus
) -> Response[Any]:
    """The form as it stands, and all versions."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        policies = await list_policies(connection, limit=SHOWN_VERSIONS)
        trail = await list_changes(connection, limit=SHOWN_VERSIONS, subject_kind="policy")
        people = by_id(await list_people(connection))
    by_version = {row.subject: row for row in trail}
    versions = []
    for policy in policies:
        row = by_version.get(str(policy.version))
        versions.append(
            Version(
                number=policy.version,
                starts_at=policy.starts_at,
                published_at=None if row is None else row.recorded_at,
                by=actor_words(visit.voice, "system" if row is None else row.actor, people),
                in_force=policy.version == visit.policy.version,
                changes=()
                if row is None
                else _differences(visit, row.before or {}, row.after or {}, policy.currency),
            )
        )
    return page(
        request,
        "policy.html",
        status=status,
        form=form,
        versions=versions,
        labels={
            **{name: visit.voice.say(words) for name, words in LABELS.items()},
            **{n: visit.voice.say(label_of(n)) for n in form.errors if n not in LABELS},
        },
        choices=choices(visit.voice),
        activities=activities(visit.voice, form.values),
        rows={name: rows_of(form.values, name) for name in ("source", "asset")},
    )


def _differences(
    visit: Visit, before: Mapping[str, object], after: Mapping[str, object], currency: str
) -> tuple[tuple[str, str, str], ...]:
    """What a version changed: the field's name, what it was, what it became."""
    voice = visit.voice
    was, becomes = told_of(voice, before, currency), told_of(voice, after, currency)
    none = voice.say("none")
    return tuple(
        (voice.say(LABELS[name]), was.get(name) or none, value or none)
        for name, value in becomes.items()
        if name in LABELS and was.get(name, "") != value
    )


ROUTES: Final = (policy_page, publish_form)
