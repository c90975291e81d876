"""How a step of an order is answered: rendered once, and kept together with the step's own rows."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest
from api.writing import cause_of, now_of, write
from loyalty.cause import Cause
from loyalty.idempotency import Answer, Begun
from loyalty.members import Ref
from loyalty.orders.writing import Kept


class Done(Protocol):
    """What a step came to, and whether it had been made before."""

    @property
    def replayed(self) -> bool:
        """Whether the step was recorded before."""
        ...


D = TypeVar("D", bound=Done)
Keep = Callable[[D], Kept]


async def step(
    request: ApiRequest,
    subject: Ref | None,
    run: Callable[[AsyncConnection, Cause, Begun, Keep[D]], Awaitable[D]],
    render: Callable[[D], Answer],
) -> Response[bytes]:
    """Run a step; its answer is kept in the step's own last statement, or by the edge."""
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        keyed = begun.attempt.key is not None

        def keep(done: D) -> Kept:
            return (begun.attempt, render(done)) if keyed else None

        done = await run(connection, cause, begun, keep)
        return replace(render(done), stored=keyed and not done.replayed)

    return await write(request, subject, work)
