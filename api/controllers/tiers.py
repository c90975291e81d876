"""Where a member stands and why, and the ladders that decide it."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from api.auth import ApiRequest, application_of, member_ref, only_own, path_version
from api.bodies import body_of, read_query
from api.controllers.wallets import MEMBER
from api.operation import EVERYBODY, Operation, operation
from api.schemas.tiers import (
    FiguresOut,
    LadderDocumentOut,
    LadderOut,
    LadderQuery,
    MissingOut,
    TierChangeOut,
    TierOut,
    WindowOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.checkout.sentences import speaks
from loyalty.idempotency import Answer, Begun
from loyalty.ids import show
from loyalty.ladders import publish_ladder
from loyalty.members import find_member
from loyalty.policy import Policy

_CHANGES: Final = 20
_LADDER: Final = tiers.default_ladder(
    silver=(50_000, 4), gold=(150_000, 12), diamond=(400_000, 30), join="all"
)


class LaddersOut(Struct, frozen=True):
    """The published ladders, newest first."""

    items: list[LadderOut]


@get(
    "/members/{member:str}/tier",
    opt=operation(
        Operation(
            summary="Read where a member stands and what is missing",
            tag="tiers",
            roles=EVERYBODY,
            answers={200: TierOut},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def read_tier(request: ApiRequest) -> Response[bytes]:
    """Answer the standing of today with its reasons and the way to the next tier."""
    at, ref, application = now_of(request), member_ref(request), application_of(request)
    async with application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        policy = await application.policies.at(connection, at)
        ladder = await tiers.live_ladder(connection)
        joined_on, today = policy.day_of(member.joined_at), policy.day_of(at)
        subjects = await tiers.find_subjects(connection, {member.id: joined_on})
        history = await tiers.history_of(connection, member.id, limit=_CHANGES)
    shown = [TierChangeOut.of(change) for change in history]
    stands = TierOut(member=show("mem", member.id), on=today, history=shown)
    subject = subjects.get(member.id)
    if ladder is None or subject is None or subject.standing is None:
        return ok(stands)
    progress = tiers.progress_of(ladder, subject, on=today)
    language = speaks(request.headers.get("accept-language", ""))
    told = msgspec.structs.replace(
        stands,
        next=_missing(progress.next, policy, language),
        keep=_missing(progress.keep, policy, language),
    )
    return ok(_standing(told, ladder, subject.standing, progress))


@post(
    "/ladders",
    opt=operation(
        Operation(
            summary="Publish a ladder",
            tag="tiers",
            roles=frozenset({"admin"}),
            key="required",
            query=LadderQuery,
            body=dict[str, Any],
            answers={201: LadderOut},
            refusals=("ladder-malformed", "ladder-outrun", "ladder-unordered"),
            example=_LADDER,
            example_answer={"version": 1, "tiers": ["standard", "silver", "gold", "diamond"]},
        )
    ),
)
async def create_ladder(request: ApiRequest) -> Response[bytes]:
    """Publish the next version of the ladder; published versions never change."""
    document = await body_of(request, dict[str, Any])
    after = read_query(request, LadderQuery).after
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        ladder = await publish_ladder(connection, cause, document, after=after)
        return answer(201, LadderOut.of(ladder), location=f"/v1/ladders/{ladder.version}")

    return await write(request, None, work)


@get(
    "/ladders",
    opt=operation(
        Operation(
            summary="List the published ladders",
            tag="tiers",
            roles=frozenset({"checkout", "admin", "finance"}),
            answers={200: LaddersOut},
        )
    ),
)
async def list_ladders(request: ApiRequest) -> Response[bytes]:
    """Answer every version, newest first."""
    async with application_of(request).database.read() as connection:
        published = await tiers.list_ladders(connection)
    return ok(LaddersOut([LadderOut.of(each.ladder) for each in published]))


@get(
    "/ladders/{version:int}",
    opt=operation(
        Operation(
            summary="Read a published ladder",
            tag="tiers",
            roles=frozenset({"checkout", "admin", "finance"}),
            answers={200: LadderDocumentOut},
            refusals=("ladder-unknown",),
            parameters={"version": "The version."},
        )
    ),
)
async def read_ladder(request: ApiRequest) -> Response[bytes]:
    """Answer the document as it was published."""
    version = path_version(request)
    async with application_of(request).database.read() as connection:
        document = await tiers.find_document(connection, version)
    return ok(LadderDocumentOut(version, document))


def _standing(
    stands: TierOut, ladder: tiers.Ladder, standing: tiers.Standing, progress: tiers.Progress
) -> TierOut:
    tier = ladder.tiers[ladder.rank_of(progress.tier)]
    return msgspec.structs.replace(
        stands,
        ladder=ladder.version,
        tier=tier.code,
        name=dict(tier.name),
        since=standing.since,
        valid_until=progress.valid_until,
        figures=FiguresOut.of(progress.figures),
        window=WindowOut(progress.window.start, progress.window.end),
    )


def _missing(missing: tiers.Missing | None, policy: Policy, language: str) -> MissingOut | None:
    return None if missing is None else MissingOut.of(missing, policy, language)


ROUTES: Final = (read_tier, create_ladder, list_ladders, read_ladder)
