"""The voucher codes of a cart: their one spelling, and what is known of each. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from benefits import (
    CodeMalformed,
    PresentedVoucher,
    Voucher,
    read_code,
    read_limits,
    terms_refusal,
    voucher_refusal,
)

_COLUMNS = len(Voucher.__slots__)


def canonical_code(text: str) -> str:
    """Return a voucher code in its one spelling; what is no voucher code stays as it is."""
    try:
        return read_code(text)
    except CodeMalformed:
        return text


def presented(
    codes: Sequence[str], stored: Mapping[str, Any], *, member: UUID | None, at: datetime
) -> tuple[PresentedVoucher, ...]:
    """Return the vouchers of a cart, each with why it cannot be used, if it cannot."""
    return tuple(
        _one(code, stored.get(code), member, at)
        for code in dict.fromkeys(canonical_code(text) for text in codes)
    )


def _one(
    code: str, row: Sequence[Any] | None, member: UUID | None, at: datetime
) -> PresentedVoucher:
    if row is None:
        return PresentedVoucher(code, refusal=voucher_refusal(None, member=member, at=at))
    voucher = _voucher(row[:_COLUMNS])
    minimum, uses_per_member, limits, used = row[_COLUMNS:]
    refusal = voucher_refusal(voucher, member=member, at=at)
    if refusal is None:
        refusal = terms_refusal(uses_per_member=uses_per_member, used=used, member=member)
    return PresentedVoucher(
        code=code,
        id=voucher.id,
        member=voucher.member,
        definition=voucher.definition,
        amount=voucher.amount,
        skus=voucher.skus,
        limits=read_limits(limits, "/limits") if limits else (),
        refusal=refusal,
        minimum_order=minimum or 0,
    )


def _voucher(row: Sequence[Any]) -> Voucher:
    """Build a voucher from the JSON array of its columns."""
    whose, one, code, definition, starts, expires, amount, skus, *rest = row
    uses, reserved, redeemed, issued, voided = rest
    return Voucher(
        member=UUID(whose),
        id=UUID(one),
        code=code,
        definition=definition,
        starts_at=datetime.fromisoformat(starts),
        expires_at=None if expires is None else datetime.fromisoformat(expires),
        amount=amount,
        skus=tuple(skus or ()),
        uses=uses,
        uses_reserved=reserved,
        uses_redeemed=redeemed,
        issued_at=datetime.fromisoformat(issued),
        voided_at=None if voided is None else datetime.fromisoformat(voided),
    )
