"""What was live together, the versions of a rule, what is different between them, and its end."""

from typing import Final

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from api.auth import ApiRequest, application_of, path_version
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.rule_drafts import (
    DiffQuery,
    EndBody,
    FieldChangeOut,
    PublishedSetOut,
    RuleDiffOut,
    SetDiffOut,
    SinceQuery,
    sentences,
)
from api.schemas.rules import RuleOut, RuleSetOut
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.rule_drafts import end_rule

_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})
_RULE: Final = {"rule": "The rule's name."}
_SET: Final = {"version": "The version of the rule set."}


@get(
    "/rules/{rule:str}/versions",
    opt=operation(
        Operation(
            summary="List the versions of a rule",
            tag="rules",
            roles=_READERS,
            answers={200: Page[RuleOut]},
            refusals=("rule-not-found",),
            parameters=_RULE,
        )
    ),
)
async def list_rule_versions(request: ApiRequest) -> Response[bytes]:
    """Answer the versions of a rule, newest first; at most two hundred."""
    rule = str(request.path_params["rule"])
    async with application_of(request).database.read() as connection:
        found = await benefits.list_versions(connection, rule, limit=200)
    if not found:
        raise benefits.RuleNotFound(rule=rule, version=0)
    return ok(Page([RuleOut.of(stored) for stored in found]))


@get(
    "/rules/{rule:str}/diff",
    opt=operation(
        Operation(
            summary="Compare two versions of a rule",
            tag="rules",
            roles=_READERS,
            query=DiffQuery,
            answers={200: RuleDiffOut},
            refusals=("rule-not-found",),
            parameters=_RULE,
        )
    ),
)
async def diff_rule(request: ApiRequest) -> Response[bytes]:
    """Answer what became different from one version to another, by pointer and in words."""
    query, rule = read_query(request, DiffQuery), str(request.path_params["rule"])
    async with application_of(request).database.snapshot() as connection:
        new = await benefits.find_rule(connection, rule, query.to)
        since = new.version - 1 if query.since is None else query.since
        old = await benefits.find_rule(connection, rule, since) if since else None
    was = None if old is None else old.document
    return ok(
        RuleDiffOut(
            rule=rule,
            kind="added" if old is None else "changed",
            before=None if old is None else old.version,
            after=new.version,
            changes=[FieldChangeOut.of(each) for each in benefits.diff_rules(was, new.document)],
            sentences=sentences(was, new.document),
        )
    )


@post(
    "/rules/{rule:str}/end",
    opt=operation(
        Operation(
            summary="End a rule, now or at an instant",
            tag="rules",
            roles=frozenset({"admin"}),
            key="required",
            body=EndBody,
            answers={201: RuleSetOut},
            refusals=("rule-not-live", "rule-set-moved", "rule-set-backdated", "review-missing"),
            parameters=_RULE,
            example={"ends_at": "2026-12-01T00:00:00+01:00"},
            example_answer={"version": 42},
        )
    ),
)
async def end(request: ApiRequest) -> Response[bytes]:
    """Publish what is live without the rule; orders placed before keep what they were promised."""
    body, rule = await body_of(request, EndBody), str(request.path_params["rule"])
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        version = await end_rule(connection, cause, rule, ends_at=body.ends_at, after=body.after)
        return answer(201, RuleSetOut(version), location=f"/v1/rule-sets/{version}")

    return await write(request, None, work)


@get(
    "/rule-sets",
    opt=operation(
        Operation(
            summary="List the published rule sets",
            tag="rules",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[PublishedSetOut]},
        )
    ),
)
async def list_rule_sets(request: ApiRequest) -> Response[bytes]:
    """Answer the rule sets, newest first."""
    query = read_query(request, PageQuery)
    before = read_cursor(request, "rule-sets", query.after, int)
    async with application_of(request).database.snapshot() as connection:
        found = await benefits.list_rule_set_versions(
            connection, before=before, limit=query.limit + 1
        )
        shown = [
            PublishedSetOut.of(await benefits.find_published_rule_set(connection, version))
            for version in found[: query.limit]
        ]
    more = len(found) > query.limit
    return ok(Page(shown, sign_cursor(request, "rule-sets", shown[-1].version) if more else None))


@get(
    "/rule-sets/{version:int}",
    opt=operation(
        Operation(
            summary="Read a published rule set",
            tag="rules",
            roles=_READERS,
            answers={200: PublishedSetOut},
            refusals=("rule-set-not-found",),
            parameters=_SET,
        )
    ),
)
async def read_rule_set(request: ApiRequest) -> Response[bytes]:
    """Answer the rules and groups of a set, and from when it is live."""
    async with application_of(request).database.snapshot() as connection:
        return ok(PublishedSetOut.of(await _published(connection, request)))


@get(
    "/rule-sets/{version:int}/diff",
    opt=operation(
        Operation(
            summary="Compare two rule sets",
            tag="rules",
            roles=_READERS,
            query=SinceQuery,
            answers={200: SetDiffOut},
            refusals=("rule-set-not-found",),
            parameters=_SET,
        )
    ),
)
async def diff_rule_set(request: ApiRequest) -> Response[bytes]:
    """Answer what was added, changed and ended since another set, by default the one before."""
    query = read_query(request, SinceQuery)
    async with application_of(request).database.snapshot() as connection:
        new = await _published(connection, request)
        since = new.version - 1 if query.since is None else query.since
        old = await benefits.find_published_rule_set(connection, since) if since else None
    return ok(SetDiffOut.of(benefits.diff_sets(old, new)))


async def _published(connection: AsyncConnection, request: ApiRequest) -> benefits.PublishedRuleSet:
    return await benefits.find_published_rule_set(connection, path_version(request))


ROUTES: Final = (
    list_rule_versions,
    diff_rule,
    end,
    list_rule_sets,
    read_rule_set,
    diff_rule_set,
)
