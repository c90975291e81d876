"""A notice of expiry counts from the moment at which it is proved: the ledger is told then.

The proof is the mail server's acceptance, or the shop's word that it told the member itself; being
in the feed is none. It is written in the transaction that marks the message as sent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.cause import Cause
from loyalty.ids import new_id
from loyalty.members import Member

LOG: Final = structlog.get_logger(__name__)


async def record_notice(
    connection: AsyncConnection,
    cause: Cause,
    whose: Member,
    message: UUID,
    data: Mapping[str, Any],
    *,
    told_at: datetime,
) -> None:
    """Tell the ledger of a notice that was required; of anything else, nothing."""
    if not data.get("required") or "lots" not in data:
        return
    notice = ledger.Notify(
        holder=whose.holder,
        key=f"notice:{message}",
        journal=new_id(cause.at),
        effective_at=told_at,
        actor=cause.actor,
        request_id=cause.request_id,
        asset=data["asset"],
        lots=[UUID(lot["lot"]) for lot in data["lots"]],
    )
    (outcome,) = await ledger.post(connection, [notice], at=cause.at)
    if outcome.code != "posted":
        LOG.warning("notice-not-recorded", message=str(message), code=outcome.code)
