"""The codes of a batch as a file that a shop can send out or print."""

import csv
import io
from collections.abc import Sequence
from uuid import UUID

import benefits
from loyalty.ids import show


def codes_file(codes: Sequence[tuple[str, UUID | None]]) -> bytes:
    """Return a CSV file of codes; where they are bound, with the member each is for."""
    bound = any(member is not None for _, member in codes)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(["code", "member"] if bound else ["code"])
    for code, member in codes:
        shown = benefits.show_code(code)
        writer.writerow([shown] if member is None else [shown, show("mem", member)])
    return written.getvalue().encode()
