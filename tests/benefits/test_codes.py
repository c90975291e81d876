"""Voucher codes: one spelling, no look-alikes, and a check character that catches slips."""

import secrets
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benefits import CodeMalformed, mint_code, read_code, show_code
from benefits.codes import ALPHABET
from tests.benefits.builders import unhurried

codes = st.lists(st.integers(0, len(ALPHABET) - 1), min_size=11, max_size=11).map(
    lambda values: mint_code(lambda _: values.pop())
)


def test_a_code_has_twelve_characters_without_look_alikes() -> None:
    code = mint_code(secrets.randbelow)

    assert len(code) == 12
    assert set("01ILOUZ").isdisjoint(code)


@unhurried
@given(codes)
def test_a_code_is_read_however_it_is_typed(code: str) -> None:
    assert read_code(show_code(code).lower()) == code
    assert read_code(f" {code[:5]} {code[5:]} ") == code
    assert len(show_code(code)) == 14


@unhurried
@given(codes, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_caught(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]

    if wrong != code:
        with pytest.raises(CodeMalformed):
            read_code(wrong)


@unhurried
@given(codes, st.integers(0, 11), st.integers(0, 11))
def test_every_swap_of_two_characters_is_caught(code: str, one: int, two: int) -> None:
    letters = list(code)
    letters[one], letters[two] = letters[two], letters[one]
    wrong = "".join(letters)

    if wrong != code:
        with pytest.raises(CodeMalformed):
            read_code(wrong)


@unhurried
@given(st.text(max_size=20))
def test_reading_is_total(text: str) -> None:
    with suppress(CodeMalformed):
        assert len(read_code(text)) == 12
