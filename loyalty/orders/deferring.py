"""What of a shipment's price is revenue only when its points are spent: one spelling for all. Pure.

All that an order earns, multiplied or given on top, is part of what its buyer paid for.
"""

from collections.abc import Sequence

from ledger import LotClass
from loyalty.books import Estimate, allocate, expected_share
from loyalty.orders.types import Shipment
from loyalty.policy import Policy

CLASS = LotClass.SALE


def deferred(shipment: Shipment, policy: Policy, estimates: Sequence[Estimate]) -> int:
    """Return what of the price of the goods is allocated to the points that they earned."""
    share = expected_share(estimates, CLASS, shipment.on)
    figures = shipment.figures
    return allocate(figures.basis, figures.earn, policy.point_value, share).points
