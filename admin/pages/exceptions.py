"""Exceptions: facts that lacked something when they were recorded, to be worked through."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, cast
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.asked import further, named_id, place_of
from admin.entry_rows import order_links
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import N_
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.members.listing import entries_of
from loyalty.orders.aftersales.exceptions import (
    REVIEW,
    OpenException,
    Outcome,
    Settling,
    State,
    find_exception,
    list_exceptions,
    settle_exception,
)
from loyalty.staff import list_people

STAFF: Final = {NEEDS: Needs.STAFF}
HERE: Final = "/console/exceptions"
SHOWN: Final = 40
REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
OUTRUN: Final = N_(
    "The order shipped after its hold had run out, and others had reached the limit meanwhile. What"
    " it was promised was given all the same."
)
KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "points-overdrawn": (
            N_("More points were taken than the wallet had"),
            N_(
                "The order was paid before it was completed, and the points set aside for it had"
                " lapsed or been spent meanwhile. What was missing stands as debt."
            ),
        ),
        "voucher-overrun": (
            N_("A voucher counted although it was used up"),
            N_(
                "The order was paid with this voucher before it was completed, and another order"
                " had used it meanwhile. The discount was given all the same."
            ),
        ),
        "limit-overrun": (N_("A limit on uses was passed"), OUTRUN),
        "points-limit-overrun": (N_("A limit on points was passed"), OUTRUN),
        "budget-overrun": (N_("A budget was passed"), OUTRUN),
        "chargeback-review": (
            N_("The bank took the money back"),
            N_(
                "The wallet is locked until somebody decides: released, it can be used again;"
                " upheld, it stays locked."
            ),
        ),
        "chargeback-over-paid": (
            N_("More money was taken back than was paid"),
            N_("Returns and the bank together gave back more than the order was paid with."),
        ),
    }
)
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accepted": N_("Accepted as it is"),
        "explained": N_("Explained"),
        "corrected": N_("Put right by another entry"),
        "shop-error": N_("A mistake of the shop, mended there"),
        "member-contacted": N_("Cleared up with the member"),
        "fraud": N_("Fraud"),
    }
)
OUTCOMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "settled": (N_("Settled"), "good"),
        "released": (N_("Released: the wallet may be used again"), "good"),
        "upheld": (N_("Upheld: the wallet stays locked"), "bad"),
    }
)


@get(HERE, opt=STAFF)
async def exceptions_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """What waits to be worked through, the oldest first."""
    visit = visit_of(request)
    asked = visit.query.get("state", "open")
    state = cast("State", asked if asked in {"open", "settled", "all"} else "open")
    async with visit.application.database.snapshot() as connection:
        found = await list_exceptions(
            connection, state=state, limit=SHOWN + 1, after=place_of(visit, "after")
        )
        shown = found[:SHOWN]
        orders = await order_links(connection, {one.order for one in shown})
        people = by_id(await list_people(connection))
    last = shown[-1] if shown else None
    say = visit.voice.say
    return page(
        request,
        "exceptions.html",
        rows=[
            (
                one,
                _kind(visit, one),
                _amount(visit, one),
                orders.get(one.order),
                _settled(visit, one),
            )
            for one in shown
        ],
        people=people,
        views=[
            (say("To be worked through"), further(visit, state="", after=""), state == "open"),
            (say("Settled"), further(visit, state="settled", after=""), state == "settled"),
            (say("All"), further(visit, state="all", after=""), state == "all"),
        ],
        more=further(visit, after=f"{last.at.isoformat()}_{last.id}")
        if last is not None and len(found) > SHOWN
        else None,
        first=further(visit, after="") if "after" in visit.query else None,
    )


@get(f"{HERE}/{{exception:str}}", opt=STAFF)
async def exception_page(
    request: Request[Any, Any, Any], exception: FromPath[str]
) -> Response[Any]:
    """One exception, what it means, and the form that settles it."""
    return await _one(request, named_id("exc", exception), Form("settle"), HTTPStatus.OK)


@post(f"{HERE}/{{exception:str}}", opt=STAFF)
async def settle_form(request: Request[Any, Any, Any], exception: FromPath[str]) -> Response[Any]:
    """Settle an exception, once, for a reason."""
    visit, form, one = visit_of(request), await sent(request), named_id("exc", exception)
    cause, wrong = visit.cause(), dict[str, str]()
    outcome, reference = form.get("outcome") or None, form.get("reference") or None
    if form.get("reason") not in REASONS:
        wrong["reason"] = visit.voice.say("Please choose one of the reasons.")
    if outcome is not None and outcome not in OUTCOMES:
        wrong["outcome"] = visit.voice.say("Please say how it ends.")
    if reference is not None and REFERENCE.fullmatch(reference) is None:
        wrong["reference"] = visit.voice.say(
            "Please give up to 64 letters, digits, dots, slashes and hyphens, such as TICKET-1047."
        )
    asked = Settling(form.get("reason"), cast("Outcome | None", outcome), reference)

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await settle_exception(connection, cause, one, asked)

    if not wrong:
        then = f"{HERE}?done=exception-settled"
        try:
            return await once(visit, form, "console.settle-exception", None, effect, then=then)
        except REFUSALS as error:
            field = (getattr(error, "pointer", "") or "").removeprefix("/")
            wrong[field if field in {"outcome", "reason", "reference"} else ""] = sentence(
                visit.voice, error
            )
    return await _one(request, one, form.form("settle", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


async def _one(
    request: Request[Any, Any, Any], exception: UUID, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_exception(connection, exception)
        orders = await order_links(connection, {found.order})
        people = by_id(await list_people(connection))
        members = [] if found.member is None else [found.member]
        entries = await entries_of(connection, members)
    say = visit.voice.say
    kind = KINDS.get(found.code)
    return page(
        request,
        "exception.html",
        status=status,
        form=form,
        one=found,
        kind=_kind(visit, found),
        means=None if kind is None else say(kind[1]),
        amount=_amount(visit, found),
        order=orders.get(found.order),
        member=next(iter(entries), None),
        address=f"{HERE}/{show('exc', found.id)}",
        review=found.code == REVIEW,
        outcomes=[(code, say(OUTCOMES[code][0])) for code in ("released", "upheld")],
        reasons=[(code, say(words)) for code, words in REASONS.items()],
        settled=_settled(visit, found),
        who=None if found.settled is None else actor_words(visit.voice, found.settled.by, people),
    )


def _kind(visit: Visit, one: OpenException) -> str:
    kind = KINDS.get(one.code)
    return one.code if kind is None else visit.voice.say(kind[0])


def _amount(visit: Visit, one: OpenException) -> str:
    match one.unit:
        case "money":
            return visit.voice.money(one.amount)
        case "points":
            return visit.voice.count("%(number)s point", "%(number)s points", one.amount)
        case _:
            return visit.voice.count("%(number)s use", "%(number)s uses", one.amount)


def _settled(visit: Visit, one: OpenException) -> tuple[str, str, str] | None:
    """How it ended, its colour and why; nothing while it is open."""
    if one.settled is None:
        return None
    words, colour = OUTCOMES.get(one.settled.outcome, (one.settled.outcome, ""))
    reason = REASONS.get(one.settled.reason)
    why = one.settled.reason if reason is None else visit.voice.say(reason)
    return visit.voice.say(words), colour, why


ROUTES: Final = (exceptions_page, exception_page, settle_form)
