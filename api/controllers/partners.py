"""Partner benefits of plans: opened, filled with codes, archived; and codes given to members."""

from typing import Final

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of
from api.controllers.memberships import MEMBERSHIP_PATH, own_membership
from api.operation import Operation, operation
from api.schemas.partners import (
    BenefitBody,
    BenefitOut,
    BenefitsOut,
    CodesBody,
    CodesOut,
    GivenOut,
    OffersOut,
)
from api.writing import answer, cause_of, now_of, ok, write
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.partners.giving import codes_of, give_code
from loyalty.partners.store import (
    archive_benefit,
    bring_in_codes,
    count_codes,
    list_benefits,
    open_benefit,
)
from loyalty.partners.types import Benefit
from loyalty.plans.store import find_plan

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin"})
_OWNERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "member"})
_PLAN: Final = {"plan": "The code of a plan."}
_BENEFIT: Final = {**_PLAN, "benefit": "The code of one of its partner benefits."}
_OWN: Final = {**MEMBERSHIP_PATH, "benefit": "The code of a partner benefit of its plan."}


@post(
    "/plans/{plan:str}/partner-benefits",
    opt=operation(
        Operation(
            summary="Let a plan have a partner benefit",
            tag="memberships",
            roles=_ADMIN,
            key="required",
            body=BenefitBody,
            answers={201: BenefitOut},
            refusals=("unknown-plan", "partner-benefit-taken"),
            parameters=_PLAN,
            example={
                "code": "music",
                "titles": {"en": "Three months of music", "zh": "三个月音乐会员"},
                "each": "membership",
                "at_end": "void",
            },
        )
    ),
)
async def create_benefit(request: ApiRequest) -> Response[bytes]:
    """Open a partner benefit, so that codes of it can be brought in; it is never edited."""
    body, cause = await body_of(request, BenefitBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        made = await open_benefit(connection, cause, _plan(request), body.asked())
        return answer(201, await _shown(connection, made))

    return await write(request, None, work)


@get(
    "/plans/{plan:str}/partner-benefits",
    opt=operation(
        Operation(
            summary="List the partner benefits of a plan",
            tag="memberships",
            roles=_READERS,
            answers={200: BenefitsOut},
            refusals=("unknown-plan",),
            parameters=_PLAN,
        )
    ),
)
async def read_benefits(request: ApiRequest) -> Response[bytes]:
    """Answer every partner benefit of the plan, with how many codes are left."""
    async with application_of(request).database.snapshot() as connection:
        plan = await find_plan(connection, _plan(request))
        stock = await count_codes(connection, plan.code)
        found = await list_benefits(connection, plan.code)
        return ok(BenefitsOut([BenefitOut.of(each, stock.get(each.code)) for each in found]))


@post(
    "/plans/{plan:str}/partner-benefits/{benefit:str}/codes",
    status_code=200,
    opt=operation(
        Operation(
            summary="Bring in codes of a partner",
            tag="memberships",
            roles=_ADMIN,
            key="required",
            body=CodesBody,
            answers={200: CodesOut},
            refusals=("unknown-partner-benefit",),
            parameters=_BENEFIT,
            example={"codes": ["MUSIC-7Q2K-19", "MUSIC-7Q2K-20"]},
        )
    ),
)
async def add_codes(request: ApiRequest) -> Response[bytes]:
    """Add up to 1,000 codes that the partner made; those that are known change nothing."""
    body, cause = await body_of(request, CodesBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        added = await bring_in_codes(
            connection, cause, _plan(request), _benefit(request), body.codes
        )
        return answer(200, CodesOut(added=added, known=len(body.codes) - added))

    return await write(request, None, work)


@post(
    "/plans/{plan:str}/partner-benefits/{benefit:str}/archive",
    status_code=200,
    opt=operation(
        Operation(
            summary="Archive a partner benefit",
            tag="memberships",
            roles=_ADMIN,
            key="required",
            answers={200: BenefitOut},
            refusals=("unknown-partner-benefit",),
            parameters=_BENEFIT,
        )
    ),
)
async def end_benefit(request: ApiRequest) -> Response[bytes]:
    """Give no more codes of the benefit; whoever has one keeps it."""
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        ended = await archive_benefit(connection, cause, _plan(request), _benefit(request))
        return answer(200, await _shown(connection, ended))

    return await write(request, None, work)


@get(
    "/memberships/{membership:str}/partner-benefits",
    opt=operation(
        Operation(
            summary="Read what partners give with a membership",
            tag="memberships",
            roles=_OWNERS,
            answers={200: OffersOut},
            refusals=("unknown-membership",),
            parameters=MEMBERSHIP_PATH,
        )
    ),
)
async def read_offers(request: ApiRequest) -> Response[bytes]:
    """Answer the partner benefits of the plan, with the codes that the member was given."""
    async with application_of(request).database.snapshot() as connection:
        row = await own_membership(connection, request)
        benefits = await list_benefits(connection, row.plan)
        return ok(OffersOut.of(benefits, await codes_of(connection, row)))


@post(
    "/memberships/{membership:str}/partner-benefits/{benefit:str}",
    status_code=200,
    opt=operation(
        Operation(
            summary="Get a partner's code",
            tag="memberships",
            roles=_OWNERS,
            key="required",
            answers={200: GivenOut},
            refusals=(
                *("unknown-membership", "unknown-partner-benefit", "membership-without-access"),
                *("partner-benefit-archived", "partner-codes-run-out"),
            ),
            parameters=_OWN,
        )
    ),
)
async def take_code(request: ApiRequest) -> Response[bytes]:
    """Answer the code that the membership has of the benefit, and give it one if it has none."""
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        row = await own_membership(connection, request)
        return answer(
            200, GivenOut.of(await give_code(connection, cause, row.id, _benefit(request)))
        )

    return await write(request, None, work)


async def _shown(connection: AsyncConnection, benefit: Benefit) -> BenefitOut:
    stock = await count_codes(connection, benefit.plan)
    return BenefitOut.of(benefit, stock.get(benefit.code))


def _plan(request: ApiRequest) -> str:
    return str(request.path_params["plan"])


def _benefit(request: ApiRequest) -> str:
    return str(request.path_params["benefit"])


ROUTES: Final = (
    create_benefit,
    read_benefits,
    add_codes,
    end_benefit,
    read_offers,
    take_code,
)
