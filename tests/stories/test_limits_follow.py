"""What limits and remainders have counted follows members who turn out to be one."""

from tests.stories.test_earning_counters import STAR, bought, limited, opened
from tests.support.api import Caller, Web


async def test_limits_and_remainders_of_both_count_for_whom_they_go_on_as(
    web: Web, checkout: Caller, admin: Caller
) -> None:
    most = limited("TEA", **{"for": "member", "every": "month", "most": 10, "short": "partial"})
    shop, ada = await opened(web, checkout, most, STAR, members=3)
    two = (await admin.get("/v1/members/ext:C-2")).json()["id"]
    assert await bought(shop, 333, "S-1", "TEA") == 3
    assert await bought(shop, 555, "S-2", "TEA", who="ext:C-2") == 5
    assert await bought(shop, 4_111, "S-3", who="ext:C-2") == 0

    merged = await admin.post(
        f"/v1/members/{two}/merge", {"into": "ext:C-1", "reason": "same-person"}
    )
    assert merged.status_code == 200, merged.text

    # 8 of 10 are used, and 49.99 stand towards the star
    assert await bought(shop, 777, "S-4", "TEA") == 2 + 1
    assert await bought(shop, 777, "S-5", "TEA") == 0
    assert (await shop.wallet(ada)).available == 3 + 5 + 3
    await shop.holds()
