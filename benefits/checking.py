"""What stands in the way of a change: all of it at once, each with the path to its node. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from benefits.contents import RuleChange
from benefits.draft_errors import RuleNamedTwice, RuleNotLive, RuleUnfit
from benefits.errors import BenefitsError
from benefits.grouping import GroupDocument, groups_from, read_group
from benefits.language.checker import read_rule
from benefits.records import RuleVersion, Vocabulary
from benefits.rule_set import compile_rule_set


def find_problems(
    change: RuleChange,
    stored: Sequence[RuleVersion],
    groups: Mapping[str, GroupDocument],
    vocabulary: Vocabulary,
    *,
    zone: str,
) -> list[BenefitsError]:
    """Every refusal of a change to a set of these rules and groups, with pointers into it."""
    modes = modes_after(groups, change)
    words = replace(vocabulary, groups=tuple(modes))
    problems = [
        *_unfit_groups(change),
        *_misnamed(change, frozenset(each.rule for each in stored)),
        *_unfit_documents(change, words),
    ]
    if problems:
        return problems
    touched = frozenset(change.names)
    staying = [each for each in stored if each.rule not in touched]
    problems += _no_longer_fit(staying, words)
    return problems or _unfit_together([*staying, *drafted(change)], modes, words, zone)


def modes_after(
    groups: Mapping[str, GroupDocument], change: RuleChange
) -> dict[str, GroupDocument]:
    """The groups with a change made."""
    modes = {**groups, **{name: mode for name, mode in change.groups.items() if mode is not None}}
    return {name: mode for name, mode in modes.items() if change.groups.get(name, mode) is not None}


def drafted(change: RuleChange) -> list[RuleVersion]:
    """The documents of a change as versions that are not stored yet."""
    return [RuleVersion(str(document["rule"]), 0, document) for document in change.rules]


def _unfit_groups(change: RuleChange) -> Iterator[BenefitsError]:
    for name, document in change.groups.items():
        try:
            if document is not None:
                read_group(name, document)
        except BenefitsError as error:
            yield error


def _misnamed(change: RuleChange, endable: frozenset[str]) -> Iterator[BenefitsError]:
    seen: set[str] = set()
    pointers = [f"/rules/{position}/rule" for position in range(len(change.rules))]
    pointers += [f"/retire/{position}" for position in range(len(change.retired))]
    for name, pointer in zip(change.names, pointers, strict=True):
        if name in seen:
            yield RuleNamedTwice(rule=name, pointer=pointer)
        elif pointer.startswith("/retire") and name not in endable:
            yield RuleNotLive(rule=name, pointer=pointer)
        seen.add(name)


def _unfit_documents(change: RuleChange, words: Vocabulary) -> Iterator[BenefitsError]:
    for position, document in enumerate(change.rules):
        try:
            read_rule(document, words)
        except BenefitsError as error:
            error.pointer = f"/rules/{position}{error.pointer or ''}"
            yield error


def _no_longer_fit(staying: Sequence[RuleVersion], words: Vocabulary) -> list[BenefitsError]:
    """Rules that stay as they are but name a group, or a tier, that there is no more."""
    problems: list[BenefitsError] = []
    for each in staying:
        try:
            read_rule(each.document, Vocabulary(tiers=words.tiers, groups=words.groups))
        except BenefitsError as error:
            problems.append(RuleUnfit(rule=each.rule, reason=str(error)))
    return problems


def _unfit_together(
    rules: Sequence[RuleVersion], modes: Mapping[str, GroupDocument], words: Vocabulary, zone: str
) -> list[BenefitsError]:
    groups = groups_from(modes)
    try:
        compile_rule_set(rules, zone=zone, tiers=words.tiers or (), groups=groups)
    except BenefitsError as error:
        return [error]
    return []
