"""Refusals of rules about what their offers say. Pure."""

from typing import ClassVar

from benefits.errors import RuleRefused


class ContradictoryFields(RuleRefused):
    """The field "{seen}" contradicts {wanted}."""

    code: ClassVar[str] = "rule-contradictory-fields"
    seen: str
    wanted: str
