"""What the ledger refuses, one class per reason.

A class docstring is the sentence a person reads, with the facts filled in; ``code`` is for ever.
HTTP statuses, languages and retries are decided above.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class LedgerError(Exception):
    """The ledger could not do what was asked."""

    code: ClassVar[str] = "ledger-error"

    def __init__(self, *, pointer: str | None = None, **facts: int | str) -> None:
        self.pointer = pointer
        self.facts: Mapping[str, int | str] = MappingProxyType(facts)
        super().__init__(self._sentence())

    def __getattr__(self, name: str) -> int | str:
        facts: Mapping[str, int | str] = self.__dict__.get("facts", {})
        if name not in facts:
            raise AttributeError(name)
        return facts[name]

    def _sentence(self) -> str:
        first_line = (type(self).__doc__ or "").strip().splitlines()[0]
        return first_line.format_map(_Facts(self.facts))


class _Facts(dict[str, int | str]):
    """Facts of a sentence; one that was not given reads as a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


class MalformedPosting(LedgerError):
    """The field {field} of a posting must be {expected}; seen was {seen}."""

    code: ClassVar[str] = "malformed-posting"


class InsufficientPoints(LedgerError):
    """The wallet has {seen} available, which is less than the {wanted} asked for."""

    code: ClassVar[str] = "insufficient-points"


class WalletFrozen(LedgerError):
    """The wallet is frozen: nothing can be spent or held from it."""

    code: ClassVar[str] = "wallet-frozen"


class KeyReused(LedgerError):
    """The key {key} already stands for other content: {field} was {seen}, now it is {wanted}."""

    code: ClassVar[str] = "key-reused"


class UnknownPosting(LedgerError):
    """This holder has no posting with the key {wanted}."""

    code: ClassVar[str] = "unknown-posting"


class UnfitPosting(LedgerError):
    """The posting referred to is of kind {seen}, but must be of kind {wanted}."""

    code: ClassVar[str] = "unfit-posting"


class WrongAsset(LedgerError):
    """The posting referred to is in {seen}, not in {wanted}."""

    code: ClassVar[str] = "wrong-asset"


class LotNotPending(LedgerError):
    """The points are not pending any more: they were activated, taken back or have lapsed."""

    code: ClassVar[str] = "lot-not-pending"


class HoldClosed(LedgerError):
    """The hold has ended: all of it was captured or released, or its time was over."""

    code: ClassVar[str] = "hold-closed"


class HoldTooSmall(LedgerError):
    """The hold has {seen} left, which is less than the {wanted} asked for."""

    code: ClassVar[str] = "hold-too-small"


class ReversalTooLarge(LedgerError):
    """Of the original posting {seen} can still be reversed, which is less than {wanted}."""

    code: ClassVar[str] = "reversal-too-large"


class DebtTooSmall(LedgerError):
    """The wallet owes {seen}, which is less than the {wanted} to be written off."""

    code: ClassVar[str] = "debt-too-small"


class UnknownLot(LedgerError):
    """This holder has no lot {wanted}."""

    code: ClassVar[str] = "unknown-lot"


class EndTooEarly(LedgerError):
    """Points would lapse at {seen}, but their end must be later than {wanted}."""

    code: ClassVar[str] = "end-too-early"


class HoldsOpen(LedgerError):
    """The wallet has {seen} points on open holds: capture or release them before it is moved."""

    code: ClassVar[str] = "holds-open"


class NothingToMove(LedgerError):
    """The wallet holds neither points nor debt that could be moved."""

    code: ClassVar[str] = "nothing-to-move"


class PeriodClosed(LedgerError):
    """The day {seen} is in a period that is closed; the open one begins on {wanted}."""

    code: ClassVar[str] = "period-closed"


class BookedOnUnfit(LedgerError):
    """A posting is booked from the day it happened to the day it is recorded, not on {seen}."""

    code: ClassVar[str] = "booked-on-unfit"


class PeriodUnknown(LedgerError):
    """The books have no period {wanted}: they begin on {seen}."""

    code: ClassVar[str] = "period-unknown"


class PeriodOutOfOrder(LedgerError):
    """Periods are closed one after the other: next is {wanted}, not {seen}."""

    code: ClassVar[str] = "period-out-of-order"


class PeriodNotOver(LedgerError):
    """The period {seen} is not over before {wanted}."""

    code: ClassVar[str] = "period-not-over"


class PeriodNotBegun(LedgerError):
    """The period {wanted} has not begun to close."""

    code: ClassVar[str] = "period-not-begun"


class PeriodInFlight(LedgerError):
    """A transaction that may book into {wanted} is still running: try again when it has ended."""

    code: ClassVar[str] = "period-in-flight"


class CalendarFixed(LedgerError):
    """The books are kept in the time zone {seen}, which cannot become {wanted} any more."""

    code: ClassVar[str] = "calendar-fixed"


class UnknownAsset(LedgerError):
    """The books know no asset {wanted}."""

    code: ClassVar[str] = "unknown-asset"


class RecordedInFuture(LedgerError):
    """Nothing can be told as recorded by {wanted}: it is only {seen}."""

    code: ClassVar[str] = "recorded-in-future"


class UnanswerableInstant(LedgerError):
    """The books cannot be told as of {wanted}: they begin at {seen}."""

    code: ClassVar[str] = "unanswerable-instant"


REFUSALS: Mapping[str, type[LedgerError]] = MappingProxyType(
    {
        refusal.code: refusal
        for refusal in (
            InsufficientPoints,
            WalletFrozen,
            KeyReused,
            UnknownPosting,
            UnfitPosting,
            WrongAsset,
            LotNotPending,
            HoldClosed,
            HoldTooSmall,
            ReversalTooLarge,
            DebtTooSmall,
            PeriodClosed,
            BookedOnUnfit,
            UnknownLot,
            EndTooEarly,
            HoldsOpen,
            NothingToMove,
        )
    }
)
"""Every outcome code that the SQL functions may answer, and the error it is raised as."""
