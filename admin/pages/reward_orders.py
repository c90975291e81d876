"""Orders of rewards: what is to be handed out, and what was; fulfilled or cancelled here."""

import re
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import further, id_of
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.limits import reason_choices
from admin.once import Effect, once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import N_, badge, named
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.members.listing import entries_of
from loyalty.rewards.orders import find_reward_order, list_reward_orders
from loyalty.rewards.settling import cancel_order, fulfil_order
from loyalty.rewards.types import REWARD_ORDER, OrderState

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/reward-orders"
SHOWN: Final = 40
REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
STATES: Final = {
    "ordered": (N_("To be fulfilled"), "warn"),
    "fulfilled": (N_("Fulfilled"), "good"),
    "cancelled": (N_("Cancelled"), ""),
}


@get(HERE, opt=STAFF)
async def orders_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Orders of rewards, the newest first; those to be fulfilled unless asked otherwise."""
    visit, say = visit_of(request), visit_of(request).voice.say
    asked, before = (
        visit.query.get("state", "ordered"),
        id_of(REWARD_ORDER, visit.query.get("before", "")),
    )
    state = OrderState(asked) if asked in STATES else None
    async with visit.application.database.snapshot() as connection:
        found = await list_reward_orders(connection, state=state, before=before, limit=SHOWN + 1)
        shown = found[:SHOWN]
        entries = await entries_of(connection, sorted({one.member for one in shown}))
    names = {one.id: one.name or one.external_id or one.email or "" for one in entries}
    views = [
        (say(words), further(visit, state=one, before=""), asked == one)
        for one, (words, _) in STATES.items()
    ]
    return page(
        request,
        "reward_orders.html",
        rows=[
            (
                one,
                show(REWARD_ORDER, one.id),
                named(visit.voice, one.titles, one.reward),
                badge(visit.voice, STATES, one.state.value),
                names.get(one.member) or f"…{show('mem', one.member)[-6:]}",
            )
            for one in shown
        ],
        views=[*views, (say("All"), further(visit, state="all", before=""), state is None)],
        older=further(visit, before=show(REWARD_ORDER, shown[-1].id))
        if len(found) > SHOWN
        else None,
        newest=further(visit, before="") if before is not None else None,
    )


@get(f"{HERE}/{{order:str}}", opt=STAFF)
async def order_page(request: Request[Any, Any, Any], order: FromPath[str]) -> Response[Any]:
    """One order of a reward, and what can be done about it."""
    return await _order(request, _id(order), Form("fulfil"), HTTPStatus.OK)


@post(f"{HERE}/{{order:str}}/fulfil", opt=ADMIN)
async def fulfil_form(request: Request[Any, Any, Any], order: FromPath[str]) -> Response[Any]:
    """Say that it was sent, handed out or done."""
    visit, form, one = visit_of(request), await sent(request), _id(order)
    cause, reference = visit.cause(), form.get("reference") or None
    wrong = {}
    if reference is not None and REFERENCE.fullmatch(reference) is None:
        wrong["reference"] = visit.voice.say(
            "Please give up to 64 letters, digits, dots, slashes and hyphens, such as TICKET-1047."
        )

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await fulfil_order(connection, cause, one, reference=reference)

    return await _do(request, one, form.form("fulfil", wrong), "reward-fulfilled", effect)


@post(f"{HERE}/{{order:str}}/cancel", opt=ADMIN)
async def cancel_form(request: Request[Any, Any, Any], order: FromPath[str]) -> Response[Any]:
    """Cancel it for a reason: points and stock come back together."""
    visit, form, one = visit_of(request), await sent(request), _id(order)
    cause, wrong = visit.cause(), dict[str, str]()
    if form.get("reason") not in visit.policy.adjustment_reasons:
        wrong["reason"] = visit.voice.say("Please choose one of the reasons.")

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await cancel_order(
            connection,
            cause,
            one,
            reason=form.get("reason"),
            note=form.get("note") or None,
            restock=form.get("restock") != "no",
        )

    return await _do(request, one, form.form("cancel", wrong), "reward-cancelled", effect)


async def _do(
    request: Request[Any, Any, Any], order: UUID, kept: Form, done: str, effect: Effect
) -> Response[Any]:
    visit, form = visit_of(request), await sent(request)
    if not kept.errors:
        then = f"{HERE}/{show(REWARD_ORDER, order)}?done={done}"
        try:
            return await once(visit, form, f"console.{done}", None, effect, then=then)
        except REFUSALS as error:
            kept = kept.wrong({"": sentence(visit.voice, error)})
    return await _order(request, order, kept, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _order(
    request: Request[Any, Any, Any], order: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit: Visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_reward_order(connection, order)
        entries = await entries_of(connection, [found.member])
    member = next(iter(entries), None)
    say = visit.voice.say
    return page(
        request,
        "reward_order.html",
        status=status,
        one=found,
        title=named(visit.voice, found.titles, found.reward),
        address=f"{HERE}/{show(REWARD_ORDER, found.id)}",
        state=badge(visit.voice, STATES, found.state.value),
        member="" if member is None else member.name or member.external_id or member.email,
        fulfil=form if form.name == "fulfil" else Form("fulfil"),
        cancel=form if form.name == "cancel" else Form("cancel"),
        reasons=reason_choices(visit),
        restock=[("yes", say("goes back into stock")), ("no", say("does not go back into stock"))],
    )


def _id(text: str) -> UUID:
    found = id_of(REWARD_ORDER, text)
    if found is None:
        raise PageMissing
    return found


ROUTES: Final = (orders_page, order_page, fulfil_form, cancel_form)
