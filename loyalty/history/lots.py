"""A row of a file of balances read into one lot of an earlier system. Pure.

A lot goes in under a key: the earlier system's own id of it, or else what the row says, with a
number where the same is said twice. So a file that comes again brings nothing twice.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger import LARGEST_AMOUNT, LotClass, Opening
from loyalty.books import TREATMENTS, Treatment
from loyalty.cause import Cause
from loyalty.history.sheets import LONG_AGO, Cells, Columns, FaultError
from loyalty.money import digits, minor_units
from loyalty.policy import OPENING, POINTS, Policy

COLUMNS: Final = Columns(
    "balances",
    required=("member", "points"),
    optional=(
        *("lot", "asset", "expires_at", "earned_at", "class", "source"),
        *("pending", "activates_at", "allocated"),
    ),
)
NEVER: Final = "never"
REASON: Final = "import"

_SOURCE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LOT: Final = re.compile(r"[!-~]{1,120}")
_CLASSES: Final = tuple(one.value for one in LotClass)


@dataclass(frozen=True, slots=True)
class Balance:
    """One lot of the file, before its member is known."""

    member: str
    key: str
    points: int
    asset: str
    source: str
    lot_class: LotClass
    earned_at: datetime
    activates_at: datetime | None
    expires_at: datetime | None
    schedule: str | None
    notice: bool
    pending: bool
    allocated: int

    def posting(self, holder: UUID, cause: Cause, mint: Callable[[datetime], UUID]) -> Opening:
        """Return what brings the lot in."""
        return Opening(
            holder=holder,
            asset=self.asset,
            key=self.key,
            journal=mint(self.earned_at),
            effective_at=self.earned_at,
            actor=cause.actor,
            request_id=cause.request_id,
            reason=REASON,
            amount=self.points,
            lot=mint(self.earned_at),
            source=self.source,
            lot_class=self.lot_class,
            pending=self.pending,
            activates_at=self.activates_at,
            expires_at=self.expires_at,
            schedule=self.schedule,
            notice=self.notice,
            allocated=self.allocated,
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """What rows are read with: today's policy and now. `seen` counts rows that say the same."""

    policy: Policy
    now: datetime
    seen: dict[str, int] = field(default_factory=dict)

    def read(self, cells: Cells) -> Balance:
        """Return the lot that a row describes; `FaultError` names the column that is wrong."""
        member = cells.wanted("member", "the shop's id of the member")
        asset = self._asset(cells)
        source = _source(cells)
        earned_at = self._earned_at(cells)
        activates_at, pending = self._activation(cells)
        expires_at, schedule, notice = self._end(cells, asset, source, earned_at)
        if expires_at is not None and activates_at is not None and expires_at <= activates_at:
            raise FaultError("expires_at", "expected a time after activates_at")
        return Balance(
            member=member,
            key=self._key(cells),
            points=_points(cells),
            asset=asset,
            source=source,
            lot_class=_class(cells),
            earned_at=earned_at,
            activates_at=activates_at,
            expires_at=expires_at,
            schedule=schedule,
            notice=notice,
            pending=pending,
            allocated=self._allocated(cells),
        )

    def _asset(self, cells: Cells) -> str:
        asset = cells.text("asset") or POINTS
        if asset not in self.policy.known_assets:
            listed = ", ".join(self.policy.known_assets)
            raise FaultError("asset", f"asset-unknown: expected one of {listed}, found {asset!r}")
        return asset

    def _earned_at(self, cells: Cells) -> datetime:
        earned_at = cells.instant("earned_at", self.policy.zone) or self.now
        if not LONG_AGO <= earned_at <= self.now:
            raise FaultError("earned_at", "expected a time between 1970 and now")
        return earned_at

    def _activation(self, cells: Cells) -> tuple[datetime | None, bool]:
        """When the points become available, if time makes them, or whether an event will."""
        activates_at = cells.instant("activates_at", self.policy.zone)
        if activates_at is not None and activates_at > self.now:
            return activates_at, False
        return None, bool(cells.yes("pending")) and activates_at is None

    def _end(
        self, cells: Cells, asset: str, source: str, earned_at: datetime
    ) -> tuple[datetime | None, str | None, bool]:
        """The end the row gives, or else the one that the policy gives such points."""
        if cells.text("expires_at").lower() == NEVER:
            return None, None, False
        given = cells.instant("expires_at", self.policy.zone)
        if given is not None:
            if given <= self.now:
                raise FaultError("expires_at", f"expected a time after now or {NEVER}")
            return given, None, False
        term = self.policy.term(earned_at, source, asset=asset)
        if term.expires_at is not None and term.expires_at <= self.now:
            reason = f"under today's policy these points lapsed on {term.expires_at.isoformat()}"
            raise FaultError("expires_at", f"expected a time: {reason}")
        return term.expires_at, term.schedule, term.notice

    def _allocated(self, cells: Cells) -> int:
        text = cells.text("allocated")
        try:
            amount = minor_units(text, self.policy.currency) if text else 0
        except ValueError:
            expected = f"expected an amount with at most {digits(self.policy.currency)} decimals"
            raise FaultError("allocated", f"{expected}, found {text!r}") from None
        if not 0 <= amount <= LARGEST_AMOUNT:
            raise FaultError("allocated", f"expected 0 or more, found {text!r}")
        carries = TREATMENTS[_class(cells)] is not Treatment.AT_SPENDING
        if amount and not (carries and cells.text("asset") in ("", POINTS)):
            raise FaultError("allocated", "expected nothing: no money stands behind such points")
        return amount

    def _key(self, cells: Cells) -> str:
        lot = cells.text("lot")
        if lot:
            if not _LOT.fullmatch(lot):
                raise FaultError("lot", "expected up to 120 printable characters without blanks")
            return f"opening:lot:{lot}"
        said = "\x1f".join(cells.text(name) for name in (*COLUMNS.required, *COLUMNS.optional))
        digest = hashlib.sha256(said.encode()).hexdigest()[:32]
        number = self.seen[digest] = self.seen.get(digest, 0) + 1
        return f"opening:row:{digest}:{number}"


def _points(cells: Cells) -> int:
    text = cells.wanted("points", "a whole number")
    digits_ = text.replace(",", "")
    if not (digits_.isascii() and digits_.isdecimal()) or len(digits_) > len(str(LARGEST_AMOUNT)):
        raise FaultError("points", f"expected a whole number of at least 1, found {text!r}")
    points = int(digits_)
    if not 1 <= points <= LARGEST_AMOUNT:
        raise FaultError("points", f"expected between 1 and {LARGEST_AMOUNT}, found {text!r}")
    return points


def _class(cells: Cells) -> LotClass:
    text = cells.text("class").lower() or LotClass.SALE.value
    if text not in _CLASSES:
        raise FaultError("class", f"expected one of {', '.join(_CLASSES)}, found {text!r}")
    return LotClass(text)


def _source(cells: Cells) -> str:
    source = cells.text("source") or OPENING
    if not _SOURCE.fullmatch(source):
        raise FaultError("source", f"expected a code such as order, found {source!r}")
    return source
