"""Shapes of stopping rules by hand, and of what holding members out of them shows."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

import benefits
from api.schemas.types import Instant
from loyalty.rule_stops import Lift, Side


class SwitchBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a rule is stopped, or goes on."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class SwitchOut(Struct, frozen=True):
    """Whether a rule is stopped by hand, and who said so last, when and why."""

    rule: str
    stopped: bool
    reason: str | None
    at: Instant | None
    actor: str | None

    @classmethod
    def of(cls, rule: str, switch: benefits.Switch | None) -> "SwitchOut":
        """Show the newest switch; a rule that was never stopped has none."""
        if switch is None:
            return cls(rule, stopped=False, reason=None, at=None, actor=None)
        return cls(rule, switch.stopped, switch.reason, switch.at, switch.actor)


class LiftQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Since when orders are counted."""

    since: Instant


class SideOut(Struct, frozen=True):
    """What one side bought: members who ordered, their orders, and the money for goods."""

    members: int
    orders: int
    money: int

    @classmethod
    def of(cls, side: Side) -> "SideOut":
        """Show one side."""
        return cls(side.members, side.orders, side.money)


class LiftOut(Struct, frozen=True):
    """What those who may have a rule bought, beside those who were held out of it."""

    rule: str
    since: Instant
    holdout: str | None
    treated: SideOut
    held_out: SideOut

    @classmethod
    def of(cls, lift: Lift) -> "LiftOut":
        """Show both sides; the share held out is a percentage."""
        percent = None if lift.share is None else f"{Decimal(lift.share).scaleb(-2).normalize():f}"
        return cls(
            lift.rule, lift.since, percent, SideOut.of(lift.treated), SideOut.of(lift.held_out)
        )
