"""Worth it: what a paid membership saved its member, and what a plan brings and costs the shop."""

from loyalty.savings.counting import SavedOrder
from loyalty.savings.figures import PlanFigures, plan_figures
from loyalty.savings.joining import Joiner, Joining
from loyalty.savings.reading import Savings, savings_of

__all__ = [
    "Joiner",
    "Joining",
    "PlanFigures",
    "SavedOrder",
    "Savings",
    "plan_figures",
    "savings_of",
]
