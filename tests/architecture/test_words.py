"""One word for one idea: the words of the field stand once, and no other word is used for them."""

import re
from collections import Counter

import api.registry
from api.operation import OPT
from tests.support.requirements import REPOSITORY

PAGE = REPOSITORY / "docs" / "words.md"
ROW = re.compile(
    r"^\| (?P<words>[a-z][^|]*) \| (?P<chinese>[^|]*[^\x00-\x7f][^|]*) \|", re.MULTILINE
)
REJECTED = re.compile(r"\b(coins?|miles|subscribers?|tier levels?|promo codes?)\b", re.IGNORECASE)
CHINESE = {"报价": "试算", "询价": "试算", "政策": "计划规则", "用户": "会员"}
"""What a translation may say by mistake, each with the word of the table."""


def test_a_word_stands_for_one_idea_in_both_languages() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    words = Counter(word for row, _ in rows for word in row.split(", "))
    chinese = Counter(word for _, row in rows for word in re.split("、|或", row))

    assert len(rows) > 25
    assert [word for word, times in (words + chinese).items() if times > 1] == []


def test_no_page_and_no_endpoint_uses_another_word() -> None:
    places = [
        *(page for page in REPOSITORY.glob("docs/*.md") if page != PAGE),
        REPOSITORY / "README.md",
        *REPOSITORY.glob("admin/templates/*.html"),
    ]
    told = {str(each.relative_to(REPOSITORY)): each.read_text(encoding="utf-8") for each in places}
    told |= {
        handler.name or str(handler): f"{handler.opt[OPT].summary} {handler.fn.__doc__}"
        for handler in api.registry.ROUTES
    }

    assert len(told) > 200
    assert {
        place: REJECTED.findall(text) for place, text in told.items() if REJECTED.search(text)
    } == {}


def test_the_console_s_translation_keeps_to_the_words() -> None:
    text = (REPOSITORY / "admin" / "locale" / "zh" / "console.po").read_text(encoding="utf-8")

    assert [wrong for wrong in CHINESE if wrong in text] == []
