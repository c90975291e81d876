"""The points by month: from opening to closing, split by birth, every figure with its entries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import Span, asked_of, further, month_of, place_of, span_of
from admin.books_words import ALWAYS, COMPONENTS, DEBT_HAS_NO_CLASS, NO_TIER
from admin.entry_rows import cursor, entry_rows, known_by
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.render import page
from admin.standings import tier_names
from admin.visit import Visit, visit_of
from admin.words import LOT_CLASSES, N_
from ledger import (
    Breakdown,
    Component,
    LedgerError,
    LotClass,
    RollForward,
    RollForwardLine,
    booked_entries,
    calendar,
    roll_forward,
)
from loyalty.policy import months_later
from tiers import Ladder, live_ladder

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/roll-forward"
PAGE_SIZE: Final = 50
MOST: Final = 12
MOST_SPLIT: Final = 6
USUAL: Final = 6
SPLITS: Final = (
    (Breakdown.NONE, N_("All together")),
    (Breakdown.CLASS, N_("By class")),
    (Breakdown.TIER, N_("By tier")),
)
POCKETS: Final = (
    ("available", N_("Available")),
    ("pending", N_("Pending")),
    ("held", N_("Held for orders")),
    ("debt", N_("Debt of members")),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure and the address of what it is made of."""

    value: int
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line over all months, and over the whole span."""

    words: str
    cells: tuple[Cell, ...]
    whole: Cell
    look: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """Where the figures of one birth lead, under the question that was asked."""

    born: Mapping[str, str]
    recorded_by: str
    today: date

    def entries(self, component: Component, first: date, last: date) -> str:
        """The journals of a figure."""
        until = {} if first == last else {"to": f"{last:%Y-%m}"}
        asked = {"from": f"{first:%Y-%m}", **until, **self.born, **self._known()}
        return f"roll-forward/{component.value}?{urlencode(asked)}"

    def stand(self, day: date) -> str:
        """Where a balance is explained: the accounts, or the lots by age for one birth."""
        where = "ageing" if self.born else "trial-balance"
        asked = {**({"by": next(iter(self.born))} if self.born else {}), **self._known()}
        if day < self.today:
            asked["on"] = day.isoformat()
        return f"{where}?{urlencode(asked)}" if asked else where

    def _known(self) -> dict[str, str]:
        return {"recorded_by": self.recorded_by} if self.recorded_by else {}


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of everything, or of one birth."""

    words: str | None
    rows: tuple[Row, ...]


