"""What the buttons of the builder do to the values of a form: a part is added, or taken away."""

from typing import Final

import benefits
from admin.rule_reading import numbered, one_of
from admin.rule_values import FACT, MODES, ROOT, Values

ADD: Final = "add:"
DROP: Final = "drop:"
RIGHT: Final = "entitlement:"
LONGEST: Final = 300
MOST_PARTS: Final = 60


def changed(values: Values, verb: str) -> tuple[Values, str] | None:
    """The values after a button, and the field to go on with; None where it was another button."""
    name = verb.partition(":")[2]
    if not name.startswith(f"{ROOT}.") or len(name) > LONGEST:
        return None
    if verb.startswith(DROP):
        kept = {
            key: texts
            for key, texts in values.items()
            if key != name and not key.startswith(f"{name}.")
        }
        return kept, f"{name.rpartition('.')[0]}.add"
    return _added(values, name) if verb.startswith(ADD) else None


def _added(values: Values, name: str) -> tuple[Values, str]:
    parts = numbered(values, name)
    number = int(parts[-1].rpartition(".")[2]) + 1 if parts else 0
    if len(parts) >= MOST_PARTS:
        return values, f"{name}.add"
    new, what = f"{name}.{number}", one_of(values, f"{name}.add")
    made: Values = {f"{new}.row": ("yes",)}
    if what in MODES:
        made = {f"{new}.node": (what,)}
        return {**values, **made}, f"{new}.add"
    if what.startswith(FACT):
        made = {f"{new}.node": (what,)}
    elif what.startswith(RIGHT):
        made = {f"{new}.effect": ("entitlement",), f"{new}.right": (what.removeprefix(RIGHT),)}
    elif what in benefits.GRAMMAR.effects:
        made = {f"{new}.effect": (what,)}
    return {**values, **made}, new
