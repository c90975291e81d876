"""Shapes of members on the wire.

What a write answers holds ids and codes only, because stored answers are kept; personal data is
read with GET.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from api.schemas.member_marks import Tags
from api.schemas.types import Code, ExternalId, Instant, Language, MemberId, Text
from loyalty.ids import show
from loyalty.members import UNCHANGED, Birthday, Consent, Joining, Member, Profile, ProfilePatch

Class = Literal["consumer", "staff", "wholesale", "test", "blocked"]
Email = Annotated[str, Meta(min_length=3, max_length=320, examples=["ada@example.org"])]
Phone = Annotated[str, Meta(min_length=5, max_length=40, examples=["+41 44 123 45 67"])]


class BirthdayBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Month and day suffice; the year is needed only where an age is asked for."""

    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=31)]
    year: Annotated[int, Meta(ge=1900, le=2200)] | None = None


class ConsentBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A yes or no to a purpose under a version of its text."""

    purpose: Code
    granted: bool
    text_version: Annotated[str, Meta(min_length=1, max_length=40)]


Consents = Annotated[list[ConsentBody], Meta(max_length=20)]


class JoinBody(Struct, frozen=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """Who joins; everything may be left out."""

    external_id: ExternalId | None = None
    email: Email | None = None
    phone: Phone | None = None
    name: Text | None = None
    birthday: BirthdayBody | None = None
    language: Language | None = None
    class_: Class = "consumer"
    joined_at: Instant | None = None
    consents: Consents = []
    tags: Tags = []

    def joining(self) -> Joining:
        """Return what the use case takes."""
        return Joining(
            external_id=self.external_id,
            email=self.email,
            phone=self.phone,
            name=self.name,
            birthday=_birthday(self.birthday),
            language=self.language,
            class_=self.class_,
            joined_at=self.joined_at,
            consents=_consents(self.consents),
            tags=tuple(self.tags),
        )


class JoinedOut(Struct, frozen=True, rename={"class_": "class"}):
    """Who has joined."""

    id: MemberId
    class_: Class
    joined_at: Instant

    @classmethod
    def of(cls, member: Member) -> "JoinedOut":
        """Show the member."""
        return cls(id=show("mem", member.id), class_=member.class_, joined_at=member.joined_at)


class MemberOut(Struct, frozen=True, rename={"class_": "class"}):
    """A member with their profile."""

    id: MemberId
    class_: Class
    joined_at: Instant
    closed_at: Instant | None
    external_ids: list[str]
    email: str | None
    phone: str | None
    name: str | None
    birthday: BirthdayBody | None
    language: str | None
    consents: list[ConsentBody]

    @classmethod
    def of(cls, member: Member, profile: Profile) -> "MemberOut":
        """Show the member."""
        born = profile.birthday
        return cls(
            id=show("mem", member.id),
            class_=member.class_,
            joined_at=member.joined_at,
            closed_at=member.closed_at,
            external_ids=list(profile.external_ids),
            email=profile.email,
            phone=profile.phone,
            name=profile.name,
            birthday=None if born is None else BirthdayBody(born.month, born.day, born.year),
            language=profile.language,
            consents=[ConsentBody(c.purpose, c.granted, c.text_version) for c in profile.consents],
        )


class MemberPatch(Struct, frozen=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """What changes; a field left out stays, null empties it."""

    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    name: Text | UnsetType | None = UNSET
    birthday: BirthdayBody | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    consents: Consents = []
    class_: Class | UnsetType = UNSET
    closed: Literal[True] | UnsetType = UNSET
    reason: Code = "asked"

    def profile(self) -> ProfilePatch:
        """Return the part of it that concerns the profile."""
        born = self.birthday
        return ProfilePatch(
            email=UNCHANGED if self.email is UNSET else self.email,
            phone=UNCHANGED if self.phone is UNSET else self.phone,
            name=UNCHANGED if self.name is UNSET else self.name,
            birthday=UNCHANGED if born is UNSET else _birthday(born),
            language=UNCHANGED if self.language is UNSET else self.language,
            consents=_consents(self.consents),
        )


class MemberQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """By which names members are looked for; all that are given must fit."""

    email: Email | None = None
    phone: Phone | None = None
    order: Annotated[str, Meta(min_length=1, max_length=210)] | None = None
    external_id: ExternalId | None = None


def _birthday(body: BirthdayBody | None) -> Birthday | None:
    return None if body is None else Birthday(body.month, body.day, body.year)


def _consents(bodies: list[ConsentBody]) -> tuple[Consent, ...]:
    return tuple(Consent(body.purpose, body.granted, body.text_version) for body in bodies)
