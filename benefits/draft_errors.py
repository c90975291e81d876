"""Refusals about drafts of rules and about ending a rule."""

from typing import ClassVar

from benefits.errors import BenefitsError, RuleSetRefused


class RuleDraftUnknown(BenefitsError):
    """There is no draft of rules {seen}."""

    code: ClassVar[str] = "rule-draft-unknown"
    seen: str


class RuleDraftClosed(BenefitsError):
    """This draft of rules is {seen} already."""

    code: ClassVar[str] = "rule-draft-closed"
    seen: str


class RuleDraftEmpty(BenefitsError):
    """A draft of rules adds, changes or ends at least one rule or group."""

    code: ClassVar[str] = "rule-draft-empty"


class RuleDraftOutrun(BenefitsError):
    """Somebody has changed {seen} since this draft was made; the newest rule set is {wanted}."""

    code: ClassVar[str] = "rule-draft-outrun"
    seen: str
    wanted: int


class ReviewPending(BenefitsError):
    """This draft is being reviewed and stays as it is until it is approved or sent back."""

    code: ClassVar[str] = "review-pending"


class ReviewNotAsked(BenefitsError):
    """There is nothing to review: the draft is {seen}."""

    code: ClassVar[str] = "review-not-asked"
    seen: str


class ReviewMissing(BenefitsError):
    """The policy asks that somebody else approves a change of rules before it is published."""

    code: ClassVar[str] = "review-missing"


class ReviewStale(BenefitsError):
    """What was reviewed is not what would be published: {seen}."""

    code: ClassVar[str] = "review-stale"
    seen: str


class ReviewOwn(BenefitsError):
    """A draft is approved by somebody who neither wrote it nor handed it in."""

    code: ClassVar[str] = "review-own"


class RuleNotLive(BenefitsError):
    """There is no rule "{rule}" to end in what is live then."""

    code: ClassVar[str] = "rule-not-live"
    rule: str


class RuleNamedTwice(RuleSetRefused):
    """The rule "{rule}" is named twice."""

    code: ClassVar[str] = "rule-named-twice"
    rule: str


class RuleUnfit(RuleSetRefused):
    """The rule "{rule}", which is to stay as it is, would no longer fit ({reason})."""

    code: ClassVar[str] = "rule-unfit"
    rule: str
    reason: str
