"""What is done to a wallet or a member by hand: told beforehand, done once, for a reason."""

import ledger
from loyalty.bootstrap import Application
from loyalty.members import Ref, find_member
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop
from tests.admin.test_forms import available
from tests.support.api import mem


async def test_a_wallet_is_locked_and_unlocked_for_a_reason(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page = f"/console/members/{shop.member}/lock"
    values = {"frozen": "yes", "reason": "complaint", "note": "Stolen password."}

    locked = await admin.follow(await admin.send(page, values, at=page))
    frozen = await wallet_is_frozen(application, shop)
    opened = await admin.follow(await admin.send(page, {"reason": "complaint"}, at=page))

    assert "Wallet locked" in locked.text
    assert "Stolen password." in locked.text
    assert frozen
    assert not await wallet_is_frozen(application, shop)
    assert "Wallet locked" not in opened.text
    assert "The wallet was unlocked" in opened.text


async def test_two_members_become_one_and_the_old_address_leads_to_the_survivor(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    gone, into = mem(shop.stranger), shop.member
    page = f"/console/members/{gone}/merge"

    compared = await admin.get(page, into="C-1000")
    first = await admin.send(page, {"reason": "same-person", "into": "C-1000"}, fresh=False)
    second = await admin.send(page, {"reason": "same-person", "into": "C-1000"}, fresh=False)
    shown = await admin.follow(first)

    assert "Mei Lin" in compared.text
    assert "Jonas Weber" in compared.text
    assert first.headers["location"] == second.headers["location"]
    assert first.headers["location"].startswith(f"/console/members/{into}")
    assert "The two members are one now" in shown.text
    assert "Another member was merged into this one" in shown.text
    async with application.database.read() as connection:
        found = await find_member(connection, Ref("member", gone, id=shop.stranger.id))
    assert found.id == shop.regular.id
    assert "Mei Lin" in (await admin.get(f"/console/members/{gone}")).text


async def test_a_merge_that_cannot_be_is_told_at_its_field_and_changes_nothing(
    application: Application, admin: Visitor, shop: Shop
) -> None:
    page, before = f"/console/members/{shop.member}/merge", await available(application, shop)
    for into, sentence in (
        ("C-9999", "Nobody goes by this."),
        ("", "Nobody goes by this."),
        ("C-1000", "This is the same member."),
        ("C-1001", "Orders still hold points of this wallet"),
    ):
        answer = await admin.send(
            page, {"reason": "same-person", "into": into}, at=f"{page}?into=C-1001"
        )

        assert answer.status_code == 422, into
        assert sentence in answer.text, into
    assert await available(application, shop) == before


async def test_merging_is_for_administration(finance: Visitor, shop: Shop) -> None:
    assert (await finance.get(f"/console/members/{shop.member}/merge")).status_code == 403
    assert (await finance.get(f"/console/members/{shop.member}/lock")).status_code == 200


async def wallet_is_frozen(application: Application, shop: Shop) -> bool:
    async with application.database.read() as connection:
        wallet = await ledger.wallet(connection, shop.regular.holder, at=application.clock.now())
    return wallet.frozen
