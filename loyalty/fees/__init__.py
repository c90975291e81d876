"""The books of membership fees: liabilities that become revenue day by day over what was paid."""

from loyalty.fees.booking import (
    allocate_bonus,
    bonus_given,
    bonus_share,
    booked_on,
    end_fees,
)
from loyalty.fees.reading import (
    FeeOfCharge,
    FeeRollForward,
    fee_months,
    fee_roll_forward,
    fees_of_month,
)
from loyalty.fees.recognition import Life, lives
from loyalty.fees.rolling import FeeMonth, roll
from loyalty.fees.sharing import FeeShare, allocate_fee
from loyalty.fees.types import Charge, ChargeReason, End, Figures, Refund, RefundKind

__all__ = [
    "Charge",
    "ChargeReason",
    "End",
    "FeeMonth",
    "FeeOfCharge",
    "FeeRollForward",
    "FeeShare",
    "Figures",
    "Life",
    "Refund",
    "RefundKind",
    "allocate_bonus",
    "allocate_fee",
    "bonus_given",
    "bonus_share",
    "booked_on",
    "end_fees",
    "fee_months",
    "fee_roll_forward",
    "fees_of_month",
    "lives",
    "roll",
]
