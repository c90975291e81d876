"""What the world is told of each step of a membership."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from loyalty.events import Event
from loyalty.ids import new_id, show
from loyalty.membership.money import Scene
from loyalty.membership.types import CHARGE, PREFIX, REFUND, Applied, Charge, Membership, Step
from loyalty.plans.types import Plan

_TYPE_OF: Final[Mapping[str, str]] = {
    "joined": "began",
    "won-back": "began",
    "adopted": "began",
    "renewed": "renewed",
    "payment-failed": "payment-failed",
    "mended": "mended",
    "cancel-asked": "cancel-asked",
    "cancel-undone": "cancel-undone",
    "upgraded": "changed",
    "downgraded": "changed",
    "changed": "changed",
    "downgrade-set": "changed",
    "downgrade-undone": "changed",
    "paused": "changed",
    "resumed": "changed",
    "paid-late": "changed",
    "refunded": "refunded",
    "disputed": "refunded",
    "reinstated": "refunded",
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What the steps of one report have in common."""

    row: Membership
    plan: Plan
    charges: Mapping[str, Charge]

    def whose(self) -> dict[str, object]:
        return {
            "membership": show(PREFIX, self.row.id),
            "plan": self.row.plan,
            "price": price_code(self.plan, self.row),
            "state": self.row.state,
        }


def price_code(plan: Plan, row: Membership) -> str:
    """Return the code of the price that a membership has."""
    return next((price.code for price in plan.prices if price.id == row.price), "")


def events_of(scene: Scene, applied: Applied) -> list[Event]:
    """Return the events of what a report changed."""
    row = applied.membership
    charges = {str(charge.id): charge for charge in (*scene.known, *applied.charges)}
    told = _Told(row, scene.plan, charges)
    happened = []
    for step in applied.steps:
        type_ = _TYPE_OF.get(step.cause)
        if step.cause == "paid" and scene.before is not None:
            type_ = "renewed"
        if row.ended_at is not None and step.cause == row.end_cause and step.after == "ended":
            type_ = "ended"
        if type_ is not None:
            data = {**told.whose(), **_data(type_, step, told)}
            name = f"membership.{type_}"
            happened.append(Event(new_id(scene.cause.at), row.member, name, step.at, data))
    return happened


def _data(type_: str, step: Step, told: _Told) -> dict[str, object]:
    """Return what an event of a type says beyond whose membership it is."""
    row, data = told.row, dict(step.data)
    said: dict[str, object] = {}
    match type_:
        case "began":
            said = {"cause": step.cause, "until": row.access_until.isoformat()}
        case "renewed":
            said = {"cause": step.cause, **_paid(data, told)}
        case "payment-failed":
            ends_at = row.grace_ends_at or row.access_until
            said = {"since": data["since"], "grace_ends_at": ends_at.isoformat()}
        case "mended":
            paid = _paid(data, told) if "charge" in data else {}
            said = {"until": row.access_until.isoformat(), **paid}
        case "cancel-asked":
            said = {"ends_at": data["ends_at"]}
        case "changed":
            codes = {price.id: price.code for price in told.plan.prices}
            next_price = None if row.next_price is None else codes.get(row.next_price, "")
            said = {"cause": step.cause, "next_price": next_price}
        case "ended":
            said = {"cause": step.cause, "ended_at": step.at.isoformat()}
        case "refunded":
            said = {"cause": step.cause, "reason": data["reason"], **_money(data, told)}
            said["refund"] = show(REFUND, UUID(str(data["refund"])))
        case _:  # cancel-undone says whose it is, and that is all
            pass
    return said


def _paid(data: Mapping[str, object], told: _Told) -> dict[str, object]:
    return {**_money(data, told), "from": data["from"], "until": data["until"]}


def _money(data: Mapping[str, object], told: _Told) -> dict[str, object]:
    charge = told.charges[str(data["charge"])]
    return {
        "charge": show(CHARGE, charge.id),
        "net": data["net"],
        "tax": data["tax"],
        "currency": charge.currency,
    }
