"""Records of a history file on disk, cut into buckets small enough for memory.

A spool keeps what must come together (the rows of an order, the orders of a member) in one
bucket, so that a file of any size is worked on bucket by bucket and in several processes.
Records are plain tuples of text and integers.
"""

import marshal
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import IO, Any, Final, Self
from zlib import crc32

CHUNK: Final = 500
"""Records written at a time to one bucket."""

LENGTH: Final = Struct("<Q")

Record = tuple[Any, ...]


def bucket_of(key: str, buckets: int) -> int:
    """The bucket of a key, the same in every process."""
    return crc32(key.encode("utf-8", "surrogatepass")) % buckets


class Spool:
    """Writes records into buckets; several writers may fill the same ones, each under its name.

    The buckets are numbered from `first` in the directory.
    """

    def __init__(self, directory: Path, writer: str, buckets: int, *, first: int = 0) -> None:
        self._pending: list[list[Record]] = [[] for _ in range(buckets)]
        self._files: list[IO[bytes] | None] = [None] * buckets
        self._first = first
        self._directory = directory
        self._writer = writer

    def add(self, bucket: int, record: Record) -> None:
        """Keep one record in its bucket."""
        pending = self._pending[bucket]
        pending.append(record)
        if len(pending) == CHUNK:
            self._flush(bucket)

    def _flush(self, bucket: int) -> None:
        file = self._files[bucket]
        if file is None:
            file = (self._directory / f"{self._first + bucket}.{self._writer}").open("wb")
            self._files[bucket] = file
        chunk = marshal.dumps(self._pending[bucket])
        file.write(LENGTH.pack(len(chunk)))
        file.write(chunk)
        self._pending[bucket].clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for bucket, pending in enumerate(self._pending):
            if pending and error is None:
                self._flush(bucket)
        for file in self._files:
            if file is not None:
                file.close()


def records(directory: Path, bucket: int) -> Iterator[Record]:
    """Give every record of one bucket, writer by writer, in the order each wrote them."""
    for path in sorted(directory.glob(f"{bucket}.*")):
        with path.open("rb") as file:
            while length := file.read(LENGTH.size):
                chunk = file.read(*LENGTH.unpack(length))
                yield from marshal.loads(chunk)  # noqa: S302 (written by us, in a folder of ours)
