"""Rules that answer an event instead of a cart: what they may ask, and what they may give.

An event has a member, an instant and a channel, and neither lines nor money. That is all the
language knows of it: what somebody wrote, or how many stars they gave, is no fact.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from benefits.errors import EffectWithoutTarget
from benefits.language.nodes import CART_FACTS, FACTS, Fact
from benefits.language.tree import EarnBonus, Effect

EVENT_FACTS: Final[Mapping[str, Fact]] = MappingProxyType(
    {name: fact for name, fact in FACTS.items() if name == "channel" or name not in CART_FACTS}
)
"""What a condition of a rule about an event may ask."""

_CART_FIELDS = ("voucher", "tell")


def refuse_unfit_for_events(fields: Mapping[str, object], effects: Sequence[Effect]) -> None:
    """Refuse what a rule about an event cannot give: only a bonus needs no lines."""
    for name in _CART_FIELDS:
        if name in fields:
            reason = "an event is no cart that could use or be told it"
            raise EffectWithoutTarget(pointer=f"/{name}", reason=reason)
    for position, effect in enumerate(effects):
        if not isinstance(effect, EarnBonus):
            reason = "an event earns a bonus, as it has no lines and no money"
            raise EffectWithoutTarget(pointer=f"/effects/{position}", reason=reason)
        if effect.where is not None:
            reason = "an event has no lines to choose from"
            raise EffectWithoutTarget(pointer=f"/effects/{position}/where", reason=reason)
