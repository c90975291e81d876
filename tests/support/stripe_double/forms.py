"""Stripe's bracket forms (`items[0][price]=…`) as nested values; what is not known is refused."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from tests.support.stripe_double.store import Refused

_PARTS = re.compile(r"\[([^\]]*)\]")


def read_form(text: str) -> dict[str, Any]:
    """Return the parameters that a form or a query says; every leaf is a string."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = name.partition("[")
        path = [head, *_PARTS.findall("[" + rest if rest else "")]
        _place(tree, path, value)
    return {name: _listed(value) for name, value in tree.items()}


def _place(tree: dict[str, Any], path: list[str], value: str) -> None:
    for step in path[:-1]:
        step_name = step or str(len(tree))
        tree = tree.setdefault(step_name, {})
    tree[path[-1] or str(len(tree))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [_listed(value[name]) for name in sorted(value, key=int)]
    return {name: _listed(each) for name, each in value.items()}


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every leaf, the places of lists left out: `items[][price]`."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}[{name}]" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, f"{path}[]")
    else:
        yield path


def refuse_unknown(parameters: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse what an operation does not take, so that no test passes by luck."""
    for path in leaves(parameters):
        opened = re.sub(r"\[metadata\]\[[^\]]*\]$", "[metadata]", path)
        opened = re.sub(r"^metadata\[[^\]]*\]$", "metadata", opened)
        if opened not in known:
            raise Refused(
                400,
                f"Received unknown parameter: {path}",
                code="parameter_unknown",
                param=path,
            )


def whole(text: object, param: str) -> int:
    """Read an integer as Stripe does."""
    if not re.fullmatch(r"-?[0-9]{1,15}", str(text)):
        raise Refused(
            400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=param
        )
    return int(str(text))


def yes(text: object, param: str) -> bool:
    """Read a boolean as Stripe does."""
    if text not in {"true", "false"}:
        raise Refused(400, f"Invalid boolean: {text}", param=param)
    return text == "true"


def needed(parameters: dict[str, Any], *names: str) -> None:
    """Refuse a request without what it must say."""
    for name in names:
        if name not in parameters:
            raise Refused(
                400, f"Missing required param: {name}.", code="parameter_missing", param=name
            )
