"""The months of the books: which are open, how one is closed and what stands in the way; proofs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.asked import further, month_of
from admin.books_words import PERIOD_STATES
from admin.errors import PageMissing
from admin.forms import Form, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import Badge, badge
from ledger import Period, PeriodState
from loyalty.books.closing import Obstacle, PeriodStatus
from loyalty.books.periods import close_period, find_period, list_periods
from loyalty.idempotency import Begun
from loyalty.policy import months_later
from loyalty.reconciliation import Reconciliation, latest
from loyalty.staff import Person, list_people
from loyalty.verification import Verification, latest_verification, list_verifications
from loyalty.verification.asking import ask_for_proof

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/periods"
PROOFS: Final = "/console/finance/verification"
PATIENCE: Final = timedelta(minutes=10)
SHOWN: Final = 36
NIGHTS: Final = 30
WAITING: Final = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold before a month is closed."""

    words: str
    state: Badge
    detail: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """One month as a line of the list."""

    status: PeriodStatus
    state: Badge
    closed_by: str | None
    turn: bool


@get(HERE, opt=FINANCE)
async def periods_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every month of the books, the latest first."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await list_periods(connection, at=visit.at)
        people = by_id(await list_people(connection))
    due = _due(visit, [one.period for one in found])
    return page(
        request,
        "periods.html",
        months=[_month(visit, one, people, due) for one in found[:SHOWN]],
        due=due,
    )


@get(f"{HERE}/{{month:str}}", opt=FINANCE)
async def period_page(request: Request[Any, Any, Any], month: FromPath[str]) -> Response[Any]:
    """One month: its checks, why it cannot close yet, and the button that begins."""
    return await _period(request, _first(month), Form("close"))


@post(f"{HERE}/{{month:str}}/close", opt=FINANCE)
async def close_form(request: Request[Any, Any, Any], month: FromPath[str]) -> Response[Any]:
    """Begin to close a month, or try again."""
    visit, form, first = visit_of(request), await sent(request), _first(month)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> None:
        await close_period(connection, cause, first)

    then = f"{HERE}/{month}?done=closing-begun"
    try:
        return await once(visit, form, "console.close-period", None, effect, then=then)
    except REFUSALS as error:
        wrong = {"": sentence(visit.voice, error)}
    return await _period(request, first, form.form("close", wrong), status=422)


@get(PROOFS, opt=FINANCE)
async def verification_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """The latest proof, what it found, and those of the nights before."""
    visit = visit_of(request)
    before, asked = _id(visit.query.get("before", "")), _asked(visit)
    async with visit.application.database.read() as connection:
        newest = await latest_verification(connection)
        proofs = await list_verifications(connection, limit=NIGHTS + 1, before=before)
        people = by_id(await list_people(connection))
    shown = proofs[:NIGHTS]
    waits = asked is not None and (newest is None or newest.started_at < asked)
    late = asked is not None and visit.at - asked > PATIENCE
    answer = page(
        request,
        "verification.html",
        newest=newest,
        proofs=[(one, actor_words(visit.voice, one.actor, people)) for one in shown],
        older=further(visit, before=str(shown[-1].id)) if len(proofs) > NIGHTS else None,
        newer=further(visit, before="") if before is not None else None,
        waits=waits,
        late=late,
    )
    if waits and not late:
        # the result shows without a click
        answer.headers["refresh"] = "3"
    return answer


