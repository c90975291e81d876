"""Rows to values and values to rows: how a standing, its activity and its changes are stored.

Pure; the statements that move the rows are in `standings` and `recording`. The one idea: dates and
ids travel as text in JSON, so one parameter carries any number of rows.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from tiers.scale import Figures, Window, metric_named
from tiers.types import (
    Activity,
    Change,
    Decision,
    Fall,
    Floor,
    FloorKind,
    Freeze,
    Movement,
    RecordedChange,
    Rise,
    Seed,
    Seen,
    Standing,
    Subject,
)


def subject_from(value: Mapping[str, Any], *, member: UUID, joined_on: date) -> Subject:
    """The subject that a JSON value of standing and activities describes."""
    row = value["standing"]
    standing = standing_from(row) if row is not None else None
    activities = tuple(
        Activity(UUID(order), UUID(shipment), date.fromisoformat(on), purchases, returned, *asset)
        for order, shipment, on, purchases, returned, *asset in value["activities"] or ()
    )
    return Subject(
        member, standing.joined_on if standing is not None else joined_on, standing, activities
    )


def standing_from(row: Mapping[str, Any]) -> Standing:
    """The standing in a JSON row of its table."""
    fall = rise = freeze = None
    if row["falls_on"] is not None:
        fall = Fall(row["falls_to"], row["falls_rank"], date.fromisoformat(row["falls_on"]))
    if row["rises_on"] is not None:
        rise = Rise(row["rises_to"], row["rises_rank"], date.fromisoformat(row["rises_on"]))
    if row["frozen_tier"] is not None:
        freeze = Freeze(row["frozen_tier"], row["frozen_rank"], row["frozen_reason"])
    seed = Seed(
        row["seed_tier"],
        row["seed_rank"],
        date.fromisoformat(row["seed_on"]),
        date.fromisoformat(row["seed_since"]),
        _date(row["seed_until"]),
    )
    return Standing(
        ladder=row["ladder"],
        joined_on=date.fromisoformat(row["joined_on"]),
        seed=seed,
        tier=row["tier"],
        rank=row["tier_rank"],
        since=date.fromisoformat(row["since"]),
        valid_until=_date(row["valid_until"]),
        grace_from=_date(row["grace_from"]),
        fall=fall,
        due_on=_date(row["due_on"]),
        through=date.fromisoformat(row["decided_through"]),
        floors=_floors(row),
        freeze=freeze,
        number=row["number"],
        rise=rise,
    )


def standing_row(decision: Decision) -> dict[str, Any]:
    """The row of the standing that follows from a decision."""
    standing, seed = decision.standing, decision.standing.seed
    fall, rise, freeze = standing.fall, standing.rise, standing.freeze
    return {
        "member": str(decision.member),
        "ladder": standing.ladder,
        "number": standing.number,
        "replaces": decision.previous_number,
        "joined_on": standing.joined_on.isoformat(),
        "seed_tier": seed.tier,
        "seed_rank": seed.rank,
        "seed_on": seed.on.isoformat(),
        "seed_since": seed.since.isoformat(),
        "seed_until": _text(seed.until),
        "tier": standing.tier,
        "tier_rank": standing.rank,
        "since": standing.since.isoformat(),
        "valid_until": _text(standing.valid_until),
        "grace_from": _text(standing.grace_from),
        "falls_to": fall.tier if fall else None,
        "falls_rank": fall.rank if fall else None,
        "falls_on": fall.on.isoformat() if fall else None,
        "rises_to": rise.tier if rise else None,
        "rises_rank": rise.rank if rise else None,
        "rises_on": rise.on.isoformat() if rise else None,
        "due_on": _text(standing.due_on),
        "decided_through": standing.through.isoformat(),
        **_floor_row("grant", standing.floor_of("grant")),
        **_floor_row("plan", standing.floor_of("plan")),
        "frozen_tier": freeze.tier if freeze else None,
        "frozen_rank": freeze.rank if freeze else None,
        "frozen_reason": freeze.reason if freeze else None,
    }


def _floors(row: Mapping[str, Any]) -> tuple[Floor, ...]:
    kinds: tuple[FloorKind, ...] = ("grant", "plan")
    return tuple(
        Floor(
            row[f"{kind}_tier"],
            row[f"{kind}_rank"],
            date.fromisoformat(row[f"{kind}_until"]),
            row[f"{kind}_reason"],
            kind,
        )
        for kind in kinds
        if row[f"{kind}_until"] is not None
    )


def _floor_row(kind: FloorKind, floor: Floor | None) -> dict[str, Any]:
    return {
        f"{kind}_tier": floor.tier if floor else None,
        f"{kind}_rank": floor.rank if floor else None,
        f"{kind}_until": floor.until.isoformat() if floor else None,
        f"{kind}_reason": floor.reason if floor else None,
    }


def activity_rows(decision: Decision) -> list[dict[str, Any]]:
    """The rows of the activity that a decision writes."""
    return [
        {
            "member": str(decision.member),
            "order_id": str(activity.order),
            "shipment": str(activity.shipment),
            "completed_on": activity.on.isoformat(),
            "purchases": activity.purchases,
            "returned": activity.returned,
            "asset": activity.asset,
            "part": (activity.order, activity.shipment) in decision.parts,
        }
        for activity in decision.written
    ]


def change_rows(decision: Decision) -> list[dict[str, Any]]:
    """The rows of the changes of a decision, numbered on from the standing they replace."""
    first = decision.standing.number - len(decision.changes) + 1
    return [
        {
            "member": str(decision.member),
            "number": number,
            "effective_on": change.on.isoformat(),
            "rule": change.rule.value,
            "tier_before": change.before,
            "tier": change.after,
            "earned": change.earned,
            "ladder": change.ladder,
            "valid_until": _text(change.valid_until),
            "figures": _figures(change),
        }
        for number, change in enumerate(decision.changes, start=first)
    ]


def change_of(row: Mapping[Any, Any]) -> RecordedChange:
    """The stored change in a row of its table."""
    facts = row["figures"]
    window = figures = None
    if "window" in facts:
        start, end = facts["window"]
        window = Window(date.fromisoformat(start), date.fromisoformat(end))
        figures = Figures(
            facts["purchases"],
            facts["orders"],
            facts.get("active_days", 0),
            tuple((code, amount) for code, amount in facts.get("assets", ())),
        )
    change = Change(
        on=row["effective_on"],
        rule=Movement(row["rule"]),
        before=row["tier_before"],
        after=row["tier"],
        earned=row["earned"],
        ladder=row["ladder"],
        window=window,
        figures=figures,
        join=facts.get("join"),
        seen=tuple(
            Seen(metric_named(name) or name, seen, want)
            for name, seen, want in facts.get("seen", ())
        ),
        valid_until=row["valid_until"],
    )
    return RecordedChange(
        number=row["number"],
        change=change,
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        request_id=row["request_id"],
        reason=row["reason"],
    )


def _figures(change: Change) -> dict[str, Any]:
    if change.window is None or change.figures is None:
        return {}
    counted: dict[str, Any] = {
        "window": [change.window.start.isoformat(), change.window.end.isoformat()],
        "purchases": change.figures.purchases,
        "orders": change.figures.orders,
        "join": change.join,
        "seen": [[str(each.metric), each.seen, each.wanted] for each in change.seen],
    }
    if change.figures.active_days:
        counted["active_days"] = change.figures.active_days
    if change.figures.assets:
        counted["assets"] = [list(each) for each in change.figures.assets]
    return counted


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
