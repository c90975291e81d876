"""Reconciliation: runs, what each found, and explaining a difference so that it may stand."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from http import HTTPStatus
from typing import Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.asked import NO_MONTH, further, month_of
from admin.books_words import (
    CLEARING_REASONS,
    ITEM_KINDS,
    LEGS,
    REOPENING_REASONS,
    REPORTS,
    SIDES,
    STEPS,
)
from admin.entry_rows import order_links
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.rule_texts import Unreadable, read_text
from admin.visit import Visit, visit_of
from admin.words import ORDER_STATES, badge
from benefits import FieldKind
from loyalty.idempotency import Begun
from loyalty.policy import months_later
from loyalty.reconciliation import (
    Clearing,
    ClearingReason,
    Item,
    Leg,
    Reopening,
    ReopeningReason,
    Tolerance,
    clear_item,
    find_item,
    find_reconciliation,
    judgements_of,
    list_items,
    list_reconciliations,
    reconcile,
    reopen_item,
)
from loyalty.staff import Person, list_people

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/reconciliation"
RUN: Final = "run"
REPORT: Final = "report"
"""The two forms of the first page."""
RUNS: Final = 30
ITEMS: Final = 50
LARGEST: Final = 10**9
REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")


@get(HERE, opt=FINANCE)
async def runs_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every comparison, the latest first, and the form to run one."""
    return await comparisons(request, Form(""), HTTPStatus.OK)


