"""The programme policy, the API keys, and the audit trail of management writes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from litestar import Response, delete, get, post
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of, path_version
from api.bodies import RequestInvalid, body_of, read_query, within
from api.operation import Operation, operation
from api.pagination import DEFAULT_LIMIT, Cursor, Limit, Page, read_cursor, sign_cursor
from api.schemas.programme import ChangeOut, KeyBody, KeyOut, NewKeyOut, PolicyBody, PolicyOut
from api.schemas.types import Code, Instant
from api.writing import answer, cause_of, now_of, ok, respond, write
from loyalty.changes import list_changes
from loyalty.idempotency import Answer, Begun
from loyalty.ids import MalformedId, read
from loyalty.keys import Role, UnknownApiKey, create_key, list_keys, revoke_key
from loyalty.members import find_member, read_member_ref
from loyalty.policy import (
    PolicyCannotChange,
    PolicyMalformed,
    find_policy,
    list_policies,
    policy_at,
    publish_policy,
)

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})


class PolicyQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """In force when; now when left out."""

    at: Instant | None = None


class PoliciesOut(Struct, frozen=True):
    """The published policies, newest first."""

    items: list[PolicyOut]


class KeysOut(Struct, frozen=True):
    """The keys, newest first."""

    items: list[KeyOut]


class AuditQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the trail, newest first."""

    member: Annotated[str, Meta(min_length=1, max_length=210)] | None = None
    subject_kind: Code | None = None
    subject: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    limit: Limit = DEFAULT_LIMIT
    after: Cursor | None = None


_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
POLICY_EXAMPLE: Final = {
    "unit": {"en": "stars", "zh": "星星"},
    "currency": "USD",
    "time_zone": "America/New_York",
    "language": "en",
    "point_value": {"minor": 1, "points": 1},
    "earn_basis": "paid",
    "pending_days": 14,
    "pending_until": "completed",
    "delivery_days": 30,
    "expiry": {
        "default": {"kind": "rolling", "months": 24, "notice": True},
        "sources": {
            "birthday": {"kind": "after-days", "days": 30, "notice": False},
            "opening": {"kind": "fixed-day", "turns": 1, "month": 3, "day": 31, "notice": False},
        },
        "by_time": True,
        "activities": ["earn", "spend"],
    },
    "expiry_reminder_days": 14,
    "grace_days": 30,
    "assets": {
        "growth": {
            "names": {"en": "growth value", "zh": "成长值"},
            "expiry": {"kind": "end-of-year", "years": 1, "notice": False},
        }
    },
    "shortfall": "debt",
    "hold_minutes": 30,
    "minimum_age": 16,
    "spend_minimum": 100,
    "spend_step": 50,
    "spend_share_percent": 50,
    "spend_on_shipping": False,
    "adjustment_limits": {"admin": 50_000, "finance": 100_000},
    "adjustment_reasons": ["goodwill", "correction", "complaint"],
    "rule_reviewers": 0,
    "birthday_voucher": None,
}


@get(
    "/policy",
    opt=operation(
        Operation(
            summary="Read the policy in force",
            tag="programme",
            roles=_READERS,
            query=PolicyQuery,
            answers={200: PolicyOut},
        )
    ),
)
async def read_policy(request: ApiRequest) -> Response[bytes]:
    """Answer the policy in force at an instant."""
    at = _plausible(read_query(request, PolicyQuery).at, "/query/at") or now_of(request)
    async with application_of(request).database.read() as connection:
        policy = await policy_at(connection, at)
    return ok(PolicyOut.of(policy))


@get(
    "/policy/versions",
    opt=operation(
        Operation(
            summary="List the published policies",
            tag="programme",
            roles=_READERS,
            answers={200: PoliciesOut},
        )
    ),
)
async def list_policy_versions(request: ApiRequest) -> Response[bytes]:
    """Answer the versions, newest first."""
    async with application_of(request).database.read() as connection:
        policies = await list_policies(connection)
    return ok(PoliciesOut([PolicyOut.of(policy) for policy in policies]))


@get(
    "/policy/versions/{version:int}",
    opt=operation(
        Operation(
            summary="Read a published policy",
            tag="programme",
            roles=_READERS,
            answers={200: PolicyOut},
            refusals=("unknown-policy",),
            parameters={"version": "The version."},
        )
    ),
)
async def read_policy_version(request: ApiRequest) -> Response[bytes]:
    """Answer one version."""
    version = path_version(request)
    async with application_of(request).database.read() as connection:
        policy = await find_policy(connection, version)
    return ok(PolicyOut.of(policy))


