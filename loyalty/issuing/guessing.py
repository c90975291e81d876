"""Codes that are none, counted by whoever tries them, so that nobody finds one by trying.

Only a wrong code writes: quotes of honest callers cost no write. Whoever has tried too many in the
window is answered before any code is looked at, right ones as well; the count is one row that all
processes share, and the last one that is allowed is had once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Interval, ScalarSelect, Text, case, cast, delete, func, select
from sqlalchemy.dialects.postgresql import JSON, array, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import PresentedVoucher
from loyalty.database import Database
from loyalty.issuing.errors import TooManyUnknownCodes
from loyalty.issuing.tables import voucher_guess

WINDOW: Final = timedelta(minutes=10)
MOST_OF_A_BUYER: Final = 10
MOST_OF_A_KEY: Final = 1_000
UNKNOWN: Final = frozenset({"voucher-not-found", "voucher-not-yours"})


@dataclass(frozen=True, slots=True)
class Guesser:
    """Whoever is counted, and how many codes that are none they may try in the window."""

    subject: str
    most: int


def guessers(
    *, member: UUID | None = None, api_key: UUID | None = None, order: str | None = None
) -> tuple[Guesser, ...]:
    """Return who is counted for a cart: its member, or a guest's order, and the key that asks.

    A shop's key stands for all who shop there, so it may try as many as they make mistakes.
    """
    found = []
    if member is not None:
        found.append(Guesser(f"member:{member}", MOST_OF_A_BUYER))
    elif order is not None:
        found.append(Guesser(f"order:{order}", MOST_OF_A_BUYER))
    if api_key is not None:
        found.append(Guesser(f"key:{api_key}", MOST_OF_A_KEY))
    return tuple(found)


def unknown_codes(vouchers: Iterable[PresentedVoucher], public: Iterable[str]) -> tuple[str, ...]:
    """Return the codes that are none of the member's, and that no rule asks for by name."""
    known = frozenset(public)
    return tuple(
        each.code for each in vouchers if each.refusal in UNKNOWN and each.code not in known
    )


def guesses_json(
    subjects: Sequence[ColumnElement[str]], at: ColumnElement[datetime]
) -> ScalarSelect[Any]:
    """Publish how many were tried in the window, and since when, as a JSON array by subject."""
    own = voucher_guess.c
    row = func.json_build_array(own.subject, own.guesses, own.began_at)
    among = func.any(array(subjects, type_=Text))
    return (
        select(func.json_agg(row, type_=JSON))
        .where(own.subject == among, own.began_at > at - cast(WINDOW, Interval))
        .scalar_subquery()
    )


def refuse_guessers(
    stored: Sequence[Sequence[Any]] | None, counted: Sequence[Guesser], *, at: datetime
) -> None:
    """Refuse whoever tried too many. Raises TooManyUnknownCodes."""
    most = {each.subject: each.most for each in counted}
    for subject, guesses, began in stored or ():
        if guesses >= most.get(subject, guesses + 1):
            raise _too_many(datetime.fromisoformat(began), at)


async def tell_guesses(
    database: Database, counted: Sequence[Guesser], *, wrong: int, at: datetime
) -> None:
    """Count wrong codes in a transaction of their own.

    Raises TooManyUnknownCodes where they are more than are allowed: of many who try at once no more
    than that are told that theirs was none.
    """
    if wrong and counted:
        over = await database.write(count_guesses, counted, wrong=wrong, at=at)
        if over is not None:
            raise _too_many(over, at)


async def count_guesses(
    connection: AsyncConnection, counted: Sequence[Guesser], *, wrong: int, at: datetime
) -> datetime | None:
    """Count wrong codes; answers since when they are too many, if they are."""
    own = voucher_guess.c
    most = {each.subject: each.most for each in counted}
    rows = [{"subject": subject, "began_at": at, "guesses": wrong} for subject in sorted(most)]
    added = insert(voucher_guess).values(rows)
    counts = own.began_at > at - WINDOW
    again = added.on_conflict_do_update(
        constraint="voucher_guess_has_one_row",
        set_={
            "guesses": case((counts, own.guesses + added.excluded.guesses), else_=wrong),
            "began_at": case((counts, own.began_at), else_=added.excluded.began_at),
        },
    )
    found = await connection.execute(again.returning(own.subject, own.guesses, own.began_at))
    over = [row.began_at for row in found if row.guesses > most[row.subject]]
    return max(over, default=None)


async def forget_guesses(connection: AsyncConnection, *, at: datetime) -> int:
    """Forget what was tried before the window; answers how many were counted."""
    old = delete(voucher_guess).where(voucher_guess.c.began_at <= at - WINDOW)
    return (await connection.execute(old)).rowcount


def _too_many(began: datetime, at: datetime) -> TooManyUnknownCodes:
    left = began + WINDOW - at
    return TooManyUnknownCodes(seconds=max(1, -(-left // timedelta(seconds=1))))
