"""The stored decision of an order whose shop named the prices.

Pure. Only earning was decided, on lines that the order itself holds, so the document says which
rules took part and leaves the rest to the rows; a replay builds the question from them.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec


def paid_document(applied: Iterable[tuple[str, int]]) -> str:
    """Return the canonical text: the rules, each with its version, that gave points."""
    return _document(tuple(applied))


@lru_cache(maxsize=1024)
def _document(applied: tuple[tuple[str, int], ...]) -> str:
    rules = [{"rule": rule, "version": version} for rule, version in applied]
    return msgspec.json.encode({"earned_by": rules, "priced_by": "shop"}).decode()
