"""Why something about a member is refused."""

from loyalty.errors import LoyaltyError


class UnknownMember(LoyaltyError):
    """There is no member {seen}."""

    code = "unknown-member"
    seen: str


class UnknownOrder(LoyaltyError):
    """There is no order {seen}."""

    code = "unknown-order"
    seen: str


class MemberClosed(LoyaltyError):
    """The member left the programme on {closed_on}; nothing new can be recorded for them."""

    code = "member-closed"
    closed_on: str


class MemberMerged(LoyaltyError):
    """The member goes on as {into}; ask about that one."""

    code = "member-merged"
    into: str


class MergeWithItself(LoyaltyError):
    """A member is merged into another one, not into itself."""

    code = "merge-with-itself"


class MemberBlocked(LoyaltyError):
    """The member {seen} is blocked; unblock them before they are merged."""

    code = "member-blocked"
    seen: str


class NameTaken(LoyaltyError):
    """Another member already has this {kind}."""

    code = "name-taken"
    kind: str


class JoinedWithOtherContent(LoyaltyError):
    """This external id has already joined with another {field}."""

    code = "joined-with-other-content"
    field: str


class MalformedContact(LoyaltyError):
    """This does not read as {wanted}."""

    code = "malformed-contact"
    wanted: str


class BirthdayImpossible(LoyaltyError):
    """There is no day {day} in month {month}."""

    code = "birthday-impossible"
    month: int
    day: int


class TagMalformed(LoyaltyError):
    """A tag is lower case letters, digits and dashes, up to 40 of them; found {seen}."""

    code = "tag-malformed"
    seen: str


class TooManyTags(LoyaltyError):
    """A member has at most {wanted} tags, not {seen}."""

    code = "too-many-tags"
    seen: int
    wanted: int


class MemberListMalformed(LoyaltyError):
    """The name of a list is up to 40 lower case letters, digits and dashes; found {seen}."""

    code = "member-list-malformed"
    seen: str


class MemberListTooLong(LoyaltyError):
    """A list has at most {wanted} members, not {seen}."""

    code = "member-list-too-long"
    seen: int
    wanted: int


class UnknownMemberList(LoyaltyError):
    """There is no list of members {seen}."""

    code = "unknown-member-list"
    seen: str


class TooYoung(LoyaltyError):
    """A member is at least {minimum_age} years old."""

    code = "too-young"
    minimum_age: int
