"""Shapes of the money side of the books: amounts are whole minor units of one currency.

What raises a balance is positive, what lowers it negative, so that every line adds up as it stands.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

import ledger
from api.schemas.books import month_of, month_text
from api.schemas.types import Code, Instant, Points
from loyalty import books
from loyalty.ids import show

WHOLE: Final = 100

Month = Annotated[
    str,
    Meta(
        pattern="^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$",
        description="A month of the programme's calendar.",
        examples=["2026-01"],
    ),
]
Percent = Annotated[
    str,
    Meta(
        pattern=r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$",
        description="A percentage with at most two decimals.",
        examples=["95.00"],
    ),
]
Class = Literal["sale", "fee", "promotion", "goodwill", "partner"]
MethodName = Literal["history", "cohort-curve", "peers", "judgement"]


class EstimateBody(Struct, frozen=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """What to sign: for one cohort, or without `issued_in` for all of a class.

    Either `percent` of what was issued or, for one cohort, the `points` expected in all.
    """

    class_: Class
    method: MethodName
    reason: Code
    issued_in: Month | None = None
    percent: Percent | None = None
    points: Points | None = None
    effective_on: date | None = None

    def signing(self) -> books.Signing:
        """Return what the use case takes."""
        return books.Signing(
            lot_class=ledger.LotClass(self.class_),
            method=books.Method(self.method),
            reason=self.reason,
            issued_in=None if self.issued_in is None else month_of(self.issued_in),
            hundredths=None if self.percent is None else int(Decimal(self.percent) * WHOLE),
            points=self.points,
            effective_on=self.effective_on,
        )


class EstimateOut(Struct, frozen=True, rename={"class_": "class"}):
    """What was signed, by whom, and what stood in the books then."""

    version: int
    class_: str
    issued_in: str | None
    method: str
    reason: str
    effective_on: date
    percent: str | None
    points: int | None
    issued: int
    redeemed: int
    signed_at: Instant
    signed_by: str

    @classmethod
    def of(cls, signed: books.Estimate) -> "EstimateOut":
        """Show the estimate."""
        percent = None
        if signed.hundredths is not None:
            percent = str(Decimal(signed.hundredths).scaleb(-2))
        return cls(
            version=signed.version,
            class_=signed.lot_class.value,
            issued_in=None if signed.issued_in is None else month_text(signed.issued_in),
            method=signed.method.value,
            reason=signed.reason,
            effective_on=signed.effective_on,
            percent=percent,
            points=signed.points,
            issued=signed.issued,
            redeemed=signed.redeemed,
            signed_at=signed.signed_at,
            signed_by=signed.signed_by,
        )


class MoneyMonthOut(Struct, frozen=True, rename={"class_": "class"}):
    """One class in one month. From `opening` to `undone` everything adds up to `closing`.

    `liability` is deferred revenue. `face_value` is points outstanding at the value of a point,
    which is no liability; `used_value` is what points used in the month took off orders.
    """

    month: str
    class_: str
    treatment: str
    opening: int
    deferred: int
    recognised_on_spending: int
    released_at_cohort_end: int
    change_of_estimate: int
    reversed_by_returns: int
    recognition_undone: int
    closing: int
    liability: int
    points_outstanding: int
    face_value: int
    points_used: int
    used_value: int

    @classmethod
    def of(cls, month: books.MoneyMonth) -> "MoneyMonthOut":
        """Show the month."""
        return cls(
            month=month_text(month.month),
            class_=month.lot_class.value,
            treatment=month.treatment.value,
            opening=month.opening,
            deferred=month.deferred,
            recognised_on_spending=month.spent,
            released_at_cohort_end=month.ended,
            change_of_estimate=month.changed,
            reversed_by_returns=month.returned,
            recognition_undone=month.undone,
            closing=month.closing,
            liability=month.liability,
            points_outstanding=month.outstanding,
            face_value=month.face_value,
            points_used=month.used,
            used_value=month.used_value,
        )


class MoneyRollForwardOut(Struct, frozen=True, rename={"from_": "from"}):
    """The money side of all classes, month by month, as known by an instant."""

    from_: date
    to: date
    recorded_by: Instant
    currency: str
    months: list[MoneyMonthOut]

    @classmethod
    def of(cls, rolled: books.MoneyRollForward) -> "MoneyRollForwardOut":
        """Show the roll-forward."""
        return cls(
            from_=rolled.since,
            to=rolled.until,
            recorded_by=rolled.known_by,
            currency=rolled.currency,
            months=[MoneyMonthOut.of(month) for month in rolled.months],
        )


class CohortOut(Struct, frozen=True, rename={"class_": "class"}):
    """One cohort at the end of a day: its points, its breakage, and its money.

    `breakage` is what lapsed; `expected_breakage` is what is granted and not expected to be used.
    `estimate` is the version that binds it, null while every point is expected.
    """

    class_: str
    issued_in: str
    points_issued: int
    points_taken_back: int
    points_used: int
    points_outstanding: int
    points_expected: int
    breakage: int
    expected_breakage: int
    estimate: int | None
    allocated: int
    reversed: int
    recognised: int
    released: int
    balance: int

    @classmethod
    def of(cls, cohort: books.CohortFigures) -> "CohortOut":
        """Show the cohort."""
        stand = cohort.stand
        return cls(
            class_=cohort.lot_class.value,
            issued_in=month_text(cohort.issued_in),
            points_issued=stand.issued,
            points_taken_back=stand.taken_back,
            points_used=stand.used,
            points_outstanding=stand.outstanding,
            points_expected=cohort.expected,
            breakage=stand.lapsed,
            expected_breakage=max(stand.granted - cohort.expected, 0),
            estimate=None if cohort.estimate is None else cohort.estimate.version,
            allocated=stand.allocated,
            reversed=stand.reversed,
            recognised=cohort.recognised,
            released=cohort.released,
            balance=cohort.closing,
        )


class CohortsOut(Struct, frozen=True):
    """Every cohort at the end of a day, the oldest first."""

    on: date
    items: list[CohortOut]


class CohortLotOut(Struct, frozen=True):
    """One lot of a cohort, and where it came from: the journal, the member and the order."""

    lot: str
    journal: str
    member: str | None
    order: str | None
    source: str
    granted: int
    remaining: int
    taken_back: int
    allocated: int
    earned_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, found: books.LotOfCohort) -> "CohortLotOut":
        """Show the lot."""
        lot = found.lot
        return cls(
            lot=show("lot", lot.id),
            journal=show("jrn", lot.journal),
            member=None if found.member is None else show("mem", found.member),
            order=None if found.order is None else show("ord", found.order),
            source=lot.source,
            granted=lot.granted,
            remaining=lot.remaining,
            taken_back=lot.clawed_back,
            allocated=lot.allocated,
            earned_at=lot.earned_at,
            expires_at=lot.expires_at,
        )
