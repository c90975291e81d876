"""A draft tried: on a cart, on a past order, and on all orders of the last days, with its cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.asked import named_id
from admin.cost_chart import CostChart, cost_chart
from admin.errors import PageMissing
from admin.forms import Form, Sent, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.rule_drafts import HERE, draft_id
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.rule_view import speaker_of
from admin.trial_form import LINES, TrialForm, labels_of, trial_form
from admin.visit import Visit, visit_of
from admin.words import N_, Badge, badge
from benefits import Decision
from loyalty.checkout.sentences import reason_sentence
from loyalty.dry_runs import DryRun, Tried, find_dry_run, list_dry_runs, try_cart, try_order
from loyalty.dry_runs.asking import ask_for_dry_run
from loyalty.dry_runs.types import MOST_DAYS, RUN, ShopPriced
from loyalty.idempotency import Begun
from loyalty.ids import show
from loyalty.members.listing import entries_of
from loyalty.rule_reviews import DRAFT

STAFF: Final = {NEEDS: Needs.STAFF}
ADMIN: Final = {NEEDS: Needs.ADMIN}
RUNS: Final = 12
USUAL_DAYS: Final = "90"
PRICES: Final[Mapping[ShopPriced, str]] = {
    "earning": N_("only what they earn"),
    "as-regular": N_("prices too, as if what was paid had been the regular price"),
}
"""What is decided for orders that came with what was paid."""
RUN_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "waiting": (N_("Waiting for a worker"), "warn"),
    "running": (N_("Being worked out"), "calm"),
    "done": (N_("Done"), "good"),
    "failed": (N_("Failed"), "bad"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as it was, as it would be now, and with the draft."""

    words: str
    placed: str | None
    live: str
    drafted: str
    change: int
    said: str


