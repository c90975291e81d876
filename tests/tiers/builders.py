"""Verbs that make ladders and activity for the tests of tiers."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from tiers import (
    Activity,
    Decision,
    Ladder,
    Subject,
    batch_of,
    decide,
    default_ladder,
    due_in,
    find_subjects,
    parse_ladder,
    parts_due,
    publish_ladder,
    read_batch,
    record,
    review,
    standing_at,
)

AT = datetime(2025, 6, 1, 12, tzinfo=UTC)
SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
MEMBER = uuid5(SPACE, "member")
JOINED = date(2024, 1, 1)
SILVER, GOLD, DIAMOND = (1_000, 3), (5_000, 10), (20_000, 30)


def climb(**changes: object) -> dict[str, object]:
    """The document of a small ladder, with fields replaced."""
    return default_ladder(silver=SILVER, gold=GOLD, diamond=DIAMOND) | changes


def ladder(version: int = 1, **changes: object) -> Ladder:
    return parse_ladder(climb(**changes), version=version)


def both(version: int = 1) -> Ladder:
    """The small ladder where purchases and orders must both be met."""
    document = default_ladder(silver=SILVER, gold=GOLD, diamond=DIAMOND, join="all")
    return parse_ladder(document, version=version)


def named(name: str) -> UUID:
    return uuid5(SPACE, name)


def buy(
    name: str, on: str | date, purchases: int, *, shipment: str = "1", returned: int = 0
) -> Activity:
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return Activity(named(name), named(f"{name}/{shipment}"), day, purchases, returned)


def newcomer(name: str = "member") -> Subject:
    return Subject(named(name), JOINED, None, ())


def day(text: str) -> date:
    return date.fromisoformat(text)


def apply(subject: Subject, decision: Decision) -> Subject:
    """The subject as it will be read after the decision is recorded."""
    known = {(each.order, each.shipment): each for each in subject.activities}
    known |= {(each.order, each.shipment): each for each in decision.written}
    return replace(subject, standing=decision.standing, activities=tuple(known.values()))


async def review_all(
    connection: AsyncConnection, rules: Ladder, on: date, *, size: int, at: datetime = AT
) -> list[tuple[UUID, str | None, str]]:
    """Review who is due part by part; who moved from where to where, in the order of the parts."""
    moved = []
    for part in await parts_due(connection, on, size=size):
        due = due_in(part, on, version=rules.version).cte("due")
        batch = read_batch((await connection.execute(batch_of(due))).one())
        if batch is None:
            continue
        assert batch.count <= size
        done = review(rules, batch, on=on, at=at, actor="job:review-tiers", request_id="night")
        rows = (await connection.execute(done)).all()
        moved += [(row.member, row.tier_before, row.tier) for row in rows]
    return moved


class Life:
    """A member told event by event, as the order path does."""

    def __init__(self, rules: Ladder) -> None:
        self.ladder = rules
        self.subject = newcomer()
        self.changes: list[tuple[str, str, str]] = []

    def see(self, on: str, *activities: Activity) -> str:
        return self.take(decide(self.ladder, self.subject, activities, on=day(on)), on)

    def take(self, decision: Decision, on: str) -> str:
        self.subject = apply(self.subject, decision)
        self.changes += [
            (change.on.isoformat(), change.rule.value, change.after) for change in decision.changes
        ]
        return decision.standing.effective_on(day(on))[0]


FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)
LADDER = ladder()


async def publish(connection: AsyncConnection) -> Ladder:
    return await publish_ladder(
        connection, climb(), at=AT, actor="staff:1", request_id="req-1", after=0
    )


async def write(connection: AsyncConnection, *decisions: Decision) -> None:
    await record(connection, decisions, at=AT, actor="key:1", request_id="req-2")


async def act(connection: AsyncConnection, name: str, on: date, *activities: Activity) -> Decision:
    """One order path: read, decide, write."""
    member = named(name)
    subjects = await find_subjects(connection, {member: JOINED})
    decision = decide(LADDER, subjects[member], activities, on=on)
    await write(connection, decision)
    return decision


async def tier_at(connection: AsyncConnection, name: str, on: date) -> str | None:
    tier: str | None = (await connection.execute(standing_at(named(name), on))).one().tier
    return tier
