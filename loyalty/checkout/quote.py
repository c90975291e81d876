"""The quote: what a member gets for a cart, as an answer that we sign and do not store.

One statement reads, the rules decide, and the token carries all that deciding again needs: facts,
vouchers, prices and terms as they were, the rule set, the engine's revision, and digests of the
cart and of the answer. Nothing is written and nothing is reserved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from benefits import (
    REVISION,
    Cart,
    Decision,
    Question,
    RuleSet,
    evaluate,
    terms_document,
    terms_from,
)
from loyalty.checkout.basket import Basket, newcomer, question_of, refuse_unfit
from loyalty.checkout.programme import Programme
from loyalty.checkout.snapshot import Asked, Snapshot
from loyalty.entitlements import Held, held_now
from loyalty.issuing.guessing import Guesser, guessers, refuse_guessers, unknown_codes
from loyalty.keys import KeyEnded
from loyalty.members import Ref, UnknownMember
from loyalty.orders.errors import QuoteMismatch, QuoteOutdated
from loyalty.signing import TokenExpired, TokenMalformed

KIND: Final = "quote"
VALID: Final = timedelta(minutes=15)
"""How long a quote holds its price."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The signed answer. `joined` is what a guest would get who joined now."""

    token: str
    valid_until: datetime
    decision: Decision
    joined: Decision | None
    currency: str
    zone: ZoneInfo
    entitlements: tuple[Held, ...] = ()
    wrong: int = 0
    """How many of its codes are none, which are to be counted for its `guessers`."""
    guessers: tuple[Guesser, ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """What a quote's token says: the question as it was, and the versions it was answered by."""

    member: UUID | None
    rule_set: int
    policy: int
    question: Question
    answer: str
    unqualified: frozenset[str]


def asked_of(
    ref: Ref | None, basket: Basket, *, at: datetime, api_key: UUID | None = None
) -> Asked:
    """Return what a quote has to know besides the cart."""
    skus = [line.sku for line in basket.cart.lines]
    return Asked(ref, at, at, skus, basket.codes, api_key=api_key)


def quote(programme: Programme, basket: Basket, asked: Asked, snapshot: Snapshot) -> Quote:
    """Answer a cart by what was read for it. Pure but for the programme's signing key.

    Raises KeyEnded, UnknownMember, MemberClosed, MemberMerged, ForeignCurrency, TooManyUnknownCodes
    and Points… errors.
    """
    at = asked.at
    if not snapshot.key_stands:
        raise KeyEnded
    if asked.ref is not None and snapshot.member is None:
        raise UnknownMember(seen=asked.ref.text[:80], pointer="/member")
    refuse_unfit(basket, snapshot)
    counted = guessers(
        member=None if snapshot.member is None else snapshot.member.id, api_key=asked.api_key
    )
    refuse_guessers(snapshot.guesses, counted, at=at)
    question = question_of(basket, snapshot, at)
    decision = evaluate(snapshot.rule_set, question)
    joined = None
    if snapshot.member is None:
        joined = evaluate(snapshot.rule_set, replace(question, facts=newcomer(snapshot)))
    until = at + VALID
    claims = _claims(snapshot, decision, basket)
    token = programme.signing.sign(KIND, claims, expires_at=until)
    held = held_now(snapshot, decision.entitlements, at)
    wrong = unknown_codes(question.vouchers, snapshot.rule_set.codes)
    return Quote(
        *(token, until, decision, joined, basket.cart.currency, snapshot.policy.zone, held),
        wrong=len(wrong),
        guessers=counted,
    )


def _claims(snapshot: Snapshot, decision: Decision, basket: Basket) -> Mapping[str, object]:
    member = snapshot.member
    return {
        "member": None if member is None else member.id.hex,
        "rules": decision.rule_set,
        "revision": decision.revision,
        "policy": snapshot.policy.version,
        "question": terms_document(decision.question),
        "cart": cart_digest(basket.cart),
        "answer": answer_digest(decision),
        "unqualified": sorted(basket.unqualified),
    }


def read_quote(
    programme: Programme, token: str, basket: Basket, *, member: UUID | None, at: datetime
) -> Promise:
    """Return what the token promised for this cart and member.

    Raises TokenMalformed, TokenExpired, QuoteOutdated, or QuoteMismatch naming what differs.
    """
    try:
        claims: Mapping[str, Any] = programme.signing.verify(KIND, token, at=at)
    except (TokenMalformed, TokenExpired) as error:
        error.pointer = "/quote"
        raise
    if claims["revision"] != REVISION:
        raise QuoteOutdated(seen=claims["revision"], pointer="/quote")
    whose = claims["member"]
    question = terms_from(claims["question"], basket.cart)
    seen = {
        "member": None if whose is None else UUID(hex=whose),
        "cart": claims["cart"],
        "points_to_spend": question.points.requested,
        "voucher_codes": {voucher.code for voucher in question.vouchers},
        "qualifies": claims["unqualified"],
    }
    wanted = {
        "member": member,
        "cart": cart_digest(basket.cart),
        "points_to_spend": basket.points,
        "voucher_codes": set(basket.codes),
        "qualifies": sorted(basket.unqualified),
    }
    for field, value in seen.items():
        if value != wanted[field]:
            raise QuoteMismatch(field=field, pointer="/quote")
    return Promise(
        member=seen["member"],
        rule_set=claims["rules"],
        policy=claims["policy"],
        question=question,
        answer=claims["answer"],
        unqualified=basket.unqualified,
    )


def promised(rule_set: RuleSet, promise: Promise) -> Decision:
    """Decide again what was promised; pure, so the answer is the one that was signed."""
    decision = evaluate(rule_set, promise.question)
    if answer_digest(decision) != promise.answer:
        raise QuoteOutdated(seen=REVISION, pointer="/quote")
    return decision


def cart_digest(cart: Cart) -> str:
    """SHA-256 of every field of the cart, in hex: what a quote is bound to."""
    return sha256(msgspec.json.encode(cart)).hexdigest()


def answer_digest(decision: Decision) -> str:
    """SHA-256 of what the answer comes to, in hex, without its reasons: what a quote signs."""
    figures = (decision.lines, decision.shipping, decision.points, decision.totals)
    given = (decision.vouchers, decision.gifts, decision.grants)
    return sha256(msgspec.json.encode((*figures, *given))).hexdigest()
