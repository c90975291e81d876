"""Every type of event there is, with the JSON Schema of its data. Pure.

A consumer of the feed relies on this list: a type keeps its meaning and its fields for ever, and
only gains fields. What would take one away or change it is a new type or a new `version`. Data
holds ids, codes and figures, never personal data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

Schema = Mapping[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event: what it tells, and the schema of its `data`."""

    name: str
    version: int
    summary: str
    data: Schema

    def document(self) -> dict[str, Any]:
        """Return the whole schema, as it is published."""
        return {"$schema": DIALECT, "title": self.name, "description": self.summary, **self.data}


def _text(description: str, **more: object) -> Schema:
    return {"type": "string", "description": description, **more}


def _id(prefix: str, what: str) -> Schema:
    return _text(f"Our id of {what}.", pattern=f"^{prefix}_[0-9a-z]{{26}}$")


def _uuid(what: str) -> Schema:
    return _text(f"Our id of {what}.", format="uuid")


def _whole(description: str, **more: object) -> Schema:
    return {"type": "integer", "description": description, **more}


def _yes_or_no(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _list(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Describe an object; fields that are not named may come one day, and are to be ignored."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": sorted(required)}


_INSTANT: Final = _text("An instant with an offset.", format="date-time")
_DAY: Final = _text("A day in the programme's time zone.", format="date")
_MONEY: Final = _whole("An amount in minor units of the programme's currency.")
_POINTS: Final = _whole("Points.")
_ORDER: Final = _id("ord", "the order")
_SHIPMENT: Final = _id("shp", "the shipment")
_TIER: Final = _text("The code of a tier.")
_TAGS: Final = _list(_text("A tag."), "Tags of the member.")

_TIER_MOVED: Final = {
    **_object({"before": _or_null(_TIER), "after": _TIER}),
    "description": "What it did to the member's tier; left out when that stayed.",
}

_REWARD_ORDERED: Final = {
    "order": _id("rwo", "the order of a reward"),
    "reward": _text("The code of the reward."),
    "quantity": _whole("How many."),
    "points": _POINTS,
}

_RETURNED: Final = _object(
    {
        "order": _ORDER,
        "return": _id("ret", "the return"),
        "reason": _text("The code of the reason."),
        "refund_money": _MONEY,
        "points_returned": _POINTS,
        "points_to_claw_back": _POINTS,
    }
)
_EXPIRING: Final = _object(
    {"lot": _uuid("the lot"), "points": _POINTS, "expires_at": _INSTANT},
)

_CORRECTED: Final = _object(
    {
        "amount": _whole("How many points it moved."),
        "asset": _text("The asset, such as points."),
        "reason": _text("The code of the reason."),
        "journal": _uuid("the journal"),
    }
)

_DECLARED: Final = (
    EventType(
        "member.joined",
        1,
        "Somebody joined the programme.",
        _object(
            {"class": _text("consumer, staff, wholesale, test or blocked.")},
            {"tags": _TAGS},
        ),
    ),
    EventType(
        "member.class-changed",
        1,
        "A member is treated as another class.",
        _object({"class": _text("consumer, staff, wholesale, test or blocked.")}),
    ),
    EventType(
        "member.profile-changed",
        1,
        "Something changed in what is known of a member; ask for the profile to see what.",
        _object({"fields": _list(_text("The field's name."), "The fields that changed.")}),
    ),
    EventType(
        "member.closed",
        1,
        "A member left.",
        _object({"reason": _text("The code of the reason.")}),
    ),
    EventType(
        "member.tags-changed",
        1,
        "The shop gave a member tags, or took some away.",
        _object({"added": _TAGS, "removed": _TAGS}),
    ),
    EventType(
        "member.absorbed",
        1,
        "Another member was found to be this one; what they had goes on here.",
        _object({"from": _id("mem", "the member who was merged into this one")}),
    ),
    EventType(
        "member.merged",
        1,
        "A member was found to be another one, who goes on with everything.",
        _object({"into": _id("mem", "the member who goes on")}),
    ),
    EventType(
        "order.placed",
        1,
        "An order was placed; points and vouchers are reserved.",
        _object(
            {
                "order": _ORDER,
                "priced_by": _text("us, or the shop."),
                "currency": _text("An ISO 4217 code."),
                "payable": _MONEY,
                "points_spent": _POINTS,
                "points_to_earn": _POINTS,
            }
        ),
    ),
    EventType("order.paid", 1, "An order was paid.", _object({"order": _ORDER})),
    EventType("order.hold-extended", 1, "An order is held for longer.", _object({"order": _ORDER})),
    EventType(
        "order.hold-released",
        1,
        "An unpaid order's time was over; what was reserved for it is free again.",
        _object({"order": _ORDER}),
    ),
    EventType(
        "order.completed",
        1,
        "A shipment was completed: points are taken and earned, and purchases count.",
        _object(
            {
                "order": _ORDER,
                "shipment": _SHIPMENT,
                "points_earned": _POINTS,
                "purchases": _MONEY,
                "activates_at": _or_null(_INSTANT),
            },
            {"tier": _TIER_MOVED},
        ),
    ),
    EventType(
        "order.cancelled",
        1,
        "Lines, or all of an order, were cancelled.",
        _object({"order": _ORDER, "shipment": _SHIPMENT, "points_released": _POINTS}),
    ),
    EventType(
        "order.returned",
        1,
        "Something came back, of one order or of several.",
        _object({"returns": _list(_RETURNED, "Each return.")}, {"tier": _TIER_MOVED}),
    ),
    EventType(
        "order.charged-back",
        1,
        "The buyer's bank took money back; the wallet may be locked until that was reviewed.",
        _object(
            {
                "order": _ORDER,
                "return": _id("ret", "the chargeback"),
                "reason": _text("The code of the reason."),
                "money": _MONEY,
                "points_to_claw_back": _POINTS,
                "wallet_locked": _yes_or_no("Whether the wallet was locked by it."),
            },
            {"tier": _TIER_MOVED},
        ),
    ),
    EventType(
        "order.exception-settled",
        1,
        "What a step of an order lacked, or a chargeback, was worked through by somebody.",
        _object(
            {
                "order": _ORDER,
                "exception": _id("exc", "the exception"),
                "code": _text("The code of what was lacking."),
                "amount": _whole("How much, in the unit of the code."),
                "outcome": _text("settled, released or upheld."),
                "reason": _text("The code of the reason."),
                "wallet_unlocked": _yes_or_no("Whether a wallet was unlocked by it."),
            }
        ),
    ),
    EventType(
        "order.claimed",
        1,
        "A guest's order became a member's; what was shipped of it has earned.",
        _object(
            {"order": _ORDER, "points_earned": _POINTS, "purchases": _MONEY},
            {"tier": _TIER_MOVED},
        ),
    ),
    EventType(
        "order.delivered",
        1,
        "Shipments reached their buyer; points that waited for that are available.",
        _object(
            {
                "order": _ORDER,
                "shipments": _list(_SHIPMENT, "The shipments that were delivered."),
                "points_activated": _POINTS,
            }
        ),
    ),
    EventType(
        "member.acted",
        1,
        "A member did something besides buying, such as writing a review.",
        _object(
            {
                "event": _id("evn", "the event"),
                "kind": _text("The kind of event, such as review-written."),
                "points_earned": _POINTS,
                "activates_at": _or_null(_INSTANT),
            }
        ),
    ),
    EventType(
        "points.adjusted",
        1,
        "Points were given or taken by hand.",
        _object(
            {
                "amount": _whole("Points given, or taken when negative."),
                "reason": _text("The code of the reason."),
                "journal": _uuid("the journal"),
            },
            {"asset": _text("The asset, such as points.")},
        ),
    ),
    *(
        EventType(name, 1, summary, _CORRECTED)
        for name, summary in (
            ("points.activated", "Pending points were made available before their time."),
            ("points.written-off", "Debt of points was given up."),
            ("wallet.frozen", "A wallet was locked: nothing is spent or held from it."),
            ("wallet.thawed", "A wallet was unlocked again."),
        )
    ),
    EventType(
        "points.expiring",
        1,
        "Points will expire unless they are spent; the member is to be told.",
        _object(
            {
                "required": _yes_or_no("Whether they only expire after the member was told."),
                "asset": _text("The asset, such as points."),
                "points": _POINTS,
                "first_at": _INSTANT,
                "lots": _list(_EXPIRING, "The lots and their ends, the first to end first."),
            }
        ),
    ),
    EventType(
        "tier.changed",
        1,
        "A member's tier changed without an order: in time, by a new ladder or by hand.",
        _object(
            {
                "before": _or_null(_TIER),
                "after": _TIER,
                "rule": _text("The code of the rule that decided."),
                "on": _DAY,
            }
        ),
    ),
    EventType(
        "tier.will-fall",
        1,
        "A member's tier will fall on a day, unless enough is bought before.",
        _object(
            {"tier": _TIER, "to": _TIER, "on": _DAY},
            {
                "keep": _object(
                    {
                        "join": _text("Whether `all` of it or `any` one keeps the tier."),
                        "purchases": _whole("Money missing to keep it, in minor units."),
                        "orders": _whole("Orders missing to keep it."),
                        "active_days": _whole("Active days missing to keep it."),
                        "by": _DAY,
                    }
                )
            },
        ),
    ),
    EventType(
        "rule.stopped",
        1,
        "A rule was stopped by hand and gives nothing; it is no member's, `member` stands for it.",
        _object({"rule": _text("The name of the rule."), "reason": _text("Why.")}),
    ),
    EventType(
        "rule.resumed",
        1,
        "A rule that was stopped by hand goes on; it is no member's, `member` stands for it.",
        _object({"rule": _text("The name of the rule."), "reason": _text("Why.")}),
    ),
    EventType(
        "voucher.issued",
        1,
        "A voucher was issued to a member.",
        _object(
            {"voucher": _uuid("the voucher"), "definition": _text("The name of its definition.")},
            {"order": _id("ord", "the order that it was promised with")},
        ),
    ),
    EventType(
        "voucher.voided",
        1,
        "A voucher of a member may be used no more, though it had not ended.",
        _object(
            {
                "voucher": _uuid("the voucher"),
                "definition": _text("The name of its definition."),
                "reason": _text("The code of the reason."),
            },
            {"order": _id("ord", "the order that brought it and came back")},
        ),
    ),
    EventType(
        "reward.ordered",
        1,
        "A member ordered a reward: points and stock are taken; a voucher is fulfilled at once.",
        _object(
            {
                **_REWARD_ORDERED,
                "kind": _text("goods, voucher, service or event."),
                "version": _whole("The version of the reward it was ordered by."),
                "state": _text("ordered, or fulfilled."),
                "money": _MONEY,
                "currency": _text("An ISO 4217 code."),
            },
            {"voucher": _uuid("the voucher that was issued"), "sku": _text("What is to be sent.")},
        ),
    ),
    EventType(
        "reward.fulfilled",
        1,
        "What a member ordered was sent, handed out or done.",
        _object(_REWARD_ORDERED),
    ),
    EventType(
        "reward.cancelled",
        1,
        "An order of a reward was cancelled: its points are back.",
        _object(
            {
                **_REWARD_ORDERED,
                "reason": _text("The code of the reason."),
                "restocked": _yes_or_no("Whether it can be ordered again by others."),
            }
        ),
    ),
)

EVENT_TYPES: Final[Mapping[str, EventType]] = MappingProxyType(
    {each.name: each for each in _DECLARED}
)
