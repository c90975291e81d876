"""The money side of points: allocation, estimates, recognition by cohort, and its roll-forward."""

from loyalty.books.allocation import ALL, Allocation, allocate, worth
from loyalty.books.classes import TREATMENTS, Treatment, class_of_reason
from loyalty.books.errors import (
    CohortEnded,
    EstimateAboveIssued,
    EstimateBackdated,
    EstimateBelowRedeemed,
    EstimateClassUnfit,
    EstimateInFuture,
    EstimateMalformed,
    UnknownCohort,
)
from loyalty.books.estimates import (
    Signing,
    estimates_json,
    estimates_of,
    list_estimates,
    read_estimates,
    sign_estimate,
)
from loyalty.books.expecting import Estimate, Method, estimate_for, expected_share
from loyalty.books.giving import UNVALUED, Given, given_by_hand
from loyalty.books.money import (
    LotOfCohort,
    MoneyEntry,
    MoneyMonth,
    MoneyReason,
    MoneyRollForward,
    breakage,
    lots_of_cohort,
    money_entries,
    money_roll_forward,
    read_cohorts,
)
from loyalty.books.recognition import CohortFigures, Stand, recognised

__all__ = [
    "ALL",
    "TREATMENTS",
    "UNVALUED",
    "Allocation",
    "CohortEnded",
    "CohortFigures",
    "Estimate",
    "EstimateAboveIssued",
    "EstimateBackdated",
    "EstimateBelowRedeemed",
    "EstimateClassUnfit",
    "EstimateInFuture",
    "EstimateMalformed",
    "Given",
    "LotOfCohort",
    "Method",
    "MoneyEntry",
    "MoneyMonth",
    "MoneyReason",
    "MoneyRollForward",
    "Signing",
    "Stand",
    "Treatment",
    "UnknownCohort",
    "allocate",
    "breakage",
    "class_of_reason",
    "estimate_for",
    "estimates_json",
    "estimates_of",
    "expected_share",
    "given_by_hand",
    "list_estimates",
    "lots_of_cohort",
    "money_entries",
    "money_roll_forward",
    "read_cohorts",
    "read_estimates",
    "recognised",
    "sign_estimate",
    "worth",
]
