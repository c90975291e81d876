"""Exports and account maps as rows: numbered, listed, and never changed.

The number comes from a counter that is rolled back with its transaction, so none is ever skipped;
whoever asks at the same time waits for a moment.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.exports.errors import (
    AccountMapWithoutFees,
    ExportPeriodUnfit,
    UnknownAccountMap,
    UnknownExport,
)
from loyalty.exports.maps import (
    SHIPPED,
    AccountMap,
    document_of_map,
    parse_map,
    shipped_document,
)
from loyalty.exports.tables import account_map, export, export_file
from loyalty.exports.types import Export, ExportFile, Format, Language
from loyalty.membership.tables import membership_charge
from loyalty.numbering import next_number
from loyalty.policy import policy_at

MOST_LISTED: Final = 200
_LARGEST: Final = 2**63 - 1


async def request_export(
    connection: AsyncConnection,
    cause: Cause,
    *,
    since: date,
    until: date,
    format: Format,  # noqa: A002 (the word of the API)
    map: str,  # noqa: A002 (the same again)
    language: Language | None = None,
) -> Export:
    """Give an export of whole months its number; what it shows is fixed when it is first made."""
    policy = await policy_at(connection, cause.at)
    if since > policy.day_of(cause.at) or since >= until:
        raise ExportPeriodUnfit(pointer="/period", seen=f"{since} to {until}")
    number = await next_number(connection, "exports")
    chosen = await _published(connection, cause, map)
    if chosen.fees is None and await _fees_taken(connection):
        raise AccountMapWithoutFees(pointer="/map", seen=chosen.name)
    spoken: Language = language or ("zh" if policy.language.startswith("zh") else "en")
    await connection.execute(
        insert(export).values(
            number=number,
            since=since,
            until=until,
            format=format.value,
            language=spoken,
            map=chosen.name,
            map_version=chosen.version,
            provisional=not await is_closed(connection, until),
            requested_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    await record_change(
        connection,
        cause,
        subject_kind="export",
        subject=str(number),
        action="request",
        after={"since": str(since), "until": str(until), "format": format.value, "map": map},
    )
    return await find_export(connection, number)


async def _fees_taken(connection: AsyncConnection) -> bool:
    return await connection.scalar(select(membership_charge.c.id).limit(1)) is not None


async def is_closed(connection: AsyncConnection, until: date) -> bool:
    """Return whether the books are closed up to a day, so that nothing is booked before it.

    Periods close in order: when the last month is closed, so are all before it.
    """
    period = await ledger.period_of(connection, until - timedelta(days=1))
    return period.state is ledger.PeriodState.CLOSED


async def find_export(connection: AsyncConnection, number: int) -> Export:
    """Return one export."""
    found = await connection.execute(_LISTED.where(export.c.number == number))
    row = found.mappings().one_or_none()
    if row is None:
        raise UnknownExport(seen=number)
    return _export(row)


async def list_exports(
    connection: AsyncConnection, *, limit: int, before: int | None = None
) -> Sequence[Export]:
    """Return the exports, the newest first, from before a number."""
    rows = await connection.execute(
        _LISTED.where(export.c.number < (_LARGEST if before is None else before))
        .order_by(export.c.number.desc())
        .limit(min(limit, MOST_LISTED))
    )
    return [_export(row) for row in rows.mappings()]


async def list_maps(connection: AsyncConnection) -> Sequence[AccountMap]:
    """Return the latest version of every map; version 0 is one as shipped, not yet published."""
    rows = await connection.execute(
        select(account_map.c.document, account_map.c.version)
        .ext(distinct_on(account_map.c.name))
        .order_by(account_map.c.name, account_map.c.version.desc())
    )
    found = {row.document["name"]: parse_map(row.document, version=row.version) for row in rows}
    missing = {
        name: parse_map(shipped_document(name), version=0) for name in SHIPPED if name not in found
    }
    return [one for _, one in sorted((missing | found).items())]


async def find_map(
    connection: AsyncConnection, name: str, version: int | None = None
) -> AccountMap:
    """Return a version of a map, or its latest."""
    wanted = select(account_map.c.document, account_map.c.version).where(account_map.c.name == name)
    if version is not None:
        wanted = wanted.where(account_map.c.version == version)
    row = (
        await connection.execute(wanted.order_by(account_map.c.version.desc()).limit(1))
    ).one_or_none()
    if row is not None:
        return parse_map(row.document, version=row.version)
    if version in (None, 0) and name in SHIPPED:
        return parse_map(shipped_document(name), version=0)
    known = ", ".join(one.name for one in await list_maps(connection))
    seen = name if version is None else f"{name} {version}"
    raise UnknownAccountMap(pointer="/map", seen=seen[:80], wanted=known)


async def publish_map(
    connection: AsyncConnection, cause: Cause, document: Mapping[str, Any]
) -> AccountMap:
    """Publish the next version of a map; exports made with earlier ones keep theirs."""
    drafted = parse_map(document, version=1)
    # one publication at a time: the counter's row is the lock
    await next_number(connection, "account-maps")
    newest = await connection.scalar(
        select(func.max(account_map.c.version)).where(account_map.c.name == drafted.name)
    )
    version = (newest or 0) + 1
    kept = document_of_map(drafted)
    await connection.execute(
        insert(account_map).values(
            name=drafted.name,
            version=version,
            document=kept,
            published_at=cause.at,
            actor=cause.actor,
            request_id=cause.request_id,
        )
    )
    await record_change(
        connection,
        cause,
        subject_kind="account-map",
        subject=drafted.name,
        action="publish",
        after={"version": version},
    )
    return parse_map(kept, version=version)


async def _published(connection: AsyncConnection, cause: Cause, name: str) -> AccountMap:
    """A map as it is; one that was shipped becomes version 1 when it is first used."""
    found = await find_map(connection, name)
    return found if found.version else await publish_map(connection, cause, document_of_map(found))


def _export(row: RowMapping) -> Export:
    file = None
    if row["digest"] is not None:
        file = ExportFile(
            sha256=row["digest"].hex(),
            size=row["size"],
            entries=row["entries"],
            lines=row["lines"],
            made_at=row["made_at"],
        )
    return Export(
        number=row["number"],
        since=row["since"],
        until=row["until"],
        format=Format(row["format"]),
        language=row["language"],
        map=row["map"],
        map_version=row["map_version"],
        provisional=row["provisional"],
        requested_at=row["requested_at"],
        actor=row["actor"],
        file=file,
    )


_LISTED: Final = select(
    export,
    export_file.c.digest,
    export_file.c.size,
    export_file.c.entries,
    export_file.c.lines,
    export_file.c.made_at,
).outerjoin(export_file, export_file.c.number == export.c.number)
