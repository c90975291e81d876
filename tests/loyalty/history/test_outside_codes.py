"""Codes from a file: taken row by row, known the second time, each bad one beside the file."""

from pathlib import Path

import benefits
from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.history.outside_codes import import_vouchers
from loyalty.history.rejects import rejects_path
from loyalty.members import Joining, join
from loyalty.vouchers import define_voucher
from tests.support.api import application_over

FILE = """code,member,expires_at,amount,uses
PARTNER-1,,,,
PARTNER-2,C-1,2199-01-01,500,3
PARTNER-2,,,,
PARTNER-3,C-9,,,
PARTNER-4,,soon,,
PARTNER-5,,,-1,
"""


async def brought(database: Database) -> Application:
    """Return an application with a definition and a member."""
    application = await application_over(database)
    cause = Cause(at=application.clock.now(), actor=SYSTEM, request_id="test")
    definition = benefits.VoucherDefinition("partner", {"en": "Partner"})
    await database.write(define_voucher, cause, definition)
    await database.write(join, cause, Joining(external_id="C-1"))
    return application


async def test_a_file_of_codes_is_taken_once_and_its_bad_rows_stand_beside_it(
    database: Database, tmp_path: Path
) -> None:
    application = await brought(database)
    path = tmp_path / "codes.csv"
    path.write_text(FILE, encoding="utf-8")

    first = await import_vouchers(application, path, "partner")
    again = await import_vouchers(application, path, "partner")

    assert (first.taken, first.known, first.rejected, first.complete) == (2, 0, 4, False)
    assert (again.taken, again.known, again.rejected) == (0, 2, 4)
    lines = rejects_path(path).read_text(encoding="utf-8").splitlines()[1:]
    assert [line.split(",")[2] for line in lines] == [
        "code-repeated",
        "unknown-member",
        *(line.split(",")[2] for line in lines[2:]),
    ]
    assert [line.split(",")[0] for line in lines] == ["4", "5", "6", "7"]
