"""What a member could get: for the shop's pages, for the help desk, and for the member."""

from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.auth import ApiRequest, application_of, member_ref, only_own
from api.controllers.wallets import MEMBER
from api.operation import EVERYBODY, Operation, operation
from api.schemas.reach import BenefitsOut, Telling
from api.writing import now_of, ok
from loyalty.checkout.reach import benefits_of_member
from loyalty.checkout.sentences import speaks
from loyalty.members import find_member


@get(
    "/members/{member:str}/benefits",
    opt=operation(
        Operation(
            summary="Read what a member could get, and what the next tiers would add",
            tag="members",
            roles=EVERYBODY,
            answers={200: BenefitsOut},
            refusals=("unknown-member",),
            parameters=MEMBER,
        )
    ),
)
async def read_benefits(request: ApiRequest) -> Response[bytes]:
    """Answer the rules that are open to the member and what the cart has to be like for each.

    Vouchers are not among them: who holds one finds it under their vouchers.
    """
    at, ref, application = now_of(request), member_ref(request), application_of(request)
    language = speaks(request.headers.get("accept-language", ""))
    async with application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        only_own(request, member, ref)
        reach = await benefits_of_member(connection, application.programme, member, at=at)
    return ok(BenefitsOut.of(reach, Telling.of(reach.ladder, language, reach.currency)))


ROUTES: Final[tuple[HTTPRouteHandler, ...]] = (read_benefits,)
