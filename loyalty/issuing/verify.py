"""What must hold among batches of vouchers and the vouchers that came of them.

Each check is one statement that returns the first row that breaks it.
"""

from typing import Final

from sqlalchemy import func, or_, select

import benefits
from loyalty.checks import Check, Checks
from loyalty.issuing.tables import voucher_batch


def _batches_have_their_vouchers() -> Check:
    vouchers = benefits.vouchers_of_batches().subquery("vouchers")
    made = (
        select(vouchers.c.batch, func.count().label("made"))
        .group_by(vouchers.c.batch)
        .subquery("made")
    )
    found = func.coalesce(made.c.made, 0)
    return (
        select(voucher_batch.c.id, found)
        .select_from(voucher_batch.outerjoin(made, made.c.batch == voucher_batch.c.id))
        .where(voucher_batch.c.made != found)
    )


def _batches_end_whole() -> Check:
    return select(voucher_batch.c.id, voucher_batch.c.made).where(
        voucher_batch.c.kind == "minted",
        voucher_batch.c.finished_at.is_not(None),
        voucher_batch.c.made != voucher_batch.c.wanted,
    )


def _vouchers_are_of_their_batch() -> Check:
    vouchers = benefits.vouchers_of_batches().subquery("vouchers")
    return (
        select(vouchers.c.id, vouchers.c.definition)
        .select_from(vouchers.outerjoin(voucher_batch, voucher_batch.c.id == vouchers.c.batch))
        .where(
            or_(
                voucher_batch.c.id.is_(None),
                voucher_batch.c.definition != vouchers.c.definition,
            )
        )
    )


CHECKS: Final[Checks] = {
    "a batch has as many vouchers as it counts": _batches_have_their_vouchers,
    "a batch that is made has all it was asked for": _batches_end_whole,
    "a voucher of a batch is of the batch's kind": _vouchers_are_of_their_batch,
}
