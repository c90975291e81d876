"""What we ask of Stripe: saved under its idempotency key, then asked, then known to be done.

The row is committed before the call. Who asks for the same again, and the job that finishes what
was under way when a process died or Stripe did not answer, use the same key: it is done once.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.errors import CardRefused, StripeRefused, StripeUnavailable
from loyalty.billing.refunding import NO_PAYMENT, Part, kept_parts, missing_of
from loyalty.billing.syncing import sync_if_possible
from loyalty.billing.tables import stripe_operation
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.membership.errors import CancelledAlready
from loyalty.membership.store import lock_row
from loyalty.membership.types import Membership

if TYPE_CHECKING:
    from loyalty.billing.gateway import Gateway

LOG: Final = structlog.get_logger(__name__)
PATIENCE: Final = timedelta(minutes=1)
"""How long whoever asked is left to finish it."""
KEYS_LAST: Final = timedelta(hours=23)
"""Stripe forgets an idempotency key after a day; then a person has to look."""
FORGOTTEN: Final = "not-answered-in-time"
"""Why nothing is asked again that was not answered for as long as Stripe keeps keys."""
BATCH: Final = 100
ENDING: Final = "cancel-now"
"""The deed that ends a subscription; what is due is given back by deeds that follow from it."""
REFUND: Final = "refund"
"""The deed that gives a part of what is due back, through one payment."""
SETTLED: Final = "refund-settled"
"""That a part of what is due needs no refund any more: nothing is asked of Stripe."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that is asked of Stripe about a member's subscription."""

    member: UUID
    key: str
    deed: str
    subscription: str
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """An operation as it is kept: when it was asked, when it was done, and why it was refused."""

    operation: Operation
    asked_at: datetime
    done_at: datetime | None
    refused: str | None


Make = Callable[[], Awaitable[Mapping[str, Any]]]
"""Checks that a deed may be done, and says what exactly is asked for."""


async def ask_once(
    application: Application, cause: Cause, row: Membership, deed: str, *, key: str, make: Make
) -> Mapping[str, Any]:
    """Do a deed at Stripe once for each key of whoever wants it; return what was asked for.

    The same key again finds what was asked, finished or not. Raises what `make` refuses,
    StripeRefused and CardRefused for good, and StripeUnavailable while the outcome is not known.
    """
    named = f"membership:{row.id}:{deed}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    about = Operation(row.member, named, deed, row.reference, {})
    return await ask_kept(application, cause, about, make)


async def ask_kept(
    application: Application, cause: Cause, about: Operation, make: Make
) -> Mapping[str, Any]:
    """Do an operation under its key with what was kept under it, or else with what `make` says."""
    async with application.database.read() as connection:
        before = await _kept(connection, about.member, about.key)
    if before is None:
        asked = await make()
        await ask(application, cause, replace(about, asked=asked))
        return asked
    await _resume(application, cause, before)
    await _give_back(application, cause, before.operation)
    return before.operation.asked


async def ask(application: Application, cause: Cause, operation: Operation) -> None:
    """Save what is asked, ask it, say that it is done, and ask for what follows from it."""
    gateway = application.billing.demand()
    operation = await application.database.write(save, cause, operation)
    refused = None
    try:
        await _perform(gateway, operation)
    except (StripeRefused, CardRefused) as error:
        refused = error
    seen = None if refused is None else refused.seen
    await application.database.write(end, operation, cause, refused=seen)
    if refused is not None:
        if operation.deed == REFUND:
            subscription = operation.subscription
            LOG.error("stripe-refund-refused", subscription=subscription, code=refused.seen)
        raise refused
    await _give_back(application, cause, operation)


async def _resume(application: Application, cause: Cause, kept: Kept) -> None:
    """Go on with what was asked for, under its key. Raises why it was refused for good."""
    if kept.refused is not None:
        raise StripeRefused(seen=kept.refused)
    if kept.done_at is not None:
        return
    if kept.asked_at <= cause.at - KEYS_LAST:
        raise StripeRefused(seen=FORGOTTEN)
    await ask(application, cause, kept.operation)


