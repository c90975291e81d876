"""What a page of the books is asked in its address: two instants, months, a place in a list.

What cannot be read or answered is said beside its field, and the page shows what it would show
without it; nothing is ever answered with an empty page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from admin.errors import PageMissing
from admin.forms import Form
from admin.refusals import sentence
from admin.visit import Visit
from admin.words import N_
from loyalty.ids import MalformedId, read
from loyalty.policy import months_later

FORM: Final = "asked"
MINUTE: Final = timedelta(minutes=1) - timedelta(microseconds=1)
UNREADABLE: Final = N_("Please give a past day and time such as 2026-10-31 23:59.")
NO_MONTH: Final = N_("Please give a month such as 2026-10.")
_PASSING: Final = frozenset({"done", "lang", "theme"})
_FIELDS: Final[Mapping[str, str]] = {
    "unanswerable-instant": "at",
    "recorded-in-future": "recorded_by",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What had happened by ``at``, as far as it was on record by ``recorded_by``."""

    at: datetime
    recorded_by: datetime | None
    form: Form

    @property
    def past(self) -> bool:
        """Whether a past instant was asked for."""
        return bool(self.form.values.get("at"))

    @property
    def query(self) -> str:
        """The same question as the end of an address; nothing when it is about now."""
        kept = {name: text for name, text in self.form.values.items() if text}
        return f"?{urlencode(kept)}" if kept else ""

    def refused(self, visit: Visit, error: Exception) -> "Asked":
        """The question about now, with the reason why the other was not answered."""
        field = _FIELDS.get(getattr(error, "code", ""), "at")
        form = self.form.wrong({field: sentence(visit.voice, error)})
        return replace(self, at=visit.at, recorded_by=None, form=form)


def asked_of(visit: Visit) -> Asked:
    """The instants in the address; without any, what is known now of now."""
    values: dict[str, str] = {}
    wrong: dict[str, str] = {}
    read: dict[str, datetime] = {}
    for name in ("at", "recorded_by"):
        text = visit.query.get(name, "")
        if name == "at" and not text:
            text = _end_of(visit, visit.query.get("on", ""))
        if not text:
            continue
        instant = _instant(visit, text)
        # a field for instants shows nothing else, and a browser complains of it
        values[name] = "" if instant is None else text
        if instant is None or instant > visit.at:
            wrong[name] = visit.voice.say(UNREADABLE)
        else:
            read[name] = instant
    form = Form(FORM, values, wrong)
    return Asked(read.get("at", visit.at), read.get("recorded_by"), form)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole months, the last one included, and the form they were asked with."""

    first: date
    last: date
    recorded_by: datetime | None
    form: Form

    @property
    def until(self) -> date:
        """The first day after the span."""
        return months_later(self.last, 1)

    def refused(self, visit: Visit, error: Exception) -> "Span":
        """The present month, with the reason why the others were not answered."""
        month = visit.policy.day_of(visit.at).replace(day=1)
        name = "recorded_by" if getattr(error, "code", "") == "recorded-in-future" else "from"
        return Span(month, month, None, self.form.wrong({name: sentence(visit.voice, error)}))


def span_of(visit: Visit, *, begins_on: date | None, most: int, usual: int) -> Span:
    """The months in the address: at most ``most`` up to the last; without any, the ``usual``."""
    today = visit.policy.day_of(visit.at).replace(day=1)
    wrong: dict[str, str] = {}
    last = _month(visit, "to", wrong) or today
    if last > today:
        wrong["to"] = visit.voice.say("This month has not begun.")
        last = today
    first = _month(visit, "from", wrong) or months_later(last, 1 - usual)
    if begins_on is not None:
        first = max(first, min(begins_on.replace(day=1), last))
    if first > last:
        wrong["from"] = visit.voice.say("The first month comes before the last.")
        first = last
    if first < (earliest := months_later(last, 1 - most)):
        first = earliest
        if "from" in visit.query:
            wrong["from"] = visit.voice.count(
                "At most %(number)s month is shown at a time.",
                "At most %(number)s months are shown at a time.",
                most,
            )
    asked = asked_of(visit)
    values = {"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"}
    values |= {"recorded_by": asked.form.values.get("recorded_by", "")}
    if "recorded_by" in asked.form.errors:
        wrong["recorded_by"] = asked.form.errors["recorded_by"]
    return Span(first, last, asked.recorded_by, Form(FORM, values, wrong))


def month_of(text: str) -> date | None:
    """A month written as 2026-10, as its first day."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == len("2026-10") else None
    except ValueError:
        return None


def place_of(visit: Visit, name: str = "before") -> tuple[datetime, UUID] | None:
    """The place in a list: the instant and the id of the last row that was seen."""
    instant, _, one = visit.query.get(name, "").partition("_")
    try:
        read = datetime.fromisoformat(instant), UUID(one)
    except ValueError:
        return None
    return read if read[0].utcoffset() is not None else None


def id_of(prefix: str, text: str) -> UUID | None:
    """Our id that a page goes on from; anything else is the beginning."""
    try:
        return read(prefix, text)
    except MalformedId:
        return None


def named_id(prefix: str, text: str) -> UUID:
    """Our id that an address names. Raises PageMissing."""
    found = id_of(prefix, text)
    if found is None:
        raise PageMissing
    return found


def ref_text(text: str, prefix: str) -> str:
    """How the API names what somebody typed: our id, or else the shop's own."""
    return text if text.startswith((prefix, "ext:")) else f"ext:{text}"


def further(visit: Visit, **changed: str) -> str:
    """The address of the same page with some of its questions asked otherwise."""
    kept = {name: text for name, text in visit.query.items() if name not in _PASSING | set(changed)}
    return "?" + urlencode({**kept, **{name: text for name, text in changed.items() if text}})


def _month(visit: Visit, name: str, wrong: dict[str, str]) -> date | None:
    text = visit.query.get(name, "")
    found = month_of(text)
    if text and found is None:
        wrong[name] = visit.voice.say(NO_MONTH)
    return found


def _instant(visit: Visit, text: str) -> datetime | None:
    """The end of the minute that a browser's field names, in the programme's time zone.

    What happens at midnight belongs to the day that begins, so 23:59 is the end of a day.
    """
    try:
        begins = datetime.fromisoformat(text)
        zoned = begins.replace(tzinfo=begins.tzinfo or visit.policy.zone)
        ends = zoned + MINUTE if len(text) == len("2026-10-31T23:59") else zoned
    except (ValueError, OverflowError):
        return None
    return min(ends, visit.at) if zoned <= visit.at else ends


def _end_of(visit: Visit, text: str) -> str:
    """The end of a day, as the field writes it; today and later mean now."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return "" if day >= visit.policy.day_of(visit.at) else f"{day}T23:59"
