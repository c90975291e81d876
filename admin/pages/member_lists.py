"""Lists of members that rules may name, and the tags of one member: shown and edited."""

from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import further
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.member_view import called
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import visit_of
from loyalty.idempotency import Begun
from loyalty.members import (
    find_member,
    list_lists,
    lists_of,
    lock_member,
    profile_of,
    read_member_ref,
    retire_list,
    set_tags,
    tags_of,
    upload_list,
)

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/lists"
SHOWN: Final = 50
UNKNOWN_SHOWN: Final = 5


@get(HERE, opt=STAFF)
async def lists_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every list by name with how many are on it."""
    return await _lists(request, Form("list"), HTTPStatus.OK)


@post(HERE, opt=ADMIN)
async def upload_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Let these members be on a list and no others."""
    visit, form = visit_of(request), await sent(request)
    cause, wrong = visit.cause(), dict[str, str]()
    members = tuple(form.get("members").replace(",", " ").split())
    if not members:
        wrong["members"] = visit.voice.say("Please give at least one of the shop's ids.")

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        done = await upload_list(connection, cause, form.get("name"), members)
        missing = ",".join(done.unknown[:UNKNOWN_SHOWN])
        return f"{HERE}?done=list-uploaded" + (f"&unknown={missing}" if missing else "")

    if not wrong:
        try:
            return await once(visit, form, "console.upload-list", None, effect, then=HERE)
        except REFUSALS as error:
            name = "members" if getattr(error, "pointer", None) == "/members" else "name"
            wrong[name] = sentence(visit.voice, error)
    return await _lists(request, form.form("list", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


@post(f"{HERE}/{{name:str}}/retire", opt=ADMIN)
async def retire_form(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Take everybody off a list and let it rest."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await retire_list(connection, cause, name)

    then = f"{HERE}?done=list-retired"
    return await once(visit, form, "console.retire-list", None, effect, then=then)


@get("/console/members/{member:str}/tags", opt=STAFF)
async def tags_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """The tags of a member, and the lists they are on."""
    return await _tags(request, member, None, HTTPStatus.OK)


@post("/console/members/{member:str}/tags", opt=ADMIN)
async def tags_form(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """Let a member have these tags and no others."""
    visit, form = visit_of(request), await sent(request)
    cause, ref = visit.cause(), read_member_ref(member)
    tags = form.get("tags").replace(",", " ").split()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        whose = await lock_member(connection, ref)
        await set_tags(connection, cause, whose, tags)

    then = f"/console/members/{member}/tags?done=tags-set"
    try:
        return await once(visit, form, "console.set-tags", ref, effect, then=then)
    except REFUSALS as error:
        again = form.form("tags", {"tags": sentence(visit.voice, error)})
    return await _tags(request, member, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _lists(request: Request[Any, Any, Any], form: Form, status: HTTPStatus) -> Response[Any]:
    visit = visit_of(request)
    after = visit.query.get("after", "")
    async with visit.application.database.read() as connection:
        found = await list_lists(connection, after=after, limit=SHOWN + 1)
    return page(
        request,
        "member_lists.html",
        status=status,
        form=form,
        lists=found[:SHOWN],
        unknown=visit.query.get("unknown", ""),
        newest=further(visit, after="") if after else None,
        older=further(visit, after=found[SHOWN - 1].name) if len(found) > SHOWN else None,
    )


async def _tags(
    request: Request[Any, Any, Any], member: str, form: Form | None, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_member(connection, read_member_ref(member))
        profile = await profile_of(connection, found.id)
        tags = await tags_of(connection, found.id)
        lists = await lists_of(connection, found.id)
    return page(
        request,
        "member_tags.html",
        status=status,
        form=form or Form("tags", {"tags": ", ".join(tags)}),
        member=found,
        title=called(profile),
        tags=tags,
        lists=lists,
    )


ROUTES: Final = (lists_page, upload_form, retire_form, tags_page, tags_form)
