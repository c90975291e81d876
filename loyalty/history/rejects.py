"""The file of rejected rows: each with its number, the column at fault and the reason.

The original columns follow as they were, so that a mended file can be imported as it is. Rows are
collected on disk, bucket by bucket, and merged by number at the end.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from pathlib import Path

from loyalty.history.assembly import Reject, Row
from loyalty.history.columns import REPORT
from loyalty.history.spool import Spool, records

SUFFIX = ".rejects.csv"


def rejects_path(path: Path) -> Path:
    """Where the rejected rows of a file are written."""
    return path.with_name(path.name + SUFFIX)


class Rejected:
    """The rejected rows of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "rejects"
        self._folder.mkdir()
        self._parts = 0
        self.rows = 0

    def add(self, found: Iterable[Reject]) -> None:
        """Keep some rejected rows."""
        ordered = sorted(found, key=lambda reject: reject.row.number)
        if not ordered:
            return
        with Spool(self._folder, "0", 1, first=self._parts) as spool:
            for row, column, reason in ordered:
                spool.add(0, (row.number, row.fields, column, reason))
        self._parts += 1
        self.rows += len(ordered)

    def write(self, target: Path, names: Sequence[str]) -> None:
        """Write them by number to a file that takes the place of an earlier one."""
        kept = [place for place, name in enumerate(names) if name not in REPORT]
        draft = target.with_name(target.name + ".part")
        with draft.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*REPORT, *(names[place] for place in kept)])
            for row, column, reason in self._merged():
                fields = row.fields
                original = [fields[place] if place < len(fields) else "" for place in kept]
                writer.writerow([row.number, column, reason, *original])
        draft.replace(target)

    def _merged(self) -> Iterator[Reject]:
        parts = [records(self._folder, part) for part in range(self._parts)]
        for number, fields, column, reason in merge(*parts, key=lambda record: int(record[0])):
            yield Reject(Row(number, fields), column, reason)
