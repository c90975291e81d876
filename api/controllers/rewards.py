"""The catalogue of rewards: drafts, finance's choice, publishing, retiring, stock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.bodies import body_of, read_query
from api.operation import Operation, operation
from api.pagination import Page, PageQuery, read_cursor, sign_cursor
from api.schemas.rewards import (
    DraftBody,
    PublishRewardBody,
    RewardBody,
    RewardOut,
    RewardsQuery,
    RewardVersionOut,
    StockBody,
    StockChangeOut,
    TaxClassBody,
    kind_of,
    tax_class_of,
)
from api.writing import answer, cause_of, now_of, ok, write
from benefits import BenefitsError
from loyalty.idempotency import Answer, Begun
from loyalty.keys import Role
from loyalty.rewards.catalogue import (
    change_draft,
    choose_tax_class,
    make_reward,
    publish_reward,
    retire_reward,
)
from loyalty.rewards.errors import RewardMalformed
from loyalty.rewards.reading import find_reward, list_rewards, reward_versions
from loyalty.rewards.stock import change_stock, stock_changes
from loyalty.rewards.types import TaxClass

_ADMIN: Final[frozenset[Role]] = frozenset({"admin"})
_READERS: Final[frozenset[Role]] = frozenset({"checkout", "admin", "finance"})
_REWARD: Final = {"reward": "The code of the reward."}
_TERMS: Final = {
    "titles": {"en": "Coffee mug", "zh": "马克杯"},
    "points": 800,
    "sku": "MUG-1",
    "regular": 1290,
    "when": {"fact": "tier", "at-least": "silver"},
    "limits": [{"per": "member", "every": "month", "quantity": 2}],
}
_UNFIT: Final = (
    "reward-malformed",
    "rule-unknown-fact",
    "rule-unknown-tier",
    "voucher-definition-not-found",
)
_GONE: Final = ("unknown-reward", "reward-retired")


@post(
    "/rewards",
    opt=operation(
        Operation(
            summary="Draft a reward",
            tag="rewards",
            roles=_ADMIN,
            key="required",
            body=RewardBody,
            answers={201: RewardOut},
            refusals=("reward-code-taken", *_UNFIT),
            example={"code": "mug", "kind": "goods", "terms": _TERMS},
        )
    ),
)
async def create_reward(request: ApiRequest) -> Response[bytes]:
    """Store a reward as a draft; nobody sees it before it is published."""
    body, cause = await body_of(request, RewardBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        with _pointing_at_terms():
            made = await make_reward(
                connection,
                cause,
                body.code,
                kind_of(body.kind),
                body.terms.document(),
                counted=body.counted,
                tax_class=tax_class_of(body.tax_class),
            )
        return answer(201, RewardOut.of(made), location=f"/v1/rewards/{made.code}")

    return await write(request, None, work)


@get(
    "/rewards",
    opt=operation(
        Operation(
            summary="List the rewards",
            tag="rewards",
            roles=_READERS,
            query=RewardsQuery,
            answers={200: Page[RewardOut]},
        )
    ),
)
async def list_catalogue(request: ApiRequest) -> Response[bytes]:
    """Answer the rewards by code, those in the making and those retired too."""
    query = read_query(request, RewardsQuery)
    list_ = f"rewards {query.state}"
    after = read_cursor(request, list_, query.after, str) or ""
    async with application_of(request).database.read() as connection:
        found = await list_rewards(
            connection, state=query.state, after=after, limit=query.limit + 1
        )
    shown = [RewardOut.of(reward) for reward in found[: query.limit]]
    more = len(found) > query.limit
    return ok(Page(shown, sign_cursor(request, list_, shown[-1].code) if more else None))


@get(
    "/rewards/{reward:str}",
    opt=operation(
        Operation(
            summary="Read a reward",
            tag="rewards",
            roles=_READERS,
            answers={200: RewardOut},
            refusals=("unknown-reward",),
            parameters=_REWARD,
        )
    ),
)
async def read_reward(request: ApiRequest) -> Response[bytes]:
    """Answer what was published last, the draft of what is next, and the stock."""
    async with application_of(request).database.read() as connection:
        return ok(RewardOut.of(await find_reward(connection, _code(request))))


@post(
    "/rewards/{reward:str}",
    status_code=200,
    opt=operation(
        Operation(
            summary="Change the draft of a reward",
            tag="rewards",
            roles=_ADMIN,
            key="required",
            body=DraftBody,
            answers={200: RewardOut},
            refusals=(*_GONE, *_UNFIT),
            parameters=_REWARD,
            example={"terms": _TERMS},
        )
    ),
)
async def replace_terms(request: ApiRequest) -> Response[bytes]:
    """Put other terms in the draft of the next version; where there is none, begin it."""
    body, cause = await body_of(request, DraftBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        with _pointing_at_terms():
            changed = await change_draft(
                connection,
                cause,
                _code(request),
                body.terms.document(),
                tax_class=tax_class_of(body.tax_class),
            )
        return answer(200, RewardOut.of(changed))

    return await write(request, None, work)


@get(
    "/rewards/{reward:str}/versions",
    opt=operation(
        Operation(
            summary="List the versions of a reward",
            tag="rewards",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[RewardVersionOut]},
            refusals=("unknown-reward",),
            parameters=_REWARD,
        )
    ),
)
async def list_reward_versions(request: ApiRequest) -> Response[bytes]:
    """Answer what was published of a reward, the newest first."""
    query, code = read_query(request, PageQuery), _code(request)
    list_ = f"versions of {code}"
    before = read_cursor(request, list_, query.after, int)
    async with application_of(request).database.read() as connection:
        found = await reward_versions(connection, code, before=before, limit=query.limit + 1)
    shown = [RewardVersionOut.of(version) for version in found[: query.limit]]
    more = len(found) > query.limit
    return ok(Page(shown, sign_cursor(request, list_, shown[-1].version) if more else None))


@post(
    "/rewards/{reward:str}/tax-class",
    status_code=200,
    opt=operation(
        Operation(
            summary="Choose the tax class of a reward",
            tag="rewards",
            roles=frozenset({"finance"}),
            key="required",
            body=TaxClassBody,
            answers={200: RewardOut},
            refusals=(*_GONE, "reward-not-drafted"),
            parameters=_REWARD,
            example={"tax_class": "discount"},
        )
    ),
)
async def choose_class(request: ApiRequest) -> Response[bytes]:
    """Say what the points are for tax; what points alone buy is not published before."""
    body, cause = await body_of(request, TaxClassBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        chosen = TaxClass(body.tax_class)
        reward = await choose_tax_class(connection, cause, _code(request), chosen)
        return answer(200, RewardOut.of(reward))

    return await write(request, None, work)


@post(
    "/rewards/{reward:str}/publish",
    status_code=200,
    opt=operation(
        Operation(
            summary="Publish the draft of a reward",
            tag="rewards",
            roles=_ADMIN,
            key="required",
            body=PublishRewardBody,
            answers={200: RewardOut},
            refusals=(
                *_GONE,
                "reward-not-drafted",
                "reward-tax-class-not-chosen",
                "reward-moved",
                *_UNFIT[1:],
            ),
            parameters=_REWARD,
            example={"after": 0},
        )
    ),
)
async def publish_terms(request: ApiRequest) -> Response[bytes]:
    """Make the draft the version that is live from now on."""
    body, cause = await body_of(request, PublishRewardBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        reward = await publish_reward(connection, cause, _code(request), after=body.after)
        return answer(200, RewardOut.of(reward))

    return await write(request, None, work)


@post(
    "/rewards/{reward:str}/retire",
    status_code=200,
    opt=operation(
        Operation(
            summary="Take a reward out of the catalogue",
            tag="rewards",
            roles=_ADMIN,
            key="required",
            answers={200: RewardOut},
            refusals=_GONE,
            parameters=_REWARD,
        )
    ),
)
async def retire_from_catalogue(request: ApiRequest) -> Response[bytes]:
    """Retire a reward for good; what was ordered of it is fulfilled all the same."""
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, RewardOut.of(await retire_reward(connection, cause, _code(request))))

    return await write(request, None, work)


@post(
    "/rewards/{reward:str}/stock",
    opt=operation(
        Operation(
            summary="Change the stock of a reward",
            tag="rewards",
            roles=_ADMIN,
            key="required",
            body=StockBody,
            answers={201: RewardOut},
            refusals=(*_GONE, "reward-stock-not-counted", "reward-stock-short"),
            parameters=_REWARD,
            example={"amount": 100, "reason": "delivery", "reference": "DN-2201"},
        )
    ),
)
async def restock(request: ApiRequest) -> Response[bytes]:
    """Put so many into stock or take them out, for a reason; never below what is ordered."""
    body, cause = await body_of(request, StockBody), cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        reward = await change_stock(
            connection,
            cause,
            _code(request),
            body.amount,
            reason=body.reason,
            reference=body.reference,
        )
        return answer(201, RewardOut.of(reward))

    return await write(request, None, work)


@get(
    "/rewards/{reward:str}/stock",
    opt=operation(
        Operation(
            summary="List the changes of a reward's stock",
            tag="rewards",
            roles=_READERS,
            query=PageQuery,
            answers={200: Page[StockChangeOut]},
            refusals=("unknown-reward",),
            parameters=_REWARD,
        )
    ),
)
async def list_stock_changes(request: ApiRequest) -> Response[bytes]:
    """Answer what came into stock and went out of it other than by orders, the newest first."""
    query, code = read_query(request, PageQuery), _code(request)
    list_ = f"stock of {code}"
    before = read_cursor(request, list_, query.after, UUID)
    async with application_of(request).database.read() as connection:
        found = await stock_changes(connection, code, before=before, limit=query.limit + 1)
    page, more = found[: query.limit], len(found) > query.limit
    next_ = sign_cursor(request, list_, str(page[-1].id)) if more else None
    return ok(Page([StockChangeOut.of(change) for change in page], next_))


@contextmanager
def _pointing_at_terms() -> Iterator[None]:
    """Point refusals of the terms at the place where the body carries them."""
    try:
        yield
    except (RewardMalformed, BenefitsError) as error:
        error.pointer = f"/terms{error.pointer or ''}"
        raise


def _code(request: ApiRequest) -> str:
    return str(request.path_params["reward"])


ROUTES: Final = (
    create_reward,
    list_catalogue,
    read_reward,
    replace_terms,
    list_reward_versions,
    choose_class,
    publish_terms,
    retire_from_catalogue,
    restock,
    list_stock_changes,
)
