"""Rules in the making: drafts that change one rule or several together."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.rule_drafts import (
    ChangeBody,
    CheckedOut,
    PublishRulesBody,
    RuleDraftOut,
    SetDiffOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role
from loyalty.rule_drafts import (
    change_draft,
    check_change,
    check_draft,
    make_draft,
    publish_draft,
    retire_draft,
)
from loyalty.rule_reviews import DRAFT

ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"admin", "finance"})
NAMED: Final = {"draft": "The id of the draft (rdr_…)."}
_RULE: Final = {
    "rule": "gold-free-shipping",
    "when": {"fact": "subtotal", "at-least": 2000},
    "effects": [{"effect": "free-shipping", "methods": ["standard"]}],
}
_CHANGE: Final = {"rules": [_RULE], "retire": ["summer"], "groups": {"lane": "best"}}
DIGEST: Final = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"
OPEN: Final = {
    "id": "rdr_01kfz3m6q8e4trx9n2v5w7y1ab",
    "state": "open",
    **_CHANGE,
    "based_on": 41,
    "made_at": "2026-11-21T09:30:00+01:00",
    "made_by": "key:01kfz3m6q8e4trx9n2v5w7y1ab",
    "rule_set": None,
    "live_from": None,
    "authors": ["key:01kfz3m6q8e4trx9n2v5w7y1ab"],
    "digest": DIGEST,
    "review": None,
}
_UNFIT: Final = (
    *("rule-unknown-fact", "rule-wrong-type", "rule-unknown-reference"),
    *("rule-draft-empty", "rule-named-twice", "rule-not-live", "rule-unfit"),
)
GONE: Final = ("rule-draft-unknown", "rule-draft-closed")
_FROZEN: Final = (*GONE, "review-pending")


@post(
    "/rule-drafts",
    opt=operation(
        Operation(
            summary="Draft a change of rules",
            tag="rules",
            roles=ADMIN,
            key="required",
            body=ChangeBody,
            answers={201: RuleDraftOut},
            refusals=_UNFIT,
            example=_CHANGE,
            example_answer=OPEN,
        )
    ),
)
async def create_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Store rules to be changed together; nothing is live before the draft is published."""
    change = (await body_of(request, ChangeBody)).change()
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        draft = RuleDraftOut.of(await make_draft(connection, cause, change), cause.at)
        return answer(201, draft, location=f"/v1/rule-drafts/{draft.id}")

    return await write(request, None, work)


@get(
    "/rule-drafts",
    opt=operation(
        Operation(
            summary="List the drafts of rules",
            tag="rules",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[RuleDraftOut]},
        )
    ),
)
async def list_rule_drafts(request: ApiRequest) -> Response[bytes]:
    """Answer the drafts, newest first."""
    query = read_query(request, PageQuery)
    before = read_cursor(request, "rule-drafts", query.after, UUID)
    async with application_of(request).database.read() as connection:
        found = await benefits.list_rule_drafts(connection, limit=query.limit + 1, before=before)
    at, shown = now_of(request), found[: query.limit]
    more = sign_cursor(request, "rule-drafts", shown[-1].id) if len(found) > len(shown) else None
    return ok(Page([RuleDraftOut.of(each, at) for each in shown], more))


@post(
    "/rule-drafts/check",
    status_code=200,
    opt=operation(
        Operation(
            summary="Check a change of rules without storing it",
            tag="rules",
            roles=ADMIN,
            body=ChangeBody,
            answers={200: CheckedOut},
            example=_CHANGE,
        )
    ),
)
async def check_rules(request: ApiRequest) -> Response[bytes]:
    """Answer all that stands in the way of a change, and what it would do to what is live."""
    change = (await body_of(request, ChangeBody)).change()
    async with application_of(request).database.snapshot() as connection:
        return ok(CheckedOut.of(await check_change(connection, now_of(request), change)))


