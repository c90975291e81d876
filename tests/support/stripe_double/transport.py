"""The SDK's way to a double in the same process: no socket, and no sleep between its retries."""

from collections.abc import Mapping
from typing import Any, NoReturn

import httpx
import stripe

from tests.support.stripe_double.server import Double


class InProcess(stripe.HTTPClient):
    """An HTTP client of the SDK that calls a double directly; what takes too long has timed out."""

    name = "in-process"

    def __init__(self, double: Double) -> None:
        super().__init__()
        served: Any = double
        transport = httpx.ASGITransport(app=served, raise_app_exceptions=True)
        self._client = httpx.AsyncClient(transport=transport, base_url=double.origin)
        self._double = double

    def request(self, *_: object, **__: object) -> NoReturn:
        """Refuse: everything here is a coroutine."""
        raise RuntimeError("the double is called by coroutines only")

    def close(self) -> None:
        """Leave nothing open."""

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Call the double; what it drops or never answers is a broken connection."""
        if self._double.faults and self._double.faults[0] == "hang":
            self._double.faults.popleft()
            raise _broken("timed out")
        try:
            answer = await self._client.request(
                method, url, headers=dict(headers or {}), content=post_data
            )
        except Exception as error:
            raise _broken(str(error)) from error
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, secs: float) -> None:
        """Wait for nothing."""
        del secs

    async def close_async(self) -> None:
        """Let go of the client."""
        await self._client.aclose()


def _broken(message: str) -> stripe.APIConnectionError:
    error: type[Any] = stripe.APIConnectionError  # its constructor has no types
    made: stripe.APIConnectionError = error(message, should_retry=True)
    return made
