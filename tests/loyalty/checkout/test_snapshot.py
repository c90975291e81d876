"""The one statement of a quote reads the member who asks, and nobody else."""

import re
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.checkout.snapshot import Asked, take_snapshot
from loyalty.checkout.snapshot_statement import snapshot_statement
from loyalty.ids import show
from loyalty.members import Member, Ref
from loyalty.standings import grant_tier
from tests.support.api import Web, application, checkout, web
from tests.support.shop import Shop, opened, shop

__all__ = ["application", "checkout", "opened", "shop", "web"]


async def _grant(connection: AsyncConnection, cause: Cause, whose: Member, until: date) -> None:
    await grant_tier(connection, cause, whose, tier="gold", until=until, reason="complaint")


async def test_everybody_s_next_turn_is_their_own(shop: Shop, web: Web) -> None:
    today = web.cause().at.date()
    untils = {}
    for number in (3, 1, 2):
        whose = await web.joined(external_id=f"C-{number}")
        untils[whose.id] = today + timedelta(days=90 * number)
        write = web.application.database.write
        await write(_grant, web.cause(), whose, untils[whose.id])
    nobody = await web.joined(external_id="C-4")

    found = {}
    async with web.application.database.read() as connection:
        for whose_id in (*untils, nobody.id):
            ref = Ref("member", show("mem", whose_id), id=whose_id)
            asked = Asked(ref, web.cause().at, web.cause().at, (), ())
            snapshot = await take_snapshot(connection, web.application.programme, asked)
            found[whose_id] = snapshot.tier_next

    assert found == {whose: (until, "standard") for whose, until in untils.items()} | {
        nobody.id: None
    }


def test_the_statement_goes_through_each_table_of_members_once() -> None:
    """A part that names a table of the whole without being tied to it lists it a second time."""
    text = " ".join(snapshot_statement()._compiled.text.decode().split())

    for table in ("member", "profile"):
        listed = re.findall(rf"(?:FROM|JOIN|,) loyalty\.{table}\b(?!\.| AS )", text)
        assert len(listed) == 1, (table, listed)
