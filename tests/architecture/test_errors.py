"""Refusals: one root per package, a code for ever, a sentence that says what was expected."""

import importlib
import itertools
import re

import pytest

from tests.support.source import ERROR_ROOTS, refusals

KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@pytest.mark.parametrize("package", ERROR_ROOTS)
def test_every_refusal_has_a_code_of_its_own_in_kebab_case(package: str) -> None:
    for kind in refusals(package):
        code = vars(kind).get("code")

        assert isinstance(code, str), f"{kind.__qualname__} has no code of its own"
        assert KEBAB.fullmatch(code), code


@pytest.mark.parametrize("package", ERROR_ROOTS)
def test_every_refusal_is_a_sentence(package: str) -> None:
    for kind in refusals(package):
        sentence = (vars(kind).get("__doc__") or "").strip().partition("\n\n")[0]

        assert sentence.endswith("."), f"{kind.__qualname__}: {sentence!r}"
        assert sentence[0].isupper() or sentence[0] == "{", sentence


def test_no_code_is_used_twice() -> None:
    codes = sorted(str(vars(kind)["code"]) for package in ERROR_ROOTS for kind in refusals(package))

    assert [code for code, group in itertools.groupby(codes) if len(list(group)) > 1] == []


def test_the_border_knows_a_status_for_every_refusal() -> None:
    statuses = importlib.import_module("api.statuses").STATUSES
    codes = {str(vars(kind)["code"]) for package in ERROR_ROOTS for kind in refusals(package)}

    assert codes - set(statuses) == set()
    assert {code for code, status in statuses.items() if not 400 <= status < 600} == set()
