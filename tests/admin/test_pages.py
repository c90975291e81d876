import pytest

from tests.admin.conftest import Visitor
from tests.admin.shop import Shop

PAGES = (
    "/console",
    "/console/members",
    "/console/members/{member}",
    "/console/orders",
    "/console/orders/{order}",
    "/console/rules",
    "/console/ladder",
    "/console/finance/trial-balance",
    "/console/finance/accounts/issued",
    "/console/finance/roll-forward?by=class",
    "/console/finance/money",
    "/console/finance/fees",
    "/console/finance/cohorts",
    "/console/finance/estimates",
    "/console/finance/ageing",
    "/console/finance/debts",
    "/console/finance/periods",
    "/console/finance/reconciliation",
    "/console/finance/exports",
    "/console/finance/verification",
    "/console/messages",
    "/console/settings/expiry",
    "/console/members/{member}/debt",
    "/console/members/{member}/lock",
    "/console/members/{member}/merge",
    "/console/settings/policy",
    "/console/settings/keys",
    "/console/settings/staff",
)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_opens_over_a_shop_with_a_past(
    admin: Visitor, shop: Shop, language: str
) -> None:
    for page in PAGES:
        path = page.format(member=shop.member, order=shop.order)
        answer = await admin.get(path, lang=language)

        assert answer.status_code == 200, (path, answer.text)
        assert "America/New_York" in answer.text, (path, "says in which zone its times are")