@get(f"{HERE}/{{draft:str}}/try", opt=ADMIN)
async def try_page(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Try a draft on what the address asks for; nothing is stored."""
    return await _page(request, draft, Form("runs", {"days": USUAL_DAYS}), HTTPStatus.OK)


@post(f"{HERE}/{{draft:str}}/runs", opt=ADMIN)
async def run_form(request: Request[Any, Any, Any], draft: FromPath[str]) -> Response[Any]:
    """Let a worker try the draft on all orders of the last days."""
    visit, form, one = visit_of(request), await sent(request), draft_id(draft)
    cause, programme, wrong = visit.cause(), visit.application.programme, dict[str, str]()
    days = read_days(visit, form, wrong)
    whole: ShopPriced = "as-regular" if form.get("prices") == "as-regular" else "earning"

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        asked = await ask_for_dry_run(
            connection, programme, cause, one, days=days, shop_priced=whole
        )
        return f"{HERE}/{draft}/runs/{show(RUN, asked.id)}?done=run-asked"

    if not wrong:
        try:
            return await once(visit, form, "console.dry-run", None, effect, then=HERE)
        except REFUSALS as error:
            wrong[""] = sentence(visit.voice, error)
    again = form.form("runs", wrong)
    return await _page(request, draft, again, HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{draft:str}}/runs/{{run:str}}", opt=STAFF)
async def run_page(
    request: Request[Any, Any, Any], draft: FromPath[str], run: FromPath[str]
) -> Response[Any]:
    """What a draft would have changed over past orders: its cost, who gains, who loses."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_dry_run(connection, named_id(RUN, run), at=visit.at)
        if found.draft != draft_id(draft):
            raise PageMissing
        speaker = await speaker_of(connection, visit)
        told = found.figures or {}
        listed = (*told.get("gain_most", ()), *told.get("lose_most", ()))
        people = await people_of(connection, listed)
    figures = found.figures
    chart, unit = (None, "money") if figures is None else _chart(visit, found, figures)
    return page(
        request,
        "rule_run.html",
        run=found,
        state=badge(visit.voice, RUN_STATES, found.state),
        address=f"{HERE}/{draft}",
        figures=figures,
        chart=chart,
        unit=unit,
        limits=_limits(visit, figures or {}),
        tiers=[
            (
                speaker.names.get(f"tier:{one['tier']}", one["tier"]) or visit.voice.say("no tier"),
                one,
            )
            for one in (figures or {}).get("tiers", ())
        ],
        people=people,
        prices=visit.voice.say(PRICES[found.shop_priced]),
        first=visit.policy.day_of(found.since),
        last=visit.policy.day_of(found.until),
    )


async def _page(
    request: Request[Any, Any, Any], draft: str, form: Form, status: HTTPStatus
) -> Response[Any]:
    visit, one = visit_of(request), draft_id(draft)
    asked = trial_form(visit)
    tried: Tried | None = None
    async with visit.application.database.snapshot() as connection:
        found = await benefits.find_rule_draft(connection, one)
        runs = await list_dry_runs(connection, one, at=visit.at, limit=RUNS)
        try:
            tried = await _try(connection, visit, one, asked)
        except REFUSALS as error:
            field = "order" if asked.order is not None else "l0_sku"
            asked.form = asked.form.wrong({field: sentence(visit.voice, error)})
    return page(
        request,
        "rule_try.html",
        status=status,
        draft=found,
        address=f"{HERE}/{show(DRAFT, one)}",
        asked=asked.form,
        labels=labels_of(visit.voice),
        places=LINES,
        tried=tried,
        figures=[] if tried is None else _figures(visit, tried),
        lines=[] if tried is None else _lines(visit, tried),
        gave=[] if tried is None else _gave(visit, tried),
        unmet=[] if tried is None else _unmet(visit, tried, found),
        form=form,
        runs=[(each, show(RUN, each.id), _state(visit, each)) for each in runs],
        most=MOST_DAYS,
        prices=[(code, visit.voice.say(words)) for code, words in PRICES.items()],
    )


async def _try(
    connection: AsyncConnection, visit: Visit, draft: UUID, asked: TrialForm
) -> Tried | None:
    programme = visit.application.programme
    if asked.order is not None:
        return await try_order(connection, programme, draft, asked.order, at=visit.at)
    if asked.basket is not None:
        return await try_cart(connection, programme, draft, asked.member, asked.basket, at=visit.at)
    return None


def _figures(visit: Visit, tried: Tried) -> list[Figure]:
    voice, live, drafted = visit.voice, tried.trial.live, tried.trial.drafted
    rows: tuple[tuple[str, Callable[[Decision], int], Callable[[int], str]], ...] = (
        (N_("Regular price"), lambda one: one.totals.regular, voice.money),
        (N_("Taken off"), lambda one: one.totals.discount, voice.money),
        (N_("To be paid"), lambda one: one.totals.payable, voice.money),
        (N_("Points earned"), lambda one: one.points.earn, voice.number),
    )
    return [
        Figure(
            voice.say(words),
            None if tried.placed is None else say(figure(tried.placed)),
            say(figure(live)),
            say(figure(drafted)),
            change := figure(drafted) - figure(live),
            f"+{say(change)}" if change > 0 else say(change),
        )
        for words, figure, say in rows
    ]


def _lines(visit: Visit, tried: Tried) -> list[tuple[str, str, str, str, str]]:
    voice = visit.voice
    return [
        (
            live.line_id,
            voice.money(live.total),
            voice.money(drafted.total),
            voice.number(live.earn),
            voice.number(drafted.earn),
        )
        for live, drafted in zip(tried.trial.live.lines, tried.trial.drafted.lines, strict=True)
    ]


def _gave(visit: Visit, tried: Tried) -> list[tuple[str, str, str, bool, bool]]:
    """Each rule that gave something: what it gave without the draft, and what with it."""
    before, after = benefits.given_by(tried.trial.live), benefits.given_by(tried.trial.drafted)
    return [
        (
            rule,
            _told(visit, before.get(rule)),
            _told(visit, after.get(rule)),
            rule in before,
            rule in after,
        )
        for rule in sorted(before.keys() | after.keys())
    ]


def _told(visit: Visit, gave: tuple[int, int] | None) -> str:
    """Money and points that a rule gave; an en dash for nothing of both."""
    money, points = gave or (0, 0)
    parts = [visit.voice.money(money)] if money else []
    if points:
        parts.append(visit.voice.count("%(number)s point", "%(number)s points", points))
    return " · ".join(parts) or "\N{EN DASH}"


def _unmet(visit: Visit, tried: Tried, draft: benefits.RuleDraft) -> list[tuple[str, str]]:
    """Why the rules of the draft gave nothing."""
    return [
        (one.rule, reason_sentence(one, visit.voice.name, visit.policy.currency))
        for one in tried.trial.drafted.not_applied
        if one.rule is not None and one.rule in draft.change.names
    ]


def _chart(visit: Visit, run: DryRun, figures: Mapping[str, Any]) -> tuple[CostChart, str]:
    """What each day would have cost: in money, or in points where no money is at stake."""
    unit = "money" if any(int(one["money"]) for one in figures["days"]) else "points"
    days = {date.fromisoformat(one["on"]): int(one[unit]) for one in figures["days"]}
    first, last = visit.policy.day_of(run.since), visit.policy.day_of(run.until)
    return cost_chart(days, first, last), unit


def _limits(visit: Visit, figures: Mapping[str, Any]) -> list[tuple[str, str, str, int, str]]:
    """The limits of the draft that gave anything: in words, what they gave, how often used up."""
    voice, rows = visit.voice, []
    for one in figures.get("limits", ()):
        whose = "all" if one["everyone"] else "member"
        limit = benefits.Limit(one["measure"], whose, one["every"], int(one["most"]))
        say = voice.money if limit.count == "money" else voice.number
        first = one["first_at"]
        rows.append(
            (
                str(one["scope"]).partition(":")[2],
                benefits.limit_sentence(limit, language=voice.name, money=voice.money),
                say(int(one["used"])),
                int(one["reached"]),
                "" if first is None else voice.instant(datetime.fromisoformat(first)),
            )
        )
    return rows


def read_days(visit: Visit, form: Sent, wrong: dict[str, str]) -> int:
    """How many days back, or what is wrong with that."""
    text = form.get("days").replace(",", "")
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_DAYS))
    days = int(text) if plain else 0
    if not 1 <= days <= MOST_DAYS:
        wrong["days"] = visit.voice.say(
            "Please give 1 to %(most)s days.", most=visit.voice.number(MOST_DAYS)
        )
    return days


async def people_of(
    connection: AsyncConnection, listed: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[str, str]]:
    """Our id of the members who are listed, and what to call them."""
    ids = {UUID(one["member"]) for one in listed}
    names = {one.id: one.external_id for one in await entries_of(connection, sorted(ids))}
    return {str(one): (name := show("mem", one), names.get(one) or f"…{name[-6:]}") for one in ids}


def _state(visit: Visit, run: DryRun) -> Badge:
    return badge(visit.voice, RUN_STATES, run.state)


ROUTES: Final = (try_page, run_form, run_page)
