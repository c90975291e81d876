"""Stripe's double: a loopback Stripe for tests and the demo, written by us and held to their words.

It keeps everything in memory, one store for an account, as a process in a file too, and moves its
time only by its test clock.
It knows the operations that membership uses and refuses every other; in tests each request and
answer is checked against Stripe's own schemas. What passes here has not passed at Stripe.
"""

from tests.support.stripe_double.server import Double
from tests.support.stripe_double.store import Store
from tests.support.stripe_double.transport import InProcess

__all__ = ["Double", "InProcess", "Store"]