@get(
    "/rule-drafts/{draft:str}",
    opt=operation(
        Operation(
            summary="Read a draft of rules",
            tag="rules",
            roles=_READERS,
            answers={200: RuleDraftOut},
            refusals=("rule-draft-unknown",),
            parameters=NAMED,
        )
    ),
)
async def read_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Answer a draft and what became of it."""
    async with application_of(request).database.read() as connection:
        draft = await benefits.find_rule_draft(connection, named_draft(request))
    return ok(RuleDraftOut.of(draft, now_of(request)))


@post(
    "/rule-drafts/{draft:str}",
    status_code=200,
    opt=operation(
        Operation(
            summary="Change a draft of rules",
            tag="rules",
            roles=ADMIN,
            key="required",
            body=ChangeBody,
            answers={200: RuleDraftOut},
            refusals=(*_FROZEN, *_UNFIT),
            parameters=NAMED,
            example=_CHANGE,
            example_answer=OPEN,
        )
    ),
)
async def replace_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Put another change into an open draft; it then starts from what is live now."""
    change = (await body_of(request, ChangeBody)).change()
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        changed = await change_draft(connection, cause, draft, change)
        return answer(200, RuleDraftOut.of(changed, cause.at))

    return await write(request, None, work)


@post(
    "/rule-drafts/{draft:str}/check",
    status_code=200,
    opt=operation(
        Operation(
            summary="Check a draft of rules against what is live now",
            tag="rules",
            roles=ADMIN,
            answers={200: CheckedOut},
            refusals=("rule-draft-unknown",),
            parameters=NAMED,
        )
    ),
)
async def check_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Answer all that stands in the way of publishing a draft now, and what it would do."""
    async with application_of(request).database.snapshot() as connection:
        checked = await check_draft(connection, now_of(request), named_draft(request))
    return ok(CheckedOut.of(checked))


@get(
    "/rule-drafts/{draft:str}/diff",
    opt=operation(
        Operation(
            summary="Compare a draft of rules with what is live now",
            tag="rules",
            roles=_READERS,
            answers={200: SetDiffOut},
            refusals=("rule-draft-unknown",),
            parameters=NAMED,
        )
    ),
)
async def diff_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Answer what the draft adds, changes and ends, by pointer and in words."""
    async with application_of(request).database.snapshot() as connection:
        checked = await check_draft(connection, now_of(request), named_draft(request))
    return ok(SetDiffOut.of(checked.diff))


@post(
    "/rule-drafts/{draft:str}/publish",
    status_code=200,
    opt=operation(
        Operation(
            summary="Publish a draft of rules, now or from an instant on",
            tag="rules",
            roles=ADMIN,
            key="required",
            body=PublishRulesBody,
            answers={200: RuleDraftOut},
            refusals=(
                *_FROZEN,
                *("review-missing", "review-stale"),
                *("rule-draft-outrun", "rule-set-moved", "rule-set-backdated", "rule-not-live"),
            ),
            parameters=NAMED,
            example={"live_from": "2026-12-01T00:00:00+01:00"},
            example_answer=OPEN
            | {"state": "scheduled", "rule_set": 42, "live_from": "2026-12-01T00:00:00+01:00"},
        )
    ),
)
async def publish_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Make all that the draft changes live at once; every process sees it at its next question."""
    body = await body_of(request, PublishRulesBody)
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        published = await publish_draft(
            connection, cause, draft, live_from=body.live_from, after=body.after
        )
        return answer(200, RuleDraftOut.of(published, cause.at))

    return await write(request, None, work)


@post(
    "/rule-drafts/{draft:str}/retire",
    status_code=200,
    opt=operation(
        Operation(
            summary="Put a draft of rules away, or withdraw a scheduled one",
            tag="rules",
            roles=ADMIN,
            key="required",
            answers={200: RuleDraftOut},
            refusals=GONE,
            parameters=NAMED,
            example_answer=OPEN | {"state": "retired"},
        )
    ),
)
async def retire_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Put an open draft away; what was scheduled is taken back before it is live."""
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, RuleDraftOut.of(await retire_draft(connection, cause, draft), cause.at))

    return await write(request, None, work)


def named_draft(request: ApiRequest) -> UUID:
    """Return the draft that the path names; one that no id names is unknown."""
    text = str(request.path_params["draft"])
    try:
        return read(DRAFT, text)
    except MalformedId:
        raise benefits.RuleDraftUnknown(seen=text[:80]) from None


ROUTES: Final[tuple[Any, ...]] = (
    create_rule_draft,
    list_rule_drafts,
    check_rules,
    read_rule_draft,
    replace_rule_draft,
    check_rule_draft,
    diff_rule_draft,
    publish_rule_draft,
    retire_rule_draft,
)
