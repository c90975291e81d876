"""Published policies: which one is in force at an instant, and publishing the next one.

The policy in force is the one that started last; of two that start together, the later version.
The first upgrade publishes one that starts in 1970, so there always is one. Rows never change.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    cast,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.policy.document import document_of, parse_policy
from loyalty.policy.errors import (
    AssetUnknown,
    PolicyCannotChange,
    PolicyStartsInThePast,
    PolicyStartsTooSoon,
    UnknownPolicy,
)
from loyalty.policy.types import Policy
from loyalty.tables import live_version, member, policy

#: Where the first policy starts.
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Notice that members get before their points are worth less.
NOTICE: Final = timedelta(days=30)


def policy_version_at(at: datetime | ColumnElement[datetime]) -> ScalarSelect[int]:
    """Return a scalar that reads the version in force at an instant, for joining."""
    return (
        select(policy.c.version)
        .where(policy.c.starts_at <= at)
        .order_by(policy.c.starts_at.desc(), policy.c.version.desc())
        .limit(1)
        .scalar_subquery()
    )


async def policy_at(connection: AsyncConnection, at: datetime) -> Policy:
    """Return the policy in force at an instant."""
    found = await connection.execute(_POLICIES.where(policy.c.version == policy_version_at(at)))
    return _read(found.one())


async def find_policy(connection: AsyncConnection, version: int) -> Policy:
    """Return one version, whether it is in force or not."""
    found = (await connection.execute(_POLICIES.where(policy.c.version == version))).one_or_none()
    if found is None:
        raise UnknownPolicy(seen=version)
    return _read(found)


def refuse_unknown_asset(policy: Policy, asset: str, *, pointer: str = "/asset") -> None:
    """Refuse what wallets of the programme do not hold."""
    if asset not in policy.known_assets:
        raise AssetUnknown(wanted=", ".join(policy.known_assets), seen=asset, pointer=pointer)


async def list_policies(connection: AsyncConnection, *, limit: int = 100) -> list[Policy]:
    """Return the versions, the newest first."""
    found = await connection.execute(_POLICIES.order_by(policy.c.version.desc()).limit(limit))
    return [_read(row) for row in found]


async def publish_policy(
    connection: AsyncConnection,
    cause: Cause,
    document: object,
    *,
    starts_at: datetime | None = None,
) -> Policy:
    """Publish the next version; it starts at once unless an instant is named.

    While there are no members it reaches back to the beginning, so that history can be brought
    along under it.
    Points may be worth less only after thirty days' notice. Once there are members, a policy
    starts no sooner than its publication and keeps the currency and the time zone.
    """
    # one publication at a time: the counter's row is the lock, and caches compare its version
    await connection.execute(
        update(live_version)
        .where(live_version.c.name == "policy")
        .values(version=live_version.c.version + 1)
    )
    newest = await connection.scalar(select(func.max(policy.c.version))) or 0
    joined = await connection.scalar(select(select(member.c.id).exists()))
    starts = starts_at or (cause.at if joined else BEGINNING)
    drafted = parse_policy(
        document, version=newest + 1, starts_at=starts, rolled=await _rolled(connection)
    )
    current = await policy_at(connection, max(starts, cause.at))
    if joined:
        _check_against_members(current, drafted, cause.at)
    else:
        day = drafted.day_of(cause.at)
        await ledger.found_books(connection, zone=drafted.zone.key, on=day)
    await connection.execute(
        insert(policy).values(
            version=drafted.version,
            document=document_of(drafted),
            starts_at=starts,
            published_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    await record_change(
        connection,
        cause,
        subject_kind="policy",
        subject=str(drafted.version),
        action="publish",
        before=document_of(current),
        after=document_of(drafted),
    )
    return drafted


def _check_against_members(current: Policy, drafted: Policy, now: datetime) -> None:
    if drafted.starts_at < now:
        raise PolicyStartsInThePast(
            pointer="/starts_at", wanted=now.isoformat(), seen=drafted.starts_at.isoformat()
        )
    for field, kept, wanted in (
        ("currency", current.currency, drafted.currency),
        ("time_zone", current.zone.key, drafted.zone.key),
    ):
        if kept != wanted:
            raise PolicyCannotChange(pointer=f"/{field}", field=field, wanted=kept, seen=wanted)
    soonest = now + NOTICE
    if drafted.point_value.worse_than(current.point_value) and drafted.starts_at < soonest:
        raise PolicyStartsTooSoon(
            pointer="/starts_at",
            wanted=soonest.isoformat(),
            seen=drafted.starts_at.isoformat(),
        )


async def _rolled(connection: AsyncConnection) -> frozenset[int]:
    found = await connection.scalars(select(_months_of(policy)).distinct())
    return frozenset(found)


def _read(row: Row[*tuple[object, ...]]) -> Policy:
    return parse_policy(
        row.document,
        version=row.version,
        starts_at=row.starts_at,
        rolled=frozenset(row.rolled),
    )


def _months_of(version: FromClause) -> ColumnElement[int]:
    """After how many months of inactivity points lapse under a version, a row for each."""
    found = func.jsonb_path_query(version.c.document, _ROLLING)
    return cast(found, Integer).label("months")


_ROLLING: Final = cast('$.expiry.** ? (@.kind == "rolling").months', JSONPATH)


def _policies() -> Select[*tuple[Any, ...]]:
    """The versions, each with what points of those before it live by."""
    earlier = policy.alias("earlier")
    months = (
        select(_months_of(earlier))
        .where(earlier.c.version < policy.c.version)
        .correlate(policy)
        .scalar_subquery()
    )
    return select(policy, func.array(months).label("rolled"))


_POLICIES: Final = _policies()
