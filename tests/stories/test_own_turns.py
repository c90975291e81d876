"""A quote is about its own member: their next turn, and no row of anybody else."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import Cause
from loyalty.checkout.snapshot import Asked, take_snapshot
from loyalty.demo.households import Household
from loyalty.demo.inventions import join_households
from loyalty.members import Member
from loyalty.members.types import read_member_ref
from loyalty.rules import draft_rule, publish_rules
from loyalty.standings import grant_tier
from tests.support.api import Caller, Web
from tests.support.shop import Json, Shop, cart

SEVERAL = 200
GOLD_SHIPS_FAST: Json = {
    "rule": "gold-ships-fast",
    "when": {"fact": "tier", "at-least": "gold"},
    "effects": [{"effect": "entitlement", "kind": "delivery-class", "class": "express"}],
}


async def _publish(connection: AsyncConnection, cause: Cause) -> None:
    drafted = await draft_rule(connection, cause, GOLD_SHIPS_FAST)
    await publish_rules(connection, cause, [(drafted.rule, drafted.version)])


async def _grant(connection: AsyncConnection, cause: Cause, whose: Member, until: date) -> None:
    await grant_tier(connection, cause, whose, tier="gold", until=until, reason="complaint")


def _ends(rights: list[Json]) -> list[date]:
    return [datetime.fromisoformat(each["until"]).date() for each in rights]


async def test_of_members_whose_turns_differ_each_is_told_their_own(
    shop: Shop, web: Web, admin: Caller
) -> None:
    write = web.application.database.write
    await write(_publish, web.cause())
    next_year = web.cause().at.year + 1
    ends = {f"C-{month}": date(next_year, month, 1) for month in (5, 3, 9, 4)}
    for name, until in ends.items():
        await write(_grant, web.cause(), await web.joined(external_id=name), until)
    await web.joined(external_id="C-0")

    quoted = {name: (await shop.quote(cart(), who=f"ext:{name}")) for name in (*ends, "C-0")}
    told = {name: await admin.get(f"/v1/members/ext:{name}/entitlements") for name in ends}

    assert {name: _ends(quoted[name]["entitlements"]) for name in ends} == {
        name: [until] for name, until in ends.items()
    }
    assert {name: _ends(each.json()["items"]) for name, each in told.items()} == {
        name: [until] for name, until in ends.items()
    }
    assert quoted["C-0"]["entitlements"] == []


async def test_a_quote_reads_no_more_rows_among_many_members_than_among_two(
    shop: Shop, web: Web
) -> None:
    write, programme = web.application.database.write, web.application.programme
    grace, ada = await web.joined(external_id="C-0"), await web.joined(external_id="C-1")
    at = web.cause().at
    await write(_grant, web.cause(), grace, date(at.year + 1, 3, 1))
    await write(_grant, web.cause(), ada, date(at.year + 1, 5, 1))

    asked = Asked(read_member_ref("ext:C-1"), at, at, ["SKU-1", "SKU-2"], ["NONE"])

    async def rows_read(connection: AsyncConnection) -> dict[str, int]:
        # Nothing here was analysed: a small table would be read whole in place of its index.
        await connection.execute(text("set local enable_seqscan = off"))
        await take_snapshot(connection, programme, asked)
        before = await _counted(connection)
        snapshot = await take_snapshot(connection, programme, asked)
        assert snapshot.tier_next == (date(at.year + 1, 5, 1), "standard")
        return {name: n - before[name] for name, n in (await _counted(connection)).items()}

    alone = await write(rows_read)
    households = [Household(f"H-{n}", datetime(2026, 1, 1)) for n in range(SEVERAL)]  # noqa: DTZ001 (the shop's own clock)
    await write(join_households, web.cause(), households)
    among = await write(rows_read)

    assert sum(alone.values()) > 5
    assert {name: n for name, n in among.items() if n > alone[name]} == {}


async def _counted(connection: AsyncConnection) -> dict[str, int]:
    """Return what this transaction has read of every table and index of ours so far."""
    counted = await connection.execute(
        text(
            "select c.oid::regclass::text,"
            " pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid)"
            " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname in ('ledger', 'tiers', 'benefits', 'loyalty')"
            " and c.relkind in ('r', 'p', 'i', 'I')"
        )
    )
    return {row[0]: row[1] for row in counted}
