"""The books: a trial balance at any instant, and the way from a figure down to its events."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

import ledger
from api.auth import ApiRequest, application_of
from api.bodies import RequestInvalid, read_query
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.finance import AccountEntryOut, JournalOut, TrialBalanceOut
from api.schemas.types import Instant
from api.writing import now_of, ok
from loyalty.errors import LoyaltyError
from loyalty.ids import MalformedId, read
from loyalty.keys import Role

_READERS: Final[frozenset[Role]] = frozenset({"finance", "admin"})
_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownJournal(LoyaltyError):
    """There is no journal {seen}."""

    code = "unknown-journal"
    seen: str


class UnknownAccount(LoyaltyError):
    """There is no account {seen}; the accounts are {wanted}."""

    code = "unknown-account"
    seen: str
    wanted: str


class InstantQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """As of when, and of what was recorded by when; now when left out."""

    at: Instant | None = None
    recorded_by: Instant | None = None


class EntriesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries of an account, latest first, in the half-open span [since, until)."""

    since: Instant | None = None
    until: Instant | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


@get(
    "/finance/trial-balance",
    opt=operation(
        Operation(
            summary="Read the trial balance at an instant",
            tag="finance",
            roles=_READERS,
            query=InstantQuery,
            answers={200: TrialBalanceOut},
            refusals=("unanswerable-instant", "recorded-in-future"),
        )
    ),
)
async def read_trial_balance(request: ApiRequest) -> Response[bytes]:
    """Answer every account: the members' side from wallets, the programme's from journals."""
    now = now_of(request)
    query = read_query(request, InstantQuery)
    at = _sensible(query.at, "at", now) or now
    async with application_of(request).database.snapshot() as connection:
        books = await ledger.trial_balance(
            connection, at=at, recorded_by=query.recorded_by, now=now
        )
    return ok(TrialBalanceOut.of(books))


@get(
    "/finance/accounts/{account:str}/entries",
    opt=operation(
        Operation(
            summary="List the journals that moved an account",
            tag="finance",
            roles=_READERS,
            query=EntriesQuery,
            answers={200: Page[AccountEntryOut]},
            refusals=("unknown-account",),
            parameters={"account": "The account's name, such as issued."},
        )
    ),
)
async def list_entries(request: ApiRequest) -> Response[bytes]:
    """Answer the entries, latest effective first."""
    query, account, now = read_query(request, EntriesQuery), _account(request), now_of(request)
    since = _sensible(query.since, "since", now)
    until = _sensible(query.until, "until", now)
    list_ = f"entries {account} {since} {until}"
    async with application_of(request).database.read() as connection:
        found = await ledger.account_entries(
            connection,
            account,
            since=since,
            until=until,
            before=read_cursor(request, list_, query.after, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = found[: query.limit]
    next_ = None
    if len(found) > query.limit:
        last = page[-1]
        next_ = sign_cursor(request, list_, [last.effective_at.isoformat(), str(last.journal)])
    return ok(Page([AccountEntryOut.of(entry) for entry in page], next_))


@get(
    "/finance/journals/{journal:str}",
    opt=operation(
        Operation(
            summary="Read one journal with its transfers",
            tag="finance",
            roles=_READERS,
            answers={200: JournalOut},
            refusals=("unknown-journal",),
            parameters={"journal": "Our id (jrn_…)."},
        )
    ),
)
async def read_journal(request: ApiRequest) -> Response[bytes]:
    """Answer a business event to the last transfer."""
    text = str(request.path_params["journal"])
    try:
        id_ = read("jrn", text)
    except MalformedId:
        raise UnknownJournal(seen=text[:80]) from None
    async with application_of(request).database.read() as connection:
        journal = await ledger.find_journal(connection, id_)
    if journal is None:
        raise UnknownJournal(seen=text[:80])
    return ok(JournalOut.of(journal))


def _account(request: ApiRequest) -> ledger.Account:
    text = str(request.path_params["account"])
    try:
        return ledger.Account(text)
    except ValueError:
        names = ", ".join(account.value for account in ledger.Account)
        raise UnknownAccount(seen=text[:80], wanted=names) from None


def _sensible(given: datetime | None, name: str, now: datetime) -> datetime | None:
    """Refuse an instant before there were books or after now."""
    if given is not None and not _OLDEST <= given <= now:
        raise RequestInvalid(
            pointer=f"/query/{name}", seen="not between 1970 and now", reason="out-of-range"
        )
    return given


ROUTES: Final = (read_trial_balance, list_entries, read_journal)