@post(HERE, opt=FINANCE)
async def run_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Compare a month: orders and ledger, and what was billed where there is a need."""
    visit, form = visit_of(request), await sent(request)
    wrong: dict[str, str] = {}
    month = month_of(form.get("month"))
    if month is None:
        wrong["month"] = visit.voice.say(NO_MONTH)
    tolerance = _whole(form.get("tolerance"))
    if tolerance is None:
        wrong["tolerance"] = visit.voice.say("Please give a whole number.")
    money = _money(visit, form.get("money"))
    if money is None:
        wrong["money"] = visit.voice.say("Please give an amount such as 1.00.")
    if month is not None and tolerance is not None and money is not None:
        cause, since, allowed = visit.cause(), month, Tolerance(points=tolerance, money=money)

        async def effect(connection: AsyncConnection, _: Begun) -> str:
            until = months_later(since, 1)
            runs = await reconcile(connection, cause, since=since, until=until, tolerance=allowed)
            return f"{HERE}/{runs[0].number}?done=reconciled"

        try:
            return await once(visit, form, "console.reconcile", None, effect, then=HERE)
        except REFUSALS as error:
            wrong["month"] = sentence(visit.voice, error)
    return await comparisons(request, form.form(RUN, wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{number:int}}", opt=FINANCE)
async def run_page(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[Any]:
    """One comparison: both sides step by step, and its items."""
    visit = visit_of(request)
    open_only = visit.query.get("show") != "all"
    after = _whole(visit.query.get("after", "")) or 0
    async with visit.application.database.snapshot() as connection:
        run = await find_reconciliation(connection, number)
        items = await list_items(
            connection, number, limit=ITEMS + 1, after=after, open_only=open_only
        )
        orders = await order_links(connection, {one.order for one in items[:ITEMS]})
        people = by_id(await list_people(connection))
    shown = items[:ITEMS]
    say = visit.voice.say
    return page(
        request,
        "reconciliation_run.html",
        run=run,
        leg=say(LEGS[run.leg]),
        sides=[say(words) for words in SIDES[run.leg]],
        last_day=_eve(run.until),
        steps=[
            (
                say(STEPS.get(step, step)),
                totals,
                _figure(visit, run.leg, totals.left),
                _figure(visit, run.leg, totals.right),
                _figure(visit, run.leg, totals.left - totals.right),
            )
            for step, totals in sorted(run.totals.items())
        ],
        items=[
            (one, *_told(visit, one, people), orders.get(one.order) if one.order else None)
            for one in shown
        ],
        who=actor_words(visit.voice, run.actor, people),
        tolerance=_figure(visit, run.leg, run.tolerance),
        views=[
            (say("Not explained"), further(visit, show="", after=""), open_only),
            (say("All"), further(visit, show="all", after=""), not open_only),
        ],
        older=further(visit, after=str(shown[-1].position)) if len(items) > ITEMS else None,
        newest=further(visit, after="") if after else None,
    )


@get(f"{HERE}/{{number:int}}/{{position:int}}", opt=FINANCE)
async def item_page(
    request: Request[Any, Any, Any], number: FromPath[int], position: FromPath[int]
) -> Response[Any]:
    """One difference, with both sides and what it was explained by."""
    return await _item(request, (number, position), None, HTTPStatus.OK)


@post(f"{HERE}/{{number:int}}/{{position:int}}", opt=FINANCE)
async def clear_form(
    request: Request[Any, Any, Any], number: FromPath[int], position: FromPath[int]
) -> Response[Any]:
    """Explain a difference, once."""
    return await _judge(request, (number, position), "clear")


@post(f"{HERE}/{{number:int}}/{{position:int}}/reopen", opt=FINANCE)
async def reopen_form(
    request: Request[Any, Any, Any], number: FromPath[int], position: FromPath[int]
) -> Response[Any]:
    """Ask for a difference again whose explanation does not hold."""
    return await _judge(request, (number, position), "reopen")


async def _judge(
    request: Request[Any, Any, Any], place: tuple[int, int], deed: Literal["clear", "reopen"]
) -> Response[Any]:
    """Explain a difference or take its explanation back, with a reason and a reference."""
    visit, form = visit_of(request), await sent(request)
    wrong: dict[str, str] = {}
    if form.get("reason") not in set(ClearingReason if deed == "clear" else ReopeningReason):
        wrong["reason"] = visit.voice.say("Please choose one of the reasons.")
    reference = form.get("reference") or None
    if reference is not None and REFERENCE.fullmatch(reference) is None:
        wrong["reference"] = visit.voice.say(
            "Please give up to 64 letters, digits, dots, slashes and hyphens, such as TICKET-1047."
        )
    if not wrong:
        cause, reason = visit.cause(), form.get("reason")

        async def effect(connection: AsyncConnection, _: Begun) -> None:
            if deed == "clear":
                because = ClearingReason(reason)
                await clear_item(connection, cause, *place, reason=because, reference=reference)
            else:
                why = ReopeningReason(reason)
                await reopen_item(connection, cause, *place, reason=why, reference=reference)

        then = f"{HERE}/{place[0]}?done=item-{deed}ed"
        try:
            return await once(visit, form, f"console.{deed}-item", None, effect, then=then)
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    return await _item(request, place, form.form(deed, wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


async def comparisons(
    request: Request[Any, Any, Any],
    form: Form,
    status: HTTPStatus,
    places: Sequence[tuple[str, str, str]] = (),
) -> Response[Any]:
    """Show the comparisons beside both forms, one of them as it came back.

    `places` are the lines of a report that cannot be taken: line, column, and why.
    """
    visit = visit_of(request)
    last = months_later(visit.policy.day_of(visit.at).replace(day=1), -1)
    usual = Form(RUN, {"month": f"{last:%Y-%m}", "tolerance": "0", "money": ""})
    before = _whole(visit.query.get("before", ""))
    async with visit.application.database.read() as connection:
        runs = await list_reconciliations(connection, limit=RUNS + 1, before=before)
        people = by_id(await list_people(connection))
    shown = runs[:RUNS]
    return page(
        request,
        "reconciliation.html",
        status=status,
        form=form if form.name == RUN else usual,
        report=form if form.name == REPORT else Form(REPORT),
        kinds=[(code, visit.voice.say(words)) for code, words in REPORTS.items()],
        places=places,
        taken=_taken(visit),
        runs=[
            (
                one,
                visit.voice.say(LEGS[one.leg]),
                _eve(one.until),
                actor_words(visit.voice, one.actor, people),
            )
            for one in shown
        ],
        older=further(visit, before=str(shown[-1].number)) if len(runs) > RUNS else None,
        newest=further(visit, before="") if before else None,
    )


async def _item(
    request: Request[Any, Any, Any], place: tuple[int, int], form: Form | None, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        item = await find_item(connection, *place)
        orders = await order_links(connection, {item.order})
        people = by_id(await list_people(connection))
        judged = await judgements_of(connection, item.difference)
    kind, step, left, right, cleared = _told(visit, item, people)
    reasons: Mapping[ClearingReason, str] | Mapping[ReopeningReason, str] = CLEARING_REASONS
    first = ClearingReason.KNOWN_DIFFERENCE.value
    if cleared is not None:
        reasons, first = REOPENING_REASONS, ReopeningReason.DISPROVED.value
    return page(
        request,
        "reconciliation_item.html",
        status=status,
        form=form or Form("judge", {"reason": first}),
        item=item,
        kind=kind,
        step=step,
        left=left,
        right=right,
        cleared=cleared,
        earlier=[
            (
                _explained(visit, clearing, people),
                clearing.reference,
                _taken_back(visit, back, people),
                back.reference,
            )
            for clearing, back in judged
            if back is not None
        ],
        order=orders.get(item.order) if item.order is not None else None,
        sides=[visit.voice.say(words) for words in SIDES[item.leg]],
        reasons=[(one.value, visit.voice.say(words)) for one, words in reasons.items()],
    )


def _told(
    visit: Visit, item: Item, people: Mapping[UUID, Person]
) -> tuple[str, str, str, str, str | None]:
    """Kind, step, both sides, and who explained it, in words."""
    say = visit.voice.say
    if item.kind not in ITEM_KINDS:
        raise PageMissing
    cleared = None if item.clearing is None else _explained(visit, item.clearing, people)
    return (
        say(ITEM_KINDS[item.kind]),
        say(STEPS.get(item.step, item.step)),
        _side(visit, item.leg, item.left_amount, item.left_state, item.left_on),
        _side(visit, item.leg, item.right_amount, item.right_state, item.right_on),
        cleared,
    )


def _explained(visit: Visit, clearing: Clearing, people: Mapping[UUID, Person]) -> str:
    """Why a difference may stand, and who said so."""
    return visit.voice.say(
        "%(reason)s, by %(who)s on %(when)s",
        reason=visit.voice.say(CLEARING_REASONS[clearing.reason]),
        who=actor_words(visit.voice, clearing.actor, people),
        when=visit.voice.instant(clearing.cleared_at),
    )


def _taken_back(visit: Visit, back: Reopening, people: Mapping[UUID, Person]) -> str:
    """Why that did not hold, and who said so."""
    return visit.voice.say(
        "Taken back by %(who)s on %(when)s: %(reason)s",
        reason=visit.voice.say(REOPENING_REASONS[back.reason]),
        who=actor_words(visit.voice, back.actor, people),
        when=visit.voice.instant(back.reopened_at),
    )


def _side(visit: Visit, leg: Leg, amount: int | None, state: str | None, on: date | None) -> str:
    told = [
        *([] if amount is None else [_figure(visit, leg, amount)]),
        *([] if state is None else [badge(visit.voice, ORDER_STATES, state).words]),
        *([] if on is None else [visit.voice.day(on)]),
    ]
    return " · ".join(told) or "–"


def _figure(visit: Visit, leg: Leg, amount: int) -> str:
    in_points = leg is Leg.ORDERS_LEDGER
    return visit.voice.number(amount) if in_points else visit.voice.money(amount)


def _whole(text: str) -> int | None:
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdecimal()):
        return None
    number = int(digits[:12])
    return number if number <= LARGEST else None


def _taken(visit: Visit) -> tuple[int, int] | None:
    """What the address says of a report that was just taken in: new lines, and known ones."""
    new, known = (_whole(visit.query.get(name, "")) for name in ("new", "known"))
    return None if new is None or known is None else (new, known)


def _money(visit: Visit, text: str) -> int | None:
    try:
        return min(LARGEST, int(str(read_text(FieldKind.MONEY, text or "0", visit.voice))))
    except Unreadable:
        return None


def _eve(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


ROUTES: Final = (runs_page, run_form, run_page, item_page, clear_form, reopen_form)
