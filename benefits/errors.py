"""Every refusal of this package, one class each, under one root.

The docstring of a class is its sentence; `{names}` in it are filled from the keyword fields.
Codes are kebab case and for ever; HTTP statuses belong to `api.problems`. Pure.
"""

from collections.abc import Mapping
from typing import ClassVar


class BenefitsError(Exception):
    """Benefits refused the request."""

    code: ClassVar[str] = "benefits-refused"
    pointer: str | None
    facts: Mapping[str, int | str]

    def __init__(self, *, pointer: str | None = None, **facts: int | str) -> None:
        self.pointer = pointer
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)
        super().__init__((type(self).__doc__ or "").format(**facts))


# --- rule documents ---------------------------------------------------------------------------


class RuleRefused(BenefitsError):
    """The rule document was refused."""

    code: ClassVar[str] = "rule-refused"


class WrongType(RuleRefused):
    """Expected {wanted}, found {seen}."""

    code: ClassVar[str] = "rule-wrong-type"
    seen: str
    wanted: str


class UnknownField(RuleRefused):
    """Unknown field "{seen}"; expected one of: {wanted}."""

    code: ClassVar[str] = "rule-unknown-field"
    seen: str
    wanted: str


class MissingField(RuleRefused):
    """The field "{wanted}" is missing."""

    code: ClassVar[str] = "rule-missing-field"
    wanted: str


class UnknownFact(RuleRefused):
    """Unknown fact "{seen}"; expected one of: {wanted}."""

    code: ClassVar[str] = "rule-unknown-fact"
    seen: str
    wanted: str


class UnknownOperator(RuleRefused):
    """The fact "{fact}" does not take "{seen}"; expected exactly one of: {wanted}."""

    code: ClassVar[str] = "rule-unknown-operator"
    fact: str
    seen: str
    wanted: str


class UnknownEffect(RuleRefused):
    """Unknown effect "{seen}"; expected one of: {wanted}."""

    code: ClassVar[str] = "rule-unknown-effect"
    seen: str
    wanted: str


class UnknownTier(RuleRefused):
    """Unknown tier "{seen}"; the ladder has: {wanted}."""

    code: ClassVar[str] = "rule-unknown-tier"
    seen: str
    wanted: str


class UnknownWord(RuleRefused):
    """Unknown value "{seen}"; expected one of: {wanted}."""

    code: ClassVar[str] = "rule-unknown-value"
    seen: str
    wanted: str


class UnknownReference(RuleRefused):
    """There is no {kind} named "{seen}"."""

    code: ClassVar[str] = "rule-unknown-reference"
    kind: str
    seen: str


class ValueOutOfRange(RuleRefused):
    """Expected {wanted}, found {seen}."""

    code: ClassVar[str] = "rule-value-out-of-range"
    seen: str
    wanted: str


class PercentOutOfRange(RuleRefused):
    """A percentage is above 0 and at most 100 with at most two decimals, not {seen}."""

    code: ClassVar[str] = "rule-percent-out-of-range"
    seen: str


class NegativePrice(RuleRefused):
    """A price is never negative; found {seen}."""

    code: ClassVar[str] = "rule-negative-price"
    seen: int


class PriceAboveRegular(RuleRefused):
    """The exclusive price {seen} of "{sku}" is above its regular price {wanted}."""

    code: ClassVar[str] = "price-above-regular"
    sku: str
    seen: int
    wanted: int


class EmptySchedule(RuleRefused):
    """The schedule never opens: {reason}."""

    code: ClassVar[str] = "rule-empty-schedule"
    reason: str


class EffectWithoutTarget(RuleRefused):
    """The effect has nothing to work on: {reason}."""

    code: ClassVar[str] = "rule-effect-without-target"
    reason: str


class StepNotReached(RuleRefused):
    """The rule works in step "{step}" and cannot ask for the subtotal after "{seen}"."""

    code: ClassVar[str] = "rule-step-not-reached"
    step: str
    seen: str


class NestedTooDeep(RuleRefused):
    """Conditions are nested at most {wanted} deep."""

    code: ClassVar[str] = "rule-nested-too-deep"
    wanted: int


class RuleTooLarge(RuleRefused):
    """A rule has at most {wanted} {unit}; found {seen}."""

    code: ClassVar[str] = "rule-too-large"
    wanted: int
    seen: int
    unit: str


class RuleSetRefused(BenefitsError):
    """The rule set was refused."""

    code: ClassVar[str] = "rule-set-refused"


class DuplicateRule(RuleSetRefused):
    """The rule "{rule}" stands in the rule set more than once."""

    code: ClassVar[str] = "rule-set-duplicate-rule"
    rule: str


class TooManyTold(RuleSetRefused):
    """At most {wanted} rules of a set are marked "tell"; found {seen}."""

    code: ClassVar[str] = "rule-set-too-many-told"
    wanted: int
    seen: int


