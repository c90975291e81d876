"""A member's past planned in one pass gives what the API gives for the same orders one by one."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from benefits import find_rule_set, list_switches, switch_rule
from benefits.holdouts import BUCKETS, bucket_of
from ledger import ClawBack, Earn
from loyalty.cause import Cause
from loyalty.ids import new_id
from loyalty.ladders import publish_ladder
from loyalty.members import Member
from loyalty.orders.comebacks import Comeback, ReturnedRow
from loyalty.orders.eras import Terms
from loyalty.orders.facts import Person
from loyalty.orders.past import LineMarks, Sale
from loyalty.orders.plan import Buyer, MemberPlan, plan_member
from loyalty.orders.rows import MARKED_LINE, ORDER, RETURN, RETURN_LINE, SHIPMENT
from loyalty.policy import policy_at
from tests.support.api import Caller, Web
from tests.support.shop import EARN_ONE, Json, Shop, cart, open_programme

BEGAN = datetime(2026, 1, 5, 10, tzinfo=UTC)
IDS = {"id", "order_id", "return_id", "shipment"}


def a_year(chance: Random) -> list[Sale | Comeback]:
    """Return what one household bought and brought back, in the order of time."""
    events: list[Sale | Comeback] = []
    at = BEGAN
    for number in range(8):
        at += timedelta(days=chance.randint(1, 20), minutes=chance.randint(1, 500))
        lines = [
            (
                str(place),
                chance.choice(["TEA", "BUN", "JAM", "HAM"]),
                "FOOD",
                chance.randint(1, 4),
                chance.randint(0, 9_000),
                chance.choice([None, None, ("ACME", ()), ("", ("new", "sale"))]),
            )
            for place in range(1, chance.randint(2, 5))
        ]
        events.append(Sale(new_id(at), new_id(at), at, lines))
        if chance.random() < 0.5:
            at += timedelta(days=1)
            rows = [ReturnedRow(lines[0][1], chance.randint(1, 5), 0)]
            if chance.random() < 0.3:
                rows = [ReturnedRow("", 0, chance.randint(1, 9_000))]
            events.append(Comeback(f"R-{number}", at, rows, reason="changed-mind"))
    return events


def named(marks: LineMarks | None) -> Json:
    """Return what a line of the API says of the product."""
    return {} if marks is None else {"brand": marks[0], "tags": list(marks[1])}


async def report(shop: Shop, events: Sequence[Sale | Comeback]) -> None:
    """Report the same through the API."""
    names: dict[UUID, str] = {}
    for number, event in enumerate(events):
        if isinstance(event, Sale):
            name = names[event.order] = f"S-{number}"
            keys = ("line_id", "sku", "category", "quantity", "amount")
            lines = [
                dict(zip(keys, line[:-1], strict=True)) | named(line[-1]) for line in event.lines
            ]
            at = event.placed_at.isoformat()
            await shop.place(cart(*lines), name, priced_by="shop", placed_at=at)
            await shop.complete(name, completed_at=at)
        else:
            body: Json = {"member": "ext:C-1", "return_id": event.name, "reason": event.reason}
            body["returned_at"] = event.at.isoformat()
            if event.rows[0].sku:
                rows = [{"sku": row.sku, "quantity": row.quantity} for row in event.rows]
                body["lines"] = rows
            else:
                body["amount"] = event.rows[0].amount
            await shop.post("/v1/returns", body, status=201)


async def planned(
    connection: AsyncConnection, web: Web, who: Member, events: Sequence[Sale | Comeback]
) -> MemberPlan:
    """Plan the same in one pass."""
    policy = await policy_at(connection, BEGAN)
    joined_on = policy.day_of(who.joined_at)
    ladder = await tiers.live_ladder(connection)
    terms = Terms(
        *(policy, await find_rule_set(connection, 1), ladder, web.cause(), new_id),
        stops=await list_switches(connection),
    )
    subject = tiers.Subject(who.id, joined_on, None, ())
    person = Person("consumer", joined_on)
    return plan_member(Buyer(who.id, who.holder, person, subject), events, terms)


async def stored(connection: AsyncConnection, table: str, columns: Sequence[str]) -> list[Any]:
    """Read a table's rows without ids."""
    kept = ", ".join(f'"{name}"' for name in columns if name not in IDS)
    rows = await connection.execute(text(f'select {kept} from loyalty."{table}"'))
    return sorted(repr(tuple(row)) for row in rows)


def counted(activities: Sequence[tiers.Activity]) -> list[tuple[str, str, int, int]]:
    """Leave ids out of activity."""
    return sorted(
        (one.asset or "", one.on.isoformat(), one.purchases, one.returned) for one in activities
    )


