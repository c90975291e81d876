"""Points given by hand stand in the books by their reason."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger import LotClass
from loyalty.books import Given, Method, Signing, given_by_hand, sign_estimate
from loyalty.cause import SYSTEM, Cause
from loyalty.policy import policy_at
from tests.ledger.building import day


@pytest.mark.parametrize(
    ("reason", "given"),
    [
        ("goodwill", Given(LotClass.GOODWILL, 800)),
        ("complaint", Given(LotClass.GOODWILL, 800)),
        ("welcome-back", Given(LotClass.PROMOTION, 0)),
    ],
)
async def test_goodwill_takes_its_worth_off_revenue_and_a_promotion_nothing(
    connection: AsyncConnection, reason: str, given: Given
) -> None:
    signing = Signing(
        lot_class=LotClass.GOODWILL, method=Method.JUDGEMENT, reason="yearly", hundredths=8_000
    )
    await sign_estimate(connection, Cause(day(0), SYSTEM, "test"), signing)
    policy = await policy_at(connection, day(1))

    found = await given_by_hand(connection, policy, reason=reason, points=1_000, at=day(1))

    assert found == given
