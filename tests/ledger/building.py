"""Verbs that post for tests: one holder, short keys, figures that matter and nothing else."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.ids import new_id

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def day(number: float) -> datetime:
    """The instant so many days after the start."""
    return START + timedelta(days=number)


def said(holder: UUID, key: str, at: float, **more: Any) -> dict[str, Any]:
    """What every posting about a holder says."""
    return {
        "holder": holder,
        "asset": "points",
        "key": key,
        "journal": new_id(),
        "effective_at": day(at),
        "actor": "system",
        "request_id": "test",
    } | more


@dataclass
class Books:
    """One holder's wallet, posted to by short sentences; ``at`` is a day's number."""

    connection: AsyncConnection
    holder: UUID = field(default_factory=new_id)
    asset: str = "points"
    last: ledger.Posting | None = None
    """What was posted last, to be posted again."""

    def said(self, key: str, at: float, **more: Any) -> dict[str, Any]:
        """What every posting says."""
        return said(self.holder, key, at, **{"asset": self.asset, **more})

    async def post(self, posting: ledger.Posting, at: float) -> ledger.Outcome:
        """Post one event."""
        self.last = posting
        (outcome,) = await ledger.post(self.connection, [posting], at=day(at))
        return outcome

    async def earn(
        self,
        key: str,
        amount: int,
        at: float = 0,
        *,
        expires: float | None = None,
        activates: float | None = None,
        **more: Any,
    ) -> ledger.Outcome:
        said = self.said(key, at, amount=amount, lot=new_id(), source="order") | {
            "expires_at": None if expires is None else day(expires),
            "activates_at": None if activates is None else day(activates),
        }
        return await self.post(ledger.Earn(**(said | more)), at)

    async def activate(self, key: str, of: str, at: float = 0, **more: Any) -> ledger.Outcome:
        return await self.post(ledger.Activate(**self.said(key, at, of=of, **more)), at)

    async def spend(self, key: str, amount: int, at: float = 0, **more: Any) -> ledger.Outcome:
        return await self.post(ledger.Spend(**self.said(key, at, amount=amount, **more)), at)

    async def hold(
        self, key: str, amount: int, at: float = 0, *, until: float | None = None, **more: Any
    ) -> ledger.Outcome:
        end = None if until is None else day(until)
        said = self.said(key, at, amount=amount, until=end, **more)
        return await self.post(ledger.Hold(**said), at)

    async def capture(
        self, key: str, of: str, amount: int, at: float = 0, **more: Any
    ) -> ledger.Outcome:
        said = self.said(key, at, of=of, amount=amount, **more)
        return await self.post(ledger.Capture(**said), at)

    async def release(
        self, key: str, of: str, amount: int | None = None, at: float = 0, **more: Any
    ) -> ledger.Outcome:
        said = self.said(key, at, of=of, amount=amount, **more)
        return await self.post(ledger.Release(**said), at)

    async def extend(self, key: str, of: str, until: float | None, at: float) -> ledger.Outcome:
        end = None if until is None else day(until)
        return await self.post(ledger.Extend(**self.said(key, at, of=of, until=end)), at)

    async def claw_back(
        self, key: str, of: str, amount: int, shortfall: str, at: float = 0, **more: Any
    ) -> ledger.Outcome:
        said = self.said(key, at, of=of, amount=amount, **more)
        said["shortfall"] = ledger.Shortfall(shortfall)
        return await self.post(ledger.ClawBack(**said), at)

    async def restore(
        self, key: str, of: str, amount: int, at: float = 0, **more: Any
    ) -> ledger.Outcome:
        said = self.said(key, at, of=of, amount=amount, **more)
        return await self.post(ledger.Restore(**said), at)

    async def adjust(self, key: str, amount: int, at: float = 0, **more: Any) -> ledger.Outcome:
        lot = new_id() if amount > 0 else None
        said = self.said(key, at, amount=amount, lot=lot, reason="service") | more
        return await self.post(ledger.Adjust(**said), at)

    async def write_off(self, key: str, amount: int, at: float = 0) -> ledger.Outcome:
        return await self.post(ledger.WriteOff(**self.said(key, at, amount=amount)), at)

    async def freeze(self, key: str, at: float = 0, *, frozen: bool = True) -> ledger.Outcome:
        return await self.post(ledger.Freeze(**self.said(key, at, frozen=frozen)), at)

    async def notify(
        self, key: str, *lots: UUID, at: float = 0, told: float | None = None
    ) -> ledger.Outcome:
        said = self.said(key, at if told is None else told, lots=lots)
        return await self.post(ledger.Notify(**said), at)

    async def reschedule(
        self,
        key: str,
        *lots: UUID,
        to: float | None,
        at: float = 0,
        **more: Any,
    ) -> ledger.Outcome:
        end = None if to is None else day(to)
        said = self.said(key, at, lots=lots or None, expires_at=end, **more)
        return await self.post(ledger.Reschedule(**said), at)

    async def move(
        self, key: str, to: UUID, *lots: UUID, at: float = 0, **more: Any
    ) -> ledger.Outcome:
        said = self.said(key, at, to=to, arrival=new_id(), lots=lots or None, **more)
        self.last = ledger.Move(**said)
        (outcome,) = await ledger.move(self.connection, [self.last], at=day(at))
        return outcome

    async def recalled(
        self, posting: ledger.Posting, survivor: UUID, at: float = 0
    ) -> ledger.Outcome:
        """Post a claim on what was this holder's before the wallet moved to the survivor."""
        self.last = posting
        (outcome,) = await ledger.post_recalled(self.connection, [posting], to=survivor, at=day(at))
        return outcome

    async def lots(self, at: float = 0) -> list[ledger.Lot]:
        return list(await ledger.lots(self.connection, self.holder, at=day(at), asset=self.asset))

    async def settle(self, at: float) -> int:
        return await ledger.settle(self.connection, [self.holder], at=day(at), asset=self.asset)

    async def counters(self, at: float = 0) -> tuple[int, int, int, int]:
        """Available, pending, held and debt."""
        wallet = await ledger.wallet(self.connection, self.holder, at=day(at), asset=self.asset)
        return (wallet.available, wallet.pending, wallet.held, wallet.debt)
