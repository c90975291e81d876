"""Finance: the trial balance, the journals of an account, and one journal with its transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.asked import Asked, asked_of, further, place_of
from admin.entry_rows import cursor, entry_rows, known_by, order_links
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import ACCOUNTS, KINDS
from ledger import (
    Account,
    AccountBalance,
    LedgerError,
    TrialBalance,
    booked_entries,
    find_journal,
    trial_balance,
)
from loyalty.exports.entries import order_of
from loyalty.members import member_of_holder
from loyalty.staff import list_people

FINANCE: Final = {NEEDS: Needs.FINANCE}
PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One account of the trial balance."""

    account: Account
    words: str
    debit: int
    credit: int
    balance: int


@dataclass(frozen=True, slots=True)
class Side:
    """The accounts of one side and their sum."""

    words: str
    rows: tuple[Row, ...]
    debit: int
    credit: int
    balance: int


@get("/console/finance/trial-balance", opt=FINANCE)
async def trial_balance_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every account at an instant, the two sides, and whether they balance."""
    visit = visit_of(request)
    asked = asked_of(visit)
    async with visit.application.database.snapshot() as connection:
        try:
            balance = await _balance(connection, visit, asked)
        except LedgerError as error:
            asked = asked.refused(visit, error)
            balance = await _balance(connection, visit, asked)
    outstanding = _outstanding(balance)
    return page(
        request,
        "trial_balance.html",
        sides=_sides(visit, balance),
        balance=balance,
        outstanding=outstanding,
        face=visit.policy.point_value.money_down(max(outstanding, 0)),
        asked=asked,
    )


@get("/console/finance/accounts/{account:str}", opt=FINANCE)
async def account_page(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any]:
    """The journals that moved an account, latest first."""
    visit = visit_of(request)
    try:
        wanted = Account(account)
    except ValueError:
        raise PageMissing from None
    asked = asked_of(visit)
    async with visit.application.database.snapshot() as connection:
        entries = await booked_entries(
            connection,
            wanted,
            since=date.min,
            until=visit.policy.day_of(asked.at) + timedelta(days=1),
            before=place_of(visit) or (asked.at + timedelta(microseconds=1), UUID(int=0)),
            limit=PAGE_SIZE + 1,
        )
        shown = known_by(entries[:PAGE_SIZE], asked.recorded_by)
        rows = await entry_rows(connection, visit, shown)
    return page(
        request,
        "account.html",
        words=visit.voice.say(ACCOUNTS[wanted]),
        rows=rows,
        asked=asked,
        older=further(visit, before=cursor(entries[PAGE_SIZE - 1]))
        if len(entries) > PAGE_SIZE
        else None,
        newest=further(visit, before="") if "before" in visit.query else None,
    )


@get("/console/finance/journals/{journal:uuid}", opt=FINANCE)
async def journal_page(request: Request[Any, Any, Any], journal: FromPath[UUID]) -> Response[Any]:
    """One journal: what happened, why, by whom, and every transfer."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_journal(connection, journal)
        if found is None:
            raise PageMissing
        people = by_id(await list_people(connection))
        member = await member_of_holder(connection, found.holder)
        order = order_of(found.key)
        links = await order_links(connection, {order})
    return page(
        request,
        "journal.html",
        journal=found,
        kind=visit.voice.say(KINDS[found.kind]),
        who=actor_words(visit.voice, found.actor, people),
        member=member,
        order=links.get(order) if order is not None else None,
        transfers=[
            (
                transfer,
                visit.voice.say(ACCOUNTS[transfer.debit]),
                visit.voice.say(ACCOUNTS[transfer.credit]),
            )
            for transfer in found.transfers
        ],
        total=sum(transfer.amount for transfer in found.transfers),
        labels=sorted(found.labels.items()),
    )


async def _balance(connection: AsyncConnection, visit: Visit, asked: Asked) -> TrialBalance:
    return await trial_balance(connection, at=asked.at, recorded_by=asked.recorded_by, now=visit.at)


def _sides(visit: Visit, balance: TrialBalance) -> tuple[Side, ...]:
    return (
        _side(visit, visit.voice.say("Members, from their wallets"), balance.member_side),
        _side(visit, visit.voice.say("Programme, from the journals"), balance.programme_side),
    )


def _side(visit: Visit, words: str, balances: Sequence[AccountBalance]) -> Side:
    rows = tuple(
        Row(one.account, visit.voice.say(ACCOUNTS[one.account]), one.debit, one.credit, one.balance)
        for one in balances
    )
    return Side(
        words,
        rows,
        sum(row.debit for row in rows),
        sum(row.credit for row in rows),
        sum(row.balance for row in rows),
    )


def _outstanding(balance: TrialBalance) -> int:
    return sum(one.balance for one in balance.member_side)


ROUTES: Final = (trial_balance_page, account_page, journal_page)
