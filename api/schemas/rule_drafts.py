"""Shapes of drafts of rules, of differences, and of where a rule stands in its life."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

import benefits
from api.pagination import PageQuery
from api.schemas.rules import Version
from api.schemas.types import Code, Instant
from loyalty.ids import show
from loyalty.rule_drafts import Checked
from loyalty.rule_reviews import DRAFT

Mode = Literal["all", "add", "best", "first"]
State = Literal["draft", "review", "scheduled", "live", "ended"]
Why = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Pointer = Annotated[str, Meta(description="A JSON pointer.", examples=["/when/all/0/at-least"])]


class GroupTerms(Struct, frozen=True, forbid_unknown_fields=True):
    """How the rules of a group combine, and what bounds them together, like a rule's `limits`."""

    mode: Mode
    limits: Annotated[list[dict[str, Any]], Meta(max_length=10)] = []

    def document(self) -> benefits.GroupDocument:
        """Return the group as rule sets have it."""
        limits = tuple(self.limits)
        return benefits.group_document(benefits.Group("", self.mode, limits))


class ChangeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change together: whole rules, names of rules to end, and groups.

    A group is its mode, or its mode and limits; null takes the group away.
    """

    rules: Annotated[list[dict[str, Any]], Meta(max_length=1_000)] = []
    retire: Annotated[list[Code], Meta(max_length=1_000)] = []
    groups: Annotated[dict[Code, Mode | GroupTerms | None], Meta(max_length=100)] = {}

    def change(self) -> benefits.RuleChange:
        """Return the change."""
        groups = {
            name: terms.document() if isinstance(terms, GroupTerms) else terms
            for name, terms in self.groups.items()
        }
        return benefits.RuleChange(tuple(self.rules), tuple(self.retire), groups)


class ApproveBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is approved: the digest of the draft as it was looked at, and a word about it."""

    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    reason: Why | None = None


class SendBackBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a draft is sent back."""

    reason: Why


class ReviewOut(Struct, frozen=True):
    """That a draft was handed in, as which digest, and what somebody else said about it.

    `verdict` is null while it waits, then approved or sent-back; `rule_set` was live when it was
    approved.
    """

    number: int
    digest: str
    handed_in_at: Instant
    handed_in_by: str
    verdict: str | None
    rule_set: int | None
    reason: str | None
    decided_at: Instant | None
    decided_by: str | None

    @classmethod
    def of(cls, review: benefits.Review) -> "ReviewOut":
        """Show the review."""
        return cls(
            number=review.number,
            digest=review.digest,
            handed_in_at=review.handed_in_at,
            handed_in_by=review.handed_in_by,
            verdict=review.verdict,
            rule_set=review.rule_set,
            reason=review.reason,
            decided_at=review.decided_at,
            decided_by=review.decided_by,
        )


class RuleDraftOut(Struct, frozen=True):
    """A draft and what became of it: open, review, approved, scheduled, published, or retired.

    `digest` is of all that it changes; `review` is the newest, of the digest that it names.
    """

    id: str
    state: str
    rules: list[dict[str, Any]]
    retire: list[str]
    groups: dict[str, Any]
    based_on: int | None
    made_at: Instant
    made_by: str
    rule_set: int | None
    live_from: Instant | None
    authors: list[str]
    digest: str
    review: ReviewOut | None

    @classmethod
    def of(cls, draft: benefits.RuleDraft, at: Instant) -> "RuleDraftOut":
        """Show the draft as it stands at an instant."""
        return cls(
            id=show(DRAFT, draft.id),
            state=draft.state_at(at),
            rules=[dict(document) for document in draft.change.rules],
            retire=list(draft.change.retired),
            groups=dict(draft.change.groups),
            based_on=draft.based_on,
            made_at=draft.made_at,
            made_by=draft.made_by,
            rule_set=draft.published,
            live_from=draft.live_from,
            authors=list(draft.authors),
            digest=draft.digest,
            review=None if draft.review is None else ReviewOut.of(draft.review),
        )


class FieldChangeOut(Struct, frozen=True, omit_defaults=True):
    """One difference: where it stands, and what was there before and after."""

    pointer: Pointer
    kind: str
    before: Any = None
    after: Any = None

    @classmethod
    def of(cls, change: benefits.FieldChange) -> "FieldChangeOut":
        """Show the difference."""
        return cls(change.pointer, change.kind, change.before, change.after)


class RuleDiffOut(Struct, frozen=True):
    """What becomes of one rule: versions, differences, and the same in sentences."""

    rule: str
    kind: str
    before: int | None
    after: int | None
    changes: list[FieldChangeOut]
    sentences: dict[str, list[str]]

    @classmethod
    def of(cls, diff: benefits.RuleDiff) -> "RuleDiffOut":
        """Show the difference."""
        return cls(
            rule=diff.rule,
            kind=diff.kind,
            before=diff.before,
            after=diff.after,
            changes=[FieldChangeOut.of(each) for each in diff.changes],
            sentences=sentences(diff.was, diff.becomes),
        )


class SetDiffOut(Struct, frozen=True):
    """What is different between two rule sets; a set is null where nothing is published yet."""

    before: int | None
    after: int | None
    rules: list[RuleDiffOut]
    groups: list[FieldChangeOut]

    @classmethod
    def of(cls, diff: benefits.SetDiff) -> "SetDiffOut":
        """Show the differences."""
        return cls(
            before=diff.before,
            after=diff.after,
            rules=[RuleDiffOut.of(each) for each in diff.rules],
            groups=[FieldChangeOut.of(each) for each in diff.groups],
        )


class ProblemOut(Struct, frozen=True):
    """Something that stands in the way, with the path to the node where there is one."""

    code: str
    pointer: Pointer | None
    message: str
    facts: dict[str, int | str]


class CheckedOut(Struct, frozen=True):
    """Whether a change could be published now, what stands in its way, and what it would do.

    `outrun` names rules and groups that others have moved since the draft was made.
    """

    publishable: bool
    problems: list[ProblemOut]
    outrun: list[str]
    diff: SetDiffOut | None

    @classmethod
    def of(cls, checked: Checked) -> "CheckedOut":
        """Show what was found; a rule that cannot be read has no differences."""
        return cls(
            publishable=not checked.problems and not checked.outrun,
            problems=[
                ProblemOut(each.code, each.pointer, str(each), dict(each.facts))
                for each in checked.problems
            ],
            outrun=list(checked.outrun),
            diff=None if checked.problems else SetDiffOut.of(checked.diff),
        )


class PublishRulesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """From when it is live, at once when left out; `after` is the newest rule set seen."""

    live_from: Instant | None = None
    after: Version | None = None


class EndBody(Struct, frozen=True, forbid_unknown_fields=True):
    """When the rule ends, at once when left out; `after` is the newest rule set seen."""

    ends_at: Instant | None = None
    after: Version | None = None


class LifeQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """Which page of the rules, and of which state."""

    state: State | None = None


class ComingOut(Struct, frozen=True):
    """What a rule set to come does to a rule: another version, or with null its end."""

    version: int | None
    at: Instant
    rule_set: int


class StoppedOut(Struct, frozen=True):
    """That a rule is stopped by hand: since when, why, and by whom."""

    at: Instant
    reason: str
    actor: str


class RuleLifeOut(Struct, frozen=True):
    """A rule in its newest version, or as drafted, and where it stands in its life.

    A rule that is stopped stands where it stood, and gives nothing.
    """

    name: str
    version: int | None
    rule: dict[str, Any]
    state: str
    live: int | None
    live_since: Instant | None
    coming: list[ComingOut]
    drafts: list[str]
    opens_at: Instant | None
    closes_at: Instant | None
    stopped: StoppedOut | None

    @classmethod
    def of(cls, life: benefits.RuleLife) -> "RuleLifeOut":
        """Show the rule."""
        stop = life.stopped
        return cls(
            name=life.rule,
            version=life.latest,
            rule=dict(life.newest or life.document),
            state=life.state,
            live=life.live,
            live_since=life.live_since,
            coming=[ComingOut(each.version, each.at, each.rule_set) for each in life.coming],
            drafts=[show(DRAFT, draft) for draft in life.drafts],
            opens_at=life.opens_at,
            closes_at=life.closes_at,
            stopped=None if stop is None else StoppedOut(stop.at, stop.reason, stop.actor),
        )


class SinceQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """The version to compare with, the one before when left out; 0 is none at all."""

    since: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class DiffQuery(SinceQuery, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """Which two versions: up to `to`, the newest when left out, from `from`."""

    to: Version | None = None


class PublishedSetOut(Struct, frozen=True):
    """A published rule set: its rules by version, groups, and from when it is live."""

    version: int
    live_from: Instant
    rules: dict[str, int]
    groups: dict[str, Any]
    tiers: list[str]
    published_at: Instant
    published_by: str

    @classmethod
    def of(cls, published: benefits.PublishedRuleSet) -> "PublishedSetOut":
        """Show the set."""
        contents = benefits.contents_of(published)
        return cls(
            version=published.version,
            live_from=published.live_from,
            rules=dict(contents.rules),
            groups=dict(contents.groups),
            tiers=list(published.tiers),
            published_at=published.published_at,
            published_by=published.published_by,
        )


def sentences(
    before: Mapping[str, object] | None, after: Mapping[str, object] | None
) -> dict[str, list[str]]:
    """Return a difference in words, in both languages; amounts are minor units."""
    return {
        language: list(benefits.diff_sentences(before, after, language=language))
        for language in ("en", "zh")
    }
