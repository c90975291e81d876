"""Random conditions that ask about everything there is to ask about, for every reading of them."""

from typing import Any

from hypothesis import strategies as st

from benefits.language.nodes import CLASSES, SUBTOTAL_STEPS
from tests.benefits.builders import TIERS

Document = dict[str, Any]

SKUS = ("TEA", "RYE", "BUN", "PIE")
CATEGORIES = ("DRINKS", "BREAD", "PASTRY")
BRANDS = ("ACME", "ZEN")
TAGS = ("new", "sale", "vegan")
CHANNELS = ("web", "app")
COUNTRIES = ("US", "CH")
METHODS = ("standard", "express")
CODES = ("TEN", "SPRING")
WORDS = ("a", "b", "c")


def _texts(fact: str, words: tuple[str, ...]) -> st.SearchStrategy[Document]:
    """Ask whether a fact is one of some words."""
    some = st.lists(st.sampled_from(words), min_size=1, max_size=2)
    return st.one_of(
        st.sampled_from(words).map(lambda word: {"fact": fact, "is": word}),
        some.map(lambda found: {"fact": fact, "in": found}),
    )


def _sets(fact: str, words: tuple[str, ...]) -> st.SearchStrategy[Document]:
    """Ask what a set holds."""
    some = st.lists(st.sampled_from(words), min_size=1, max_size=2)
    return st.one_of(
        st.sampled_from(words).map(lambda word: {"fact": fact, "has": word}),
        some.map(lambda found: {"fact": fact, "has-any": found}),
        some.map(lambda found: {"fact": fact, "has-all": found}),
    )


def _numbers(fact: str, most: int) -> st.SearchStrategy[Document]:
    """Ask how large a number is."""
    operator = st.sampled_from(("is", "at-least", "at-most"))
    return st.builds(lambda how, n: {"fact": fact, how: n}, operator, st.integers(0, most))


def _joined(leaves: st.SearchStrategy[Document], most: int) -> st.SearchStrategy[Document]:
    """All, any and not of conditions."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=most,
    )


line_questions = _joined(
    st.one_of(
        _texts("sku", SKUS),
        _texts("category", CATEGORIES),
        _texts("brand", BRANDS),
        _sets("tags", TAGS),
        _numbers("price", 2500),
        _numbers("amount", 5000),
    ),
    3,
)


@st.composite
def _of_lines(draw: st.DrawFn, fact: str, most: int) -> Document:
    """Draw a question about a sum over lines, all or some."""
    node = draw(_numbers(fact, most))
    if draw(st.booleans()):
        node["where"] = draw(line_questions)
    return node


@st.composite
def _subtotals(draw: st.DrawFn, steps: tuple[str, ...]) -> Document:
    """Draw a question about the subtotal, at a step or where the rule stands."""
    node: Document = draw(_of_lines("subtotal", 12_000))
    if draw(st.booleans()):
        node["step"] = draw(st.sampled_from(steps))
    return node


def questions_up_to(stage: int) -> st.SearchStrategy[Document]:
    """Ask about everything, and about the subtotal up to a stage."""
    tier = st.sampled_from(TIERS)
    return _joined(
        st.one_of(
            st.sampled_from(("member", "first-order")).flatmap(
                lambda fact: st.booleans().map(lambda wanted: {"fact": fact, "is": wanted})
            ),
            _texts("tier", TIERS),
            tier.map(lambda name: {"fact": "tier", "at-least": name}),
            tier.map(lambda name: {"fact": "tier", "at-most": name}),
            _texts("plan", ("club",)),
            _texts("plan-state", ("active", "trial")),
            _numbers("days-since-plan", 40),
            _texts("class", CLASSES[:2]),
            _numbers("days-since-joining", 900),
            _numbers("days-since-last-order", 90),
            _numbers("order-count", 5),
            st.sampled_from(("day", "week", "month")).map(
                lambda window: {"fact": "birthday", "within": window}
            ),
            _sets("tags", WORDS),
            _sets("lists", WORDS),
            _texts("channel", CHANNELS),
            _texts("country", COUNTRIES),
            _texts("shipping-method", METHODS),
            _sets("voucher-codes", CODES),
            _subtotals(SUBTOTAL_STEPS[: stage + 1]),
            _of_lines("quantity", 9),
        ),
        6,
    )
