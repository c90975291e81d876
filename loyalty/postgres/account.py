"""The operating-system user that PostgreSQL runs as.

PostgreSQL refuses to run as root. Root therefore lends its server to ``nobody``, who cannot enter
a home directory of mode 0700: what that user can reach is tried out, never guessed from modes.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loyalty.postgres.errors import AccountMissing

ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
BORROWED = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server, and whether that is somebody else than this process."""

    name: str
    uid: int
    gid: int
    borrowed: bool

    def run(self, command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
        """Run a program as this user to its end and hand back what it said."""
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=dict(ENVIRONMENT),
            umask=0o077,
            user=self.uid if self.borrowed else None,
            group=self.gid if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
        )

    def spawn(self, command: Sequence[str | Path], log: Path) -> "subprocess.Popen[bytes]":
        """Start a program as this user, in a session of its own, so that it outlives us."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=dict(ENVIRONMENT),
                umask=0o077,
                start_new_session=True,
                user=self.uid if self.borrowed else None,
                group=self.gid if self.borrowed else None,
                extra_groups=[] if self.borrowed else None,
            )

    def can_enter(self, directory: Path) -> bool:
        """Whether this user can enter a directory, tried out."""
        if not self.borrowed:
            return os.access(directory, os.X_OK)
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", directory]).returncode == 0

    def can_execute(self, program: Path) -> bool:
        """Whether this user can execute a program, tried out."""
        if not self.borrowed:
            return os.access(program, os.X_OK)
        return self.run(["/bin/sh", "-c", 'test -x "$1"', "sh", program]).returncode == 0

    def give(self, path: Path) -> None:
        """Make this user the owner of a file or directory that we created."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid)


def current_user() -> str:
    """The name of the user who runs this process."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise AccountMissing(account=str(os.geteuid())) from None


def server_account() -> Account:
    """The user as whom this process would run PostgreSQL: itself, unless it is root."""
    if os.geteuid() != 0:
        return Account(current_user(), os.geteuid(), os.getegid(), borrowed=False)
    try:
        entry = pwd.getpwnam(BORROWED)
    except KeyError:
        raise AccountMissing(account=BORROWED) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, borrowed=True)