@post(PROOFS, opt=FINANCE)
async def prove_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Let a worker prove everything now."""
    visit, form = visit_of(request), await sent(request)
    cause = visit.cause()

    async def effect(connection: AsyncConnection, _: Begun) -> str:
        await ask_for_proof(connection, cause)
        return f"{PROOFS}?{urlencode({'asked': cause.at.isoformat()})}"

    return await once(visit, form, "console.prove", None, effect, then=PROOFS)


def _asked(visit: Visit) -> datetime | None:
    """When a proof was asked for, as the address has it."""
    try:
        asked = datetime.fromisoformat(visit.query.get("asked", ""))
    except ValueError:
        return None
    return asked if asked.utcoffset() is not None else None


async def _period(
    request: Request[Any, Any, Any], first: date, form: Form, *, status: int = 200
) -> Response[Any]:
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_period(connection, first)
        every = await list_periods(connection, at=visit.at)
        runs = await latest(connection, since=first, until=months_later(first, 1))
        proof = found.verification or await latest_verification(connection)
        people = by_id(await list_people(connection))
    due = _due(visit, [one.period for one in every])
    answer = page(
        request,
        "period.html",
        status=status,
        form=form,
        one=_month(visit, found, people, due),
        checks=_checks(visit, found, due, proof, runs),
        begun_by=None
        if found.period.closing_by is None
        else actor_words(visit.voice, found.period.closing_by, people),
        runs=runs,
    )
    if found.obstacle is Obstacle.UNDER_WAY:
        # what a worker is doing shows without a click
        answer.headers["refresh"] = str(WAITING)
    return answer


def _checks(
    visit: Visit,
    status: PeriodStatus,
    due: date | None,
    proof: Verification | None,
    runs: Sequence[Reconciliation],
) -> list[Check]:
    """What closing needs, and whether it is there; a closed month has had all of it."""
    say, first = visit.voice.say, status.period.month
    ended = status.period.state is PeriodState.CLOSED
    begun = status.period.state is PeriodState.CLOSING
    over = months_later(first, 1) <= visit.policy.day_of(visit.at)
    turn = ended or begun or first == due
    return [
        Check(
            say("The month is over"),
            _mark(visit, holds=over),
            "" if over else say("It ends on %(day)s.", day=visit.voice.day(months_later(first, 1))),
        ),
        Check(
            say("All months before it are closed"),
            _mark(visit, holds=turn),
            ""
            if turn or due is None
            else say("%(month)s comes first.", month=visit.voice.month(due)),
            None if turn or due is None else f"{HERE}/{due:%Y-%m}",
        ),
        _proof_check(visit, proof, ended=ended, begun=begun),
        _reconciled(visit, runs, ended=ended),
    ]


def _proof_check(visit: Visit, proof: Verification | None, *, ended: bool, begun: bool) -> Check:
    say = visit.voice.say
    words = say("Every promise of the books is proved")
    if proof is None:
        return Check(words, _mark(visit, holds=None), say("It is proved while the month closes."))
    when = visit.voice.instant(proof.finished_at)
    if ended:
        return Check(words, _mark(visit, holds=True), "", PROOFS)
    if not proof.clean:
        return Check(
            words,
            _mark(visit, holds=False),
            say("%(row)s breaks one, found on %(when)s.", row=proof.findings[0].row, when=when),
            PROOFS,
        )
    detail = (
        say("Proved on %(when)s.", when=when)
        if begun
        else say("Last proved on %(when)s; proved again while the month closes.", when=when)
    )
    return Check(words, _mark(visit, holds=True), detail, PROOFS)


def _reconciled(visit: Visit, runs: Sequence[Reconciliation], *, ended: bool) -> Check:
    voice = visit.voice
    words = voice.say("Orders and ledger agree, or every difference is explained")
    if not runs:
        return Check(
            words, _mark(visit, holds=None), voice.say("They are compared while the month closes.")
        )
    latest_run = max(runs, key=lambda run: run.number)
    left = sum(run.open_items for run in runs)
    href = f"/console/finance/reconciliation/{latest_run.number}"
    if left and not ended:
        detail = voice.count(
            "%(number)s difference is not explained.",
            "%(number)s differences are not explained.",
            left,
        )
        return Check(words, _mark(visit, holds=False), detail, href)
    return Check(
        words,
        _mark(visit, holds=True),
        voice.say("Comparison %(number)s.", number=voice.number(latest_run.number)),
        href,
    )


def _mark(visit: Visit, *, holds: bool | None) -> Badge:
    if holds is None:
        return Badge(visit.voice.say("Not yet"), "")
    return (
        Badge(visit.voice.say("Holds"), "good")
        if holds
        else Badge(visit.voice.say("Not so"), "bad")
    )


def _month(
    visit: Visit, status: PeriodStatus, people: Mapping[UUID, Person], due: date | None
) -> Month:
    by = status.period.closed_by
    return Month(
        status,
        badge(visit.voice, PERIOD_STATES, status.period.state.value),
        None if by is None else actor_words(visit.voice, by, people),
        status.period.month == due,
    )


def _due(visit: Visit, months: Sequence[Period]) -> date | None:
    """The month whose turn it is to be closed: the first one open, once it is over."""
    waiting = [one.month for one in months if one.state is not PeriodState.CLOSED]
    first = min(waiting, default=None)
    today = visit.policy.day_of(visit.at)
    return first if first is not None and months_later(first, 1) <= today else None


def _first(text: str) -> date:
    month = month_of(text)
    if month is None:
        raise PageMissing
    return month


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


ROUTES: Final = (periods_page, period_page, close_form, verification_page, prove_form)
