from datetime import timedelta

from admin.sessions import WALLET
from loyalty.bootstrap import Application
from loyalty.keys import CREDENTIAL
from loyalty.links import make_link
from tests.admin.conftest import Visitor, browser
from tests.admin.shop import Shop
from tests.support.api import Web, mem


async def test_a_link_opens_its_member_s_wallet_and_leaves_the_address_bar(
    shop: Shop, visitor: Visitor
) -> None:
    entered = await visitor.get(shop.link)
    page = await visitor.follow(entered)

    assert entered.headers["location"] == "/wallet"
    assert page.status_code == 200
    assert "Mei Lin, you have" in page.text
    (cookie,) = [one for one in entered.headers.get_list("set-cookie") if "wallet" in one]
    assert "HttpOnly" in cookie
    assert "Max-Age=1800" in cookie


async def test_the_wallet_speaks_the_language_asked_for(shop: Shop, visitor: Visitor) -> None:
    await visitor.get(shop.link)

    page = await visitor.get("/wallet", lang="zh")
    again = await visitor.get("/wallet")

    assert 'lang="zh-Hans"' in page.text
    assert "Mei Lin，您有" in page.text
    assert "Mei Lin，您有" in again.text


async def test_a_wallet_shows_nobody_else_and_nothing_of_the_desk(
    shop: Shop, visitor: Visitor
) -> None:
    page = await visitor.follow(await visitor.get(shop.link))

    assert "Jonas Weber" not in page.text
    assert "goodwill" not in page.text
    assert "The parcel was late." not in page.text
    assert "csrf" not in page.text
    assert 'href="/console' not in page.text


async def test_an_expired_a_forged_and_a_foreign_token_open_no_wallet(
    application: Application, shop: Shop, web: Web
) -> None:
    at, member = application.clock.now(), shop.regular.id
    old = make_link(
        application.signing,
        member,
        purpose="wallet",
        at=at - timedelta(hours=1),
        lives=timedelta(minutes=10),
    ).token
    claims, later = {"member": str(member)}, at + timedelta(minutes=10)
    credential = application.signing.sign(CREDENTIAL, claims, expires_at=later)
    session = application.signing.sign(WALLET, claims, expires_at=later)
    forged = shop.link.removeprefix("/wallet/enter/")[:-3] + "AAA"
    for token in (old, credential, session, forged, "nonsense", "a.b.c"):
        async with browser(web) as client:
            visitor = Visitor(client)
            answer = await visitor.get(f"/wallet/enter/{token}")

            assert answer.status_code == 403, token
            assert "Open your wallet from the shop" in answer.text
            assert (await visitor.get("/wallet")).status_code == 403


async def test_a_link_in_place_of_a_session_opens_nothing(shop: Shop, visitor: Visitor) -> None:
    visitor.client.cookies.set("loyalty-wallet", shop.link.removeprefix("/wallet/enter/"))

    assert (await visitor.get("/wallet")).status_code == 403


async def test_staff_do_not_see_wallets_by_their_session(admin: Visitor, shop: Shop) -> None:
    assert (await admin.get("/wallet")).status_code == 403


async def test_the_shop_s_key_makes_the_link(shop: Shop, web: Web, visitor: Visitor) -> None:
    checkout = await web.caller("checkout")

    made = await checkout.post(f"/v1/members/{mem(shop.stranger)}/links", {"purpose": "wallet"})
    url = made.json()["url"]
    page = await visitor.follow(await visitor.get(url[url.index("/wallet") :]))

    assert "Jonas Weber, you have" in page.text
