import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import admin
from admin.catalogue import found, path_of, updated
from admin.language import LANGUAGES, Voice, catalogues, choose
from admin.words import PERSON_STATES, badge

TEMPLATES = sorted((Path(admin.__file__).parent / "templates").glob("*.html"))
SPOKEN = ("placeholder", "aria-label", "title", "alt", "data-done", "label")
NEUTRAL = {"loyalty", "English", "中文", "Message-ID", "SHA-256"}


def voice(name: str) -> Voice:
    return Voice(name, catalogues()[name], ZoneInfo("America/New_York"), "USD")


def test_every_sentence_of_the_pages_is_in_the_catalogue_and_translated() -> None:
    with path_of("zh").open("rb") as opened:
        stored = read_po(opened, locale=str(LANGUAGES["zh"]))

    sentences = {message.id for message in found() if message.id}
    assert {message.id for message in stored if message.id} == sentences
    for message in stored:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(texts), message.id
        assert not message.fuzzy, message.id


def test_a_translation_uses_exactly_the_figures_of_its_sentence() -> None:
    for message in updated("zh"):
        if not message.id:
            continue
        one = message.id if isinstance(message.id, str) else message.id[-1]
        texts = [message.string] if isinstance(message.string, str) else message.string
        for other in texts or ():
            assert _figures(other) == _figures(one), message.id


class _Words(HTMLParser):
    """Collects what a person would read in a template once its expressions are taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = () if tag == "html" else SPOKEN
        self.words += [value.strip() for name, value in attrs if name in wanted and value]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_word_outside_the_catalogue(template: Path) -> None:
    source = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", source, flags=re.DOTALL)
    reader = _Words()
    reader.feed(re.sub(r"<(code|pre)\b.*?</\1>", "", bare, flags=re.DOTALL))

    left = [word for word in reader.words if re.search(r"[^\W\d_]{2,}", word)]
    assert set(left) <= NEUTRAL


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_counts_or_says_a_sentence_where_the_catalogue_does_not_look(
    template: Path,
) -> None:
    """Extraction sees `_("…")` and `count("…")` by name, not methods such as `voice.count("…")`."""
    assert re.findall(r"voice\.(?:count|say)\(\s*[\"']", template.read_text()) == []


def test_the_address_decides_then_the_cookie_then_the_browser() -> None:
    assert choose(asked="zh", remembered="en", accepted="en") == "zh"
    assert choose(asked="xx", remembered="zh", accepted="en") == "zh"
    assert choose(asked=None, remembered=None, accepted="fr, zh-CN;q=0.8, en;q=0.9") == "en"
    assert choose(asked=None, remembered=None, accepted="zh-TW") == "zh"
    assert choose(asked=None, remembered=None, accepted="zh;q=0") == "en"
    assert choose(asked=None, remembered=None, accepted=None) == "en"


@given(st.text(max_size=80))
def test_no_header_is_too_strange_to_choose_a_language(accepted: str) -> None:
    assert choose(asked=None, remembered=None, accepted=accepted) in LANGUAGES


def test_numbers_money_and_days_follow_the_language_and_the_programme_s_zone() -> None:
    night = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
    english, chinese = voice("en"), voice("zh")

    assert english.number(1234567) == "1,234,567"
    assert english.signed(-1200) == "\N{MINUS SIGN}1,200"
    assert english.signed(7) == "+7"
    assert english.money(123456) == "$1,234.56"
    assert english.money(-5, "JPY") == "\N{MINUS SIGN}¥5"
    assert chinese.money(123456) == "US$1,234.56"
    assert english.day(night) == "Feb 28, 2026"
    assert english.instant(night) == "Feb 28, 2026, 10:30 PM"
    assert chinese.instant(night) == "2026年2月28日 22:30"
    assert chinese.day(date(2026, 3, 1)) == "2026年3月1日"
    assert english.birthday(2, 29) == "Feb 29"
    assert english.percent(Decimal("0.1234")) == "12.3%"


def test_who_has_left_is_not_called_what_is_left() -> None:
    chinese = voice("zh")

    assert badge(chinese, PERSON_STATES, "retired").words == "已离开"
    assert chinese.say("Left") == "剩余"


def _figures(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))
