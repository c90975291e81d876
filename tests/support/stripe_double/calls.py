"""The operations that the double knows, by method and path; every other is refused."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from tests.support.stripe_double.forms import refuse_unknown, whole
from tests.support.stripe_double.papers import payments_of
from tests.support.stripe_double.store import Object, Refused, Store, snapshot

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the account, what the path names, what was said, and where we answer."""

    store: Store
    id: str
    parameters: Parameters
    origin: str

    def text(self, name: str) -> str | None:
        """Return a parameter; what is empty clears."""
        value = self.parameters.get(name)
        return str(value) if value not in {None, ""} else None

    def about(self) -> Object:
        """Return the metadata that was said."""
        said = self.parameters.get("metadata")
        return dict(said) if isinstance(said, dict) else {}


Act = Callable[[Asked], Object]


@dataclass(frozen=True, slots=True)
class Call:
    """One operation."""

    method: str
    path: re.Pattern[str]
    known: frozenset[str]
    act: Act


CALLS: Final[list[Call]] = []
LISTING: Final = ("limit", "starting_after", "ending_before")


def call(method: str, path: str, *known: str) -> Callable[[Act], Act]:
    """Make an operation known, with every parameter that it takes."""
    pattern = re.compile(re.sub(r"\{[a-z]+\}", "(?P<id>[^/]+)", path))

    def add(act: Act) -> Act:
        CALLS.append(Call(method, pattern, frozenset({*known, "expand[]"}), act))
        return act

    return add


def answer(store: Store, method: str, path: str, parameters: Parameters, origin: str) -> Object:
    """Do what is asked and return what is answered, expanded as asked."""
    for each in CALLS:
        matched = each.path.fullmatch(path)
        if each.method == method and matched is not None:
            refuse_unknown(parameters, each.known)
            asked = Asked(store, matched.groupdict().get("id", ""), parameters, origin)
            done: Object = snapshot(each.act(asked))
            for wanted in parameters.get("expand", []):
                expand(store, done, wanted.split("."))
            return done
    raise Refused(404, f"Unrecognized request URL ({method}: {path}).")


def expand(store: Store, thing: Any, path: list[str]) -> None:
    """Put an object where its id stands, down a path; `data` goes into every one of a list."""
    if not path or thing is None:
        return
    step, *rest = path
    if isinstance(thing, list):
        for each in thing:
            expand(store, each, path)
        return
    if step == "payments" and thing.get("object") == "invoice":
        thing["payments"] = snapshot(payments_of(store, thing["id"]))
    if step not in thing:
        raise Refused(400, f"This property cannot be expanded ({step}).", param="expand")
    value = thing[step]
    if isinstance(value, str) and value in store.objects:
        thing[step] = value = snapshot(store.objects[value])
    expand(store, value, rest)


def listed(asked: Asked, things: Iterable[Object], url: str) -> Object:
    """Return one page, the latest first."""
    found = list(things)
    limit = whole(asked.parameters.get("limit", "10"), "limit")
    if not 1 <= limit <= 100:
        raise Refused(400, f"Invalid limit: {limit}", param="limit")
    if (after := asked.text("starting_after")) is not None:
        found = found[[each["id"] for each in found].index(after) + 1 :]
    if (before := asked.text("ending_before")) is not None:
        found = found[: [each["id"] for each in found].index(before)][-limit:]
    return {
        "object": "list",
        "data": found[:limit],
        "has_more": len(found) > limit,
        "url": url,
    }


def created_within(asked: Asked, things: Iterable[Object]) -> list[Object]:
    """Keep what was created within the bounds that were asked for."""
    bounds = asked.parameters.get("created", {})
    tests: dict[str, Callable[[int, int], bool]] = {
        "gt": lambda at, bound: at > bound,
        "gte": lambda at, bound: at >= bound,
        "lt": lambda at, bound: at < bound,
        "lte": lambda at, bound: at <= bound,
    }
    return [
        each
        for each in things
        if all(
            tests[name](each["created"], whole(value, "created")) for name, value in bounds.items()
        )
    ]
