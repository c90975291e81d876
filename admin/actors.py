"""Who did something, in words: the code that every stored row carries, read for people."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from admin.language import Voice
from admin.words import N_
from loyalty.staff import Person

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "key": N_("The shop"),
        "member": N_("The member"),
        "job": N_("By itself, on its day"),
        "import": N_("Import of history"),
    }
)
"""What kind of program it was; any other is the programme itself."""
PROGRAMME: Final = N_("The programme")


def actor_words(voice: Voice, actor: str, people: Mapping[UUID, Person]) -> str:
    """Name a person of the console, or say what kind of program it was."""
    kind, _, who = actor.partition(":")
    if kind == "staff":
        person = people.get(UUID(who))
        return voice.say("Somebody who left") if person is None else person.name
    if kind == "job" and "stripe" in who:
        return voice.say("Stripe told us")
    return voice.say(KINDS.get(kind, PROGRAMME))


def by_id(people: Iterable[Person]) -> Mapping[UUID, Person]:
    """People by their id."""
    return {person.id: person for person in people}
