"""One header of a request, without reading all of them: a hot request asks for three."""

from typing import Any

from litestar.connection import ASGIConnection


def header(connection: ASGIConnection[Any, Any, Any, Any], name: bytes) -> str:
    """Return the first header of a name in lower case; nothing where there is none."""
    for given, value in connection.scope["headers"]:
        if given == name:
            return value.decode("latin-1")
    return ""
