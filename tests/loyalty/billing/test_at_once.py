"""What happens twice in one moment ends in one right row, with nobody charged twice."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import text

from loyalty.billing.arriving import take_in
from loyalty.billing.inbox import handle_events
from loyalty.billing.leaving import bring_in
from loyalty.billing.upkeep import compare_with_stripe, sweep_stripe_events
from loyalty.errors import LoyaltyError
from loyalty.membership.external import (
    NewMembership,
    NewPayment,
    NewRefund,
    join_plan,
    report_payment,
    report_refund,
)
from loyalty.plans.publishing import open_plan
from tests.loyalty.billing.shop import PLAN, Shop, shop
from tests.support.stripe_double import pages

__all__ = ["shop"]

T = TypeVar("T")
MONTH = timedelta(days=30)
STANDING = """
select m.state, m.end_cause, count(c.id)::int, sum(c.net + c.tax - c.refunded_net - c.refunded_tax)
  from loyalty.membership m left join loyalty.membership_charge c on c.membership = m.id
 group by m.member, m.id, m.state, m.end_cause order by m.state
"""


async def at_once(*calls: Coroutine[Any, Any, T]) -> Sequence[T]:
    """Do all at the same time; return what came of those that were not refused."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    done = []
    for answer in answers:
        if not isinstance(answer, BaseException):
            done.append(answer)
        elif not isinstance(answer, LoyaltyError):
            raise answer
    return done


async def standing(shop: Shop) -> list[tuple[Any, ...]]:
    """Return each membership: its state, why it ended, its charges, and what is left of them."""
    async with shop.application.database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(STANDING))]


async def test_two_pages_paid_at_once_make_one_membership_and_one_is_given_back(
    shop: Shop,
) -> None:
    ann = await shop.member()
    opened = [(await shop.opened(ann))[1] for _ in range(2)]
    for page in opened:
        page["status"] = "open"  # closing the other came too late
    made = [pages.complete(shop.stripe.store, page) for page in opened]

    await at_once(*(bring_in(shop.application, shop.cause(), each["id"]) for each in made))

    assert await standing(shop) == [
        ("active", None, 1, 1_000),
        ("ended", "second-membership", 1, 0),
    ]
    assert sorted(each["status"] for each in made) == ["active", "canceled"]
    assert [each["amount"] for each in shop.stripe.store.all("refund")] == [1_000]


async def test_webhook_sweep_and_comparison_at_once_write_one_row_once(shop: Shop) -> None:
    await shop.stripe.gateway._client.v1.webhook_endpoints.create_async(
        {"url": "https://shop.test/hook", "enabled_events": ["*"]}
    )
    await shop.joined(await shop.member())
    for hint in shop.hints()[:2]:
        await shop.application.database.write(take_in, hint, at=shop.at)

    await at_once(
        handle_events(shop.application, shop.cause()),
        sweep_stripe_events(shop.application, shop.cause()),
        compare_with_stripe(shop.application, shop.cause()),
    )

    assert await standing(shop) == [("active", None, 1, 1_000)]
    async with shop.application.database.read() as connection:
        steps = await connection.scalars(
            text("select cause from loyalty.membership_change order by number")
        )
        assert list(steps) == ["joined", "paid"]


async def test_the_shop_s_reports_at_once_are_each_taken_once(shop: Shop) -> None:
    write, cause, at = shop.application.database.write, shop.cause(), shop.at
    await write(open_plan, cause, replace(PLAN, code="prime", adapter="external"))
    ann = await shop.member()
    first = NewPayment("P-1", at, at + MONTH, net=900, tax=90, currency="USD", paid_at=at)
    asked = [
        NewMembership("prime", "monthly", name, ("t", "1"), paid=first)
        for name in ("SUB-1", "SUB-1", "SUB-2")
    ]
    joined = await at_once(*(write(join_plan, cause, ann, each) for each in asked))
    (row,) = {one.membership.id for one in joined}
    assert await standing(shop) == [("active", None, 1, 990)]

    later = shop.cause(timedelta(hours=1))
    paid = replace(first, reference="P-2", starts_at=at + MONTH, ends_at=at + 2 * MONTH)
    back = NewRefund("R-1", "P-1", 500, "goodwill", at=later.at)
    await at_once(
        *(write(report_payment, later, row, paid) for _ in range(3)),
        *(write(report_refund, later, row, back) for _ in range(3)),
    )

    assert await standing(shop) == [("active", None, 2, 990 - 500 + 990)]
