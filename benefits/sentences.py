"""Rules and reasons as sentences for people, English or 中文: rendered at reading, never stored."""

from collections.abc import Callable, Mapping
from datetime import datetime

from benefits.counted import Limit
from benefits.language.checker import read_rule
from benefits.language.earn_printer import limit_phrase
from benefits.language.explainer import EXCLUDED, NOT_MET
from benefits.language.nodes import FACTS, FactType
from benefits.language.printer import (
    Speaker,
    as_written,
    print_right,
    print_rule,
    print_value,
)
from benefits.language.tree import Entitles
from benefits.language.words import (
    FACT_WORDS,
    NOT_WORDS,
    OPERATOR_WORDS,
    REASON_WORDS,
    SCHEDULE_WORDS,
    UNLOCK_WORDS,
)
from benefits.records import Vocabulary
from benefits.types import Entitlement, NotApplied, Unlock

_ANY_TIER = Vocabulary(tiers=None)
_NO_NAMES: Mapping[str, str] = {}
_KINDS = {"tier": "tier", "definition": "voucher"}
_WANTED = {"use-channel": "channel", "ship-to": "country", "ship-by": "shipping-method"}


def rule_sentence(
    document: Mapping[str, object],
    *,
    language: str = "en",
    money: Callable[[int], str] = str,
    names: Mapping[str, str] = _NO_NAMES,
    instant: Callable[[datetime], str] = as_written,
) -> str:
    """A rule in one plain sentence.

    `money` spells minor units; `names` gives what people call things, under `kind:code`:
    `tier:gold`, `category:BREAD`, `shipping-method:standard`, `voucher:birthday`,
    `price-list:club`, `rule:base`; `instant` says when, as it is written by default.
    Raises RuleRefused where the document is no rule.
    """
    return print_rule(read_rule(document, _ANY_TIER), Speaker(language, money, names, instant))


def reason_sentence(
    reason: NotApplied,
    *,
    language: str = "en",
    money: Callable[[int], str] = str,
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """Why a rule or voucher gave nothing, in one plain sentence."""
    speaker = Speaker(language, money, names)
    said = _cause(reason, speaker)
    return said + "。" if speaker.chinese else f"{said[:1].upper()}{said[1:]}."


def unlock_sentence(
    unlock: Unlock,
    *,
    language: str = "en",
    money: Callable[[int], str] = str,
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """What would make a rule apply, in one plain sentence."""
    speaker = Speaker(language, money, names)
    facts = {
        name: speaker.name(_KINDS.get(name) or _WANTED.get(unlock.code, ""), str(value))
        for name, value in unlock.facts.items()
    }
    gap = unlock.facts.get("gap")
    if unlock.code == "spend-more" and isinstance(gap, int):
        facts["gap"] = money(gap)
    return speaker.word(UNLOCK_WORDS[unlock.code]).format(**facts)


def limit_sentence(limit: Limit, *, language: str = "en", money: Callable[[int], str] = str) -> str:
    """How much a limit lets a rule, a group or vouchers give, in one plain sentence."""
    speaker = Speaker(language, money, _NO_NAMES)
    said = limit_phrase(limit, speaker.say, speaker.money)
    return said + "。" if speaker.chinese else f"{said[:1].upper()}{said[1:]}."


def entitlement_phrase(
    held: Entitlement, *, language: str = "en", names: Mapping[str, str] = _NO_NAMES
) -> str:
    """A right in a few words, to be put into a sentence: `event:<code>` names an event."""
    right = Entitles(held.kind, held.subject, held.value)
    return print_right(right, Speaker(language, str, names))


def _cause(reason: NotApplied, speaker: Speaker) -> str:
    if reason.code == "outside-schedule" and reason.fact is not None:
        return speaker.word(SCHEDULE_WORDS[reason.fact])
    if reason.code not in {NOT_MET, EXCLUDED} or reason.fact is None:
        other = speaker.name("rule", reason.other or "")
        return speaker.word(REASON_WORDS[reason.code]).format(other=other)
    fact = FACTS.get(reason.fact)
    type_ = None if fact is None else fact.type
    name = speaker.word(FACT_WORDS[reason.fact])
    if type_ is FactType.BOOLEAN:
        return _yes_or_no(reason, name, speaker)
    if type_ is FactType.WINDOW:
        return speaker.say("the birthday window is not open", "不在生日期间")
    operator = speaker.word(OPERATOR_WORDS[reason.operator or "is"])
    wanted = print_value(fact, reason.wanted, speaker)
    seen = print_value(fact, reason.seen, speaker)
    if reason.code == EXCLUDED:
        return speaker.say(
            f"{name} {operator} {wanted}, which is excluded", f"{name}{operator}{wanted}，不适用"
        )
    return speaker.say(
        f"needed: {name} {operator} {wanted}; now it is {seen}",
        f"需{name}{operator}{wanted}，现为{seen}",
    )


def _yes_or_no(reason: NotApplied, name: str, speaker: Speaker) -> str:
    """Why a fact that is yes or no stood in the way: it is no, it is yes, or nobody knows."""
    if reason.seen is None:
        return speaker.say(f"it is not known whether {name}", f"无法确定是否{name}")
    if reason.wanted is (reason.code == NOT_MET):
        return speaker.word(NOT_WORDS[reason.fact or ""])
    return speaker.say(f"not available where {name}", f"{name}时不适用")
