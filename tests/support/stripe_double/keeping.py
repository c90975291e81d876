"""A double's account in a file, so that it goes on where it was stopped.

The file is always whole: it is put in its place at once, before what it holds is answered.
"""

import json
from pathlib import Path
from typing import Any, Final

from loyalty.demo.state import write_private
from tests.support.stripe_double.store import Object, Store

PLAIN: Final = ("objects", "secrets", "cards", "phases", "pages", "numbers")
"""What JSON can say as it stands."""


def keep(file: Path, store: Store, ahead: int) -> None:
    """Write an account, and how far its clock is ahead of this machine's."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, json.dumps({"ahead": ahead, "account": _said(store)}))


def kept(file: Path, now: int) -> tuple[Store, int]:
    """Return what a file holds; a new account where there is none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Store(now=now), 0
    return _read(told["account"]), told["ahead"]


def _said(store: Store) -> Object:
    return {
        "now": store.now,
        "dunning": store.dunning,
        "tax_percent": store.tax_percent,
        **{name: getattr(store, name) for name in PLAIN},
        "answers": {
            key: [said, status, body.decode()]
            for key, (said, status, body) in store.answers.items()
        },
        "events": [each["id"] for each in store.events],
        "undelivered": sorted(store.undelivered),
    }


def _read(told: dict[str, Any]) -> Store:
    """What is one object in an account is one again: events, and prices that are subscribed to."""
    store = Store(now=told["now"], dunning=tuple(told["dunning"]), tax_percent=told["tax_percent"])
    for name in PLAIN:
        setattr(store, name, told[name])
    objects = store.objects
    for subscription in store.all("subscription"):
        for item in subscription["items"]["data"]:
            item["price"] = objects[item["price"]["id"]]
    store.answers = {
        key: (said, status, body.encode()) for key, (said, status, body) in told["answers"].items()
    }
    store.events = [objects[id] for id in told["events"]]
    store.undelivered = set(told["undelivered"])
    return store