class RuleSetBackdated(RuleSetRefused):
    """A rule set goes live when it is published or later, not at {seen}."""

    code: ClassVar[str] = "rule-set-backdated"
    seen: str


class RuleSetMoved(RuleSetRefused):
    """Rule set {seen} was published meanwhile; the change was made on {wanted}."""

    code: ClassVar[str] = "rule-set-moved"
    seen: int
    wanted: int


class RuleNotFound(BenefitsError):
    """There is no rule "{rule}" in version {version}."""

    code: ClassVar[str] = "rule-not-found"
    rule: str
    version: int


class RuleSetNotFound(BenefitsError):
    """There is no rule set {version}."""

    code: ClassVar[str] = "rule-set-not-found"
    version: int


class PriceConflict(BenefitsError):
    """Another price of "{sku}" begins at {seen}."""

    code: ClassVar[str] = "price-conflict"
    sku: str
    seen: str


# --- carts and decisions ----------------------------------------------------------------------


class CartRefused(BenefitsError):
    """The cart was refused: {reason}."""

    code: ClassVar[str] = "cart-refused"
    reason: str


class PointsOverAvailable(BenefitsError):
    """{seen} points were asked for, and {wanted} are available."""

    code: ClassVar[str] = "points-over-available"
    seen: int
    wanted: int


class PointsOverSpendable(BenefitsError):
    """{seen} points were asked for, and this order takes at most {wanted}."""

    code: ClassVar[str] = "points-over-spendable"
    seen: int
    wanted: int


class PointsUnderMinimum(BenefitsError):
    """{seen} points were asked for; one order takes {wanted} points or more."""

    code: ClassVar[str] = "points-under-minimum"
    seen: int
    wanted: int


class PointsOffStep(BenefitsError):
    """{seen} points were asked for; points are spent in steps of {wanted}."""

    code: ClassVar[str] = "points-off-step"
    seen: int
    wanted: int


class RevisionUnknown(BenefitsError):
    """The decision was made by engine revision {seen}; this engine knows {wanted}."""

    code: ClassVar[str] = "engine-revision-unknown"
    seen: int
    wanted: str


class DecisionDamaged(BenefitsError):
    """The stored decision cannot be read: {reason}."""

    code: ClassVar[str] = "decision-damaged"
    reason: str


# --- vouchers and prices ----------------------------------------------------------------------


class LimitReached(BenefitsError):
    """The limit on {measure} of {scope} stands at {seen} and cannot take {wanted} more."""

    code: ClassVar[str] = "limit-reached"
    scope: str
    measure: str
    seen: int
    wanted: int


class CodeMalformed(BenefitsError):
    """A voucher code has 12 characters of the voucher alphabet, the last one checking the rest."""

    code: ClassVar[str] = "voucher-code-malformed"


class DefinitionNotFound(BenefitsError):
    """There is no voucher definition "{definition}"."""

    code: ClassVar[str] = "voucher-definition-not-found"
    definition: str


class DefinitionExists(BenefitsError):
    """The voucher definition "{definition}" exists with other content."""

    code: ClassVar[str] = "voucher-definition-exists"
    definition: str


class DefinitionRefused(BenefitsError):
    """The voucher definition was refused: {reason}."""

    code: ClassVar[str] = "voucher-definition-refused"
    reason: str


class VoucherRefused(BenefitsError):
    """The voucher cannot be used."""

    code: ClassVar[str] = "voucher-refused"


class VoucherNotFound(VoucherRefused):
    """There is no such voucher."""

    code: ClassVar[str] = "voucher-not-found"


class VoucherNotYours(VoucherRefused):
    """The voucher belongs to another member."""

    code: ClassVar[str] = "voucher-not-yours"


class VoucherNotYet(VoucherRefused):
    """The voucher is not valid yet."""

    code: ClassVar[str] = "voucher-not-yet"


class VoucherExpired(VoucherRefused):
    """The voucher has expired."""

    code: ClassVar[str] = "voucher-expired"


class VoucherUsedUp(VoucherRefused):
    """The voucher is used or reserved {seen} of {wanted} times."""

    code: ClassVar[str] = "voucher-used-up"
    seen: int
    wanted: int


class VoucherVoid(VoucherRefused):
    """The voucher was made void."""

    code: ClassVar[str] = "voucher-void"


class VoucherNotReserved(VoucherRefused):
    """The voucher is not reserved for this order."""

    code: ClassVar[str] = "voucher-not-reserved"


class VoucherInUse(VoucherRefused):
    """The voucher is reserved for an order that is still open."""

    code: ClassVar[str] = "voucher-in-use"


class VoucherConflict(VoucherRefused):
    """The voucher was issued already, with other content."""

    code: ClassVar[str] = "voucher-conflict"


class BirthdayAlreadyIssued(VoucherRefused):
    """The member has this year's birthday voucher already."""

    code: ClassVar[str] = "birthday-already-issued"
