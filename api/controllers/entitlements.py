"""What a member is entitled to: for the help desk, for fulfilment, and for the member."""

from typing import Final

from litestar import Response, get

from api.auth import ApiRequest, application_of, member_ref, only_own
from api.controllers.wallets import MEMBER
from api.operation import EVERYBODY, Operation, operation
from api.schemas.entitlements import EntitlementsOut, NotEntitledOut, entitlements_out
from api.writing import now_of, ok
from loyalty.checkout.sentences import speaks
from loyalty.entitlements import entitlements_of
from loyalty.ids import show
from loyalty.members import find_member


@get(
    "/members/{member:str}/entitlements",
    opt=operation(
        Operation(
            summary="Read what a member is entitled to",
            tag="members",
            roles=EVERYBODY,
            answers={200: EntitlementsOut},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def read_entitlements(request: ApiRequest) -> Response[bytes]:
    """Answer the best right of each kind, and what would give the next ones."""
    at, ref, application = now_of(request), member_ref(request), application_of(request)
    language = speaks(request.headers.get("accept-language", ""))
    async with application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        policy = await application.policies.at(connection, at)
        told = await entitlements_of(connection, application.programme, member, at=at)
    shown = EntitlementsOut(
        member=show("mem", member.id),
        at=at,
        rule_set=told.rule_set,
        items=entitlements_out(told, language, policy.zone),
        not_held=[NotEntitledOut.of(near, language, policy.currency) for near in told.not_held],
    )
    return ok(shown)


ROUTES: Final = (read_entitlements,)
