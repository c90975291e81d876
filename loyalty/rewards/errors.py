"""What the catalogue refuses, one class a refusal.

Who comes too late for the last one is told so by name, with what was left and what was wanted.
"""

from loyalty.errors import LoyaltyError


class RewardError(LoyaltyError):
    """The reward does not allow this."""

    code = "reward-refused"


class RewardUnknown(RewardError):
    """There is no reward {seen}."""

    code = "unknown-reward"
    seen: str


class RewardOrderUnknown(RewardError):
    """There is no order of a reward by the name {seen}."""

    code = "unknown-reward-order"
    seen: str


class RewardMalformed(RewardError):
    """The reward needs {wanted} here, not {seen}."""

    code = "reward-malformed"
    wanted: str
    seen: str


class RewardCodeTaken(RewardError):
    """There is a reward {seen} already."""

    code = "reward-code-taken"
    seen: str


class NothingDrafted(RewardError):
    """The reward {seen} has no draft: change it first."""

    code = "reward-not-drafted"
    seen: str


class RewardRetired(RewardError):
    """The reward {seen} was retired."""

    code = "reward-retired"
    seen: str


class TaxClassNotChosen(RewardError):
    """Points alone buy {seen}, so finance chooses its tax class before it is published."""

    code = "reward-tax-class-not-chosen"
    seen: str


class RewardMoved(RewardError):
    """Version {seen} of the reward is live now, not {wanted}: look at it again."""

    code = "reward-moved"
    seen: int
    wanted: int


class StockNotCounted(RewardError):
    """The reward {seen} is not counted, so it has no stock."""

    code = "reward-stock-not-counted"
    seen: str


class StockShort(RewardError):
    """There are {seen} left of the reward, so {wanted} cannot be taken out of stock."""

    code = "reward-stock-short"
    seen: int
    wanted: int


class RewardSoldOut(RewardError):
    """Of the reward {seen} are left and {wanted} were wanted."""

    code = "reward-sold-out"
    seen: int
    wanted: int


class RewardNotAvailable(RewardError):
    """The reward cannot be had now: {reason}."""

    code = "reward-not-available"
    reason: str


class RewardNotForMember(RewardError):
    """The reward is not for this member: {fact} is {seen}."""

    code = "reward-not-for-member"
    fact: str
    seen: str


class RewardLimitReached(RewardError):
    """The limit for each member ({every}) is {limit}: {seen} are taken and {wanted} were wanted."""

    code = "reward-limit-reached"
    every: str
    limit: int
    seen: int
    wanted: int


class RewardPeriodSoldOut(RewardError):
    """The limit for all ({every}) is {limit}: {seen} are taken and {wanted} were wanted."""

    code = "reward-period-sold-out"
    every: str
    limit: int
    seen: int
    wanted: int


class RewardPointsShort(RewardError):
    """The reward costs {wanted} points and {seen} can be spent."""

    code = "reward-points-short"
    seen: int
    wanted: int


class RewardOrderConflict(RewardError):
    """This order of a reward is recorded with other content: {field} was {seen}, not {wanted}."""

    code = "reward-order-conflict"
    field: str
    seen: int | str
    wanted: int | str


class RewardOrderClosed(RewardError):
    """The order of the reward is {seen} already, so it cannot become {wanted}."""

    code = "reward-order-closed"
    seen: str
    wanted: str


class RewardVoucherUsed(RewardError):
    """The voucher of this order has been used, so the order stands."""

    code = "reward-voucher-used"
