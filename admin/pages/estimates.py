"""Signed estimates: how much of the points finance expects to be redeemed, by whom and why."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.asked import NO_MONTH, further, month_of
from admin.books_words import CLASS_ORDER, METHODS
from admin.forms import Form, Sent, blank, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import LOT_CLASSES
from ledger import LotClass
from loyalty.books import TREATMENTS, Method, Signing, Treatment, list_estimates, sign_estimate
from loyalty.idempotency import Begun
from loyalty.staff import list_people

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/estimates"
PAGE_SIZE: Final = 30
WITH_MONEY: Final = tuple(
    one for one in CLASS_ORDER if TREATMENTS[one] is not Treatment.AT_SPENDING
)
LARGEST: Final = 10**15
CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
FIELDS: Final = {
    "/percent": "percent",
    "/points": "points",
    "/issued_in": "issued_in",
    "/class": "class",
    "/effective_on": "effective_on",
    "/reason": "reason",
}


@get(HERE, opt=FINANCE)
async def estimates_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Everything that was signed, the latest first, and the form to sign another."""
    visit = visit_of(request)
    form = blank(visit, "estimate", **{"class": "sale", "issued_in": "", "method": "history"})
    return await _estimates(request, form, HTTPStatus.OK)


@post(HERE, opt=FINANCE)
async def sign_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Sign an estimate, with its reason."""
    visit, form = visit_of(request), await sent(request)
    signing, wrong = _signing(visit, form)
    cause = visit.cause()
    if signing is not None:

        async def effect(connection: AsyncConnection, _: Begun) -> None:
            await sign_estimate(connection, cause, signing)

        try:
            return await once(
                visit, form, "console.estimate", None, effect, then=f"{HERE}?done=estimate-signed"
            )
        except REFUSALS as error:
            field = FIELDS.get(getattr(error, "pointer", None) or "", "")
            wrong = {field: sentence(visit.voice, error)}
    return await _estimates(request, form.form("estimate", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


async def _estimates(
    request: Request[Any, Any, Any], form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    voice = visit.voice
    before = visit.query.get("before", "")
    async with visit.application.database.read() as connection:
        found = await list_estimates(
            connection,
            limit=PAGE_SIZE + 1,
            before=int(before) if before.isdecimal() and len(before) < len("1000000000") else None,
        )
        people = by_id(await list_people(connection))
    shown = found[:PAGE_SIZE]
    return page(
        request,
        "estimates.html",
        status=status,
        form=form,
        rows=[
            (
                one,
                voice.say(LOT_CLASSES[one.lot_class]),
                voice.percent(Decimal(one.share.numerator) / one.share.denominator),
                voice.say(METHODS[one.method]),
                actor_words(voice, one.signed_by, people),
            )
            for one in shown
        ],
        classes=[(one.value, voice.say(LOT_CLASSES[one])) for one in WITH_MONEY],
        methods=[(one.value, voice.say(words)) for one, words in METHODS.items()],
        today=visit.policy.day_of(visit.at),
        older=further(visit, before=str(shown[-1].version)) if len(found) > PAGE_SIZE else None,
        newest=further(visit, before="") if before else None,
    )


def _signing(visit: Visit, form: Sent) -> tuple[Signing | None, dict[str, str]]:
    """What was asked to be signed, or what is wrong with it, field by field."""
    say = visit.voice.say
    wrong: dict[str, str] = {}
    if form.get("class") not in {one.value for one in WITH_MONEY}:
        wrong["class"] = say("Please choose one of the classes.")
    if form.get("method") not in set(Method):
        wrong["method"] = say("Please choose one of the methods.")
    if CODE.fullmatch(form.get("reason")) is None:
        wrong["reason"] = say(
            "Please give a code of lower-case letters, digits and hyphens, such as review-2026-q3."
        )
    issued_in = month_of(form.get("issued_in"))
    if form.get("issued_in") and issued_in is None:
        wrong["issued_in"] = say(NO_MONTH)
    hundredths = _hundredths(visit, form.get("percent"), wrong)
    points = _points(visit, form.get("points"), wrong)
    if not wrong and (hundredths is None) == (points is None):
        wrong["percent"] = say("Please give either a percentage or a number of points.")
    day = _day(visit, form.get("effective_on"), wrong)
    if wrong:
        return None, wrong
    return Signing(
        lot_class=LotClass(form.get("class")),
        method=Method(form.get("method")),
        reason=form.get("reason"),
        issued_in=issued_in,
        hundredths=hundredths,
        points=points,
        effective_on=day,
    ), {}


def _hundredths(visit: Visit, text: str, wrong: dict[str, str]) -> int | None:
    """A percentage with at most two decimals, in hundredths of a per cent."""
    if not text:
        return None
    try:
        hundredths = Decimal(text.removesuffix("%").strip()) * 100
    except InvalidOperation:
        hundredths = Decimal(-1)
    if not (hundredths.is_finite() and 0 <= hundredths <= 100**2) or hundredths % 1:
        wrong["percent"] = visit.voice.say("Please give a percentage from 0 to 100, such as 97.25.")
        return None
    return int(hundredths)


def _points(visit: Visit, text: str, wrong: dict[str, str]) -> int | None:
    digits = text.replace(",", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdecimal()) or int(digits[:20]) > LARGEST:
        wrong["points"] = visit.voice.say("Please give a whole number.")
        return None
    return int(digits)


def _day(visit: Visit, text: str, wrong: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong["effective_on"] = visit.voice.say("Please give a date such as 2026-12-31.")
        return None


ROUTES: Final = (estimates_page, sign_form)
