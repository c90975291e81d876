"""The inbox: hints of Stripe's, kept once each before they are looked into.

A hint is kept and its job enqueued in one transaction, so nothing that was answered 2xx is lost.
The worker finds what waits, one subscription at a time, and brings it in; several hints
about one subscription are one question. A hint is done when a question asked after it is settled.
"""

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

import structlog
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.connecting import Billing
from loyalty.billing.errors import StripeOff, StripeUnavailable
from loyalty.billing.hints import Hint
from loyalty.billing.leaving import bring_in
from loyalty.billing.tables import stripe_event
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.errors import LoyaltyError

JOB: Final = "handle-stripe-events"
BATCH: Final = 100
BROKEN: Final = "broken"
"""What came of a hint of which our own work failed, for a reason that the log says."""
ATTEMPTS: Final = 12
"""After so many it is for a person to look at, who may let it be tried again."""
SLACK: Final = timedelta(seconds=5)
"""By how much the clocks of two processes may differ; less than any pause."""
FIRST_PAUSE: Final = timedelta(seconds=20)
LONGEST_PAUSE: Final = timedelta(hours=6)

LOG: Final = structlog.get_logger(__name__)
T = TypeVar("T")
State = Literal["waiting", "handled", "failed"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hint that waits to be looked into."""

    id: str
    type: str
    subject: str
    subscription: str | None
    payment_intent: str | None
    attempts: int


async def keep(
    connection: AsyncConnection, hint: Hint, *, source: Literal["webhook", "sweep"], at: datetime
) -> bool:
    """Keep a hint until it is looked into; False when it was kept before."""
    kept = await connection.execute(
        insert(stripe_event)
        .values(
            id=hint.id,
            type=hint.type,
            api_version=hint.api_version,
            subject=hint.subject,
            subscription=hint.subscription,
            payment_intent=hint.payment_intent,
            source=source,
            happened_at=hint.happened_at,
            received_at=at,
            next_at=at if hint.matters else None,
            handled_at=None if hint.matters else at,
            outcome=None if hint.matters else "passed-over",
        )
        .on_conflict_do_nothing(constraint="stripe_event_comes_in_once")
        .returning(stripe_event.c.id)
    )
    return kept.one_or_none() is not None


async def handle_events(application: Application, cause: Cause) -> int:
    """Look into everything that waits; answer how many hints were settled."""
    settled, seen = 0, set[str]()
    while batch := await _next(application, cause.at, seen):
        seen |= {each.id for each in batch}
        for subscription, hints in (await _by_subscription(application, cause, batch)).items():
            settled += await _look_into(application, cause, subscription, hints)
    return settled


async def count_events(connection: AsyncConnection) -> Mapping[State, int]:
    """Return how many hints wait, are settled, and have failed."""
    own = stripe_event.c
    row = (
        await connection.execute(
            select(
                func.count(own.next_at).label("waiting"),
                func.count(own.handled_at).label("handled"),
                func.count(own.failed_at).label("failed"),
            )
        )
    ).one()
    return {"waiting": row.waiting, "handled": row.handled, "failed": row.failed}


@dataclass(frozen=True, slots=True)
class Kept:
    """A hint as it is kept."""

    id: str
    type: str
    api_version: str | None
    subject: str
    subscription: str | None
    source: str
    happened_at: datetime
    received_at: datetime
    attempts: int
    next_at: datetime | None
    handled_at: datetime | None
    failed_at: datetime | None
    outcome: str | None

    @property
    def state(self) -> State:
        """Whether it waits, is settled, or is for a person to look at."""
        if self.failed_at is not None:
            return "failed"
        return "waiting" if self.next_at is not None else "handled"


async def list_events(
    connection: AsyncConnection,
    *,
    state: State | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Kept]:
    """Return hints, the latest first."""
    own = stripe_event.c
    wanted = (
        select(*(own[name] for name in Kept.__slots__))
        .order_by(own.received_at.desc(), own.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(tuple_(own.received_at, own.id) < before)
    if state is not None:
        moment = {"waiting": own.next_at, "handled": own.handled_at, "failed": own.failed_at}
        wanted = wanted.where(moment[state].is_not(None))
    return [Kept(*row) for row in await connection.execute(wanted)]


async def _next(application: Application, at: datetime, seen: set[str]) -> Sequence[Waiting]:
    own = stripe_event.c
    wanted = (
        select(own.id, own.type, own.subject, own.subscription, own.payment_intent, own.attempts)
        .where(own.next_at <= at + SLACK, own.id.not_in(sorted(seen)))
        .order_by(own.next_at, own.id)
        .limit(BATCH)
    )
    async with application.database.read() as connection:
        return [Waiting(*row) for row in await connection.execute(wanted)]


async def _by_subscription(
    application: Application, cause: Cause, batch: Sequence[Waiting]
) -> Mapping[str, Sequence[Waiting]]:
    """Find out which subscription each hint is about; what is about none is settled here."""
    found: dict[str, list[Waiting]] = {}
    for each in batch:
        about = each.subscription or await _tried(each.id, _asked_for(application.billing, each))
        if isinstance(about, _Failed):
            await application.database.write(put_off, [each], about.code, at=cause.at)
        elif about is None:
            await application.database.write(settle, [each], "not-ours", at=cause.at)
        else:
            found.setdefault(about, []).append(each)
    return found


async def _asked_for(billing: Billing, hint: Waiting) -> str | None:
    gateway = billing.demand()
    if hint.payment_intent is not None:
        return await gateway.subscription_of_payment(hint.payment_intent)
    if hint.type.startswith("checkout.session."):
        page = await gateway.page(hint.subject)
        return None if page is None else page["subscription"]
    return None


async def _look_into(
    application: Application, cause: Cause, subscription: str, hints: Sequence[Waiting]
) -> int:
    synced = await _tried(subscription, bring_in(application, cause, subscription))
    if isinstance(synced, _Failed) or not synced.settled:
        await application.database.write(put_off, hints, synced.code, at=cause.at)
        return 0
    await application.database.write(settle, hints, synced.code, at=cause.at)
    return len(hints)


@dataclass(frozen=True, slots=True)
class _Failed:
    code: str


async def _tried(about: str, call: Coroutine[Any, Any, T]) -> T | _Failed:
    """Return what came of a question, or the code of what went wrong, which stops no other."""
    try:
        return await call
    except LoyaltyError as error:
        if not isinstance(error, StripeUnavailable | StripeOff):
            LOG.warning("stripe-event-failed", about=about, code=error.code)
        return _Failed(error.code)
    except Exception:
        LOG.exception("stripe-event-broken", about=about)
        return _Failed(BROKEN)


async def settle(
    connection: AsyncConnection, hints: Sequence[Waiting], outcome: str, *, at: datetime
) -> None:
    """Say that hints have been looked into, and what came of it."""
    await connection.execute(
        update(stripe_event)
        .where(
            stripe_event.c.id.in_([each.id for each in hints]),
            stripe_event.c.next_at.is_not(None),
        )
        .values(handled_at=at, next_at=None, outcome=outcome)
    )


async def put_off(
    connection: AsyncConnection, hints: Sequence[Waiting], code: str, *, at: datetime
) -> None:
    """Try hints again later, and after many times leave them to a person."""
    for each in hints:
        attempts = each.attempts + 1
        values: dict[str, object] = {"attempts": attempts, "outcome": code}
        if attempts >= ATTEMPTS:
            values |= {"next_at": None, "failed_at": at}
        else:
            values |= {"next_at": at + min(FIRST_PAUSE * 2**attempts, LONGEST_PAUSE)}
        await connection.execute(
            update(stripe_event)
            .where(stripe_event.c.id == each.id, stripe_event.c.next_at.is_not(None))
            .values(values)
        )
