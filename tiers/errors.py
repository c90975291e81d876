"""The refusals of the tiers package, one class each; the docstring is the message.

Nothing here knows HTTP: the border translates `code`. Every refusal carries a JSON pointer into
the request where one is known, and the facts (seen, wanted, ...) a reader needs to mend it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class TiersError(Exception):
    """The tiers package refused what it was asked."""

    code: ClassVar[str] = "tiers-refused"

    def __init__(self, *, pointer: str | None = None, **facts: int | str) -> None:
        self.pointer = pointer
        self.facts: Mapping[str, int | str] = MappingProxyType(facts)
        super().__init__(str(self))

    def __str__(self) -> str:
        sentence = (type(self).__doc__ or "").strip()
        known = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        place = f" at {self.pointer}" if self.pointer is not None else ""
        return f"{sentence.rstrip('.')}{place}{f' ({known})' if known else ''}."


class LadderMalformed(TiersError):
    """The ladder document does not have the expected shape."""

    code: ClassVar[str] = "ladder-malformed"


class LadderMetricUnknown(TiersError):
    """A threshold may count purchases, orders, active_days or asset:<code>, and nothing else."""

    code: ClassVar[str] = "ladder-metric-unknown"


class LadderWithoutBottom(TiersError):
    """The first tier of a ladder is its bottom and must have no thresholds."""

    code: ClassVar[str] = "ladder-without-bottom"


class LadderTierRepeated(TiersError):
    """Every tier of a ladder needs a code of its own."""

    code: ClassVar[str] = "ladder-tier-repeated"


class LadderUnordered(TiersError):
    """Whoever meets a tier's thresholds must also meet those of the tier below."""

    code: ClassVar[str] = "ladder-unordered"


class LadderTierUnreachable(TiersError):
    """Nobody could ever stand on this tier: its thresholds always give the tier above as well."""

    code: ClassVar[str] = "ladder-tier-unreachable"


class LadderKeepHarder(TiersError):
    """Keeping a tier may not ask for more than reaching it."""

    code: ClassVar[str] = "ladder-keep-harder"


class LadderValidityUnfit(TiersError):
    """The validity does not fit the window: rolling takes months or days, periods take periods."""

    code: ClassVar[str] = "ladder-validity-unfit"


class LadderUpgradeUnfit(TiersError):
    """Only a ladder whose window is a period can upgrade at the next one."""

    code: ClassVar[str] = "ladder-upgrade-unfit"


class LadderOutrun(TiersError):
    """Another ladder was published since the version this one was written for."""

    code: ClassVar[str] = "ladder-outrun"


class LadderUnknown(TiersError):
    """There is no published ladder of this version."""

    code: ClassVar[str] = "ladder-unknown"


class TierUnknown(TiersError):
    """The ladder has no tier of this code."""

    code: ClassVar[str] = "tier-unknown"


class ActivityMalformed(TiersError):
    """Activity needs purchases of zero or more, and returns no greater than the purchases."""

    code: ClassVar[str] = "activity-malformed"


class ActivityConflict(TiersError):
    """This shipment was recorded before with another date or other purchases."""

    code: ClassVar[str] = "activity-conflict"


class ActivityInFuture(TiersError):
    """Activity may not be dated after the day it is decided on."""

    code: ClassVar[str] = "activity-in-future"


class FloorWithoutEnd(TiersError):
    """A floor needs an end after the day it begins."""

    code: ClassVar[str] = "floor-without-end"


class StandingMalformed(TiersError):
    """A tier is held since a day that has come, and until a day after today."""

    code: ClassVar[str] = "standing-malformed"


class MergeMalformed(TiersError):
    """Two different members can be merged, and both must have a standing or be joining."""

    code: ClassVar[str] = "merge-malformed"


class DraftUnknown(TiersError):
    """There is no draft ladder by this id."""

    code: ClassVar[str] = "ladder-draft-unknown"


class DraftClosed(TiersError):
    """This draft was published or retired and does not change any more."""

    code: ClassVar[str] = "ladder-draft-closed"


class TargetMalformed(TiersError):
    """A target names a tier above the bottom and a share of members between nobody and all."""

    code: ClassVar[str] = "ladder-target-malformed"


class ReasonMalformed(TiersError):
    """A reason is a code: 1 to 80 lower-case letters, digits and the signs : . _ -."""

    code: ClassVar[str] = "reason-malformed"


class StandingOutrun(TiersError):
    """The standing was changed since it was read; the caller must hold the member's row lock."""

    code: ClassVar[str] = "standing-outrun"
