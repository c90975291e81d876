"""Cohorts: what was earned in a month, what became of it, its money, its lots and their orders."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath

from admin.asked import asked_of, further, month_of, place_of
from admin.books_words import CLASS_ORDER, TREATMENTS
from admin.charts import share
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.lot_rows import lot_place, lot_rows
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import LOT_CLASSES
from ledger import LotClass
from loyalty.books import TREATMENTS as TREATED
from loyalty.books import CohortFigures, breakage, lots_of_cohort
from loyalty.books import Treatment as MoneyTreatment

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/cohorts"
PAGE_SIZE: Final = 36
LOTS: Final = 50


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One cohort as a line: where its points are, and what is expected of them."""

    figures: CohortFigures
    class_words: str
    expected_share: str
    lapse: int
    used_length: int
    gone_length: int


@get(HERE, opt=FINANCE)
async def cohorts_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every cohort at the end of a day, the latest first: used, lapsed, outstanding, expected."""
    visit = visit_of(request)
    asked = asked_of(visit)
    lot_class = visit.query.get("class", "")
    async with visit.application.database.snapshot() as connection:
        found = await breakage(
            connection,
            known_by=asked.recorded_by or visit.at,
            on=visit.policy.day_of(asked.at),
        )
    wanted = [one for one in reversed(found) if lot_class in {"", one.lot_class.value}]
    before = month_of(visit.query.get("before", ""))
    rest = [one for one in wanted if before is None or one.issued_in < before]
    shown = _page(rest)
    return page(
        request,
        "cohorts.html",
        asked=asked,
        rows=[_row(visit, one) for one in shown],
        totals=_totals(wanted),
        views=_views(visit, lot_class, {one.lot_class for one in found}),
        older=further(visit, before=f"{shown[-1].issued_in:%Y-%m}")
        if len(rest) > len(shown)
        else None,
        newest=further(visit, before="") if before is not None else None,
    )


@get(f"{HERE}/{{lot_class:str}}/{{month:str}}", opt=FINANCE)
async def cohort_page(
    request: Request[Any, Any, Any], lot_class: FromPath[str], month: FromPath[str]
) -> Response[Any]:
    """One cohort: its figures, the estimate that binds it, and its lots with their orders."""
    visit = visit_of(request)
    issued_in = month_of(month)
    if lot_class not in set(LotClass) or issued_in is None:
        raise PageMissing
    wanted = LotClass(lot_class)
    async with visit.application.database.snapshot() as connection:
        every = await breakage(connection, known_by=visit.at, on=visit.policy.day_of(visit.at))
        own = [one for one in every if (one.lot_class, one.issued_in) == (wanted, issued_in)]
        if not own:
            raise PageMissing
        lots = await lots_of_cohort(
            connection,
            lot_class=wanted,
            issued_in=issued_in,
            known_by=visit.at,
            after=place_of(visit, "after"),
            limit=LOTS + 1,
        )
        rows = await lot_rows(connection, [one.lot for one in lots[:LOTS]])
    return page(
        request,
        "cohort.html",
        row=_row(visit, own[0]),
        treatment=visit.voice.say(TREATMENTS[TREATED[wanted]]),
        estimable=TREATED[wanted] is not MoneyTreatment.AT_SPENDING,
        lots=rows,
        older=further(visit, after=lot_place(lots[LOTS - 1].lot)) if len(lots) > LOTS else None,
        newest=further(visit, after="") if "after" in visit.query else None,
    )


def _page(found: list[CohortFigures]) -> list[CohortFigures]:
    """A page of cohorts that ends with a whole month."""
    shown = found[:PAGE_SIZE]
    while len(shown) < len(found) and found[len(shown)].issued_in == shown[-1].issued_in:
        shown.append(found[len(shown)])
    return shown


def _row(visit: Visit, one: CohortFigures) -> CohortRow:
    stand = one.stand
    gone = stand.used + stand.lapsed
    part = Decimal(one.expected) / stand.granted if stand.granted else Decimal(0)
    return CohortRow(
        one,
        visit.voice.say(LOT_CLASSES[one.lot_class]),
        visit.voice.percent(part),
        max(stand.granted - one.expected, 0),
        share(stand.used, stand.granted),
        share(gone, stand.granted),
    )


def _totals(found: list[CohortFigures]) -> dict[str, int]:
    return {
        "granted": sum(one.stand.granted for one in found),
        "used": sum(one.stand.used for one in found),
        "lapsed": sum(one.stand.lapsed for one in found),
        "outstanding": sum(one.stand.outstanding for one in found),
        "expected_lapse": sum(max(one.stand.granted - one.expected, 0) for one in found),
        "allocated": sum(one.stand.net for one in found),
        "balance": sum(one.closing for one in found),
    }


def _views(visit: Visit, chosen: str, there: set[LotClass]) -> list[tuple[str, str, bool]]:
    every = further(visit, **{"class": "", "before": ""})
    views = [(visit.voice.say("All classes"), every, not chosen)]
    for one in CLASS_ORDER:
        if one in there:
            words = visit.voice.say(LOT_CLASSES[one])
            href = further(visit, **{"class": one.value, "before": ""})
            views.append((words, href, chosen == one))
    return views


ROUTES: Final = (cohorts_page, cohort_page)
