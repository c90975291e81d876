"""Stripe: what it told us, what it refused to give back, and how far we had drifted apart."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, cast

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import further, named_id
from admin.errors import FormMalformed, PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.stripe_words import STATES, outcome_words
from admin.visit import visit_of
from admin.words import badge
from loyalty.billing.arriving import replay
from loyalty.billing.errors import StripeEventUnknown
from loyalty.billing.inbox import State, count_events, list_events
from loyalty.billing.retrying import refused_refunds, settle, try_again
from loyalty.billing.upkeep import comparisons
from loyalty.changes import record_change
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.membership.errors import MembershipUnknown
from loyalty.membership.types import PREFIX

ADMIN: Final = {NEEDS: Needs.ADMIN}
HERE: Final = "/console/stripe"
SHOWN: Final = 40
NIGHTS: Final = 7
LONGEST: Final = 80
RETRY: Final = "retry"
"""The button that has Stripe asked once more."""
SETTLED_BY: Final = frozenset({"paid-otherwise", "not-owed"})
"""Why no refund is needed any more, by the button that says so."""


@get(HERE, opt=ADMIN)
async def stripe_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Whether Stripe charges here, what it told us, and what the comparisons found."""
    return await _page(request, Form("replay"), HTTPStatus.OK)


@post(f"{HERE}/events/{{event:str}}/replay", opt=ADMIN)
async def replay_form(request: Request[Any, Any, Any], event: FromPath[str]) -> Response[Any]:
    """Let an event be looked into again, whatever came of it."""
    visit, form, one = visit_of(request), await sent(request), event[:LONGEST]
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await replay(connection, one, at=cause.at)
        await record_change(
            connection, cause, subject_kind="stripe-event", subject=one, action="replay"
        )

    then = f"{HERE}?done=stripe-replayed"
    try:
        return await once(visit, form, "console.replay-stripe-event", None, effect, then=then)
    except StripeEventUnknown:
        raise PageMissing from None
    except REFUSALS as error:
        again = form.form("replay", {"": sentence(visit.voice, error)})
    return await _page(request, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@post(f"{HERE}/refunds/{{membership:str}}", opt=ADMIN)
async def refunds_form(request: Request[Any, Any, Any], membership: FromPath[str]) -> Response[Any]:
    """Let Stripe be asked once more for a membership's refunds, or keep why it need not be."""
    visit, form, id_ = visit_of(request), await sent(request), named_id(PREFIX, membership)
    cause, why = visit.cause(), form.get("answer")
    if why not in {RETRY, *SETTLED_BY}:
        raise FormMalformed

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        if why == RETRY:
            await try_again(connection, cause, id_)
        else:
            await settle(connection, cause, id_, why)

    then = f"{HERE}?done=stripe-refund-{'retried' if why == RETRY else 'settled'}"
    try:
        return await once(visit, form, "console.answer-stripe-refund", None, effect, then=then)
    except MembershipUnknown:
        raise PageMissing from None
    except REFUSALS as error:
        again = form.form("replay", {"": sentence(visit.voice, error)})
    return await _page(request, again, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _page(request: Request[Any, Any, Any], form: Form, status: HTTPStatus) -> Response[Any]:
    visit = visit_of(request)
    say, billing = visit.voice.say, visit.application.billing
    asked = visit.query.get("state", "")
    state = cast("State", asked) if asked in STATES else None
    before = _place(visit.query.get("before", ""))
    async with visit.application.database.snapshot() as connection:
        found = await list_events(connection, state=state, before=before, limit=SHOWN + 1)
        counts = await count_events(connection)
        nights = await comparisons(connection, limit=NIGHTS)
        refused = await refused_refunds(connection, limit=SHOWN)
    shown = found[:SHOWN]
    last = shown[-1] if shown else None
    return page(
        request,
        "stripe.html",
        status=status,
        form=form,
        billing=billing,
        rows=[
            (one, badge(visit.voice, STATES, one.state), outcome_words(visit.voice, one.outcome))
            for one in shown
        ],
        nights=nights,
        refused=[(one, show(PREFIX, one.membership)) for one in refused],
        views=[
            (say("All"), further(visit, state="", before=""), state is None),
            *(
                (
                    f"{say(words)} {visit.voice.number(counts[cast('State', code)])}",
                    further(visit, state=code, before=""),
                    state == code,
                )
                for code, (words, _) in STATES.items()
            ),
        ],
        older=further(visit, before=f"{last.received_at.isoformat()}~{last.id}")
        if last is not None and len(found) > SHOWN
        else None,
        newest=further(visit, before="") if before is not None else None,
    )


def _place(text: str) -> tuple[datetime, str] | None:
    """Where a page of events goes on; anything but our own words is the beginning."""
    instant, _, id_ = text.partition("~")
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    return (at, id_[:LONGEST]) if at.tzinfo is not None and "\x00" not in id_ else None


ROUTES: Final = (stripe_page, replay_form, refunds_form)
