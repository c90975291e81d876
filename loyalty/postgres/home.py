"""Where a programme's database lies: the record that a home keeps of it.

As a plain user everything is below the home itself. As root the server runs as somebody else, and
what that user cannot reach lies where it can; the home then names the place. No mode of an
existing directory is ever changed.
"""

import json
import os
import pwd
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from loyalty.postgres.account import Account, current_user
from loyalty.postgres.binaries import Binaries
from loyalty.postgres.errors import (
    HomeMissing,
    HomeOfAnotherUser,
    HomeUnreadable,
    NoReachablePlace,
    SocketPathTooLong,
)

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_BYTES = 103
"""The shortest limit among the systems we run on (macOS; Linux allows 107)."""

SHARED_PLACES = (Path("/var/lib/loyalty"), Path("/var/tmp/loyalty"))  # noqa: S108 (both outlive a restart, the second is the last resort)
SOCKET_PLACE = Path("/tmp")  # noqa: S108 (short everywhere; what we make in it is private)


@dataclass(frozen=True, slots=True)
class Record:
    """What ``cluster.json`` says."""

    data: str
    binaries: str
    sockets: str
    account: str


@dataclass(frozen=True, slots=True)
class Home:
    """A directory that stands for one programme on this machine."""

    path: Path

    @property
    def record_file(self) -> Path:
        """The file that says where the database lies."""
        return self.path / "cluster.json"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.path / "postgresql.log"

    @property
    def lease_file(self) -> Path:
        """The file whose shared locks are the commands that use the server."""
        return self.path / "lease"

    @property
    def lock_file(self) -> Path:
        """The file whose lock is held while the server is started or stopped."""
        return self.path / "lock"

    def read(self) -> Record:
        """What the home says about its database; refuses when there is none or it is not ours."""
        try:
            self._refuse_strangers()
            text = self.record_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise HomeMissing(path=str(self.path)) from None
        except PermissionError as error:
            raise HomeUnreadable(path=str(self.path), reason=str(error.strerror)) from None
        try:
            return Record(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise HomeUnreadable(path=str(self.record_file), reason=str(error)) from None

    def exists(self) -> bool:
        """Whether a database was made here."""
        return self.record_file.exists()

    def make(self, account: Account) -> None:
        """Make the directory; the server's user may pass through it but not look into it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.path.mkdir(mode=0o711 if account.borrowed else 0o700)
        except FileExistsError:
            self._refuse_strangers()

    def write(self, record: Record) -> None:
        """Put the record down, whole and on the disk, or not at all."""
        with tempfile.NamedTemporaryFile("w", dir=self.path, delete=False) as draft:
            json.dump(asdict(record), draft, indent=2)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(self.record_file)

    def _refuse_strangers(self) -> None:
        status = self.path.stat()
        if status.st_uid != os.geteuid():
            try:
                owner = pwd.getpwuid(status.st_uid).pw_name
            except KeyError:
                owner = str(status.st_uid)
            raise HomeOfAnotherUser(path=str(self.path), owner=owner, user=current_user())


def place_for_data(home: Home, account: Account) -> Path:
    """A directory that is there and that the server's user can enter, for the data."""
    if account.can_enter(home.path):
        return home.path
    for shared in _shared_places(account):
        place = shared / f"{home.path.parent.name or 'home'}-{secrets.token_hex(4)}"
        place.mkdir(mode=0o711)
        return place
    raise NoReachablePlace(account=account.name, tried=_tried(home.path))


def place_for_binaries(found: Binaries, home: Home, account: Account) -> Binaries:
    """The programs themselves where the server's user can execute them, else a copy."""
    if account.can_execute(found.program("postgres")):
        return found
    name = f"postgresql-{found.version()}"
    places = [home.path] if account.can_enter(home.path) else []
    for place in (*places, *_shared_places(account)):
        copied = found.copy_to(place / name)
        if account.can_execute(copied.program("postgres")):
            return copied
    raise NoReachablePlace(account=account.name, tried=_tried(home.path))


def place_for_sockets(wanted: Path | None, account: Account) -> Path:
    """A private directory with a short path: the one wanted if it is safe, else a new one.

    The directory above is open to everybody, so a name that somebody else holds is never used.
    """
    if wanted is not None and _is_private(wanted, account):
        return wanted
    directory = Path(tempfile.mkdtemp(prefix="loyalty-", dir=SOCKET_PLACE))
    account.give(directory)
    path = directory / SOCKET_NAME
    if len(os.fsencode(path)) > SOCKET_BYTES:
        seen = len(os.fsencode(path))
        raise SocketPathTooLong(path=str(path), seen=seen, wanted=SOCKET_BYTES)
    return directory


def _is_private(directory: Path, account: Account) -> bool:
    try:
        status = directory.lstat()
    except FileNotFoundError:
        return False
    return status.st_uid == account.uid and status.st_mode & 0o170777 == 0o040700  # noqa: PLR2004 (a directory, for its owner only)


def _shared_places(account: Account) -> Iterator[Path]:
    for place in SHARED_PLACES:
        try:
            place.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            continue
        if place.stat().st_uid == os.geteuid() and account.can_enter(place):
            yield place


def _tried(path: Path) -> str:
    return ", ".join(str(place) for place in (path, *SHARED_PLACES))
