"""One trial for a person's life, also for one who opens an account anew or was merged.

What is kept of the address is a keyed hash, whose key stands in the database: it says whether an
address had a trial, and nothing about an address that one does not know.
"""

import hmac
from hashlib import sha256
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.members.types import email_key
from loyalty.membership.errors import TrialTaken
from loyalty.membership.tables import trial_print, trial_secret, trial_taken
from loyalty.tables import member, profile


async def refuse_second_trial(connection: AsyncConnection, whose: UUID) -> None:
    """Raise TrialTaken where the member, whoever they absorbed, or their address had a trial."""
    either = select(member.c.id).where(or_(member.c.id == whose, member.c.merged_into == whose))
    taken = exists().where(trial_taken.c.member.in_(either))
    if await connection.scalar(select(taken)):
        raise TrialTaken(pointer="/trial")
    print_ = await _print_of(connection, whose)
    if print_ is not None and await connection.scalar(
        select(exists().where(trial_print.c.print == print_))
    ):
        raise TrialTaken(pointer="/trial")


async def remember_trial(
    connection: AsyncConnection, cause: Cause, whose: UUID, membership: UUID
) -> None:
    """Keep that a member has a trial, and the print of their address, for good."""
    await connection.execute(
        insert(trial_taken)
        .values(member=whose, membership=membership, at=cause.at)
        .on_conflict_do_nothing(constraint="trial_is_taken_once_for_life")
    )
    print_ = await _print_of(connection, whose)
    if print_ is not None:
        await connection.execute(
            insert(trial_print)
            .values(print=print_, at=cause.at)
            .on_conflict_do_nothing(constraint="trial_print_is_kept_once")
        )


async def _print_of(connection: AsyncConnection, whose: UUID) -> bytes | None:
    row = (
        await connection.execute(
            select(trial_secret.c.secret, profile.c.email)
            .select_from(trial_secret)
            .join(profile, profile.c.member == whose)
        )
    ).one_or_none()
    if row is None or row.email is None:
        return None
    return hmac.new(row.secret, email_key(row.email).encode(), sha256).digest()
