"""What we believe of a browser: the host it speaks to, its cookies, where a form came from.

Cookies carry the `__Host-` prefix and need https everywhere but on this very machine: on a
loopback address, and only there, they go by plain names over http.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

STAFF_COOKIE: Final = "loyalty-staff"
WALLET_COOKIE: Final = "loyalty-wallet"
DOOR_COOKIE: Final = "loyalty-door"
LANGUAGE_COOKIE: Final = "lang"
THEME_COOKIE: Final = "theme"

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether the host a browser asked for is this very machine."""
    return (urlsplit(f"//{host}").hostname or "") in _LOOPBACK


def cookie_name(name: str, *, loopback: bool) -> str:
    """The name under which a cookie travels."""
    return name if loopback or name in {LANGUAGE_COOKIE, THEME_COOKIE} else f"__Host-{name}"


def comes_from_here(headers: Mapping[str, str], *, loopback: bool) -> bool:
    """Whether a form was sent by one of our own pages: `Sec-Fetch-Site` and `Origin` must agree.

    Every browser that can sign in sends at least one of them; a request with neither is refused.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        return False
    if site is not None and site != "same-origin":
        return False
    if origin is None:
        return True
    schemes = {"http", "https"} if loopback else {"https"}
    parts = urlsplit(origin)
    return parts.scheme in schemes and parts.netloc == headers.get("host", "")


def is_local(address: str) -> bool:
    """Whether an address to go to afterwards stays on this console."""
    return (
        address.startswith("/console")
        and not address.startswith("//")
        and all(" " < letter < "\x7f" and letter != "\\" for letter in address)
    )
