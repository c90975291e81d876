"""Rules, the rule sets that are live, and member prices."""

from typing import Any, Final

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.pagination import Page, read_cursor, sign_cursor
from api.schemas.rule_drafts import LifeQuery, RuleLifeOut
from api.schemas.rules import (
    PricesBody,
    PricesOut,
    RuleOut,
    RuleSetBody,
    RuleSetOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.prices import set_prices
from loyalty.rules import draft_rule, publish_rules

_RULE: Final = {
    "rule": "gold-free-shipping",
    "titles": {"en": "Free shipping for gold", "zh": "黄金会员免运费"},
    "when": {"fact": "subtotal", "at-least": 2000},
    "effects": [{"effect": "free-shipping", "methods": ["standard"]}],
    "tell": True,
}
_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})


@post(
    "/rules",
    opt=operation(
        Operation(
            summary="Store a rule as its next version",
            tag="rules",
            roles=frozenset({"admin"}),
            key="required",
            body=dict[str, Any],
            body_schema=benefits.rule_schema(),
            example=_RULE,
            answers={201: RuleOut},
            refusals=(
                *("rule-unknown-tier", "rule-unknown-fact", "rule-wrong-type"),
                "rule-unknown-reference",
            ),
        )
    ),
)
async def create_rule(request: ApiRequest) -> Response[bytes]:
    """Check a rule and store it; it is live once a rule set names its version."""
    document = await body_of(request, dict[str, Any])
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        stored = await draft_rule(connection, cause, document)
        return answer(201, RuleOut.of(stored), location=f"/v1/rules/{stored.rule}")

    return await write(request, None, work)


@get(
    "/rules",
    opt=operation(
        Operation(
            summary="List the rules and where each stands",
            tag="rules",
            roles=_READERS,
            query=LifeQuery,
            answers={200: Page[RuleLifeOut]},
        )
    ),
)
async def list_rules(request: ApiRequest) -> Response[bytes]:
    """Answer the rules by name, those of one state if asked: draft, scheduled, live, ended."""
    query = read_query(request, LifeQuery)
    after = read_cursor(request, "rules", query.after, str) or ""
    async with application_of(request).database.snapshot() as connection:
        found = await benefits.list_lives(
            connection, at=now_of(request), state=query.state, after=after, limit=query.limit + 1
        )
    shown = [RuleLifeOut.of(life) for life in found[: query.limit]]
    more = len(found) > query.limit
    return ok(Page(shown, sign_cursor(request, "rules", shown[-1].name) if more else None))


@get(
    "/rules/{rule:str}",
    opt=operation(
        Operation(
            summary="Read a rule and where it stands",
            tag="rules",
            roles=_READERS,
            answers={200: RuleLifeOut},
            refusals=("rule-not-found",),
            parameters={"rule": "The rule's name."},
        )
    ),
)
async def read_rule(request: ApiRequest) -> Response[bytes]:
    """Answer the document as it was stored last, and where the rule stands in its life."""
    rule = str(request.path_params["rule"])
    async with application_of(request).database.snapshot() as connection:
        return ok(RuleLifeOut.of(await benefits.find_life(connection, rule, at=now_of(request))))


@post(
    "/rule-sets",
    opt=operation(
        Operation(
            summary="Publish what is live together",
            tag="rules",
            roles=frozenset({"admin"}),
            key="required",
            body=RuleSetBody,
            answers={201: RuleSetOut},
            refusals=("rule-not-found", "rule-set-moved", "rule-set-backdated", "review-missing"),
            example={"rules": [{"name": "base", "version": 1}], "groups": []},
            example_answer={"version": 41},
        )
    ),
)
async def create_rule_set(request: ApiRequest) -> Response[bytes]:
    """Publish versions of rules together; every process sees it at its next question."""
    body = await body_of(request, RuleSetBody)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        version = await publish_rules(
            connection,
            cause,
            [(rule.name, rule.version) for rule in body.rules],
            groups=[
                benefits.Group(group.name, group.mode, tuple(group.limits)) for group in body.groups
            ],
            live_from=body.live_from,
            based_on=body.based_on,
        )
        return answer(201, RuleSetOut(version))

    return await write(request, None, work)


@post(
    "/prices",
    opt=operation(
        Operation(
            summary="Add member prices to a price list",
            tag="rules",
            roles=frozenset({"checkout", "admin"}),
            key="required",
            body=PricesBody,
            answers={201: PricesOut},
            refusals=("price-above-regular", "rule-negative-price"),
            example={
                "list": "members",
                "prices": [{"sku": "1095275", "amount": 399, "regular": 450}],
            },
            example_answer={"new": 1},
        )
    ),
)
async def add_prices(request: ApiRequest) -> Response[bytes]:
    """Add effective-dated prices; the same price again changes nothing."""
    body = await body_of(request, PricesBody)
    cause = cause_of(request, now_of(request))
    prices = [
        benefits.Price(given.sku, given.amount, given.regular, given.starts_at or cause.at)
        for given in body.prices
    ]

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        new = await set_prices(connection, cause, body.price_list, prices)
        return answer(201, PricesOut(new))

    return await write(request, None, work)


ROUTES: Final = (create_rule, list_rules, read_rule, create_rule_set, add_prices)
