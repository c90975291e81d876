"""From events to messages: our own reader of the feed, one transaction a batch.

The reader's place moves in the transaction that makes the messages, and a message is unique by
member, event and template; so whatever dies or runs twice, each event is told once.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, cast, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from loyalty.bootstrap import Application
from loyalty.cause import Cause
from loyalty.ids import new_id, show
from loyalty.outbox.feed import Place, Told, read_news
from loyalty.outbox.mail import mail_server
from loyalty.outbox.notices import NOTICE_TYPES, Ranks, notices_for
from loyalty.outbox.state import Reason, State
from loyalty.outbox.tables import feed_reader, message
from loyalty.schema import Xid8

READER: Final = "mail"
BATCH: Final = 500
NOWHERE: Final = "loyalty.invalid"
"""The right-hand side of Message-IDs made while mail is off; the left-hand side is unique."""


async def relay_events(application: Application, cause: Cause) -> int:
    """Make messages of everything that was told since; answer how many events had any."""
    server = mail_server(application.settings)
    domain = None if server is None else server.domain
    relayed = 0
    while True:
        found = await application.database.write(relay_batch, cause, domain=domain)
        relayed += found
        if found < BATCH:
            return relayed
        await asyncio.sleep(0)


async def relay_batch(
    connection: AsyncConnection, cause: Cause, *, domain: str | None, limit: int = BATCH
) -> int:
    """Make the messages of one batch of events; `domain` is the sender's, None is mail off."""
    after = (await connection.execute(_READER)).one()
    ladder = await tiers.live_ladder(connection)
    ranks = {} if ladder is None else {one.code: rank for rank, one in enumerate(ladder.tiers)}
    feed = await read_news(connection, after=Place(*after), types=NOTICE_TYPES, limit=limit)
    made = [
        row for told in feed.events for row in _messages(told, ranks, at=cause.at, domain=domain)
    ]
    if made:
        unique = insert(message).on_conflict_do_nothing(constraint="message_is_made_once_per_event")
        await connection.execute(unique, made)
    era, xid, position = feed.end
    await connection.execute(
        update(feed_reader)
        .where(feed_reader.c.name == READER)
        .values(era=era, xid=cast(xid, Xid8()), position=position)
    )
    return len(feed.events)


def _messages(
    told: Told, ranks: Ranks, *, at: datetime, domain: str | None
) -> Iterator[dict[str, Any]]:
    off = domain is None
    for notice in notices_for(told.type, told.data, ranks):
        one = new_id()  # in the order of the events, also within one batch
        yield {
            "member": told.member,
            "id": one,
            "event": told.id,
            "template": notice.template,
            "message_id": f"<{show('msg', one)}@{domain or NOWHERE}>",
            "state": State.SKIPPED if off else State.QUEUED,
            "reason": Reason.MAIL_OFF if off else None,
            "queued_at": at,
            "next_at": None if off else at,
        }


_READER: Final = (
    select(feed_reader.c.era, cast(feed_reader.c.xid, Text), feed_reader.c.position)
    .where(feed_reader.c.name == READER)
    .with_for_update()
)
