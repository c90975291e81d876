"""Large batches: copied into ``ledger.intake``, then posted from there set by set.

The result equals posting the same events one by one, each at its own effective instant, in
chronological order within a holder; only recorded instants and generated ids differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from json import dumps
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.calls import call, driver
from ledger.encoding import ITEM_COLUMNS, Value, fields, of_one_wallet
from ledger.posting import outcome
from ledger.postings import Posting
from ledger.types import Outcome

INTAKE_COLUMNS = ("batch", "position", *ITEM_COLUMNS)
COPY_INTAKE = "COPY ledger.intake ({}) FROM STDIN".format(
    ", ".join(f'"{name}"' for name in INTAKE_COLUMNS)
)
POST_INTAKE = "SELECT * FROM ledger.post_intake(%s, %s)"

_CHUNK = 1 << 16
_PLACES = {name: place for place, name in enumerate(INTAKE_COLUMNS)}
_NOTHING = ["\\N"] * len(INTAKE_COLUMNS)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


async def stage(
    connection: AsyncConnection,
    batch: UUID,
    items: Iterable[Posting],
    *,
    start: int = 0,
) -> int:
    """Copy postings into the intake under ``batch`` and answer how many.

    A holder's postings are posted by effective instant, then in the order staged; ``start`` is
    the place of the first one, for a batch that is staged in several goes. Processes that COPY by
    themselves use ``COPY_INTAKE`` and ``intake_line``.
    """
    place = start
    async with (await driver(connection)).cursor() as cursor, cursor.copy(COPY_INTAKE) as copy:
        lines: list[str] = []
        size = 0
        for place, posting in enumerate(items, start + 1):
            lines.append(intake_line(batch, place, posting))
            size += len(lines[-1])
            if size > _CHUNK:
                await copy.write("".join(lines).encode())
                lines, size = [], 0
        await copy.write("".join(lines).encode())
    return place - start


def stage_in_sql(columns: Sequence[str], query: str) -> str:
    """Write the statement that stages what a query answers: batch, position, and ``columns``."""
    names = ", ".join(f'"{name}"' for name in ("batch", "position", *columns))
    return f"INSERT INTO ledger.intake ({names}) {query}"


def intake_line(batch: UUID, position: int, posting: Posting) -> str:
    """Answer one line of COPY text for ``COPY_INTAKE``."""
    cells = _NOTHING.copy()
    cells[:2] = batch.hex, str(position)
    for name, value in fields(of_one_wallet(posting)).items():
        if value is not None:
            cells[_PLACES[name]] = _cell(value)
    return "\t".join(cells) + "\n"


async def post_intake(connection: AsyncConnection, batch: UUID, *, at: datetime) -> list[Outcome]:
    """Post a staged batch, settle its wallets up to ``at`` and empty it; answers the refusals.

    ``at`` is when it is recorded; an outcome's position is the place staged.
    """
    return [outcome(row) for row in await call(connection, POST_INTAKE, batch, at)]


def _cell(value: Value) -> str:
    """Answer a value as COPY reads it; most are a text, and hardly any text has to be escaped."""
    if isinstance(value, str):
        plain = value.isprintable() and "\\" not in value
        return value if plain else value.translate(_ESCAPES)
    if isinstance(value, UUID):
        return value.hex
    return _written(value)


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "{" + ",".join(str(one) for one in value) + "}"
    if isinstance(value, Mapping):
        return dumps(dict(value)).translate(_ESCAPES)
    return value.isoformat() if isinstance(value, datetime) else str(value)
