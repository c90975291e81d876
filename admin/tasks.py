"""What waits for the person signed in: shown on the overview, each with the way to it."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from admin.visit import Visit
from ledger import PeriodState, periods
from loyalty.orders.aftersales.exceptions import list_exceptions
from loyalty.outbox import State, list_messages
from loyalty.policy import months_later
from loyalty.verification import latest_verification


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do; ``look`` is its colour, which only repeats what the words say."""

    words: str
    href: str
    look: str = ""


async def tasks_of(connection: AsyncConnection, visit: Visit) -> list[Task]:
    """What is to be done, by what the person may do; most often nothing."""
    tasks = []
    if visit.finance:
        tasks += await _proof(connection, visit)
        tasks += await _month(connection, visit)
    if await list_exceptions(connection, limit=1):
        words = visit.voice.say("Exceptions wait to be worked through")
        tasks.append(Task(words, "/console/exceptions", "warn"))
    if visit.admin and await list_messages(connection, limit=1, state=State.FAILED):
        words = visit.voice.say("Some messages to members failed")
        tasks.append(Task(words, "/console/messages?state=failed", "warn"))
    return tasks


async def _proof(connection: AsyncConnection, visit: Visit) -> list[Task]:
    """The latest proof, if it found something."""
    newest = await latest_verification(connection)
    if newest is None or newest.clean:
        return []
    words = visit.voice.say("The books do not keep a promise: %(row)s", row=newest.findings[0].row)
    return [Task(words, "/console/finance/verification", "bad")]


async def _month(connection: AsyncConnection, visit: Visit) -> list[Task]:
    """The month whose turn it is to be closed, once it is over."""
    today = visit.policy.day_of(visit.at)
    for one in await periods(connection, until=months_later(today.replace(day=1), -1)):
        if one.state is PeriodState.CLOSED:
            continue
        month = visit.voice.month(one.month)
        href = f"/console/finance/periods/{one.month:%Y-%m}"
        if one.state is PeriodState.CLOSING:
            return [Task(visit.voice.say("%(month)s is being closed", month=month), href)]
        return [Task(visit.voice.say("%(month)s can be closed", month=month), href)]
    return []
