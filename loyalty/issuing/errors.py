"""Refusals of batches of vouchers, and of those who try too many codes that are none."""

from loyalty.errors import LoyaltyError


class UnknownVoucherBatch(LoyaltyError):
    """There is no batch of vouchers {seen}."""

    code = "unknown-voucher-batch"
    seen: str


class BatchMalformed(LoyaltyError):
    """A batch names one of quantity, members and list, of 1 to {wanted} vouchers."""

    code = "voucher-batch-malformed"
    wanted: int


class BatchNotYours(LoyaltyError):
    """The codes of a batch are read by whoever asked for it, and by nobody else."""

    code = "voucher-batch-not-yours"


class BatchNotMade(LoyaltyError):
    """The batch is still being made: {seen} of {wanted} codes are there."""

    code = "voucher-batch-not-made"
    seen: int
    wanted: int


class BatchCodesRead(LoyaltyError):
    """The codes of the batch were read already, at {seen}; they are shown once."""

    code = "voucher-batch-codes-read"
    seen: str


class TooManyUnknownCodes(LoyaltyError):
    """Too many codes were tried that are none; more can be tried in {seconds} seconds."""

    code = "too-many-unknown-codes"
    seconds: int

    @property
    def retry_after(self) -> int:
        """Say after how many seconds to try again."""
        return self.seconds
