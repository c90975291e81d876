"""The ledger in plain Python: wallets of lists and integers, time in whole days.

It is written from the specification, not from the SQL, and knows no journal: only what a wallet
holds after each step.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from itertools import count

NEVER = 10**9
NOTICE = 30
TOO_EARLY = 60
PLACES = count()


@dataclass
class ModelLot:
    """What is left of one earn."""

    name: str
    granted: int
    remaining: int
    earned: int
    place: int
    pending: bool = False
    activates: int = NEVER
    ends: int = NEVER
    clawed: int = 0
    notice: bool = False
    notified: int | None = None
    schedule: str | None = None

    @property
    def expires(self) -> int:
        """When it lapses: at its end, or where a notice is needed no sooner than that allows."""
        if not self.notice:
            return self.ends
        if self.ends == NEVER or self.notified is None or self.notified < self.ends - TOO_EARLY:
            return NEVER
        return max(self.ends, self.notified + NOTICE)

    def order(self) -> tuple[int, int, int]:
        return (self.expires, self.earned, self.place)


@dataclass
class Slice:
    """A part of a lot that was taken and may come back; no lot: it was overdrawn."""

    lot: ModelLot | None
    left: int


@dataclass
class ModelHold:
    """Slices set aside."""

    slices: list[Slice]
    until: int
    state: str = "open"

    def left(self) -> int:
        return sum(part.left for part in self.slices)


@dataclass
class Model:
    """A wallet; every method answers the outcome code and settles first, as writes do."""

    lots: dict[str, ModelLot] = field(default_factory=dict)
    holds: dict[str, ModelHold] = field(default_factory=dict)
    spends: dict[str, list[Slice]] = field(default_factory=dict)
    debt: int = 0
    frozen: bool = False

    def counters(self) -> tuple[int, int, int, int]:
        lots = self.lots.values()
        return (
            sum(lot.remaining for lot in lots if not lot.pending),
            sum(lot.remaining for lot in lots if lot.pending),
            sum(hold.left() for hold in self.holds.values() if hold.state == "open"),
            self.debt,
        )

    def available(self) -> int:
        return self.counters()[0]

    def settle(self, at: int) -> None:
        while (event := self._next_due()) is not None and event[0] <= at:
            due, rank, name = event
            if rank == 1:
                for lot in self.lots.values():
                    if lot.pending and lot.remaining and lot.activates == due:
                        lot.pending = False
                self._repay()
            elif rank == 2:
                self._return(self.holds[name].slices, self.holds[name].left(), due, 0)
                self.holds[name].state = "timed-out"
            else:
                for lot in self.lots.values():
                    if lot.expires == due:
                        lot.remaining = 0

    def earn(
        self,
        key: str,
        amount: int,
        at: int,
        activates: int,
        expires: int,
        *,
        notice: bool = False,
        schedule: str | None = None,
    ) -> str:
        self.settle(at)
        self.lots[key] = ModelLot(
            key,
            amount,
            amount,
            at,
            next(PLACES),
            pending=activates > at,
            activates=activates,
            ends=expires,
            notice=notice,
            schedule=schedule,
        )
        self._repay()
        return "posted"

    def activate(self, of: str, at: int) -> str:
        self.settle(at)
        lot = self.lots[of]
        if not (lot.pending and lot.remaining):
            return "lot-not-pending"
        lot.pending = False
        self._repay()
        return "posted"

    def spend(self, key: str, amount: int, at: int, *, overdraw: bool) -> str:
        self.settle(at)
        if self.frozen and not overdraw:
            return "wallet-frozen"
        if amount > self.available() and not overdraw:
            return "insufficient-points"
        self.spends[key] = self._take_or_owe(amount)
        return "posted"

    def hold(self, key: str, amount: int, at: int, until: int) -> str:
        self.settle(at)
        if self.frozen:
            return "wallet-frozen"
        if amount > self.available():
            return "insufficient-points"
        self.holds[key] = ModelHold(self._take(amount), until)
        return "posted"

    def capture(
        self, key: str, of: str, amount: int, at: int, *, stay: bool, retake: bool, grace: int
    ) -> str:
        self.settle(at)
        hold = self.holds[of]
        if hold.state != "open" and not (retake and hold.state == "timed-out"):
            return "hold-closed"
        left = hold.left() if hold.state == "open" else 0
        if amount > left and not retake:
            return "hold-too-small"
        taken: list[Slice] = []
        part = min(amount, left)
        missing = part
        for piece in hold.slices:
            used = min(piece.left, missing)
            if used:
                piece.left -= used
                missing -= used
                taken.append(Slice(piece.lot, used))
        if amount > part:
            taken += self._take_or_owe(amount - part)
        elif not stay:
            self._return(hold.slices, hold.left(), at, grace)
        if hold.state == "open" and hold.left() == 0:
            hold.state = "closed"
        self.spends[key] = taken
        return "posted"

    def release(self, of: str, amount: int | None, at: int, grace: int) -> str:
        self.settle(at)
        hold = self.holds[of]
        if hold.state != "open":
            return "hold-closed"
        wanted = hold.left() if amount is None else amount
        if wanted > hold.left():
            return "hold-too-small"
        self._return(hold.slices, wanted, at, grace)
        if hold.left() == 0:
            hold.state = "closed"
        return "posted"

    def extend(self, of: str, until: int, at: int) -> str:
        self.settle(at)
        if self.holds[of].state != "open":
            return "hold-closed"
        self.holds[of].until = until
        return "posted"

    def claw_back(self, of: str, amount: int, policy: str, at: int) -> str:
        self.settle(at)
        lot = self.lots[of]
        if amount > lot.granted - lot.clawed:
            return "reversal-too-large"
        lot.clawed += amount
        part = 0 if policy == "pending-only" and not lot.pending else min(lot.remaining, amount)
        lot.remaining -= part
        missing = amount - part
        if policy in ("debt", "deducted"):
            for pending in (False, True):
                for other in sorted(self.lots.values(), key=ModelLot.order):
                    if other.pending == pending:
                        used = min(other.remaining, missing)
                        other.remaining -= used
                        missing -= used
            if policy == "debt":
                self.debt += missing
        return "posted"

    def restore(self, of: str, amount: int, at: int, grace: int) -> str:
        self.settle(at)
        slices = self.spends[of]
        if amount > sum(piece.left for piece in slices):
            return "reversal-too-large"
        self._return(slices, amount, at, grace)
        return "posted"

    def adjust(self, key: str, amount: int, at: int, expires: int) -> str:
        if amount > 0:
            return self.earn(key, amount, at, at, expires)
        self.settle(at)
        if -amount > self.available():
            return "insufficient-points"
        self._take(-amount)
        return "posted"

    def write_off(self, amount: int, at: int) -> str:
        self.settle(at)
        if amount > self.debt:
            return "debt-too-small"
        self.debt -= amount
        return "posted"

    def freeze(self, at: int, *, frozen: bool) -> str:
        self.settle(at)
        self.frozen = frozen
        return "posted"

    def notify(self, names: Iterable[str], at: int, told: int) -> str:
        self.settle(at)
        renewed = {name: copy(self.lots[name]) for name in names}
        for lot in renewed.values():
            if lot.expires == NEVER or not lot.notice:
                before = told if lot.notified is None else lot.notified
                lot.notified = max(before, told)
        return self._renew(renewed, at, by_policy=False)

    def reschedule(
        self,
        names: Iterable[str],
        ends: int,
        at: int,
        *,
        schedule: str | None = None,
        notice: bool | None = None,
    ) -> str:
        self.settle(at)
        renewed = {name: copy(self.lots[name]) for name in names}
        for lot in renewed.values():
            lot.ends = ends
            lot.schedule = schedule
            lot.notice = lot.notice if notice is None else notice
        return self._renew(renewed, at, by_policy=True)

    def reschedule_all(self, schedule: str, ends: int, at: int) -> str:
        self.settle(at)
        holds = [hold for hold in self.holds.values() if hold.state == "open"]
        held = {part.lot.name for hold in holds for part in hold.slices if part.left and part.lot}
        names = [
            name
            for name, lot in self.lots.items()
            if lot.schedule == schedule and lot.ends < ends and (lot.remaining or name in held)
        ]
        return self.reschedule(names, ends, at, schedule=schedule)

    def _renew(self, renewed: dict[str, ModelLot], at: int, *, by_policy: bool) -> str:
        for name, lot in renewed.items():
            old = self.lots[name]
            if (old.expires, old.ends) == (lot.expires, lot.ends):
                continue
            ends = min(lot.expires, lot.ends) if by_policy else lot.expires
            active = lot.activates if lot.activates < NEVER else at
            if ends <= max(at, active):
                return "end-too-early"
        for name, lot in renewed.items():
            own = self.lots[name]
            own.ends, own.notified = lot.ends, lot.notified
            own.notice, own.schedule = lot.notice, lot.schedule
        return "posted"

    def move(self, target: "Model", at: int) -> str:
        self.settle(at)
        if self.frozen:
            return "wallet-frozen"
        if self.counters()[2]:
            return "holds-open"
        if not self.debt and not any(lot.remaining for lot in self.lots.values()):
            return "nothing-to-move"
        self.send(target, None, at)
        return "posted"

    def send(self, target: "Model", names: Iterable[str] | None, at: int) -> None:
        """Move lots to another wallet; none named: all of them, and the debt."""
        self.settle(at)
        target.settle(at)
        for name in list(self.lots) if names is None else names:
            if (lot := self.lots.get(name)) is not None and lot.remaining:
                target.receive(copy(lot))
                lot.remaining = 0
        if names is None:
            target.debt += self.debt
            self.debt = 0
        target._repay()

    def receive(self, lot: ModelLot) -> None:
        own = self.lots.setdefault(lot.name, lot)
        if own is not lot:
            if not own.remaining:
                own.ends, own.notified = lot.ends, lot.notified
                own.notice, own.schedule = lot.notice, lot.schedule
            own.remaining += lot.remaining
            own.pending, own.clawed = lot.pending, lot.clawed

    def _next_due(self) -> tuple[int, int, str] | None:
        events = [
            (lot.activates, 1, "") for lot in self.lots.values() if lot.pending and lot.remaining
        ]
        events += [
            (hold.until, 2, name) for name, hold in self.holds.items() if hold.state == "open"
        ]
        events += [(lot.expires, 3, "") for lot in self.lots.values() if lot.remaining]
        events = [event for event in events if event[0] < NEVER]
        return min(events, key=lambda event: event[:2], default=None)

    def _take(self, amount: int) -> list[Slice]:
        taken = []
        for lot in sorted(self.lots.values(), key=ModelLot.order):
            part = 0 if lot.pending else min(lot.remaining, amount)
            if part:
                lot.remaining -= part
                amount -= part
                taken.append(Slice(lot, part))
        assert amount == 0
        return taken

    def _take_or_owe(self, amount: int) -> list[Slice]:
        part = min(self.available(), amount)
        taken = self._take(part)
        if amount > part:
            self.debt += amount - part
            taken.append(Slice(None, amount - part))
        return taken

    def _return(self, slices: list[Slice], amount: int, at: int, grace: int) -> None:
        for piece in reversed(slices):
            part = min(piece.left, amount)
            piece.left -= part
            amount -= part
            if part and piece.lot is None:
                paid = min(self.debt, part)
                self.debt -= paid
                if part > paid:
                    self._new_lot(part - paid, at)
            elif part and piece.lot is not None:
                self._refill(piece.lot, part, at, grace)
        self._repay()

    def _refill(self, lot: ModelLot, part: int, at: int, grace: int) -> None:
        if lot.expires <= at:
            if not grace:
                return
            lot.ends = at + grace
        lot.remaining += part

    def _new_lot(self, amount: int, at: int) -> None:
        place = next(PLACES)
        self.lots[f"rest {place}"] = ModelLot(f"rest {place}", amount, amount, at, place)

    def _repay(self) -> None:
        part = min(self.debt, self.available())
        self.debt -= part
        self._take(part)
