"""The money side of the points by month and class; every figure opens its cohorts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.params import FromPath

from admin.asked import Span, month_of, span_of
from admin.books_words import CLASS_ORDER, MONEY_REASONS, TREATMENTS
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import LOT_CLASSES
from ledger import LotClass, calendar
from loyalty.books import MoneyMonth, MoneyReason, MoneyRollForward, money_entries
from loyalty.books import money_roll_forward as roll_money_forward
from loyalty.policy import months_later

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/money"
MOST: Final = 12
USUAL: Final = 6
FIGURES: Final = {
    MoneyReason.DEFERRED: "deferred",
    MoneyReason.SPENT: "spent",
    MoneyReason.ENDED: "ended",
    MoneyReason.ESTIMATE: "changed",
    MoneyReason.RETURNED: "returned",
    MoneyReason.UNDONE: "undone",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One amount, or a number of points, and the address of what it is made of."""

    words: str
    value: int
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line over all months."""

    words: str
    cells: tuple[Cell, ...]
    look: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One class: what it does to the books, and its lines."""

    words: str
    treatment: str
    rows: tuple[Row, ...]


@get(HERE, opt=FINANCE)
async def money_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Opening, deferred, recognised, closing: month by month, for each class."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        days = await calendar(connection)
        span = span_of(visit, begins_on=days.begins_on, most=MOST, usual=USUAL)
        rolled = await roll_money_forward(
            connection,
            known_by=span.recorded_by or visit.at,
            since=span.first,
            until=span.until,
        )
    months = _months(span)
    latest = [one for one in rolled.months if one.month == span.last]
    return page(
        request,
        "money.html",
        span=span,
        months=months,
        parts_=_parts(visit, rolled, months),
        liability=sum(one.liability for one in latest),
        face=sum(one.face_value for one in latest),
        points=sum(one.outstanding for one in latest),
        recognised=-sum(
            one.spent + one.ended + one.changed + one.undone
            for one in rolled.months
            if one.liability or one.spent
        ),
        sound=all(
            one.opening + sum(getattr(one, name) for name in FIGURES.values()) == one.closing
            for one in rolled.months
        ),
        currency=rolled.currency,
    )


@get(f"{HERE}/{{reason:str}}", opt=FINANCE)
async def reason_page(request: Request[Any, Any, Any], reason: FromPath[str]) -> Response[Any]:
    """The cohorts that one amount is made of."""
    visit = visit_of(request)
    month, lot_class = month_of(visit.query.get("month", "")), visit.query.get("class", "")
    if reason not in set(MoneyReason) or month is None or lot_class not in set(LotClass):
        raise PageMissing
    wanted = MoneyReason(reason)
    async with visit.application.database.snapshot() as connection:
        entries = await money_entries(
            connection, known_by=visit.at, since=month, until=months_later(month, 1)
        )
    rows = [one for one in entries if one.reason is wanted and one.lot_class == lot_class]
    return page(
        request,
        "money_reason.html",
        words=visit.voice.say(MONEY_REASONS[wanted]),
        class_words=visit.voice.say(LOT_CLASSES[LotClass(lot_class)]),
        month=month,
        rows=rows,
        total=sum(one.amount for one in rows),
        back=f"{HERE}?{urlencode({'to': f'{month:%Y-%m}'})}",
    )


def _months(span: Span) -> list[date]:
    months = [span.first]
    while months[-1] < span.last:
        months.append(months_later(months[-1], 1))
    return months


def _parts(visit: Visit, rolled: MoneyRollForward, months: Sequence[date]) -> tuple[Part, ...]:
    found = {(one.lot_class, one.month): one for one in rolled.months}
    parts = []
    for lot_class in CLASS_ORDER:
        own = {month: found[lot_class, month] for month in months if (lot_class, month) in found}
        if own:
            parts.append(_part(visit, lot_class, own, months))
    return tuple(parts)


def _part(
    visit: Visit, lot_class: LotClass, found: dict[date, MoneyMonth], months: Sequence[date]
) -> Part:
    """A class; a month in which it has no cohort is a month of zeros."""
    voice = visit.voice

    def line(words: str, name: str, *, reason: MoneyReason | None = None, look: str = "") -> Row:
        cells = []
        for month in months:
            value = getattr(found[month], name) if month in found else 0
            asked = urlencode({"month": f"{month:%Y-%m}", "class": lot_class.value})
            href = f"money/{reason.value}?{asked}" if reason is not None and value else None
            cells.append(Cell(voice.money(value), value, href))
        return Row(voice.say(words), tuple(cells), look)

    reasons = [
        line(words, FIGURES[reason], reason=reason) for reason, words in MONEY_REASONS.items()
    ]
    points = tuple(
        Cell(voice.number(value := found[month].outstanding if month in found else 0), value)
        for month in months
    )
    return Part(
        voice.say(LOT_CLASSES[lot_class]),
        voice.say(TREATMENTS[next(iter(found.values())).treatment]),
        (
            line(voice.say("Opening balance"), "opening", look="opening"),
            *(row for row in reasons if any(cell.value for cell in row.cells)),
            line(voice.say("Closing balance"), "closing", look="closing"),
            Row(voice.say("Points outstanding"), points, "pocket"),
            line(voice.say("Their face value"), "face_value", look="pocket"),
        ),
    )


ROUTES: Final = (money_page, reason_page)