@post(
    "/policy",
    opt=operation(
        Operation(
            summary="Publish a policy",
            tag="programme",
            roles=_ADMIN,
            key="required",
            body=PolicyBody,
            example={"policy": POLICY_EXAMPLE},
            answers={201: PolicyOut},
            refusals=(
                "policy-malformed",
                "policy-starts-too-soon",
                "policy-starts-in-the-past",
                "policy-cannot-change",
            ),
        )
    ),
)
async def create_policy(request: ApiRequest) -> Response[bytes]:
    """Publish the next version; a worse point value needs thirty days' notice."""
    body = await body_of(request, PolicyBody)
    starts_at = _plausible(body.starts_at, "/starts_at")
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        with within("/policy", PolicyMalformed, PolicyCannotChange):
            policy = await publish_policy(connection, cause, body.policy, starts_at=starts_at)
        location = f"/v1/policy/versions/{policy.version}"
        return answer(201, PolicyOut.of(policy), location=location)

    return await write(request, None, work)


@post(
    "/keys",
    opt=operation(
        Operation(
            summary="Make an API key",
            tag="keys",
            roles=_ADMIN,
            body=KeyBody,
            answers={201: NewKeyOut},
            refusals=("unknown-member",),
            example={"role": "checkout", "label": "web shop"},
        )
    ),
)
async def make_key(request: ApiRequest) -> Response[bytes]:
    """Make a key; its secret is answered this once and stored nowhere."""
    body = await body_of(request, KeyBody)
    if (body.role == "member") != (body.member is not None):
        raise RequestInvalid(
            pointer="/member", seen="a member for role member only", reason="missing-field"
        )
    ref = None if body.member is None else read_member_ref(body.member)
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection) -> Answer:
        member = None if ref is None else (await find_member(connection, ref)).id
        lives = None if body.days is None else timedelta(days=body.days)
        made, secret = await create_key(
            connection, cause, role=body.role, label=body.label, member=member, lives=lives
        )
        return answer(201, NewKeyOut(KeyOut.of(made), secret))

    return respond(await application_of(request).database.write(work))


@get(
    "/keys",
    opt=operation(
        Operation(summary="List the API keys", tag="keys", roles=_ADMIN, answers={200: KeysOut})
    ),
)
async def list_api_keys(request: ApiRequest) -> Response[bytes]:
    """Answer the keys, newest first, without their secrets."""
    async with application_of(request).database.read() as connection:
        keys = await list_keys(connection)
    return ok(KeysOut([KeyOut.of(key) for key in keys]))


@delete(
    "/keys/{key:str}",
    status_code=200,
    opt=operation(
        Operation(
            summary="End an API key",
            tag="keys",
            roles=_ADMIN,
            answers={200: KeyOut},
            refusals=("unknown-api-key",),
            parameters={"key": "Our id (key_…)."},
        )
    ),
)
async def end_key(request: ApiRequest) -> Response[bytes]:
    """End a key at once; ending it again changes nothing."""
    text = str(request.path_params["key"])
    try:
        id_ = read("key", text)
    except MalformedId:
        raise UnknownApiKey(seen=text[:80]) from None
    application = application_of(request)
    cause = cause_of(request, now_of(request))
    ended = await application.database.write(revoke_key, cause, id_)
    application.keys.forget(id_)
    return ok(KeyOut.of(ended))


@get(
    "/audit",
    opt=operation(
        Operation(
            summary="Read the audit trail",
            tag="programme",
            roles=_ADMIN,
            query=AuditQuery,
            answers={200: Page[ChangeOut]},
            refusals=("unknown-member", "malformed-id"),
        )
    ),
)
async def read_audit(request: ApiRequest) -> Response[bytes]:
    """Answer who changed what, newest first; personal values are named, not shown."""
    query = read_query(request, AuditQuery)
    list_ = f"audit {query.member} {query.subject_kind} {query.subject}"
    before = read_cursor(request, list_, query.after, UUID)
    async with application_of(request).database.read() as connection:
        ref = None if query.member is None else read_member_ref(query.member)
        found = await list_changes(
            connection,
            limit=query.limit + 1,
            before=before,
            member=None if ref is None else (await find_member(connection, ref)).id,
            subject_kind=query.subject_kind,
            subject=query.subject,
        )
    page = found[: query.limit]
    more = len(found) > query.limit
    next_ = sign_cursor(request, list_, str(page[-1].id)) if more else None
    return ok(Page([ChangeOut.of(change) for change in page], next_))


def _plausible(given: datetime | None, pointer: str) -> datetime | None:
    if given is not None and not _EARLIEST <= given < _LATEST:
        raise RequestInvalid(
            pointer=pointer, seen="not between 1970 and 2200", reason="out-of-range"
        )
    return given


ROUTES: Final = (
    read_policy,
    list_policy_versions,
    read_policy_version,
    create_policy,
    make_key,
    list_api_keys,
    end_key,
    read_audit,
)
