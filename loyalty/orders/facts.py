"""From what is stored about a member to the facts that the rule language knows.

Pure. Facts are derived and never personal: which birthday windows are open, not when somebody was
born; since how many days, not since when.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from benefits import Facts, birthday_windows
from loyalty.members.types import UNMARKED, Marks

GUEST: Final = Facts()
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Person:
    """A member as far as facts are derived from them; a birthday is month and day."""

    member_class: str
    joined_on: date
    birthday: tuple[int, int] | None = None
    birthday_entered_on: date | None = None
    marks: Marks = UNMARKED


class Earlier(NamedTuple):
    """How many orders were placed before and not cancelled, and on which day the last of them."""

    orders: int
    last_on: date | None = None


NONE_EARLIER: Final = Earlier(0)


def facts_at(
    person: Person,
    on: date,
    *,
    tier: str | None,
    earlier: Earlier,
) -> Facts:
    """Return the facts of a member on a business day, before the order in question.

    Tags and lists are those of now, whatever the day: what they were is not kept.
    """
    last_on = earlier.last_on
    return Facts(
        member=True,
        tier=tier,
        member_class=person.member_class,
        days_since_joining=max((on - person.joined_on).days, 0),
        birthday=_windows(person, on),
        tags=person.marks.tags,
        order_count=earlier.orders,
        days_since_last_order=None if last_on is None else max((on - last_on).days, 0),
        lists=person.marks.lists,
    )


def _windows(person: Person, on: date) -> tuple[str, ...]:
    """The birthday windows open on a day: in the month of the birthday, or in the week after it."""
    if person.birthday is None:
        return ()
    month, day = person.birthday
    if on.month != month and (on.month != month % 12 + 1 or on.day > _WEEK):
        return ()
    return birthday_windows(month=month, day=day, on=on, entered_on=person.birthday_entered_on)
