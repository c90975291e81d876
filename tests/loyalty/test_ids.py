"""Ids: minted here, shown with a prefix, read back or refused."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.ids import ALPHABET, MalformedId, new_id, read, show


@given(st.uuids())
def test_what_is_shown_is_read_back(identifier: UUID) -> None:
    shown = show("mem", identifier)

    assert read("mem", shown) == identifier
    assert read("mem", f"mem_{shown[4:].upper()}") == identifier
    assert len(shown) == 30


@given(st.uuids(), st.uuids())
def test_the_text_sorts_like_the_id(one: UUID, other: UUID) -> None:
    assert (show("ord", one) < show("ord", other)) == (one < other)


@given(st.integers(0, 2**52))
def test_an_id_is_a_version_seven_of_its_instant(microseconds: int) -> None:
    minted = new_id(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds))

    assert (minted.version, minted.variant) == (7, "specified in RFC 4122")
    assert minted.int >> 80 == microseconds // 1_000


def test_ids_of_later_instants_sort_later() -> None:
    minted = [new_id(datetime(2026, 1, 1, 0, 0, 0, micro * 100, UTC)) for micro in range(1_000)]

    assert minted == sorted(minted)


MALFORMED = (
    "",
    "mem",
    "mem_",
    "mem_1",
    "ord_00000000000000000000000000",
    "00000000000000000000000000",
    "mem_000000000000000000000000000",
    "mem_80000000000000000000000000",
    "mem_uuuuuuuuuuuuuuuuuuuuuuuuuu",
    "mem_" + "\u00e9" * 26,
    "mem_" + "\u0660" * 26,
)


@pytest.mark.parametrize("text", MALFORMED)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(MalformedId) as refusal:
        read("mem", text)

    assert refusal.value.code == "malformed-id"
    assert refusal.value.wanted == "mem"


def test_no_letter_is_taken_for_a_digit() -> None:
    assert not set("ilou") & set(ALPHABET)
    assert len(set(ALPHABET)) == 32
