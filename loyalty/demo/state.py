"""How far a demo has come, in a file beside its database.

Written before the first step, so that a build that was killed goes on with the same calendar, and
again after the last one, so that the next start only serves.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Self

NAME: Final = "demo.state.json"
PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class State:
    """What a demo is built from, and once it is, its keys and its member."""

    orders: str
    last_day: str
    keys: dict[str, str] | None = None
    member_id: str | None = None

    @classmethod
    def read(cls, home: Path) -> Self | None:
        """What stands in a home; None where no demo was begun."""
        try:
            return cls(**json.loads((home / NAME).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    @classmethod
    def begun(cls, orders: Path | None, last_day: date) -> Self:
        """A demo that is about to be built."""
        return cls("" if orders is None else str(orders.resolve()), last_day.isoformat())

    def built(self, keys: dict[str, str], member_id: str) -> "State":
        """The same, built."""
        return replace(self, keys=keys, member_id=member_id)

    def write(self, home: Path) -> None:
        """Keep it."""
        home.mkdir(parents=True, exist_ok=True)
        write_private(home / NAME, json.dumps(asdict(self), indent=2))


def write_private(target: Path, text: str) -> None:
    """Put a file in its place whole, for its owner alone."""
    draft = target.with_name(f"{target.name}.part")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w") as file:
        file.write(text + "\n")
    draft.replace(target)
