"""Refusals about staff, sign-in and one-time links."""

from loyalty.errors import LoyaltyError


class StaffError(LoyaltyError):
    """The console refused the person."""

    code = "staff-refused"


class WrongCredentials(StaffError):
    """The e-mail and the password do not belong together."""

    code = "wrong-credentials"


class TooManyAttempts(StaffError):
    """There were too many wrong passwords; the next try is allowed in {wait_seconds} seconds."""

    code = "too-many-attempts"
    wait_seconds: int


class LinkUnusable(StaffError):
    """This one-time link was used already, has expired or never existed; ask for a new one."""

    code = "link-unusable"


class PasswordTooShort(StaffError):
    """A password has at least {wanted} characters; this one has {seen}."""

    code = "password-too-short"
    wanted: int
    seen: int


class PasswordTooLong(StaffError):
    """A password has at most {wanted} characters; this one has {seen}."""

    code = "password-too-long"
    wanted: int
    seen: int


class PasswordGuessable(StaffError):
    """A password must not be the e-mail address or one character repeated."""

    code = "password-guessable"


class EmailTaken(StaffError):
    """Somebody in the console already signs in with this e-mail address."""

    code = "staff-email-taken"


class EmailMalformed(StaffError):
    """An e-mail address reads name@host, in at most 254 characters."""

    code = "staff-email-malformed"


class NameMissing(StaffError):
    """A person in the console has a name of 1 to 100 characters."""

    code = "staff-name-missing"


class RoleMissing(StaffError):
    """A person in the console has at least one role: admin or finance."""

    code = "staff-role-missing"


class ReasonUnknown(StaffError):
    """A reason for leaving is one of {wanted}, not {seen}."""

    code = "staff-reason-unknown"
    seen: str
    wanted: str


class UnknownPerson(StaffError):
    """Nobody in the console has this id."""

    code = "unknown-staff"


class LastAdmin(StaffError):
    """This is the last person with the admin role; give the role to somebody else first."""

    code = "last-admin"
