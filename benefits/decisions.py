"""Decisions as canonical text, and back: what is stored, digested and replayed. Pure."""

from collections.abc import Mapping

from benefits.rule_set import RuleSet
from benefits.types import Cart, Decision, Facts, Question


def answer_document(decision: Decision) -> dict[str, object]:
    """The answer alone as plain JSON values (codes and parameters, no sentences)."""
    raise NotImplementedError


def answer_digest(decision: Decision) -> str:
    """SHA-256 of the answer's canonical text, in hex: what a quote signs."""
    raise NotImplementedError


def cart_digest(cart: Cart) -> str:
    """SHA-256 of the cart's canonical text, in hex: what a quote is bound to."""
    raise NotImplementedError


def decision_text(decision: Decision) -> str:
    """The whole decision as canonical text: question, rule set, revision and answer."""
    raise NotImplementedError


def facts_document(facts: Facts) -> dict[str, object]:
    """Facts as plain JSON values."""
    raise NotImplementedError


def facts_from(document: Mapping[str, object]) -> Facts:
    """The facts of such a document."""
    raise NotImplementedError


def question_document(question: Question) -> dict[str, object]:
    """A question as plain JSON values."""
    raise NotImplementedError


def question_from(document: Mapping[str, object]) -> Question:
    """The question of such a document."""
    raise NotImplementedError


def replay(text: str, rule_set: RuleSet) -> Decision:
    """Decide a stored decision's question again; `decision_text` of the result is compared.

    Raises RevisionUnknown where this engine no longer knows the revision.
    """
    raise NotImplementedError
