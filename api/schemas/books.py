"""Shapes of what finance reads month by month, and of the periods it closes."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

import ledger
from api.schemas.types import Instant
from loyalty.books.closing import PeriodStatus
from loyalty.exports.entries import order_of
from loyalty.ids import show
from loyalty.members.listing import Entry
from loyalty.verification import Verification
from loyalty.verify import Finding

Month = Annotated[str, Meta(description="A month of the books.", examples=["2026-01"])]


class OutstandingOut(Struct, frozen=True):
    """What members hold; `total` is pending + available + held less debt."""

    pending: int
    available: int
    held: int
    debt: int
    total: int

    @classmethod
    def of(cls, held: ledger.Outstanding) -> "OutstandingOut":
        """Show the counters."""
        return cls(held.pending, held.available, held.held, held.debt, held.total)


class RollForwardLineOut(Struct, frozen=True):
    """One month: opening, what moved, closing.

    Opening + imported + earned - spent + restored - expired - clawed_back + adjusted
    + written_off + moved + repaid = closing.
    """

    month: Month
    birth: Annotated[
        str | None,
        Meta(description="The class or tier that the lots were born with; empty for none."),
    ]
    opening: OutstandingOut
    imported: int
    earned: int
    spent: int
    restored: int
    expired: int
    clawed_back: int
    adjusted: int
    written_off: int
    moved: int
    repaid: Annotated[
        int, Meta(description="From lots into debt: moves between births, and is 0 in all.")
    ]
    closing: OutstandingOut

    @classmethod
    def of(cls, line: ledger.RollForwardLine) -> "RollForwardLineOut":
        """Show the line."""
        return cls(
            month=month_text(line.month),
            birth=line.birth,
            opening=OutstandingOut.of(line.opening),
            imported=line.imported,
            earned=line.earned,
            spent=line.spent,
            restored=line.restored,
            expired=line.expired,
            clawed_back=line.clawed_back,
            adjusted=line.adjusted,
            written_off=line.written_off,
            moved=line.moved,
            repaid=line.repaid,
            closing=OutstandingOut.of(line.closing),
        )


class RollForwardOut(Struct, frozen=True, rename={"from_": "from"}):
    """The points of the months in [from, to): `totals` a line a month, `lines` one a birth too."""

    asset: str
    from_: date
    to: date
    at: Instant
    recorded_by: Instant | None
    by: str
    totals: list[RollForwardLineOut]
    lines: list[RollForwardLineOut]

    @classmethod
    def of(cls, rolled: ledger.RollForward) -> "RollForwardOut":
        """Show the months."""
        return cls(
            asset=rolled.asset,
            from_=rolled.since,
            to=rolled.until,
            at=rolled.at,
            recorded_by=rolled.recorded_by,
            by=rolled.by.value,
            totals=[RollForwardLineOut.of(line) for line in rolled.totals],
            lines=[RollForwardLineOut.of(line) for line in rolled.lines],
        )


class BookedEntryOut(Struct, frozen=True):
    """One journal behind a figure, with its member and, where there is one, its order."""

    journal: str
    member: str | None
    order: str | None
    kind: str
    key: str | None
    reason: str
    actor: str
    effective_at: Instant
    recorded_at: Instant
    booked_on: date | None
    debit: int
    credit: int
    labels: dict[str, str]

    @classmethod
    def of(cls, entry: ledger.AccountEntry, whose: Entry | None) -> "BookedEntryOut":
        """Show the entry."""
        order = order_of(entry.key)
        return cls(
            journal=show("jrn", entry.journal),
            member=None if whose is None else show("mem", whose.id),
            order=None if order is None else show("ord", order),
            kind=str(entry.kind),
            key=entry.key,
            reason=entry.reason,
            actor=entry.actor,
            effective_at=entry.effective_at,
            recorded_at=entry.recorded_at,
            booked_on=entry.booked_on,
            debit=entry.debit,
            credit=entry.credit,
            labels=dict(entry.labels),
        )


class AgeLineOut(Struct, frozen=True, rename={"lot_class": "class"}):
    """What is left of lots of one class and tier that are from_days to to_days old."""

    from_days: int
    to_days: int | None
    lot_class: str
    tier: str
    lots: int
    pending: int
    available: int
    held: int
    points: int

    @classmethod
    def of(cls, line: ledger.AgeLine) -> "AgeLineOut":
        """Show the line."""
        return cls(
            from_days=line.from_days,
            to_days=line.to_days,
            lot_class=line.lot_class.value,
            tier=line.tier,
            lots=line.lots,
            pending=line.pending,
            available=line.available,
            held=line.held,
            points=line.points,
        )


class AgeingOut(Struct, frozen=True):
    """All lots with something left, by age, class and tier."""

    asset: str
    at: Instant
    recorded_by: Instant | None
    points: int
    lines: list[AgeLineOut]

    @classmethod
    def of(cls, ageing: ledger.Ageing) -> "AgeingOut":
        """Show the ages."""
        return cls(
            asset=ageing.asset,
            at=ageing.at,
            recorded_by=ageing.recorded_by,
            points=sum(line.points for line in ageing.lines),
            lines=[AgeLineOut.of(line) for line in ageing.lines],
        )


class DebtOut(Struct, frozen=True):
    """What one member owes, and since when without a break."""

    member: str | None
    holder: str
    debt: int
    since: Instant | None

    @classmethod
    def of(cls, debt: ledger.Debt, whose: Entry | None) -> "DebtOut":
        """Show the debt."""
        member = None if whose is None else show("mem", whose.id)
        return cls(member=member, holder=str(debt.holder), debt=debt.debt, since=debt.since)


class FindingOut(Struct, frozen=True):
    """A promise that was broken, and the first row that breaks it."""

    package: str
    check: str
    row: str
    seen: str
    wanted: str

    @classmethod
    def of(cls, found: Finding) -> "FindingOut":
        """Show the finding."""
        return cls(found.package, found.check, found.row, found.seen, found.wanted)


class VerificationOut(Struct, frozen=True):
    """One proof of every invariant."""

    id: str
    started_at: Instant
    finished_at: Instant
    clean: bool
    findings: list[FindingOut]
    actor: str

    @classmethod
    def of(cls, proof: Verification) -> "VerificationOut":
        """Show the proof."""
        return cls(
            id=show("ver", proof.id),
            started_at=proof.started_at,
            finished_at=proof.finished_at,
            clean=proof.clean,
            findings=[FindingOut.of(found) for found in proof.findings],
            actor=proof.actor,
        )


class PeriodOut(Struct, frozen=True):
    """One month of the books, and while it is closing what stands in the way."""

    month: Month
    state: str
    closing_at: Instant | None
    closing_by: str | None
    closed_at: Instant | None
    closed_by: str | None
    verified_by: str | None
    reconciled_by: str | None
    obstacle: str | None
    open_items: int

    @classmethod
    def of(cls, status: PeriodStatus) -> "PeriodOut":
        """Show the month."""
        period = status.period
        return cls(
            month=month_text(period.month),
            state=period.state.value,
            closing_at=period.closing_at,
            closing_by=period.closing_by,
            closed_at=period.closed_at,
            closed_by=period.closed_by,
            verified_by=period.verified_by,
            reconciled_by=period.reconciled_by,
            obstacle=None if status.obstacle is None else status.obstacle.value,
            open_items=status.open_items,
        )


class PeriodsOut(Struct, frozen=True):
    """Every month of the books, the newest first."""

    items: list[PeriodOut]


def month_text(month: date) -> str:
    """Write a month as its year and number."""
    return month.isoformat()[:7]


def month_of(text: str) -> date:
    """Read a month as `month_text` writes it; `ValueError` for anything else."""
    return date.fromisoformat(f"{text}-01")
