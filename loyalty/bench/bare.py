"""What the bare endpoint asks of the database; the endpoint itself is `api.bare`.

It is the opponent of the quote: the same server, start-up and body, one indexed select through the
driver, and an answer of as many lines.
"""

from typing import Final

TARGET: Final = "api.bare:create_bare_app"
PATH: Final = "/bare"

PROBE: Final = "SELECT id FROM loyalty.name WHERE kind = 'member' AND name = %s"
