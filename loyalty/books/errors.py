"""Why the money side of the books refuses what finance asks of it."""

from loyalty.errors import LoyaltyError


class EstimateMalformed(LoyaltyError):
    """An estimate names {wanted}."""

    code = "estimate-malformed"
    wanted: str


class EstimateClassUnfit(LoyaltyError):
    """No money is kept for points of the class {seen}, so there is nothing to estimate."""

    code = "estimate-class-unfit"
    seen: str


class UnknownCohort(LoyaltyError):
    """No points of the class {lot_class} were earned in {seen}."""

    code = "unknown-cohort"
    lot_class: str
    seen: str


class CohortEnded(LoyaltyError):
    """Nothing of the cohort of {seen} is outstanding; there is nothing left to estimate."""

    code = "cohort-ended"
    seen: str


class EstimateBelowRedeemed(LoyaltyError):
    """{seen} points are expected, but {redeemed} of the cohort have been redeemed already."""

    code = "estimate-below-redeemed"
    seen: int
    redeemed: int


class EstimateAboveIssued(LoyaltyError):
    """{seen} points are expected, but the cohort has no more than {issued}."""

    code = "estimate-above-issued"
    seen: int
    issued: int


class EstimateBackdated(LoyaltyError):
    """An estimate counts from {wanted} at the earliest, not from {seen}."""

    code = "estimate-backdated"
    wanted: str
    seen: str


class EstimateInFuture(LoyaltyError):
    """An estimate counts from today, {wanted}, at the latest, not from {seen}."""

    code = "estimate-in-future"
    wanted: str
    seen: str
