"""A member, who is meant, and what they tell about themselves; nothing is stored here."""

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from loyalty.ids import read
from loyalty.members.errors import BirthdayImpossible, MalformedContact, UnknownMember

MemberClass = Literal["consumer", "staff", "wholesale", "test", "blocked"]

EXTERNAL: Final = "ext:"
_LEAP_YEAR: Final = 2000
_MONTHS: Final = 12
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,63}")
_PHONE: Final = re.compile(r"\+?[0-9]{5,15}")
_PHONE_NOISE: Final = re.compile(r"[ ()./-]")


@dataclass(frozen=True, slots=True)
class Ref:
    """A member or order as a request names it: by the shop's id, or by ours."""

    kind: Literal["member", "order"]
    text: str
    external: str | None = None
    id: UUID | None = None
    pointer: str | None = None
    """Where in the request it stands, when it is not the path."""


def read_member_ref(text: str) -> Ref:
    """Read `ext:<the shop's id>` or `mem_…`; a malformed id names nobody."""
    return _ref("member", "mem", text)


def read_order_ref(text: str) -> Ref:
    """Read `ext:<the shop's id>` or `ord_…`."""
    return _ref("order", "ord", text)


def _ref(kind: Literal["member", "order"], prefix: str, text: str) -> Ref:
    if text.startswith(EXTERNAL) and len(text) > len(EXTERNAL):
        return Ref(kind=kind, text=text, external=text.removeprefix(EXTERNAL))
    return Ref(kind=kind, text=text, id=read(prefix, text))


@dataclass(frozen=True, slots=True)
class Member:
    """A member as every use case needs them: who holds the points, and how they are treated."""

    id: UUID
    holder: UUID
    class_: MemberClass
    joined_at: datetime
    closed_at: datetime | None = None
    merged_into: UUID | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """How the shop sorts a member: their tags, and the lists that they are on, in order."""

    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


UNMARKED: Final = Marks()


@dataclass(frozen=True, slots=True)
class Birthday:
    """Month and day, which suffice, and the year if the member gave it."""

    month: int
    day: int
    year: int | None = None

    def __post_init__(self) -> None:
        """Refuse a day that its month, or that year, does not have."""
        if (
            not 1 <= self.month <= _MONTHS
            or not 1 <= self.day <= monthrange(self.year or _LEAP_YEAR, self.month)[1]
        ):
            raise BirthdayImpossible(month=self.month, day=self.day, pointer="/birthday")

    def in_year(self, year: int) -> date:
        """Return the day it is kept: 29 February falls on the 28th in a common year."""
        return date(year, self.month, min(self.day, monthrange(year, self.month)[1]))

    def age_on(self, day: date) -> int | None:
        """Return the age in whole years, if the year is known."""
        if self.year is None:
            return None
        return day.year - self.year - (day < self.in_year(day.year))

    def __str__(self) -> str:
        """Write it as the trail keeps it: 1984-02-29, or --02-29 without the year."""
        year = "-" if self.year is None else f"{self.year:04d}"
        return f"{year}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Consent:
    """A yes or no to a purpose, under a version of its text."""

    purpose: str
    granted: bool
    text_version: str


@dataclass(frozen=True, slots=True)
class Joining:
    """What is known of somebody who joins."""

    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    birthday: Birthday | None = None
    language: str | None = None
    class_: MemberClass = "consumer"
    joined_at: datetime | None = None
    consents: tuple[Consent, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """Personal data of a member; `names` are the shop's ids of them."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    birthday: Birthday | None = None
    birthday_changed_on: date | None = None
    language: str | None = None
    external_ids: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = field(default=())


def email_key(email: str) -> str:
    """Return the form by which an e-mail address is looked up."""
    key = email.strip().casefold()
    if not _EMAIL.fullmatch(key):
        raise MalformedContact(wanted="an e-mail address", pointer="/email")
    return key


def phone_key(phone: str) -> str:
    """Return the form by which a phone number is looked up: digits, with or without a plus."""
    key = _PHONE_NOISE.sub("", phone.strip())
    if key.startswith("00"):
        key = f"+{key[2:]}"
    if not _PHONE.fullmatch(key):
        raise MalformedContact(wanted="a phone number such as +41 44 123 45 67", pointer="/phone")
    return key


def unknown(ref: Ref) -> UnknownMember:
    """Say that nobody is known by that name."""
    return UnknownMember(seen=ref.text[:80])
