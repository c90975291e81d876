"""Finance: the trial balance, the journals of an account, and one journal with its transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from admin.actors import actor_words, by_id
from admin.errors import PageMissing
from admin.guards import NEEDS, Needs
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import ACCOUNTS, KINDS
from ledger import (
    Account,
    AccountBalance,
    TrialBalance,
    account_entries,
    find_journal,
    trial_balance,
)
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
    on, at, mistaken = _asked(visit)
    async with visit.application.database.snapshot() as connection:
        balance = await trial_balance(connection, at=at)
    value = visit.policy.point_value
    outstanding = _outstanding(balance)
    return page(
        request,
        "trial_balance.html",
        sides=_sides(visit, balance),
        balance=balance,
        outstanding=outstanding,
        face=value.money_down(max(outstanding, 0)),
        at=at,
        on=on,
        today=visit.policy.day_of(visit.at),
        mistaken=mistaken,
    )


@get("/console/finance/accounts/{account:str}", opt=FINANCE)
async def account_page(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any]:
    """The journals that moved an account, latest first."""
    visit = visit_of(request)
    try:
        wanted = Account(account)
    except ValueError:
        raise PageMissing from None
    on, at, _ = _asked(visit)
    async with visit.application.database.snapshot() as connection:
        entries = await account_entries(
            connection, wanted, until=at, before=_cursor(visit), limit=PAGE_SIZE + 1
        )
        people = by_id(await list_people(connection))
    shown = entries[:PAGE_SIZE]
    older = None
    if len(entries) > PAGE_SIZE:
        last = shown[-1]
        older = "?" + urlencode(
            {"on": on.isoformat(), "before": f"{last.effective_at.isoformat()}_{last.journal}"}
        )
    return page(
        request,
        "account.html",
        account=wanted,
        words=visit.voice.say(ACCOUNTS[wanted]),
        entries=[
            (
                entry,
                visit.voice.say(KINDS[entry.kind]),
                actor_words(visit.voice, entry.actor, people),
            )
            for entry in shown
        ],
        older=older,
        paged="before" in visit.query,
        on=on,
        at=at,
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
    return page(
        request,
        "journal.html",
        journal=found,
        kind=visit.voice.say(KINDS[found.kind]),
        who=actor_words(visit.voice, found.actor, people),
        member=member,
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


def _asked(visit: Visit) -> tuple[date, datetime, bool]:
    """The business day in the address, the instant at its end, and whether it was unreadable.

    Without one, the books are shown as of now.
    """
    today = visit.policy.day_of(visit.at)
    text = visit.query.get("on", "")
    try:
        on = date.fromisoformat(text) if text else today
        at = visit.policy.midnight(on + timedelta(days=1))
    except (ValueError, OverflowError):
        return today, visit.at, True
    return (today, visit.at, bool(text) and on > today) if on >= today else (on, at, False)


def _cursor(visit: Visit) -> tuple[datetime, UUID] | None:
    instant, _, journal = visit.query.get("before", "").partition("_")
    try:
        read = datetime.fromisoformat(instant), UUID(journal)
    except ValueError:
        return None
    return read if read[0].utcoffset() is not None else None


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
