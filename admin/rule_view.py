"""Rules in people's words: one sentence each, what a change of one says, and its state."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import tiers
from admin.refusals import sentence
from admin.rule_drawing import Names
from admin.standings import tier_names
from admin.visit import Visit
from admin.words import N_, Badge, badge, named
from loyalty.rules import vocabulary_of

MOST_VOUCHERS: Final = 100
RULE_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "live": (N_("Live"), "good"),
        "scheduled": (N_("Comes later"), "calm"),
        "draft": (N_("Draft"), "warn"),
        "review": (N_("In review"), "warn"),
        "ended": (N_("Ended"), ""),
    }
)
DIFF_KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "added": (N_("New"), "good"),
        "changed": (N_("Changed"), "warn"),
        "retired": (N_("Ends"), "bad"),
    }
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says rules in the visitor's language, by the names that people know."""

    visit: Visit
    names: Mapping[str, str]

    def sentence(self, document: Mapping[str, object]) -> str:
        """Say a rule in one sentence; one that cannot be read says so."""
        try:
            return self.say(document)
        except benefits.BenefitsError as error:
            return str(error)

    def say(self, document: Mapping[str, object]) -> str:
        """The same, refused where the document is no rule yet."""
        return benefits.rule_sentence(
            document,
            language=self.visit.voice.name,
            money=self.visit.voice.money,
            names=self.names,
            instant=self.visit.voice.instant,
        )

    def title(self, document: Mapping[str, object]) -> str:
        """What people call a rule, or nothing."""
        titles = document.get("titles")
        return named(self.visit.voice, titles, "") if isinstance(titles, Mapping) else ""

    def changes(
        self, before: Mapping[str, object] | None, after: Mapping[str, object] | None
    ) -> Sequence[str]:
        """Say what differs between two versions of a rule."""
        return benefits.diff_sentences(
            before,
            after,
            language=self.visit.voice.name,
            money=self.visit.voice.money,
            names=self.names,
            instant=self.visit.voice.instant,
        )


async def speaker_of(connection: AsyncConnection, visit: Visit) -> Speaker:
    """Learn what tiers and vouchers are called."""
    ladder = await tiers.live_ladder(connection)
    vouchers = await benefits.list_definitions(connection, limit=MOST_VOUCHERS)
    titles = {f"voucher:{one.name}": named(visit.voice, one.titles, one.name) for one in vouchers}
    return Speaker(visit, {**tier_names(visit.voice, ladder), **titles})


async def names_for(
    connection: AsyncConnection, speaker: Speaker, drafted: Iterable[str] = ()
) -> Names:
    """The names that a rule may use, those of drafted groups too, with what people call them."""
    words, names = await vocabulary_of(connection), speaker.names
    version = await connection.scalar(benefits.live_rule_set_version(speaker.visit.at))
    groups = {*(await benefits.read_contents(connection, version)).groups, *drafted}
    lists = await benefits.list_price_lists(connection)
    vouchers = tuple(
        (one, names.get(f"voucher:{one}", one)) for one in words.voucher_definitions or ()
    )
    known = {
        "voucher": vouchers,
        "definition": vouchers,
        "on": tuple((one, names.get(f"event:{one}", one)) for one in words.events or ()),
        "group": tuple((one, one) for one in sorted(groups)),
        "price_list": tuple((one, one) for one in lists),
    }
    return Names(tuple((one, names.get(f"tier:{one}", one)) for one in words.tiers or ()), known)


@dataclass(frozen=True, slots=True)
class RuleChanged:
    """What a change does to one rule: its state, the rule in words, and what differs."""

    rule: str
    kind: Badge
    words: str
    changes: tuple[str, ...]
    fields: tuple[benefits.FieldChange, ...]


def changed_rules(speaker: Speaker, diff: benefits.SetDiff) -> list[RuleChanged]:
    """Every rule that a change touches, in words."""
    voice = speaker.visit.voice
    return [
        RuleChanged(
            one.rule,
            badge(voice, DIFF_KINDS, one.kind),
            speaker.sentence(one.becomes or one.was or {}),
            tuple(speaker.changes(one.was, one.becomes)) if one.kind == "changed" else (),
            one.changes if one.kind == "changed" else (),
        )
        for one in diff.rules
    ]


def state_of(visit: Visit, life: benefits.RuleLife) -> tuple[Badge, str | None]:
    """The state of a rule, and what comes next for it."""
    shown = badge(visit.voice, RULE_STATES, life.state)
    coming = next(iter(life.coming), None)
    if coming is None:
        return shown, None
    when = visit.voice.instant(coming.at)
    if coming.version is None:
        return shown, visit.voice.say("ends %(when)s", when=when)
    number = visit.voice.number(coming.version)
    return shown, visit.voice.say("version %(number)s from %(when)s", number=number, when=when)


def written_rule(document: Mapping[str, object]) -> str:
    """A rule's document as people read and write it."""
    return json.dumps(dict(document), ensure_ascii=False, indent=2)


def located(visit: Visit, error: Exception) -> str:
    """A refusal with the place in the document that it is about."""
    pointer, words = getattr(error, "pointer", None), sentence(visit.voice, error)
    if not pointer or pointer in words:
        return words
    return visit.voice.say("%(words)s (at %(place)s)", words=words, place=pointer)
