"""What an engine of an earlier revision decided is decided again to the same bytes, for ever."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benefits import Group, decision_text, evaluate, evaluate_paid, replay
from tests.benefits.builders import compiled
from tests.benefits.test_golden import BOOKS, question, rule

OLD: dict[str, str] = json.loads(
    (Path(__file__).parent / "revision_2.json").read_text(encoding="utf-8")
)
"""By example: SHA-256 of what the engine of the second revision wrote, for the cart and for an
order that was paid elsewhere, a line each. It was made by that engine and is never made anew."""
BOOK = BOOKS[0]


@pytest.mark.parametrize(
    "example",
    [each for each in BOOK["examples"] if each["title"] in OLD],
    ids=lambda example: example["title"],
)
def test_the_second_revision_s_bytes_are_still_its_bytes(example: dict[str, Any]) -> None:
    groups = [Group(name, mode) for name, mode in example.get("groups", {}).items()]
    rule_set = compiled(*(rule(said, BOOK["rules"]) for said in example["rules"]), groups=groups)
    asked = question(example)
    spends = asked.points.requested > 0
    engines = (evaluate,) if spends else (evaluate, evaluate_paid)

    texts = [decision_text(decide(rule_set, asked, revision=2)) for decide in engines]

    assert sha256("\n".join(texts).encode()).hexdigest() == OLD[example["title"]]
    assert [decision_text(replay(text, rule_set)) for text in texts] == texts


def test_no_example_of_the_second_revision_is_lost() -> None:
    assert OLD.keys() <= {example["title"] for example in BOOK["examples"]}
