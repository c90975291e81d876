"""Who did something, in words: the code that every stored row carries, read for people."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from admin.language import Voice
from loyalty.staff import Person


def actor_words(voice: Voice, actor: str, people: Mapping[UUID, Person]) -> str:
    """Name a person of the console, or say what kind of program it was."""
    kind, _, who = actor.partition(":")
    match kind:
        case "staff":
            person = people.get(UUID(who))
            return voice.say("Somebody who left") if person is None else person.name
        case "key":
            return voice.say("The shop")
        case "member":
            return voice.say("The member")
        case "job":
            return voice.say("By itself, on its day")
        case "import":
            return voice.say("Import of history")
        case _:
            return voice.say("The programme")


def by_id(people: Iterable[Person]) -> Mapping[UUID, Person]:
    """People by their id."""
    return {person.id: person for person in people}
