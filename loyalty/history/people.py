"""A row of a file of members read into what is known of somebody. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, cast, get_args

from loyalty.errors import LoyaltyError
from loyalty.history.columns import TAGS_PARTED_BY
from loyalty.history.sheets import LONG_AGO, Cells, Columns, FaultError
from loyalty.members import Birthday, Consent, Joining, email_key, phone_key
from loyalty.members.tags import read_tags
from loyalty.members.types import MemberClass
from loyalty.policy import Policy
from tiers import Ladder

CONSENT: Final = "consent:"
COLUMNS: Final = Columns(
    "members",
    required=("member",),
    optional=(
        *("email", "phone", "name", "birthday", "class", "language", "joined_at"),
        *("tier", "since", "until", "consent_version", "tags"),
    ),
    prefixes=(CONSENT,),
)

_CLASSES: Final = get_args(MemberClass)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?")
_PURPOSE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_BIRTHDAY: Final = re.compile(r"(?:(\d{4})-|--)?(\d{1,2})-(\d{1,2})")
_VERSION: Final = "import"


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier somebody brings along, since when, and until when it is good at least."""

    tier: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody of the file: what joining takes, and the standing they bring."""

    joining: Joining
    standing: Standing | None

    @property
    def external_id(self) -> str:
        """The shop's id, which every row has."""
        return self.joining.external_id or ""


@dataclass(frozen=True, slots=True)
class Reader:
    """What rows are read with: the policy and the ladder of today, and now."""

    policy: Policy
    ladder: Ladder | None
    now: datetime

    def read(self, cells: Cells) -> Entry:
        """Return who the row is about; `FaultError` names the column that is wrong."""
        external_id = cells.wanted("member", "the shop's id of the member")
        joined_at = cells.instant("joined_at", self.policy.zone)
        if joined_at is not None and not LONG_AGO <= joined_at <= self.now:
            raise FaultError("joined_at", "expected a time between 1970 and now")
        joining = Joining(
            external_id=external_id,
            email=_checked(cells, "email", email_key),
            phone=_checked(cells, "phone", phone_key),
            name=cells.text("name") or None,
            birthday=self._birthday(cells),
            language=_language(cells),
            class_=_class(cells),
            joined_at=joined_at,
            consents=tuple(_consents(cells)),
            tags=_tags(cells),
        )
        return Entry(joining, self._standing(cells, joining))

    def _birthday(self, cells: Cells) -> Birthday | None:
        text = cells.text("birthday")
        if not text:
            return None
        found = _BIRTHDAY.fullmatch(text)
        if found is None:
            expected = "expected a date such as 1984-02-29, or --02-29 without the year"
            raise FaultError("birthday", f"{expected}, found {text!r}")
        year = None if found[1] is None else int(found[1])
        try:
            born = Birthday(int(found[2]), int(found[3]), year)
        except LoyaltyError as error:
            raise FaultError("birthday", str(error)) from None
        age = born.age_on(self.policy.day_of(self.now))
        if age is not None and age < self.policy.minimum_age:
            raise FaultError(
                "birthday", f"a member is at least {self.policy.minimum_age} years old"
            )
        return born

    def _standing(self, cells: Cells, joining: Joining) -> Standing | None:
        tier = cells.text("tier")
        since, until = _day(cells, "since"), _day(cells, "until")
        if not tier:
            if since or until:
                raise FaultError("tier", "expected a tier beside since and until, found nothing")
            return None
        known = [] if self.ladder is None else [one.code for one in self.ladder.tiers]
        if tier not in known:
            listed = ", ".join(known) or "none: no ladder is published"
            raise FaultError("tier", f"expected one of {listed}, found {tier!r}")
        if joining.class_ != "consumer":
            raise FaultError("tier", f"only consumers have a tier, not {joining.class_}")
        today = self.policy.day_of(self.now)
        if since is not None and since > today:
            raise FaultError("since", f"expected a day up to today, found {since}")
        if until is not None and until <= today:
            raise FaultError("until", f"expected a day after today, found {until}")
        joined_on = self.policy.day_of(joining.joined_at or self.now)
        return Standing(tier, since or joined_on, until)


def given_of(joining: Joining) -> Mapping[str, object]:
    """What a row says, by column; what it leaves open is not compared with what is known."""
    said: dict[str, object] = {
        "email": joining.email,
        "phone": joining.phone,
        "name": joining.name,
        "birthday": joining.birthday,
        "language": joining.language,
        "joined_at": joining.joined_at and joining.joined_at.astimezone(UTC),
        "class": joining.class_,
        "tags": joining.tags or None,
    }
    return {column: value for column, value in said.items() if value is not None}


def _checked(cells: Cells, column: str, key: Callable[[str], str]) -> str | None:
    text = cells.text(column)
    if not text:
        return None
    try:
        key(text)
    except LoyaltyError as error:
        raise FaultError(column, f"{error} Found {text!r}") from None
    return text


def _class(cells: Cells) -> MemberClass:
    text = cells.text("class").lower() or "consumer"
    if text not in _CLASSES:
        raise FaultError("class", f"expected one of {', '.join(_CLASSES)}, found {text!r}")
    return cast("MemberClass", text)


def _language(cells: Cells) -> str | None:
    text = cells.text("language")
    if text and not _LANGUAGE.fullmatch(text):
        raise FaultError("language", f"expected a language tag such as en, found {text!r}")
    return text or None


def _tags(cells: Cells) -> tuple[str, ...]:
    said = (tag.strip() for tag in cells.text("tags").split(TAGS_PARTED_BY))
    try:
        return read_tags([tag for tag in said if tag])
    except LoyaltyError as error:
        raise FaultError("tags", str(error)) from None


def _day(cells: Cells, column: str) -> date | None:
    text = cells.text(column)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        expected = "expected a date such as 2026-12-31"
        raise FaultError(column, f"{expected}, found {text!r}") from None


def _consents(cells: Cells) -> Iterator[Consent]:
    version = cells.text("consent_version") or _VERSION
    for column in cells.texts:
        if column.startswith(CONSENT):
            purpose = column.removeprefix(CONSENT)
            if not _PURPOSE.fullmatch(purpose):
                raise FaultError(column, "expected a purpose such as consent:newsletter")
            granted = cells.yes(column)
            if granted is not None:
                yield Consent(purpose, granted, version)
