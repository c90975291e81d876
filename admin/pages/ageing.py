"""The age of the points that members hold, and the members who owe some."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.asked import Asked, asked_of, further, place_of
from admin.books_words import NO_TIER
from admin.charts import share
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.language import Voice
from admin.lot_rows import lot_place, lot_rows
from admin.render import page
from admin.standings import tier_names
from admin.visit import Visit, visit_of
from admin.words import LOT_CLASSES
from ledger import (
    AGES,
    Account,
    Ageing,
    AgeLine,
    Debt,
    LedgerError,
    LotClass,
    TrialBalance,
    ageing,
    cohort_lots,
    debts,
)
from ledger import trial_balance as read_trial_balance
from loyalty.members.listing import entries_of_holders
from tiers import Ladder, live_ladder

FINANCE: Final = {NEEDS: Needs.FINANCE}
PAGE_SIZE: Final = 50
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Band:
    """The lots of one age, summed, and of each birth."""

    first: int
    words: str
    lots: int
    pending: int
    available: int
    held: int
    points: int
    length: int
    births: tuple[int, ...]


@get("/console/finance/ageing", opt=FINANCE)
async def ageing_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """What is left of all lots, by age and by class or tier."""
    visit = visit_of(request)
    asked = asked_of(visit)
    by_tier = visit.query.get("by") == "tier"
    async with visit.application.database.snapshot() as connection:
        try:
            found = await _ageing(connection, visit, asked)
        except LedgerError as error:
            asked = asked.refused(visit, error)
            found = await _ageing(connection, visit, asked)
        balance = await read_trial_balance(
            connection, at=asked.at, recorded_by=asked.recorded_by, now=visit.at
        )
        ladder = await live_ladder(connection)
    births = _births(found.lines, by_tier=by_tier)
    bands = _bands(visit.voice, found.lines, births, by_tier=by_tier)
    points = sum(band.points for band in bands)
    return page(
        request,
        "ageing.html",
        asked=asked,
        by="tier" if by_tier else "class",
        views=[
            (visit.voice.say("By class"), further(visit, by="class"), not by_tier),
            (visit.voice.say("By tier"), further(visit, by="tier"), by_tier),
        ],
        births=[(one, _birth(visit, one, ladder, by_tier=by_tier)) for one in births],
        bands=bands,
        points=points,
        face=visit.policy.point_value.money_down(points),
        agrees=points == _held_by_members(balance),
    )


@get("/console/finance/debts", opt=FINANCE)
async def debts_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Who owes points, how many, and since when."""
    visit = visit_of(request)
    asked = asked_of(visit)
    after = _after(visit)
    async with visit.application.database.snapshot() as connection:
        try:
            found = await _debts(connection, visit, asked, after)
        except LedgerError as error:
            asked = asked.refused(visit, error)
            found = await _debts(connection, visit, asked, after)
        shown = found[:PAGE_SIZE]
        members = await entries_of_holders(connection, {one.holder for one in shown})
        balance = await read_trial_balance(
            connection, at=asked.at, recorded_by=asked.recorded_by, now=visit.at
        )
    whole = sum(one.debit for one in balance.member_side if one.account is Account.DEBT)
    return page(
        request,
        "debts.html",
        asked=asked,
        rows=[(one, members.get(one.holder)) for one in shown],
        whole=whole,
        face=visit.policy.point_value.money_down(whole),
        older=further(visit, after=str(shown[-1].holder)) if len(found) > PAGE_SIZE else None,
        newest=further(visit, after="") if after is not None else None,
    )


