"""Trying codes that are none is counted and ends; honest quotes cost no write."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import VoucherDefinition
from loyalty.cause import Cause
from loyalty.issuing.guessing import MOST_OF_A_BUYER, WINDOW
from loyalty.issuing.tables import voucher_guess
from loyalty.rules import draft_rule, publish_rules
from loyalty.vouchers import define_voucher, give_voucher
from tests.support.api import Web
from tests.support.shop import Json, Shop, cart, line


def tries(*codes: str) -> Json:
    """Return a cart with codes."""
    return cart(line(), voucher_codes=list(codes))


async def guesses(web: Web) -> int:
    """Count who is counted."""
    async with web.application.database.read() as connection:
        found = await connection.scalar(select(func.count()).select_from(voucher_guess))
    return found or 0


async def let_time_pass(connection: AsyncConnection) -> None:
    """Let the window be over in which was tried."""
    earlier = voucher_guess.c.began_at - WINDOW
    await connection.execute(update(voucher_guess).values(began_at=earlier))


async def publish(connection: AsyncConnection, cause: Cause, rule: Json) -> None:
    """Publish one rule alone."""
    drafted = await draft_rule(connection, cause, rule)
    await publish_rules(connection, cause, [(drafted.rule, drafted.version)])


async def code_of_the_first(web: Web) -> str:
    """Let two members join, and give the first a voucher."""
    first = await web.joined(external_id="C-1")
    await web.joined(external_id="C-2")
    database, sorry = web.application.database, VoucherDefinition("sorry", {"en": "Sorry"})
    await database.write(define_voucher, web.cause(), sorry)
    given = await database.write(
        give_voucher, web.cause(), first, definition="sorry", reason="goodwill"
    )
    return given.code


async def reasons(shop: Shop, code: str) -> list[str]:
    """Quote a cart with a code, and say why it gives nothing."""
    quoted = await shop.quote(tries(code))
    return [each["code"] for each in quoted["not_applied"] if each.get("voucher_code")]


async def test_whoever_tries_too_many_codes_that_are_none_is_told_when_to_try_again(
    shop: Shop, web: Web
) -> None:
    mine = await code_of_the_first(web)
    assert await reasons(shop, mine) == ["no-effect"]
    assert await guesses(web) == 0

    for number in range(MOST_OF_A_BUYER):
        assert await reasons(shop, f"GUESS-{number}") == ["voucher-not-found"]
    body = {"order": tries(mine), "member": "ext:C-1"}
    refused = await shop.caller.post("/v1/checkout/quotes", body)
    placed = await shop.place(tries(mine), status=429)

    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-unknown-codes")
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW.total_seconds()
    assert placed["code"] == "too-many-unknown-codes"
    await shop.quote(tries(), who="ext:C-1")
    await shop.quote(tries("GUESS-X"), who="ext:C-2")
    await web.application.database.write(let_time_pass)
    assert await reasons(shop, mine) == ["no-effect"]
    await shop.place(tries(), status=201)


async def test_a_voucher_of_another_member_is_refused_by_its_own_name_and_counts_as_a_guess(
    shop: Shop, web: Web
) -> None:
    hers = await code_of_the_first(web)

    refused = await shop.place(tries(hers), who="ext:C-2", status=409)

    assert refused["code"] == "voucher-not-yours"
    assert await guesses(web) == 2  # the member, and the key that asks


@pytest.mark.parametrize("at_once", [25])
async def test_of_many_who_try_at_once_no_more_are_told_than_are_allowed(
    shop: Shop, web: Web, at_once: int
) -> None:
    await web.joined(external_id="C-1")
    bodies = [{"order": tries(f"NONE-{number}"), "member": "ext:C-1"} for number in range(at_once)]

    answers = await asyncio.gather(
        *(shop.caller.post("/v1/checkout/quotes", body) for body in bodies)
    )

    counted = Counter(each.status_code for each in answers)
    assert counted == {200: MOST_OF_A_BUYER, 429: at_once - MOST_OF_A_BUYER}


async def test_a_code_that_a_rule_asks_for_by_name_is_no_guess(shop: Shop, web: Web) -> None:
    await web.joined(external_id="C-1")
    rule: Json = {
        "rule": "spring",
        "when": {"fact": "voucher-codes", "has": "SPRING"},
        "effects": [{"effect": "percent-off", "percent": 10, "target": "order"}],
    }
    await web.application.database.write(publish, web.cause(), rule)

    await shop.quote(tries("SPRING"))

    assert await guesses(web) == 0
