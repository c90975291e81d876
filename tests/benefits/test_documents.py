"""The page about rules says what the code does: every example is a rule, every sentence is ours."""

import json
import re
from pathlib import Path

import pytest

from benefits import Vocabulary, rule_sentence
from benefits.language import read_rule
from benefits.language.effect_nodes import EFFECTS
from benefits.language.nodes import FACTS, LINE_FACTS, OPERATORS, RULE, SCHEDULE
from tests.benefits.builders import TIERS

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["rule"])
def test_every_example_is_a_rule(example: dict[str, object]) -> None:
    assert read_rule(example, Vocabulary(tiers=TIERS)).name == example["rule"]


def test_every_sentence_on_the_page_is_said_of_an_example() -> None:
    said = {
        rule_sentence(example, language=language)
        for example in EXAMPLES
        for language in ("en", "zh")
    }
    quoted = set(re.findall(r"^> (.+)$", PAGE, re.MULTILINE))

    assert len(quoted) >= 6
    assert quoted <= said


def test_the_page_names_every_word_of_the_language() -> None:
    words = {*FACTS, *LINE_FACTS, *EFFECTS}
    words |= {field.name for fields in OPERATORS.values() for field in fields}
    words |= {field.name for field in (*RULE, *SCHEDULE)}
    words |= {field.name for effect in EFFECTS.values() for field in effect.fields}

    assert {word for word in words if f"`{word}`" not in PAGE and f'"{word}"' not in PAGE} == set()