@get("/console/finance/ageing/lots", opt=FINANCE)
async def aged_lots_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The lots of one age and class, oldest first, each with the order that earned it."""
    visit = visit_of(request)
    asked, lot_class = asked_of(visit), visit.query.get("class", "")
    band = next((one for one in AGES if str(one) == visit.query.get("age")), None)
    if lot_class not in set(LotClass) or band is None:
        raise PageMissing
    last = next((one - 1 for one in AGES if one > band), None)
    day = visit.policy.day_of(asked.at)
    async with visit.application.database.snapshot() as connection:
        lots = await cohort_lots(
            connection,
            lot_class=LotClass(lot_class),
            since=BEGINNING if last is None else visit.policy.midnight(day - timedelta(days=last)),
            until=visit.policy.midnight(day - timedelta(days=band - 1)),
            after=place_of(visit, "after"),
            limit=PAGE_SIZE + 1,
        )
        rows = await lot_rows(connection, lots[:PAGE_SIZE])
    return page(
        request,
        "aged_lots.html",
        asked=asked,
        age=_age(visit.voice, band, last),
        class_words=visit.voice.say(LOT_CLASSES[LotClass(lot_class)]),
        lots=rows,
        older=further(visit, after=lot_place(lots[PAGE_SIZE - 1]))
        if len(lots) > PAGE_SIZE
        else None,
        newest=further(visit, after="") if "after" in visit.query else None,
    )


async def _ageing(connection: AsyncConnection, visit: Visit, asked: Asked) -> Ageing:
    return await ageing(connection, at=asked.at, recorded_by=asked.recorded_by, now=visit.at)


async def _debts(
    connection: AsyncConnection, visit: Visit, asked: Asked, after: UUID | None
) -> Sequence[Debt]:
    return await debts(
        connection,
        at=asked.at,
        recorded_by=asked.recorded_by,
        now=visit.at,
        after=after,
        limit=PAGE_SIZE + 1,
    )


def _births(lines: Sequence[AgeLine], *, by_tier: bool) -> list[str]:
    """The classes or tiers that have anything, in their order."""
    if by_tier:
        return sorted({one.tier for one in lines})
    there = {one.lot_class for one in lines}
    return [one.value for one in LOT_CLASSES if one in there]


def _birth(visit: Visit, birth: str, ladder: Ladder | None, *, by_tier: bool) -> str:
    if by_tier:
        names = tier_names(visit.voice, ladder)
        return names.get(f"tier:{birth}", birth) if birth else visit.voice.say(NO_TIER)
    return next(visit.voice.say(words) for one, words in LOT_CLASSES.items() if one == birth)


def _bands(
    voice: Voice, lines: Sequence[AgeLine], births: Sequence[str], *, by_tier: bool
) -> list[Band]:
    """One row an age, the youngest first, with its share of everything."""
    by_age: dict[tuple[int, int | None], list[AgeLine]] = defaultdict(list)
    for one in lines:
        by_age[one.from_days, one.to_days].append(one)
    most = max((sum(one.points for one in part) for part in by_age.values()), default=0)
    bands = []
    for (first, last), part in sorted(by_age.items()):
        by_birth: dict[str, int] = defaultdict(int)
        for one in part:
            by_birth[one.tier if by_tier else one.lot_class.value] += one.points
        points = sum(one.points for one in part)
        bands.append(
            Band(
                first,
                _age(voice, first, last),
                sum(one.lots for one in part),
                sum(one.pending for one in part),
                sum(one.available for one in part),
                sum(one.held for one in part),
                points,
                share(points, most),
                tuple(by_birth[birth] for birth in births),
            )
        )
    return bands


def _age(voice: Voice, first: int, last: int | None) -> str:
    if last is None:
        return voice.count("%(number)s day and more", "%(number)s days and more", first)
    return voice.say(
        "%(first)s to %(last)s days", first=voice.number(first), last=voice.number(last)
    )


def _held_by_members(balance: TrialBalance) -> int:
    return sum(one.balance for one in balance.member_side if one.account is not Account.DEBT)


def _after(visit: Visit) -> UUID | None:
    try:
        return UUID(visit.query.get("after", ""))
    except ValueError:
        return None


ROUTES: Final = (ageing_page, aged_lots_page, debts_page)