def without_ids(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> list[str]:
    """Leave ids out of planned rows."""
    return sorted(
        repr(tuple(each for name, each in zip(columns, row, strict=True) if name not in IDS))
        for row in rows
    )


async def count_points(connection: AsyncConnection, cause: Cause) -> None:
    """Publish a ladder on which the points themselves count, so that each order moves the next."""
    reached = [("silver", 200, 8_000), ("gold", 600, 30_000), ("diamond", 2_000, 90_000)]
    document: Json = {
        "tiers": [
            {"code": "standard", "name": {"en": "Standard"}},
            *(
                {
                    "code": code,
                    "name": {"en": code},
                    "reach": {"any": {"asset:points": points, "purchases": money}},
                }
                for code, points, money in reached
            ),
        ],
        "window": {"kind": "rolling-months", "length": 3},
        "validity": {"unit": "months", "length": 3},
        "minimum_order": 1,
        "downgrade": "one-step",
        "grace_days": 0,
    }
    await publish_ladder(connection, cause, document)


async def stop_for_a_while(connection: AsyncConnection) -> None:
    """Stop the rule that earns for half a year, and let it go on."""
    for stopped, at in ((True, BEGAN + timedelta(60)), (False, BEGAN + timedelta(240))):
        await switch_rule(
            connection,
            "base-earn",
            stopped=stopped,
            reason="a mistake",
            at=at,
            actor="system",
            request_id="test",
        )


@pytest.mark.parametrize("seed", range(4))
async def test_history_planned_in_one_pass_equals_the_api(shop: Shop, web: Web, seed: int) -> None:
    chance = Random(seed)
    if seed % 2:
        await web.application.database.write(count_points, web.cause())
    if seed > 1:
        await web.application.database.write(stop_for_a_while)
    ada = await web.joined(external_id="C-1", joined_at=BEGAN)
    events = a_year(chance)
    await report(shop, events)

    async with web.application.database.snapshot() as connection:
        plan = await planned(connection, web, ada, events)
        for table, columns, rows in (
            ("order", ORDER, plan.orders),
            (
                "order_line",
                MARKED_LINE,
                [*plan.marked_lines, *((*row, None, None) for row in plan.order_lines)],
            ),
            ("shipment", SHIPMENT, plan.shipments),
            ("return", RETURN, plan.returns),
            ("return_line", RETURN_LINE, plan.return_lines),
        ):
            assert await stored(connection, table, columns) == without_ids(rows, columns), table
        (subject,) = (await tiers.find_subjects(connection, {ada.id: BEGAN.date()})).values()
        posted = (
            await connection.execute(
                text("select kind, amount from ledger.receipt where key like 'order:%'")
            )
        ).all()

    assert plan.standing is not None
    assert subject.standing is not None
    assert (subject.standing.tier, subject.standing.since, subject.standing.valid_until) == (
        *(plan.standing.standing.tier, plan.standing.standing.since),
        plan.standing.standing.valid_until,
    )
    assert counted(subject.activities) == counted(plan.standing.written)
    assert any(one.asset for one in subject.activities) == bool(seed % 2)
    wanted = [(p.kind.value, p.amount) for p in plan.postings if isinstance(p, Earn | ClawBack)]
    assert sorted(tuple(row) for row in posted) == sorted(wanted)
    await shop.holds()


async def test_history_holds_out_whom_the_api_holds_out(web: Web, checkout: Caller) -> None:
    ada = await web.joined(external_id="C-1", joined_at=BEGAN)
    names = [f"half-{number}" for number in range(64)]
    out = next(name for name in names if bucket_of(ada.id, name) < BUCKETS // 2)
    let = next(name for name in names if bucket_of(ada.id, name) >= BUCKETS // 2)
    bonus = {"effects": [{"effect": "earn", "bonus": 7}], "holdout": 50}
    rules = [EARN_ONE, *({"rule": name, **bonus} for name in (out, let))]
    await web.application.database.write(open_programme, web.cause(), rules)
    events = a_year(Random(0))
    await report(Shop(web, checkout), events)

    async with web.application.database.snapshot() as connection:
        plan = await planned(connection, web, ada, events)
        decided = await connection.execute(text("select facts, document from loyalty.decision"))
        placed = sorted((json.dumps(facts, sort_keys=True), text_) for facts, text_ in decided)

    known = [(json.loads(str(row[-2])), row[-1]) for row in plan.decisions]
    assert sorted((json.dumps(facts, sort_keys=True), text_) for facts, text_ in known) == placed
    assert {tuple(facts["held_out"]) for facts, _ in known} == {(out,)}
    gave = {row[2]: row[-1] for row in plan.order_rules}
    assert (gave[let], out in gave) == (7, False)
