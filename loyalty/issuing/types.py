"""What batches of vouchers are: codes of one definition that were made or brought in together."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

MOST: Final = 100_000
"""The most vouchers that one batch has."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it stands; `made` of the `wanted` codes are there."""

    id: UUID
    definition: str
    kind: str
    bound: bool
    wanted: int
    made: int
    starts_at: datetime
    expires_at: datetime | None
    asked_at: datetime
    finished_at: datetime | None
    codes_read_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None
    voided: int | None
    actor: str

    @property
    def state(self) -> str:
        """`making`, `made` or `void`."""
        if self.voided_at is not None:
            return "void"
        return "making" if self.finished_at is None else "made"


@dataclass(frozen=True, slots=True)
class OutsideCode:
    """A code from outside: a row of a file, or of a request."""

    code: str
    member: str | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    amount: int | None = None
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedCode:
    """A row that was not taken, counted from 1, and why."""

    row: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of codes from outside; `known` are vouchers of the definition already."""

    batch: Batch
    taken: int
    known: int
    refused: tuple[RefusedCode, ...]
