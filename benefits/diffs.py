"""What is different between two versions of a rule, and between two rule sets. Pure.

Differences are those of the plain JSON, each with its pointer; the sentences are made of the
words of the language, so that nobody has to read pointers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from benefits.grouping import GroupDocument, group_documents
from benefits.language.checker import read_rule
from benefits.language.printer import (
    Speaker,
    as_written,
    print_condition,
    print_effect,
    print_schedule,
)
from benefits.language.tree import Rule
from benefits.language.values import escape
from benefits.records import PublishedRuleSet, RuleVersion, Vocabulary

ChangeKind = Literal["added", "removed", "changed"]
RuleChangeKind = Literal["added", "changed", "retired"]

_ANY_TIER = Vocabulary(tiers=None)
_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_MISSING = object()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference: where it stands, and what was there before and after."""

    pointer: str
    kind: ChangeKind
    before: object = None
    after: object = None


@dataclass(frozen=True, slots=True)
class RuleDiff:
    """What becomes of one rule from one set to another; a version is None where there is none.

    A draft's document has no version yet.
    """

    rule: str
    kind: RuleChangeKind
    before: int | None
    after: int | None
    changes: tuple[FieldChange, ...]
    was: Mapping[str, object] | None
    """The whole document before, for sentences."""
    becomes: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class SetDiff:
    """What is different between two rule sets: rules by name, and groups."""

    before: int | None
    after: int | None
    rules: tuple[RuleDiff, ...]
    groups: tuple[FieldChange, ...]


def diff_rules(
    before: Mapping[str, object] | None, after: Mapping[str, object] | None
) -> tuple[FieldChange, ...]:
    """The differences of two documents, each as deep as it goes; None is no rule at all."""
    return tuple(_differences(before or {}, after or {}, ""))


def diff_sets(before: PublishedRuleSet | None, after: PublishedRuleSet) -> SetDiff:
    """What was added, changed and ended from one published set to another."""
    return diff_contents(
        () if before is None else before.rules,
        after.rules,
        before=None if before is None else before.version,
        after=after.version,
        groups=(
            {} if before is None else group_documents(before.groups),
            group_documents(after.groups),
        ),
    )


def diff_contents(
    were: Sequence[RuleVersion],
    become: Sequence[RuleVersion],
    *,
    before: int | None,
    after: int | None,
    groups: tuple[Mapping[str, GroupDocument], Mapping[str, GroupDocument]],
) -> SetDiff:
    """What is different between the rules of two sets; version 0 is a document not stored yet."""
    old = {stored.rule: stored for stored in were}
    new = {stored.rule: stored for stored in become}
    rules = [
        _rule_diff(name, old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if _differ(old.get(name), new.get(name))
    ]
    return SetDiff(before, after, tuple(rules), diff_rules(*groups))


def diff_sentences(
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    *,
    language: str = "en",
    money: Callable[[int], str] = str,
    names: Mapping[str, str] = _NO_NAMES,
    instant: Callable[[datetime], str] = as_written,
) -> tuple[str, ...]:
    """What is different between two versions of a rule, a sentence for each thing that moved.

    `money`, `names` and `instant` are those of `rule_sentence`. Raises RuleRefused where one
    is no rule.
    """
    speaker = Speaker(language, money, names, instant)
    old, new = _said(before, speaker), _said(after, speaker)
    return tuple(
        sentence
        for part in _PARTS
        for sentence in _moved(part, old.get(part, ()), new.get(part, ()), speaker)
    )


def _rule_diff(name: str, old: RuleVersion | None, new: RuleVersion | None) -> RuleDiff:
    kind: RuleChangeKind = "added" if old is None else "retired" if new is None else "changed"
    was = None if old is None else old.document
    becomes = None if new is None else new.document
    return RuleDiff(
        rule=name,
        kind=kind,
        before=None if old is None else old.version or None,
        after=None if new is None else new.version or None,
        changes=diff_rules(was, becomes),
        was=was,
        becomes=becomes,
    )


def _differ(old: RuleVersion | None, new: RuleVersion | None) -> bool:
    return old is None or new is None or old.document != new.document


def _differences(before: object, after: object, pointer: str) -> Iterator[FieldChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from _differences(
                before.get(name, _MISSING), after.get(name, _MISSING), f"{pointer}/{escape(name)}"
            )
    elif isinstance(before, list) and isinstance(after, list):
        for position in range(max(len(before), len(after))):
            yield from _differences(
                before[position] if position < len(before) else _MISSING,
                after[position] if position < len(after) else _MISSING,
                f"{pointer}/{position}",
            )
    elif before is _MISSING:
        yield FieldChange(pointer, "added", after=after)
    elif after is _MISSING:
        yield FieldChange(pointer, "removed", before=before)
    elif before != after or type(before) is not type(after):
        yield FieldChange(pointer, "changed", before, after)


# --- in words ---------------------------------------------------------------------------------

_PARTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "gives": ("It gives", "给予"),
        "when": ("Its condition is", "条件为"),
        "open": ("It is open when", "开放时间为"),
        "voucher": ("It needs the voucher", "所需优惠券为"),
        "on": ("It answers the event", "对应事件为"),
        "group": ("Its group is", "所属组为"),
        "exclusive": ("It is", "性质为"),
        "priority": ("Its priority is", "优先级为"),
        "tell": ("To members it is", "对会员"),
        "titles": ("It is called", "名称为"),
    }
)
"""What may move, in the order in which it is told."""


