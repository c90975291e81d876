"""Messages on their pages: why one was not sent, sending it again, and whose it was."""

import re

from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.admin.shop import Shop, tell_members_of_it

PAGE = "/console/messages"


async def told(application: Application, clerk: Visitor) -> str:
    """Relay what happened in the shop; answers the address of one message."""
    await tell_members_of_it(application)
    html = (await clerk.get(PAGE)).text
    found = re.search(r'href="(/console/messages/msg_\w+)">A higher tier</a>', html)
    assert found is not None
    return found[1]


async def test_a_message_that_was_left_out_says_why_and_goes_out_again_once(
    application: Application, clerk: Visitor, shop: Shop
) -> None:
    address = await told(application, clerk)
    listed = (await clerk.get(PAGE, state="skipped")).text

    assert "No mail server is set up" in listed
    assert "LOYALTY_SMTP_URL is not set" in listed
    await clerk.get(address)
    first = await clerk.send(f"{address}/resend", {}, fresh=False)
    second = await clerk.send(f"{address}/resend", {}, fresh=False)
    shown = await clerk.follow(first)

    assert first.headers["location"] == second.headers["location"]
    assert "The message is queued" in shown.text
    assert '<span class="state calm">Queued</span>' in shown.text
    again = await clerk.send(f"{address}/resend", {}, at=address, of=f"{address}/told")
    assert again.status_code == 422
    assert "The message stands otherwise by now" in again.text


async def test_a_member_told_by_other_means_is_put_on_record(
    application: Application, clerk: Visitor, shop: Shop
) -> None:
    address = await told(application, clerk)

    shown = await clerk.follow(await clerk.send(f"{address}/told", {}, at=address))
    member = (await clerk.get(f"/console/members/{shop.member}")).text

    assert "It is on record that the member was told." in shown.text
    assert "The shop has told the member itself" in shown.text
    assert "The shop told the member itself" in member
    assert address in member


async def test_messages_are_for_administration_and_show_no_address(
    application: Application, clerk: Visitor, finance: Visitor, shop: Shop
) -> None:
    address = await told(application, clerk)

    assert (await finance.get(PAGE)).status_code == 403
    assert (await finance.get(address)).status_code == 403
    assert "member0@example.com" not in (await clerk.get(address)).text
    member = (await finance.get(f"/console/members/{shop.member}")).text
    assert "A higher tier" in member
    assert address not in member
