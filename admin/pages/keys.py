"""Keys of the shop: made, shown once, listed, revoked."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.forms import Form, blank, sent
from admin.guards import NEEDS, Needs
from admin.render import go, page
from admin.visit import Visit, visit_of
from admin.words import KEY_ROLES, KEY_STATES, N_, Badge, badge
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.keys import ApiKey, Role, UnknownKey, create_key, list_keys, revoke_key

ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/settings/keys"
SHOP_ROLES: Final[tuple[Role, ...]] = ("checkout", "admin", "finance")
LONGEST_LABEL: Final = 60
REASONS: Final = {
    "replaced": N_("Replaced by another key"),
    "unused": N_("Nothing uses it any more"),
    "leaked": N_("It may have been seen by somebody else"),
}


@get(HERE, opt=ADMIN)
async def keys_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """All keys, and the form to make one."""
    return await _keys(request, blank(visit_of(request), "key", role="checkout"), HTTPStatus.OK)


@post(HERE, opt=ADMIN)
async def create_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make a key and show it, this once."""
    visit, form = visit_of(request), await sent(request)
    label = " ".join(form.get("label").split())
    if not 1 <= len(label) <= LONGEST_LABEL:
        wrong = {"label": visit.voice.say("Please say in 1 to 60 characters what will use it.")}
        return await _keys(request, form.form("key", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)
    role = next((one for one in SHOP_ROLES if one == form.get("role")), None)
    if role is None:
        wrong = {"role": visit.voice.say("Please choose one of the roles.")}
        return await _keys(request, form.form("key", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)
    made, secret = await visit.application.database.write(
        create_key, visit.cause(), role=role, label=label
    )
    return page(request, "key_made.html", key=made, secret=secret)


@get(f"{HERE}/{{key:uuid}}/revoke", opt=ADMIN)
async def revoke_page(request: Request[Any, Any, Any], key: FromPath[UUID]) -> Response[Any]:
    """What revoking this key means, and the button that does it."""
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        found = next((one for one in await list_keys(connection) if one.id == key), None)
    if found is None:
        raise UnknownKey
    return page(
        request,
        "key_revoke.html",
        key=found,
        form=blank(visit, "revoke"),
        reasons=[(code, visit.voice.say(words)) for code, words in REASONS.items()],
    )


@post(f"{HERE}/{{key:uuid}}/revoke", opt=ADMIN)
async def revoke_form(request: Request[Any, Any, Any], key: FromPath[UUID]) -> Response[Any]:
    """End a key."""
    visit, form = visit_of(request), await sent(request)
    reason = form.get("reason")
    await visit.application.database.write(
        _revoke, visit.cause(), key, reason if reason in REASONS else "replaced"
    )
    visit.application.keys.forget(key)
    return go(f"{HERE}?done=key-revoked")


async def _revoke(connection: AsyncConnection, cause: Cause, key: UUID, reason: str) -> None:
    await revoke_key(connection, cause, key)
    await record_change(
        connection,
        cause,
        subject_kind="key",
        subject=str(key),
        action="give-reason",
        after={"reason": reason},
    )


async def _keys(request: Request[Any, Any, Any], form: Form, status: HTTPStatus) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        keys = await list_keys(connection)
    return page(
        request,
        "keys.html",
        status=status,
        form=form,
        keys=[(key, _state(visit, key), visit.voice.say(KEY_ROLES[key.role])) for key in keys],
        role_choices=[(role, visit.voice.say(KEY_ROLES[role])) for role in SHOP_ROLES],
    )


def _state(visit: Visit, key: ApiKey) -> Badge:
    if key.revoked_at is not None:
        return badge(visit.voice, KEY_STATES, "revoked")
    return badge(visit.voice, KEY_STATES, "active" if key.stands(visit.at) else "expired")


ROUTES: Final = (keys_page, create_form, revoke_page, revoke_form)
