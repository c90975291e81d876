"""Webhooks on their way: signed as Stripe signs them, and everything that can happen to them."""

import hashlib
import hmac
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.support.stripe_double.store import HOUR, Delivery, Object, Store

Post = Callable[[str, bytes, str], Awaitable[int]]
"""Posts a body with its signature to an address and says the status that came back."""


@dataclass(slots=True)
class Switches:
    """What goes wrong on the way."""

    held: bool = False
    """Nothing is sent until this is let go."""
    duplicate: bool = False
    shuffle: random.Random | None = None
    drop: int = 0
    """So many of the next events are lost; they are then listed as undelivered."""
    stale: bool = False
    wrong_secret: bool = False
    api_version: str | None = None


def signed(body: bytes, secret: str, at: int) -> str:
    """Return the header that Stripe sends with a body."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def body_of(event: Object) -> bytes:
    """Return an event as it is sent."""
    return json.dumps(event, indent=2).encode()


async def deliver(store: Store, post: Post, switches: Switches, *, at: int) -> int:
    """Send what waits, once; answer how many arrived. What is refused waits for the next time."""
    if switches.held:
        return 0
    waiting: list[Delivery] = list(store.outbox)
    store.outbox.clear()
    if switches.duplicate:
        waiting = [each for each in waiting for _ in range(2)]
    if switches.shuffle is not None:
        switches.shuffle.shuffle(waiting)
    arrived = 0
    for each in waiting:
        if switches.drop > 0:
            switches.drop -= 1
            continue
        event = each.event
        if switches.api_version is not None:
            event = event | {"api_version": switches.api_version}
        secret = "whsec_of_somebody_else" if switches.wrong_secret else each.secret
        body = body_of(event)
        header = signed(body, secret, at - HOUR if switches.stale else at)
        if 200 <= await post(each.url, body, header) < 300:
            store.arrived(each.event["id"])
            arrived += 1
        else:
            store.outbox.append(each)
    return arrived
