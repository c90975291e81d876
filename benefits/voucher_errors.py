"""Refusals of vouchers that their definitions make: whom they are for, when, and from how much."""

from typing import ClassVar

from benefits.errors import VoucherRefused


class VoucherBindingDiffers(VoucherRefused):
    """The definition says whether its vouchers are bound to a member, and this one is not so."""

    code: ClassVar[str] = "voucher-binding-differs"


class VoucherOutsideWindow(VoucherRefused):
    """The voucher would be good at a time at which its definition lets none be good."""

    code: ClassVar[str] = "voucher-outside-window"


class VoucherMinimumNotMet(VoucherRefused):
    """The voucher is good from goods of {wanted}; these come to {seen}."""

    code: ClassVar[str] = "voucher-minimum-not-met"
    seen: int
    wanted: int


class VoucherMemberLimit(VoucherRefused):
    """The member has used such vouchers as often as one member may."""

    code: ClassVar[str] = "voucher-member-limit"


class VoucherMembersOnly(VoucherRefused):
    """The voucher is counted for each member, so a guest cannot use it."""

    code: ClassVar[str] = "voucher-members-only"