async def _give_back(application: Application, cause: Cause, ending: Operation) -> None:
    """Go on with the refunds that follow from an ending: one that is refused keeps no other.

    It has ended already, so that nothing more is taken whatever becomes of this. Raises what was
    refused first, once all have been asked.
    """
    if ending.deed != ENDING:
        return
    async with application.database.read() as connection:
        refunds = await refunds_of(connection, ending.member, ending.subscription)
    refused = None
    for each in refunds:
        try:
            await _resume(application, cause, each)
        except StripeRefused as error:
            refused = refused or error
    if refused is not None:
        raise refused


async def finish_operations(application: Application, cause: Cause) -> int:
    """Ask again what was under way and never answered; answer how many are done now."""
    if application.billing.gateway is None:
        return 0
    for each in await application.database.write(give_up, cause):
        LOG.error("stripe-operation-given-up", deed=each.deed, subscription=each.subscription)
    async with application.database.read() as connection:
        waiting = await _under_way(connection, cause)
    return sum([await finish(application, cause, each) for each in waiting])


async def finish(application: Application, cause: Cause, operation: Operation) -> bool:
    """Ask one again; whatever becomes of it, the others are asked as well."""
    done = False
    try:
        try:
            await ask(application, cause, operation)
            done = True
        except (StripeRefused, CardRefused) as refused:
            LOG.warning("stripe-operation-refused", deed=operation.deed, code=refused.seen)
        await sync_if_possible(application, cause, operation.subscription)
    except StripeUnavailable:
        LOG.warning("stripe-operation-waits", deed=operation.deed)
    except Exception:
        LOG.exception("stripe-operation-broken", deed=operation.deed)
    return done


async def give_up(connection: AsyncConnection, cause: Cause) -> list[Operation]:
    """Settle as refused what Stripe never answered while it kept the key, and return it."""
    own = stripe_operation.c
    rows = await connection.execute(
        update(stripe_operation)
        .where(own.done_at.is_(None), own.asked_at <= cause.at - KEYS_LAST)
        .values(done_at=cause.at, refused=FORGOTTEN)
        .returning(*_OPERATION)
    )
    return [Operation(*row) for row in rows]


async def save(connection: AsyncConnection, cause: Cause, operation: Operation) -> Operation:
    """Keep what is about to be asked and return it; what was kept under the key before stands.

    Money goes back once, under one key: raises CancelledAlready for another that ends the same.
    """
    if operation.deed == ENDING:
        await lock_row(connection, operation.member)
        await _refuse_another(connection, operation)
    await keep(connection, cause, [operation])
    kept = await _kept(connection, operation.member, operation.key)
    return operation if kept is None else kept.operation


async def keep(
    connection: AsyncConnection,
    cause: Cause,
    operations: Sequence[Operation],
    *,
    done_at: datetime | None = None,
) -> None:
    """Keep operations that are to be asked, or are done; what is kept under a key stands."""
    facts = {"asked_at": cause.at, "done_at": done_at, **cause.columns()}
    if operations:
        await connection.execute(
            insert(stripe_operation).on_conflict_do_nothing(
                constraint="stripe_operation_is_asked_once_per_key"
            ),
            [{**asdict(each), **facts} for each in operations],
        )


async def _refuse_another(connection: AsyncConnection, operation: Operation) -> None:
    own = stripe_operation.c
    asked_at = await connection.scalar(
        select(own.asked_at).where(
            own.member == operation.member,
            own.subscription == operation.subscription,
            own.deed == ENDING,
            own.key != operation.key,
            own.refused.is_(None),
        )
    )
    if asked_at is not None:
        raise CancelledAlready(seen=asked_at.isoformat())


async def end(
    connection: AsyncConnection, operation: Operation, cause: Cause, *, refused: str | None
) -> None:
    """Say that it is done, or refused; what is due after an ending is kept with it, to be asked."""
    own = stripe_operation.c
    await connection.execute(
        update(stripe_operation)
        .where(own.member == operation.member, own.key == operation.key, own.done_at.is_(None))
        .values(done_at=cause.at, refused=refused)
    )
    if operation.deed == ENDING and refused is None:
        parts = kept_parts(operation.asked)
        tries = [_first_try(operation, part, place) for place, part in enumerate(parts)]
        await keep(connection, cause, tries)


