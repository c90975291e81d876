"""The households of the demo's shop, and how what is invented of them is marked."""

from datetime import datetime
from typing import Final, NamedTuple

INVENTED: Final = "invented-"
"""What the ids of invented orders and returns begin with."""


class Household(NamedTuple):
    """A household of the shop, and when it first bought something, by the shop's own clock."""

    name: str
    first_at: datetime
