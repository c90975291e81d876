"""The people of the console: who they are, inviting by one-time link, roles, leaving."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.forms import Form, blank, sent
from admin.guards import NEEDS, Needs
from admin.refusals import sentence
from admin.render import go, page
from admin.visit import Visit, visit_of
from admin.words import LEAVING_WORDS, PERSON_STATES, ROLES, Badge, badge
from loyalty.cause import Cause
from loyalty.staff import (
    LEAVING,
    OneTimeLink,
    Person,
    Role,
    StaffError,
    add_person,
    find_person,
    link_for,
    list_people,
    retire,
    set_roles,
)

ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/settings/staff"


@get(HERE, opt=ADMIN)
async def people_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Everybody in the console, and the form to invite somebody."""
    return await _people(request, blank(visit_of(request), "invite"), HTTPStatus.OK)


@post(HERE, opt=ADMIN)
async def invite_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Name a person and show their one-time link, this once."""
    visit, form = visit_of(request), await sent(request)
    roles = _roles(form.chosen("roles"))
    try:
        person, link = await visit.application.database.write(
            _invite, form.get("email"), form.get("name"), roles, visit.cause()
        )
    except StaffError as error:
        wrong = {(error.pointer or "/").removeprefix("/"): sentence(visit.voice, error)}
        return await _people(
            request, form.form("invite", wrong), HTTPStatus.UNPROCESSABLE_ENTITY, roles
        )
    return _link_page(request, person, link)


@get(f"{HERE}/{{person:uuid}}", opt=ADMIN)
async def person_page(request: Request[Any, Any, Any], person: FromPath[UUID]) -> Response[Any]:
    """One person: roles, a new link, leaving."""
    return await _person(request, person, Form("person"), HTTPStatus.OK)


@post(f"{HERE}/{{person:uuid}}/roles", opt=ADMIN)
async def roles_form(request: Request[Any, Any, Any], person: FromPath[UUID]) -> Response[Any]:
    """Give a person other roles."""
    visit, form = visit_of(request), await sent(request)
    try:
        await visit.application.database.write(
            set_roles, person, roles=_roles(form.chosen("roles")), cause=visit.cause()
        )
    except StaffError as error:
        wrong = {"roles": sentence(visit.voice, error)}
        return await _person(
            request, person, form.form("person", wrong), HTTPStatus.UNPROCESSABLE_ENTITY
        )
    return go(f"{HERE}?done=roles-changed")


@post(f"{HERE}/{{person:uuid}}/link", opt=ADMIN)
async def link_form(request: Request[Any, Any, Any], person: FromPath[UUID]) -> Response[Any]:
    """Make a new one-time link and show it, this once."""
    visit = visit_of(request)
    link = await visit.application.database.write(link_for, person, cause=visit.cause())
    async with visit.application.database.read() as connection:
        return _link_page(request, await find_person(connection, person), link)


@post(f"{HERE}/{{person:uuid}}/retire", opt=ADMIN)
async def retire_form(request: Request[Any, Any, Any], person: FromPath[UUID]) -> Response[Any]:
    """Let a person go."""
    visit, form = visit_of(request), await sent(request)
    try:
        await visit.application.database.write(
            retire, person, reason=form.get("reason"), cause=visit.cause()
        )
    except StaffError as error:
        wrong = {"": sentence(visit.voice, error)}
        return await _person(
            request, person, form.form("person", wrong), HTTPStatus.UNPROCESSABLE_ENTITY
        )
    return go(f"{HERE}?done=person-retired")


async def _invite(
    connection: AsyncConnection, email: str, name: str, roles: frozenset[Role], cause: Cause
) -> tuple[Person, OneTimeLink]:
    person = await add_person(connection, email=email, name=name, roles=roles, cause=cause)
    link = await link_for(connection, person, cause=cause)
    return await find_person(connection, person), link


async def _people(
    request: Request[Any, Any, Any],
    form: Form,
    status: HTTPStatus,
    chosen: frozenset[Role] = frozenset({Role.FINANCE}),
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        people = await list_people(connection)
    return page(
        request,
        "people.html",
        status=status,
        form=form,
        people=[(person, _state(visit, person), _roles_of(visit, person)) for person in people],
        choices=_choices(visit, chosen),
    )


async def _person(
    request: Request[Any, Any, Any], person: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        found = await find_person(connection, person)
    return page(
        request,
        "person.html",
        status=status,
        form=form,
        person=found,
        state=_state(visit, found),
        choices=_choices(visit, found.roles),
        mine=found.id == visit.staff.person.id,
        reasons=[(code, visit.voice.say(LEAVING_WORDS[code])) for code in LEAVING],
    )


def _link_page(request: Request[Any, Any, Any], person: Person, link: OneTimeLink) -> Response[str]:
    visit = visit_of(request)
    scheme = "http" if visit.loopback else "https"
    address = f"{scheme}://{request.headers.get('host', '')}{link.path}"
    return page(request, "person_link.html", person=person, address=address, until=link.expires_at)


def _state(visit: Visit, person: Person) -> Badge:
    if person.retired_at is not None:
        return badge(visit.voice, PERSON_STATES, "retired")
    return badge(visit.voice, PERSON_STATES, "active" if person.claimed else "invited")


def _roles_of(visit: Visit, person: Person) -> str:
    return " · ".join(visit.voice.say(ROLES[role]) for role in sorted(person.roles))


def _choices(visit: Visit, chosen: frozenset[Role]) -> list[tuple[str, str, bool]]:
    return [(role.value, visit.voice.say(words), role in chosen) for role, words in ROLES.items()]


def _roles(names: tuple[str, ...]) -> frozenset[Role]:
    known = {role.value for role in Role}
    return frozenset(Role(name) for name in names if name in known)


ROUTES: Final = (people_page, invite_form, person_page, roles_form, link_form, retire_form)