@get(HERE, opt=FINANCE)
async def roll_forward_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Opening, what moved, closing: month by month."""
    visit = visit_of(request)
    by = next((one for one, _ in SPLITS if one == visit.query.get("by")), Breakdown.NONE)
    most = MOST if by is Breakdown.NONE else MOST_SPLIT
    async with visit.application.database.snapshot() as connection:
        days = await calendar(connection)
        span = span_of(visit, begins_on=days.begins_on, most=most, usual=USUAL)
        try:
            rolled = await _rolled(connection, visit, span, by)
        except LedgerError as error:
            span = span.refused(visit, error)
            rolled = await _rolled(connection, visit, span, by)
        ladder = await live_ladder(connection)
    return page(
        request,
        "roll_forward.html",
        span=span,
        by=by,
        splits=[
            (visit.voice.say(words), further(visit, by=one.value), one is by)
            for one, words in SPLITS
        ],
        months=[one.month for one in rolled.totals],
        parts_=_parts(visit, rolled, ladder, span.form.values["recorded_by"]),
        sound=not any(one.difference for one in (*rolled.totals, *rolled.lines)),
    )


@get(f"{HERE}/{{component:str}}", opt=FINANCE)
async def component_page(
    request: Request[Any, Any, Any], component: FromPath[str]
) -> Response[Any]:
    """The journals that one figure of the roll-forward is made of, latest first."""
    visit = visit_of(request)
    first = month_of(visit.query.get("from", ""))
    last = month_of(visit.query.get("to", "")) or first
    if component not in set(Component) or first is None or last is None:
        raise PageMissing
    wanted = Component(component)
    lot_class, tier = visit.query.get("class"), visit.query.get("tier")
    recorded_by = asked_of(visit).recorded_by
    async with visit.application.database.snapshot() as connection:
        entries = await booked_entries(
            connection,
            wanted,
            since=first,
            until=months_later(last, 1),
            lot_class=lot_class,
            tier=tier,
            before=place_of(visit),
            limit=PAGE_SIZE + 1,
        )
        shown = known_by(entries[:PAGE_SIZE], recorded_by)
        rows = await entry_rows(connection, visit, shown)
        ladder = await live_ladder(connection)
    about = [visit.voice.month(first)] if first == last else [visit.voice.month(first), "–"]
    if first != last:
        about.append(visit.voice.month(last))
    birth = lot_class if lot_class is not None else tier
    by = Breakdown.CLASS if lot_class is not None else Breakdown.TIER
    back = {"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"}
    return page(
        request,
        "component.html",
        words=visit.voice.say(COMPONENTS[wanted][0]),
        months=" ".join(about),
        birth=None if birth is None else _birth_words(visit, by, birth, ladder),
        rows=rows,
        recorded_by=recorded_by,
        back=f"{HERE}?{urlencode(back | ({} if birth is None else {'by': by.value}))}",
        older=further(visit, before=cursor(entries[PAGE_SIZE - 1]))
        if len(entries) > PAGE_SIZE
        else None,
        newest=further(visit, before="") if "before" in visit.query else None,
    )


async def _rolled(
    connection: AsyncConnection, visit: Visit, span: Span, by: Breakdown
) -> RollForward:
    return await roll_forward(
        connection,
        since=span.first,
        until=span.until,
        at=visit.at,
        by=by,
        recorded_by=span.recorded_by,
    )


def _parts(
    visit: Visit, rolled: RollForward, ladder: Ladder | None, recorded_by: str
) -> tuple[Part, ...]:
    whole = Links({}, recorded_by, visit.policy.day_of(visit.at))
    if rolled.by is Breakdown.NONE:
        return (_part(visit, None, rolled.totals, whole, full=True),)
    births = dict.fromkeys(one.birth or "" for one in rolled.lines)
    name = "class" if rolled.by is Breakdown.CLASS else "tier"
    parts = [
        _part(
            visit,
            _birth_words(visit, rolled.by, birth, ladder),
            [one for one in rolled.lines if (one.birth or "") == birth],
            replace(whole, born={name: birth}),
            full=False,
        )
        for birth in births
    ]
    together = visit.voice.say("All together")
    return (*parts, _part(visit, together, rolled.totals, whole, full=False))


def _part(
    visit: Visit,
    words: str | None,
    lines: Sequence[RollForwardLine],
    links: Links,
    *,
    full: bool,
) -> Part:
    """Lines of one birth: opening, what moved, closing, and for all of them what closing is."""
    say = visit.voice.say
    first, last = lines[0], lines[-1]
    openings = tuple(
        Cell(one.opening.total, links.stand(one.month - timedelta(days=1))) for one in lines
    )
    rows = [Row(say("Opening balance"), openings, openings[0], "opening")]
    for component, (name, sign) in COMPONENTS.items():
        figures = [sign * _figure(one, component) for one in lines]
        if not any(figures) and (links.born or component not in ALWAYS):
            continue
        cells = tuple(
            Cell(value, links.entries(component, one.month, one.month) if value else None)
            for value, one in zip(figures, lines, strict=True)
        )
        whole = Cell(
            sum(figures),
            links.entries(component, first.month, last.month) if any(figures) else None,
        )
        rows.append(Row(say(name), cells, whole))
    closings = tuple(Cell(one.closing.total, links.stand(_last_day(one.month))) for one in lines)
    rows.append(Row(say("Closing balance"), closings, closings[-1], "closing"))
    if full:
        rows += [_pocket(say, name, label, lines) for name, label in POCKETS]
    return Part(words, tuple(rows))


def _pocket(
    say: Callable[[str], str], name: str, label: str, lines: Sequence[RollForwardLine]
) -> Row:
    """One of the four counters that make a closing."""
    sign = -1 if name == "debt" else 1
    cells = tuple(Cell(sign * getattr(one.closing, name)) for one in lines)
    return Row(say(label), cells, cells[-1], "pocket")


def _figure(line: RollForwardLine, component: Component) -> int:
    figure: int = getattr(line, component.value.replace("-", "_"))
    return figure


def _birth_words(visit: Visit, by: Breakdown, birth: str, ladder: Ladder | None) -> str:
    if by is Breakdown.CLASS:
        known = birth in set(LotClass)
        return visit.voice.say(LOT_CLASSES[LotClass(birth)] if known else DEBT_HAS_NO_CLASS)
    if not birth:
        return visit.voice.say(NO_TIER)
    return tier_names(visit.voice, ladder).get(f"tier:{birth}", birth)


def _last_day(month: date) -> date:
    return months_later(month, 1) - timedelta(days=1)


ROUTES: Final = (roll_forward_page, component_page)
