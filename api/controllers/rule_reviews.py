"""Reviews of drafts of rules: handed in, approved by somebody else, or sent back with a reason."""

from typing import Any, Final

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest
from api.bodies import body_of
from api.controllers.rule_drafts import ADMIN, DIGEST, GONE, NAMED, OPEN, named_draft
from api.operation import Operation, operation
from api.schemas.rule_drafts import ApproveBody, RuleDraftOut, SendBackBody
from api.writing import answer, cause_of, now_of, write
from loyalty.idempotency import Answer, Begun
from loyalty.rule_reviews import approve, hand_in, send_back

_REVIEW: Final = {
    "number": 1,
    "digest": DIGEST,
    "handed_in_at": "2026-11-21T10:00:00+01:00",
    "handed_in_by": "key:01kfz3m6q8e4trx9n2v5w7y1ab",
    "verdict": None,
    "rule_set": None,
    "reason": None,
    "decided_at": None,
    "decided_by": None,
}
_SAID: Final = {
    "decided_at": "2026-11-21T11:00:00+01:00",
    "decided_by": "key:01kfz3m6q8e4trx9n2v5w7y2cd",
}
_APPROVED: Final = _REVIEW | _SAID | {"verdict": "approved", "rule_set": 41}
_WHY: Final = "The minimum is too low."
_SENT_BACK: Final = _REVIEW | _SAID | {"verdict": "sent-back", "reason": _WHY}


@post(
    "/rule-drafts/{draft:str}/review",
    status_code=200,
    opt=operation(
        Operation(
            summary="Hand a draft of rules in for review",
            tag="rules",
            roles=ADMIN,
            key="required",
            answers={200: RuleDraftOut},
            refusals=(*GONE, "review-pending"),
            parameters=NAMED,
            example_answer=OPEN | {"state": "review", "review": _REVIEW},
        )
    ),
)
async def hand_in_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Freeze the draft as it is until somebody approves it or sends it back."""
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, RuleDraftOut.of(await hand_in(connection, cause, draft), cause.at))

    return await write(request, None, work)


@post(
    "/rule-drafts/{draft:str}/approve",
    status_code=200,
    opt=operation(
        Operation(
            summary="Approve a draft of rules that was handed in",
            tag="rules",
            roles=ADMIN,
            key="required",
            body=ApproveBody,
            answers={200: RuleDraftOut},
            refusals=(*GONE, "review-not-asked", "review-stale", "review-own"),
            parameters=NAMED,
            example={"digest": DIGEST},
            example_answer=OPEN | {"state": "approved", "review": _APPROVED},
        )
    ),
)
async def approve_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Say that the draft may be published as it is; nobody who wrote it or handed it in can."""
    body = await body_of(request, ApproveBody)
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        approved = await approve(connection, cause, draft, digest=body.digest, reason=body.reason)
        return answer(200, RuleDraftOut.of(approved, cause.at))

    return await write(request, None, work)


@post(
    "/rule-drafts/{draft:str}/send-back",
    status_code=200,
    opt=operation(
        Operation(
            summary="Send a draft of rules back that was handed in",
            tag="rules",
            roles=ADMIN,
            key="required",
            body=SendBackBody,
            answers={200: RuleDraftOut},
            refusals=(*GONE, "review-not-asked"),
            parameters=NAMED,
            example={"reason": _WHY},
            example_answer=OPEN | {"state": "open", "review": _SENT_BACK},
        )
    ),
)
async def send_back_rule_draft(request: ApiRequest) -> Response[bytes]:
    """Say why the draft is not to be published as it is; it can be changed again."""
    body = await body_of(request, SendBackBody)
    cause, draft = cause_of(request, now_of(request)), named_draft(request)

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        back = await send_back(connection, cause, draft, reason=body.reason)
        return answer(200, RuleDraftOut.of(back, cause.at))

    return await write(request, None, work)


ROUTES: Final[tuple[Any, ...]] = (hand_in_rule_draft, approve_rule_draft, send_back_rule_draft)
