"""Shapes of the books."""

from msgspec import Struct

import ledger
from api.schemas.types import Instant
from loyalty.ids import show


class AccountBalanceOut(Struct, frozen=True):
    """Sums of one account; `balance` is credit less debit."""

    account: str
    debit: int
    credit: int
    balance: int

    @classmethod
    def of(cls, balance: ledger.AccountBalance) -> "AccountBalanceOut":
        """Show the balance."""
        return cls(str(balance.account), balance.debit, balance.credit, balance.balance)


class TrialBalanceOut(Struct, frozen=True):
    """All accounts at an instant; `difference` is zero while the books hold."""

    asset: str
    at: Instant
    recorded_by: Instant | None
    member_side: list[AccountBalanceOut]
    programme_side: list[AccountBalanceOut]
    difference: int

    @classmethod
    def of(cls, books: ledger.TrialBalance) -> "TrialBalanceOut":
        """Show the trial balance."""
        return cls(
            asset=books.asset,
            at=books.at,
            recorded_by=books.recorded_by,
            member_side=[AccountBalanceOut.of(part) for part in books.member_side],
            programme_side=[AccountBalanceOut.of(part) for part in books.programme_side],
            difference=books.difference,
        )


class AccountEntryOut(Struct, frozen=True):
    """One journal's effect on one account."""

    journal: str
    holder: str
    kind: str
    key: str | None
    reason: str
    actor: str
    effective_at: Instant
    recorded_at: Instant
    debit: int
    credit: int
    labels: dict[str, str]

    @classmethod
    def of(cls, entry: ledger.AccountEntry) -> "AccountEntryOut":
        """Show the entry."""
        return cls(
            journal=show("jrn", entry.journal),
            holder=str(entry.holder),
            kind=str(entry.kind),
            key=entry.key,
            reason=entry.reason,
            actor=entry.actor,
            effective_at=entry.effective_at,
            recorded_at=entry.recorded_at,
            debit=entry.debit,
            credit=entry.credit,
            labels=dict(entry.labels),
        )


class TransferOut(Struct, frozen=True):
    """One debit-credit pair, and the lot it touches."""

    debit: str
    credit: str
    amount: int
    lot: str | None


class JournalOut(Struct, frozen=True):
    """One business event with its transfers."""

    id: str
    holder: str
    asset: str
    kind: str
    key: str | None
    refers_to: str | None
    reason: str
    actor: str
    request_id: str
    effective_at: Instant
    recorded_at: Instant
    labels: dict[str, str]
    transfers: list[TransferOut]

    @classmethod
    def of(cls, journal: ledger.Journal) -> "JournalOut":
        """Show the journal."""
        refers_to = journal.refers_to
        return cls(
            id=show("jrn", journal.id),
            holder=str(journal.holder),
            asset=journal.asset,
            kind=str(journal.kind),
            key=journal.key,
            refers_to=None if refers_to is None else show("jrn", refers_to),
            reason=journal.reason,
            actor=journal.actor,
            request_id=journal.request_id,
            effective_at=journal.effective_at,
            recorded_at=journal.recorded_at,
            labels=dict(journal.labels),
            transfers=[
                TransferOut(
                    debit=str(part.debit),
                    credit=str(part.credit),
                    amount=part.amount,
                    lot=None if part.lot is None else show("lot", part.lot),
                )
                for part in journal.transfers
            ],
        )
