"""What a field of any posting must be, whatever the books say; anything else is malformed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from ledger.errors import MalformedPosting

LARGEST_AMOUNT = 10**15
MOST_LABELS = 8
LONGEST_KEY = 200
LONGEST_WORD = 64
LONGEST_GRACE = 3650
MOST_LOTS = 1000


def require_key(name: str, text: str) -> None:
    """Demand a business key."""
    require_text(name, text, LONGEST_KEY)


def require_word(name: str, text: str) -> None:
    """Demand one short word."""
    require_text(name, text, LONGEST_WORD)


def require_text(name: str, text: str, longest: int) -> None:
    """Demand text of a bounded length."""
    if not 0 < len(text) <= longest or "\0" in text:
        raise MalformedPosting(
            field=name, expected=f"1 to {longest} characters without NUL", seen=repr(text[:80])
        )


def require_amount(amount: int) -> None:
    """Demand an amount that moves something and fits the books."""
    if not 0 < amount <= LARGEST_AMOUNT:
        raise MalformedPosting(
            field="amount", expected=f"between 1 and {LARGEST_AMOUNT}", seen=amount
        )


def require_days(name: str, days: int) -> None:
    """Demand days of grace."""
    if not 0 <= days <= LONGEST_GRACE:
        raise MalformedPosting(
            field=name, expected=f"between 0 and {LONGEST_GRACE} days", seen=days
        )


def require_aware(name: str, instant: datetime | None) -> None:
    """Demand an instant with an offset, or none."""
    if instant is not None and instant.utcoffset() is None:
        raise MalformedPosting(
            field=name, expected="an instant with an offset", seen=instant.isoformat()
        )


def require_later(name: str, instant: datetime | None, than: datetime) -> None:
    """Demand none, or later than another instant."""
    if instant is not None and instant <= than:
        raise MalformedPosting(
            field=name, expected=f"later than {than.isoformat()}", seen=instant.isoformat()
        )


def require_schedule(schedule: str | None) -> None:
    """Demand the word by which lots move together, or none."""
    if schedule is not None:
        require_word("schedule", schedule)


def require_lots(lots: Sequence[UUID]) -> None:
    """Demand some lots, but not any number."""
    if not 0 < len(lots) <= MOST_LOTS:
        raise MalformedPosting(field="lots", expected=f"1 to {MOST_LOTS} lots", seen=len(lots))
