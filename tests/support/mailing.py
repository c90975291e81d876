"""A programme whose mails go to a mail server of our own, and the steps of being told."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from loyalty.cause import Cause, job_actor
from loyalty.database import Database
from loyalty.events import Event, record_event
from loyalty.ids import new_id
from loyalty.ladders import publish_ladder
from loyalty.members import Joining, Member, join
from loyalty.outbox import Message, list_messages, relay_events, send_mail
from loyalty.settings import Settings
from tests.support.mailbox import Mailbox
from tiers import default_ladder

DUE_NOW = text("UPDATE loyalty.message SET next_at = :at WHERE next_at IS NOT NULL")
LOCK = text("SELECT FROM loyalty.member WHERE id = :id FOR NO KEY UPDATE")
PATIENCE = 120.0


@dataclass(slots=True)
class Mailing:
    """The application, its mailbox, and the steps of being told."""

    application: Application
    box: Mailbox

    @property
    def database(self) -> Database:
        return self.application.database

    def cause(self, at: datetime | None = None) -> Cause:
        now = self.application.clock.now()
        return Cause(at or now, job_actor("tell-members"), "test")

    async def join(self, email: str | None = "ann@example.com", **more: Any) -> Member:
        return await self.database.write(join, self.cause(), Joining(email=email, **more))

    async def tell(self, member: UUID, type_: str, data: Mapping[str, object]) -> UUID:
        """Let something happen to a member, and wait until it has become messages."""
        return await self.happen(member, type_, data, historic=False)

    async def happen(
        self, member: UUID, type_: str, data: Mapping[str, object], *, historic: bool
    ) -> UUID:
        cause = self.cause()
        happened = Event(new_id(cause.at), member, type_, cause.at, data, historic=historic)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(LOCK, {"id": member})
            await record_event(connection, cause, happened)

        await self.database.write(work)
        await self.relay_past(happened.id)
        return happened.id

    async def relay_past(self, event: UUID) -> None:
        """Relay until the reader is behind an event; others' transactions may hold it back."""
        behind = text(
            "SELECT (r.era, r.xid) > (e.feed_era, e.feed_xid) OR (r.era, r.xid, r.position)"
            " >= (e.feed_era, e.feed_xid, e.position)"
            " FROM loyalty.feed_reader AS r, loyalty.event AS e"
            " WHERE r.name = 'mail' AND e.id = :event"
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                await relay_events(self.application, self.cause())
                async with self.database.read() as connection:
                    if await connection.scalar(behind, {"event": event}):
                        return
                await asyncio.sleep(0.02)

    async def upgrade(self, member: UUID) -> None:
        """Let a member rise from silver to gold."""
        data = {"before": "silver", "after": "gold", "rule": "reached", "on": "2026-03-01"}
        await self.tell(member, "tier.changed", data)

    async def send(self) -> int:
        """Make everything due and send."""
        async with self.database.read() as connection:
            at = self.application.clock.now() - timedelta(seconds=1)
            await connection.execute(DUE_NOW, {"at": at})
        return await send_mail(self.application, self.cause())

    async def messages(self) -> Sequence[Message]:
        """Every message, the oldest first."""
        async with self.database.read() as connection:
            return list(reversed(await list_messages(connection, limit=1_000)))

    async def only(self) -> Message:
        (one,) = await self.messages()
        return one

    def switched_off(self) -> "Mailing":
        """The same programme with mail off."""
        return Mailing(replace(self.application, settings=Settings()), self.box)


async def open_ladder(connection: AsyncConnection, cause: Cause) -> None:
    """Publish a ladder on which members can rise."""
    ladder = default_ladder(silver=(10_000, 1), gold=(50_000, 5), diamond=(90_000, 9), join="all")
    await publish_ladder(connection, cause, ladder)