def _said(document: Mapping[str, object] | None, speaker: Speaker) -> Mapping[str, tuple[str, ...]]:
    """What a rule says, phrase by phrase, under the part that it belongs to."""
    if document is None:
        return {}
    rule = read_rule(document, _ANY_TIER)
    said = {
        "gives": tuple(print_effect(effect, speaker) for effect in rule.effects),
        "titles": tuple(f"{code}: {title}" for code, title in sorted(rule.titles.items())),
        "priority": (str(rule.priority),),
        **_conditions(rule, speaker),
        **_combination(rule, speaker),
    }
    return {part: phrases for part, phrases in said.items() if phrases}


def _conditions(rule: Rule, speaker: Speaker) -> Mapping[str, tuple[str, ...]]:
    return {
        "when": () if rule.when is None else (print_condition(rule.when, speaker),),
        "open": () if rule.schedule is None else tuple(print_schedule(rule.schedule, speaker)),
        "on": () if rule.on is None else (speaker.name("event", rule.on),),
        "voucher": () if rule.voucher is None else (speaker.name("voucher", rule.voucher),),
    }


def _combination(rule: Rule, speaker: Speaker) -> Mapping[str, tuple[str, ...]]:
    alone = speaker.say("not combined with others", "不与其他优惠同享")
    together = speaker.say("combined with others", "可与其他优惠同享")
    told = speaker.say("told before it applies", "提前告知")
    silent = speaker.say("silent until it applies", "不提前告知")
    return {
        "group": () if rule.group is None else (rule.group,),
        "exclusive": (alone if rule.exclusive else together,),
        "tell": (told if rule.tell else silent,),
    }


def _moved(part: str, old: Sequence[str], new: Sequence[str], speaker: Speaker) -> Iterator[str]:
    """Say what a part no longer says and what it says now; what stayed is not repeated."""
    gone = [phrase for phrase in old if phrase not in new]
    come = [phrase for phrase in new if phrase not in old]
    if not gone and not come:
        return
    part_name = speaker.word(_PARTS[part])
    nothing = speaker.say("nothing", "无")
    was = speaker.say("; ", "；").join(gone) or nothing
    now = speaker.say("; ", "；").join(come) or nothing
    if gone and come:
        yield speaker.say(
            f"{part_name} now: {now} (before: {was}).", f"{part_name}：{now}（原为：{was}）。"
        )
    elif come:
        yield speaker.say(f"{part_name} now: {now}.", f"{part_name}：{now}。")
    else:
        yield speaker.say(f"{part_name} no longer: {was}.", f"{part_name}：不再为{was}。")
