"""The overview: what is outstanding, how it moved by month, who the members are, latest orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Request, Response, get

from admin.charts import MonthChart, month_chart, share
from admin.guards import NEEDS, Needs
from admin.order_rows import order_rows
from admin.render import page
from admin.standings import TierMark, mark_of
from admin.tasks import tasks_of
from admin.visit import Visit, visit_of
from ledger import Account, MonthTotal, TrialBalance, monthly_totals, trial_balance
from loyalty.members import count_members
from loyalty.orders.listing import latest_orders
from loyalty.policy import months_later
from tiers import Ladder, live_ladder, population

STAFF: Final = {NEEDS: Needs.STAFF}
MONTHS: Final = 12
LATEST: Final = 8
SERIES: Final = (Account.ISSUED, Account.REDEEMED, Account.EXPIRED)


@dataclass(frozen=True, slots=True)
class TierShare:
    """One tier's members and how long its bar is."""

    mark: TierMark
    members: int
    length: int


@get("/console", opt=STAFF)
async def home_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The programme at a glance, every figure with a way to its rows."""
    visit = visit_of(request)
    today = visit.policy.day_of(visit.at)
    first = months_later(today.replace(day=1), 1 - MONTHS)
    async with visit.application.database.snapshot() as connection:
        balance = await trial_balance(connection, at=visit.at)
        totals = await monthly_totals(
            connection, accounts=SERIES, since=first, until=months_later(today.replace(day=1), 1)
        )
        members = await count_members(connection)
        ladder = await live_ladder(connection)
        tiers = () if ladder is None else await population(connection, on=today)
        orders = await latest_orders(connection, limit=LATEST)
        tasks = await tasks_of(connection, visit)
    months = _months(first, totals)
    counters = {one.account: one.balance for one in balance.member_side}
    outstanding = _outstanding(balance)
    return page(
        request,
        "home.html",
        outstanding=outstanding,
        face=visit.policy.point_value.money_down(max(0, outstanding)),
        counters=counters,
        members=members,
        months=months,
        chart=_chart(months),
        tiers=_shares(visit, ladder, tiers, members),
        orders=order_rows(visit, orders),
        tasks=tasks,
        host=request.headers.get("host", "127.0.0.1"),
    )


def _outstanding(balance: TrialBalance) -> int:
    return sum(one.balance for one in balance.member_side)


def _months(
    first: date, totals: Sequence[MonthTotal]
) -> tuple[tuple[date, Mapping[Account, int]], ...]:
    """Every month with what each account moved; months without movement are there too.

    An account of the programme is debited when it gives points out and credited when it takes
    them back, so a figure is the distance of the two.
    """
    moved = {(one.month, one.account): abs(one.debit - one.credit) for one in totals}
    months = [months_later(first, place) for place in range(MONTHS)]
    return tuple(
        (month, {account: moved.get((month, account), 0) for account in SERIES}) for month in months
    )


def _chart(months: Sequence[tuple[date, Mapping[Account, int]]]) -> MonthChart:
    return month_chart([(month, [moved[one] for one in SERIES]) for month, moved in months])


def _shares(
    visit: Visit, ladder: Ladder | None, tiers: Sequence[tuple[str, int]], members: int
) -> list[TierShare]:
    if ladder is None:
        return []
    decided = sum(count for _, count in tiers)
    undecided = max(0, members - decided)
    counts = [
        (code, count + (undecided if place == 0 else 0))
        for place, (code, count) in enumerate(tiers)
    ]
    most = max((count for _, count in counts), default=0)
    return [
        TierShare(mark_of(visit.voice, ladder, code), count, share(count, most))
        for code, count in reversed(counts)
    ]


ROUTES: Final = (home_page,)
