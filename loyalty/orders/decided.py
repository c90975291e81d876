"""The stored decision of an order whose shop named the prices.

Pure. Only earning was decided, on lines that the order itself holds, so the document says which
rules took part, and where the counters stood that they looked at, and leaves the rest to the rows;
a replay builds the question from them.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from benefits import Used


def paid_document(applied: Iterable[tuple[str, int]], used: Sequence[Used] = ()) -> str:
    """Return the canonical text: the rules, each with its version, that gave points."""
    return _document(tuple(applied), tuple(used))


def counters_seen(document: str) -> tuple[Used, ...]:
    """Return where the counters stood when an order of the shop's prices was decided."""
    stored = msgspec.json.decode(document)
    return tuple(Used(*each) for each in stored.get("used", ()))


@lru_cache(maxsize=1024)
def _document(applied: tuple[tuple[str, int], ...], used: tuple[Used, ...]) -> str:
    rules = [{"rule": rule, "version": version} for rule, version in applied]
    said: dict[str, object] = {"earned_by": rules, "priced_by": "shop"}
    if used:
        said["used"] = [list(each) for each in used]
    return msgspec.json.encode(said).decode()
