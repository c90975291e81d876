"""Voucher codes: 12 characters that cannot be misread, the last one checking the rest. Pure.

The alphabet leaves out 0, 1, I, L, O, U and Z. Its 29 characters are a prime number, so the check
character catches every single wrong character and every swap of two. Uniqueness and randomness
are the caller's.
"""

from collections.abc import Callable

from benefits.errors import CodeMalformed

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXY"
LENGTH = 12

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_MISREAD = str.maketrans({"-": None, " ": None, "_": None})
_MODULUS = len(ALPHABET)
_INVERSE_OF_LAST_WEIGHT = pow(LENGTH, -1, _MODULUS)


def mint_code(randbelow: Callable[[int], int]) -> str:
    """A fresh code; `randbelow(n)` is `secrets.randbelow` outside tests."""
    body = "".join(ALPHABET[randbelow(len(ALPHABET))] for _ in range(LENGTH - 1))
    return body + _check_character(body)


def read_code(text: str) -> str:
    """The code in its one spelling: upper case, without spaces and dashes.

    Raises CodeMalformed where it has another length, another character or a wrong check
    character, so that a misread code costs no look-up.
    """
    code = text.translate(_MISREAD).upper()
    if len(code) != LENGTH or any(character not in _VALUES for character in code):
        raise CodeMalformed
    if _check_character(code[:-1]) != code[-1]:
        raise CodeMalformed
    return code


def show_code(code: str) -> str:
    """The code as people read it: three groups of four; one from outside as it is."""
    if len(code) != LENGTH or any(character not in _VALUES for character in code):
        return code
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _check_character(body: str) -> str:
    total = sum(weight * _VALUES[character] for weight, character in enumerate(body, start=1))
    return ALPHABET[-total * _INVERSE_OF_LAST_WEIGHT % _MODULUS]
