"""How a step of an order is answered: rendered once, and kept together with the step's own rows."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest, application_of
from api.writing import cause_of, now_of, write
from loyalty.cause import Cause
from loyalty.checkout.programme import Programme
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
D_co = TypeVar("D_co", bound=Done, covariant=True)
A = TypeVar("A")
A_contra = TypeVar("A_contra", contravariant=True)


class Step(Protocol[A_contra, D_co]):
    """A use case of an order's life: what is asked comes last, and its last statement keeps."""

    async def __call__(
        self,
        connection: AsyncConnection,
        programme: Programme,
        cause: Cause,
        begun: Begun,
        asked: A_contra,
        /,
        *,
        keep: Callable[[D_co], Kept],
    ) -> D_co:
        """Make the step."""
        ...


async def step(
    request: ApiRequest,
    subject: Ref | None,
    use_case: Step[A, D],
    asked: A,
    render: Callable[[D], Answer],
) -> Response[bytes]:
    """Make a step; its answer is kept in the step's own last statement, or by the edge."""
    cause = cause_of(request, now_of(request))
    programme = application_of(request).programme

    async def work(connection: AsyncConnection, begun: Begun) -> Answer:
        kept: Answer | None = None

        def keep(done: D) -> Kept:
            nonlocal kept
            if begun.attempt.key is None:
                return None
            kept = render(done)
            return begun.attempt, kept

        done = await use_case(connection, programme, cause, begun, asked, keep=keep)
        return render(done) if kept is None else replace(kept, stored=True)

    return await write(request, subject, work)
