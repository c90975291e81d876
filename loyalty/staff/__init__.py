"""Staff: the people of the console, their roles, passwords, sessions and one-time links."""

from loyalty.staff.entrance import claim, sign_in
from loyalty.staff.errors import (
    EmailMalformed,
    EmailTaken,
    LastAdmin,
    LinkUnusable,
    NameMissing,
    PasswordGuessable,
    PasswordTooLong,
    PasswordTooShort,
    ReasonUnknown,
    RoleMissing,
    StaffError,
    TooManyAttempts,
    UnknownPerson,
    WrongCredentials,
)
from loyalty.staff.links import first_link, link_for, read_link
from loyalty.staff.passwords import Passwords
from loyalty.staff.people import LEAVING, add_person, find_person, list_people, retire, set_roles
from loyalty.staff.sessions import end_session, end_sessions, find_session, is_stale, mark_seen
from loyalty.staff.types import Invitation, OneTimeLink, Person, Role, Session

__all__ = [
    "LEAVING",
    "EmailMalformed",
    "EmailTaken",
    "Invitation",
    "LastAdmin",
    "LinkUnusable",
    "NameMissing",
    "OneTimeLink",
    "PasswordGuessable",
    "PasswordTooLong",
    "PasswordTooShort",
    "Passwords",
    "Person",
    "ReasonUnknown",
    "Role",
    "RoleMissing",
    "Session",
    "StaffError",
    "TooManyAttempts",
    "UnknownPerson",
    "WrongCredentials",
    "add_person",
    "claim",
    "end_session",
    "end_sessions",
    "find_person",
    "find_session",
    "first_link",
    "is_stale",
    "link_for",
    "list_people",
    "mark_seen",
    "read_link",
    "retire",
    "set_roles",
    "sign_in",
]