def _first_try(ending: Operation, part: Part, place: int) -> Operation:
    of = f"{ending.key}:{part['intent'] or NO_PAYMENT}"
    asked = {**part, "of": of, "attempt": 1, "place": place}
    return Operation(ending.member, of, REFUND, ending.subscription, asked)


def next_try(kept: Kept, deed: str, **more: str) -> Operation:
    """Return what follows a try of a refund: under another key, whoever asks for it."""
    before = kept.operation
    asked = {**before.asked, **more, "attempt": before.asked["attempt"] + 1}
    return replace(before, key=f"{asked['of']}:{asked['attempt']}", deed=deed, asked=asked)


_OPERATION: Final = tuple(stripe_operation.c[name] for name in Operation.__slots__)
KEPT: Final = (
    *_OPERATION,
    *(stripe_operation.c[name] for name in ("asked_at", "done_at", "refused")),
)
"""The columns of what `read_kept` reads."""


def read_kept(row: Sequence[Any]) -> Kept:
    """Read an operation as it is kept."""
    return Kept(Operation(*row[:-3]), *row[-3:])


async def _kept(connection: AsyncConnection, member: UUID, key: str) -> Kept | None:
    own = stripe_operation.c
    found = select(*KEPT).where(own.member == member, own.key == key)
    row = (await connection.execute(found)).one_or_none()
    return None if row is None else read_kept(row)


async def refunds_of(connection: AsyncConnection, member: UUID, subscription: str) -> list[Kept]:
    """Return how the refunds of a subscription stand, the last try of each, in their order."""
    own = stripe_operation.c
    rows = await connection.execute(
        select(*KEPT)
        .where(
            own.member == member,
            own.subscription == subscription,
            own.deed.in_([REFUND, SETTLED]),
        )
        .order_by(own.asked["attempt"].as_integer(), own.asked["place"].as_integer())
    )
    tries = [read_kept(row) for row in rows]
    return list({each.operation.asked["of"]: each for each in tries}.values())


async def _under_way(connection: AsyncConnection, cause: Cause) -> list[Operation]:
    own = stripe_operation.c
    rows = await connection.execute(
        select(*_OPERATION)
        .where(
            own.done_at.is_(None),
            own.asked_at < cause.at - PATIENCE,
            own.asked_at > cause.at - KEYS_LAST,
            own.subscription.is_not(None),
        )
        .order_by(own.asked_at)
        .limit(BATCH)
    )
    return [Operation(*row) for row in rows]


async def _perform(gateway: "Gateway", operation: Operation) -> None:
    """Call Stripe for a deed; what is asked is plain values, so that it can be asked again."""
    about, asked, key = operation.subscription, operation.asked, operation.key
    match operation.deed:
        case "cancel-later":
            if asked["schedule"] is not None:
                await gateway.release(asked["schedule"], key=f"{key}:release")
            await gateway.cancel_later(about, cancels=asked["cancels"], key=key)
        case "cancel-now":
            await gateway.cancel_now(about, why=asked["why"])
        case "refund":
            await _refund(gateway, asked, key)
        case "refund-settled":
            pass
        case "change":
            await _change(gateway, operation)
        case _:
            raise LookupError(f"no deed is called {operation.deed}")


async def _refund(gateway: "Gateway", asked: Mapping[str, Any], key: str) -> None:
    """Give a part of what is due back; after a refusal only what nobody has given back since."""
    intent, missing = asked["intent"], asked["amount"]
    if intent is None:
        raise StripeRefused(seen=NO_PAYMENT)
    if asked["attempt"] > 1:
        missing = missing_of(asked, await gateway.refunds(intent))
    if missing:
        await gateway.refund(intent, missing, key=key)


async def _change(gateway: "Gateway", operation: Operation) -> None:
    about, asked, key = operation.subscription, operation.asked, operation.key
    match asked["kind"]:
        case "upgrade":
            await gateway.upgrade(about, asked["item"], asked["price"], key=key)
        case "release":
            if asked["schedule"] is not None:
                await gateway.release(asked["schedule"], key=key)
        case _:
            schedule = asked["schedule"]
            if schedule is None:
                schedule = (await gateway.schedule(about, key=f"{key}:schedule"))["id"]
            price, start, end_ = asked["now"]
            then, every = asked["then"]
            await gateway.change_later(
                schedule, (price, start, end_), (then, every), key=f"{key}:phases"
            )
