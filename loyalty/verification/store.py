"""Keeping proofs and reading them back; a row never changes once it is written."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.errors import LoyaltyError
from loyalty.ids import new_id
from loyalty.verification.tables import verification
from loyalty.verify import Finding

MOST_LISTED: Final = 200
_LARGEST: Final = UUID(int=2**128 - 1)


class UnknownVerification(LoyaltyError):
    """There is no verification {seen}."""

    code = "unknown-verification"
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One proof of everything: when, by whom, and the first row that broke each promise."""

    id: UUID
    started_at: datetime
    finished_at: datetime
    findings: Sequence[Finding]
    actor: str
    request_id: str

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return not self.findings

    @property
    def took(self) -> timedelta:
        """How long it took."""
        return self.finished_at - self.started_at


async def record_verification(
    connection: AsyncConnection,
    cause: Cause,
    findings: Sequence[Finding],
    *,
    finished_at: datetime,
) -> Verification:
    """Keep what a proof found; it looked at the books as they stood at the cause's instant."""
    kept = Verification(
        id=new_id(cause.at),
        started_at=cause.at,
        finished_at=max(finished_at, cause.at),
        findings=tuple(findings),
        actor=cause.actor,
        request_id=cause.request_id,
    )
    await connection.execute(
        insert(verification).values(
            id=kept.id,
            started_at=kept.started_at,
            finished_at=kept.finished_at,
            findings=[asdict(finding) for finding in findings],
            actor=kept.actor,
            request_id=kept.request_id,
        )
    )
    return kept


async def find_verification(connection: AsyncConnection, id_: UUID) -> Verification:
    """Return one proof."""
    found = await connection.execute(select(verification).where(verification.c.id == id_))
    row = found.one_or_none()
    if row is None:
        raise UnknownVerification(seen=str(id_))
    return _read(row)


async def list_verifications(
    connection: AsyncConnection, *, limit: int, before: UUID | None = None
) -> Sequence[Verification]:
    """Return proofs, the newest first, from before an id."""
    found = await connection.execute(
        select(verification)
        .where(verification.c.id < (before or _LARGEST))
        .order_by(verification.c.id.desc())
        .limit(min(limit, MOST_LISTED))
    )
    return [_read(row) for row in found]


async def latest_verification(
    connection: AsyncConnection, *, since: datetime | None = None
) -> Verification | None:
    """Return the newest proof, if it began at ``since`` or later."""
    newest = select(verification).order_by(verification.c.started_at.desc()).limit(1)
    if since is not None:
        newest = newest.where(verification.c.started_at >= since)
    row = (await connection.execute(newest)).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[*tuple[Any, ...]]) -> Verification:
    return Verification(
        id=row.id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        findings=tuple(Finding(**finding) for finding in row.findings),
        actor=row.actor,
        request_id=row.request_id,
    )
