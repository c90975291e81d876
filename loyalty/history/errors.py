"""What an import refuses as a whole; a bad row is no error but a line in the file of rejects."""

from typing import ClassVar

from loyalty.errors import LoyaltyError


class ImportUnreadable(LoyaltyError):
    """The file cannot be read: {problem}."""

    code: ClassVar[str] = "import-unreadable"
    problem: str


class ReportRejected(LoyaltyError):
    """Nothing was taken in: {rows} rows cannot be read, the first is row {row} ({reason})."""

    code: ClassVar[str] = "billing-report-rejected"
    rows: int
    row: int
    reason: str


class ImportOutrun(LoyaltyError):
    """Others recorded orders of the file at the same time; run the import again to go on."""

    code: ClassVar[str] = "import-outrun"


class ImportInterrupted(LoyaltyError):
    """A process of the import was ended from outside; run the import again to go on."""

    code: ClassVar[str] = "import-interrupted"
