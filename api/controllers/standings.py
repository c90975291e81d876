"""What people do to a member's standing by hand: grant a tier, take it back, pin it."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

import tiers
from api.auth import ApiRequest, member_ref
from api.bodies import body_of
from api.controllers.wallets import MEMBER
from api.operation import Operation, operation
from api.schemas.ladders import GrantBody, LiftBody, PinBody, StandingOut
from api.writing import answer, cause_of, now_of, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.standings import freeze_standing, grant_tier, lift_grant

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_STANDING: Final = {
    "tier": "gold",
    "earned": "standard",
    "granted_until": "2027-01-01",
    "frozen": False,
}


@post(
    "/members/{member:str}/tier/grants",
    opt=operation(
        Operation(
            summary="Grant a tier until a day",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            body=GrantBody,
            answers={201: StandingOut},
            refusals=(
                "unknown-member",
                "tier-unknown",
                "floor-without-end",
                "reason-malformed",
                "no-ladder",
                "not-qualifying",
            ),
            parameters=MEMBER,
            example={"tier": "gold", "until": "2027-01-01", "reason": "goodwill"},
            example_answer=_STANDING,
        )
    ),
)
async def grant(request: ApiRequest) -> Response[bytes]:
    """Hold a member at a tier or above until a day; what is earned goes on underneath."""
    body = await body_of(request, GrantBody)

    async def work(connection: AsyncConnection, begun: Begun) -> tiers.Standing:
        return await grant_tier(
            connection,
            cause_of(request, now_of(request)),
            begun.whose(),
            tier=body.tier,
            until=body.until,
            reason=body.reason,
            note=body.note,
        )

    return await _stood(request, work)


@post(
    "/members/{member:str}/tier/grants/lift",
    opt=operation(
        Operation(
            summary="Take a granted tier back",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            body=LiftBody,
            answers={201: StandingOut},
            refusals=("unknown-member", "nothing-granted", "reason-malformed"),
            parameters=MEMBER,
            example={"reason": "mistake"},
            example_answer=_STANDING | {"tier": "standard", "granted_until": None},
        )
    ),
)
async def lift(request: ApiRequest) -> Response[bytes]:
    """End a grant now; the standing falls to what was earned."""
    body = await body_of(request, LiftBody)

    async def work(connection: AsyncConnection, begun: Begun) -> tiers.Standing:
        cause = cause_of(request, now_of(request))
        return await lift_grant(
            connection, cause, begun.whose(), reason=body.reason, note=body.note
        )

    return await _stood(request, work)


@post(
    "/members/{member:str}/tier/freezes",
    opt=operation(
        Operation(
            summary="Pin a member's tier, or let it move",
            tag="tiers",
            roles=_ADMIN,
            key="required",
            body=PinBody,
            answers={201: StandingOut},
            refusals=("unknown-member", "reason-malformed", "no-ladder", "not-qualifying"),
            parameters=MEMBER,
            example={"frozen": True, "reason": "complaint"},
            example_answer=_STANDING | {"granted_until": None, "frozen": True},
        )
    ),
)
async def pin(request: ApiRequest) -> Response[bytes]:
    """Pin the tier in force, or let it go; what is earned meanwhile is not lost."""
    body = await body_of(request, PinBody)

    async def work(connection: AsyncConnection, begun: Begun) -> tiers.Standing:
        return await freeze_standing(
            connection,
            cause_of(request, now_of(request)),
            begun.whose(),
            frozen=body.frozen,
            reason=body.reason,
            note=body.note,
        )

    return await _stood(request, work)


Stand = Callable[[AsyncConnection, Begun], Coroutine[Any, Any, tiers.Standing]]


async def _stood(request: ApiRequest, work: Stand) -> Response[bytes]:
    async def stand(connection: AsyncConnection, begun: Begun) -> Answer:
        return answer(201, StandingOut.of(await work(connection, begun)))

    return await write(request, member_ref(request), stand)


ROUTES: Final = (grant, lift, pin)
