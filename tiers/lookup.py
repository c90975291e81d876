"""Look days up in a calendar within a statement.

The one idea: the calendar is one row of arrays, read once a statement, and a day is a subscript of
them; joining its rows would sort every fact by day first.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Integer,
    cast,
    extract,
    literal,
    null,
    select,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY

from tiers.calendar import DAYS_A_MONTH, Calendar
from tiers.scale import Ladder, WindowKind
from tiers.tables import standing


@dataclass(frozen=True, slots=True)
class Days:
    """The meanings of days of members whose anchors are given; null for days it does not know."""

    calendar: Calendar
    _row: CTE = field(init=False)

    def __post_init__(self) -> None:
        arrays = {"starts": self.calendar.starts}
        arrays |= {"leaves": self.calendar.leaves} if self.calendar.leaves is not None else {}
        arrays |= {"valid": self.calendar.valid} if self.calendar.valid is not None else {}
        columns = (literal(list(each), ARRAY(Date)).label(name) for name, each in arrays.items())
        object.__setattr__(self, "_row", select(*columns).cte("calendar"))

    def starts(self, anchor: ColumnElement[int], day: ColumnElement[Any]) -> ColumnElement[date]:
        """The first day of the window that counts on a day."""
        return self._found("starts", self._position(anchor, day))

    def leaves(self, anchor: ColumnElement[int], day: ColumnElement[Any]) -> ColumnElement[Any]:
        """The first day on which what is dated on a day no longer counts; null for never."""
        if self.calendar.leaves is None:
            return cast(null(), Date)
        return self._found("leaves", self._position(anchor, day))

    def valid(self, anchor: ColumnElement[int], day: ColumnElement[Any]) -> ColumnElement[Any]:
        """The first day on which a tier reached on a day is not promised; null for never."""
        if self.calendar.valid is None:
            return cast(null(), Date)
        return self._found("valid", self._position(anchor, day))

    def _found(self, name: str, position: ColumnElement[int]) -> ColumnElement[Any]:
        array: ColumnElement[Any] = select(self._row.c[name]).scalar_subquery()
        return array[position]

    def _position(self, anchor: ColumnElement[int], day: ColumnElement[Any]) -> ColumnElement[int]:
        first, years = self.calendar.first, self.calendar.years
        if not years:
            return cast(day - literal(first, Date), Integer) + 1
        year = anchor * years + cast(extract("year", day), Integer) - (first.year - 1)
        return year - when((self._found("starts", year) > day, 1), else_=0)


def anchor_of(ladder: Ladder) -> ColumnElement[int]:
    """The number of the day of joining where windows follow it, 0 otherwise."""
    if ladder.window.kind is not WindowKind.ANNIVERSARY:
        return literal(0, Integer)
    joined_on = standing.c.joined_on
    month, day = extract("month", joined_on), extract("day", joined_on)
    return cast((month - 1) * DAYS_A_MONTH + day - 1, Integer)
