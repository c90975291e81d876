"""`POST /v1/stripe/webhook`: where Stripe says that something happened.

It is outside of keys and roles, since its signature says who asks; it is there only when a secret
is set. It answers as soon as the hint is kept; looking into it is a job's.
"""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from api.auth import application_of
from api.writing import answer, respond
from loyalty.billing.arriving import take_in
from loyalty.billing.connecting import Billing
from loyalty.billing.hints import read_webhook

LARGEST: Final = 262_144
"""Bytes of a webhook; Stripe's are a tenth of this."""
SIGNATURE: Final = "stripe-signature"
LOG: Final = structlog.get_logger(__name__)


@post("/v1/stripe/webhook", request_max_body_size=LARGEST, opt={"public": True})
async def receive(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Keep an event of Stripe's; one that was kept before is answered alike."""
    application = application_of(request)
    billing = application.billing
    at = application.clock.now()
    body = await request.body()
    hint = read_webhook(
        body,
        request.headers.get(SIGNATURE),
        billing.secrets,
        at=at,
        livemode=billing.livemode,
    )
    kept = await application.database.write(take_in, hint, at=at)
    LOG.info("stripe-event", hint=hint.id, type=hint.type, kept=kept, matters=hint.matters)
    return respond(answer(200, {"received": hint.id}))


def webhook_routes(billing: Billing) -> Sequence[HTTPRouteHandler]:
    """Return the route, where there is a secret to verify with; without one there is none."""
    return (receive,) if billing.secrets else ()
