"""The stored decision of an order whose shop named the prices.

Pure. Only earning was decided, on lines that the order itself holds, so the document says which
rules took part, where the counters stood that they looked at, and which rules were stopped by hand,
and leaves the rest to the rows; a replay builds the question from them.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from benefits import Used


def paid_document(
    applied: Iterable[tuple[str, int]], used: Sequence[Used] = (), stopped: Sequence[str] = ()
) -> str:
    """Return the canonical text: the rules, each with its version, that gave points."""
    return _document(tuple(applied), tuple(used), tuple(stopped))


def counters_seen(document: str) -> tuple[Used, ...]:
    """Return where the counters stood when an order of the shop's prices was decided."""
    stored = msgspec.json.decode(document)
    return tuple(Used(*each) for each in stored.get("used", ()))


def stops_seen(document: str) -> tuple[str, ...]:
    """Return the rules that were stopped by hand when such an order was decided."""
    return tuple(msgspec.json.decode(document).get("stopped", ()))


@lru_cache(maxsize=1024)
def _document(
    applied: tuple[tuple[str, int], ...], used: tuple[Used, ...], stopped: tuple[str, ...]
) -> str:
    rules = [{"rule": rule, "version": version} for rule, version in applied]
    said: dict[str, object] = {"earned_by": rules, "priced_by": "shop"}
    if used:
        said["used"] = [list(each) for each in used]
    if stopped:
        said["stopped"] = list(stopped)
    return msgspec.json.encode(said).decode()
