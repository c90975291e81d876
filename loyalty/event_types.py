"""Every type of event there is, with the JSON Schema of its data. Pure.

A consumer of the feed relies on this list: a type keeps its meaning and its fields for ever, and
only gains fields. What would take one away or change it is a new type or a new `version`. Data
holds ids, codes and figures, never personal data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from loyalty.event_shapes import (
    Schema,
    id_of,
    list_of,
    object_of,
    or_null,
    text,
    uuid_of,
    whole,
    yes_or_no,
)
from loyalty.membership.event_shapes import SHAPES as MEMBERSHIP

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


_INSTANT: Final = text("An instant with an offset.", format="date-time")
_DAY: Final = text("A day in the programme's time zone.", format="date")
_MONEY: Final = whole("An amount in minor units of the programme's currency.")
_POINTS: Final = whole("Points.")
_ORDER: Final = id_of("ord", "the order")
_SHIPMENT: Final = id_of("shp", "the shipment")
_TIER: Final = text("The code of a tier.")
_TAGS: Final = list_of(text("A tag."), "Tags of the member.")

_TIER_MOVED: Final = {
    **object_of({"before": or_null(_TIER), "after": _TIER}),
    "description": "What it did to the member's tier; left out when that stayed.",
}

_REWARD_ORDERED: Final = {
    "order": id_of("rwo", "the order of a reward"),
    "reward": text("The code of the reward."),
    "quantity": whole("How many."),
    "points": _POINTS,
}

_RETURNED: Final = object_of(
    {
        "order": _ORDER,
        "return": id_of("ret", "the return"),
        "reason": text("The code of the reason."),
        "refund_money": _MONEY,
        "points_returned": _POINTS,
        "points_to_claw_back": _POINTS,
    }
)
_EXPIRING: Final = object_of(
    {"lot": uuid_of("the lot"), "points": _POINTS, "expires_at": _INSTANT},
)

_SHORT: Final = object_of(
    {"asset": text("The asset, such as growth."), "missing": whole("How much of it is missing.")}
)

_CORRECTED: Final = object_of(
    {
        "amount": whole("How many points it moved."),
        "asset": text("The asset, such as points."),
        "reason": text("The code of the reason."),
        "journal": uuid_of("the journal"),
    }
)

_DECLARED: Final = (
    EventType(
        "member.joined",
        1,
        "Somebody joined the programme.",
        object_of(
            {"class": text("consumer, staff, wholesale, test or blocked.")},
            {"tags": _TAGS},
        ),
    ),
    EventType(
        "member.class-changed",
        1,
        "A member is treated as another class.",
        object_of({"class": text("consumer, staff, wholesale, test or blocked.")}),
    ),
    EventType(
        "member.profile-changed",
        1,
        "Something changed in what is known of a member; ask for the profile to see what.",
        object_of({"fields": list_of(text("The field's name."), "The fields that changed.")}),
    ),
    EventType(
        "member.closed",
        1,
        "A member left.",
        object_of({"reason": text("The code of the reason.")}),
    ),
    EventType(
        "member.tags-changed",
        1,
        "The shop gave a member tags, or took some away.",
        object_of({"added": _TAGS, "removed": _TAGS}),
    ),
    EventType(
        "member.absorbed",
        1,
        "Another member was found to be this one; what they had goes on here.",
        object_of({"from": id_of("mem", "the member who was merged into this one")}),
    ),
    EventType(
        "member.merged",
        1,
        "A member was found to be another one, who goes on with everything.",
        object_of({"into": id_of("mem", "the member who goes on")}),
    ),
    EventType(
        "order.placed",
        1,
        "An order was placed; points and vouchers are reserved.",
        object_of(
            {
                "order": _ORDER,
                "priced_by": text("us, or the shop."),
                "currency": text("An ISO 4217 code."),
                "payable": _MONEY,
                "points_spent": _POINTS,
                "points_to_earn": _POINTS,
            }
        ),
    ),
    EventType("order.paid", 1, "An order was paid.", object_of({"order": _ORDER})),
    EventType(
        "order.hold-extended", 1, "An order is held for longer.", object_of({"order": _ORDER})
    ),
    EventType(
        "order.hold-released",
        1,
        "An unpaid order's time was over; what was reserved for it is free again.",
        object_of({"order": _ORDER}),
    ),
    EventType(
        "order.completed",
        1,
        "A shipment was completed: points are taken and earned, and purchases count.",
        object_of(
            {
                "order": _ORDER,
                "shipment": _SHIPMENT,
                "points_earned": _POINTS,
                "purchases": _MONEY,
                "activates_at": or_null(_INSTANT),
            },
            {"tier": _TIER_MOVED},
        ),
    ),
    EventType(
        "order.cancelled",
        1,
        "Lines, or all of an order, were cancelled.",
        object_of({"order": _ORDER, "shipment": _SHIPMENT, "points_released": _POINTS}),
    ),
    EventType(
        "order.returned",
        1,
        "Something came back, of one order or of several.",
        object_of({"returns": list_of(_RETURNED, "Each return.")}, {"tier": _TIER_MOVED}),
    ),
    EventType(
        "order.charged-back",
        1,
        "The buyer's bank took money back; the wallet may be locked until that was reviewed.",
        object_of(
            {
                "order": _ORDER,
                "return": id_of("ret", "the chargeback"),
                "reason": text("The code of the reason."),
                "money": _MONEY,
                "points_to_claw_back": _POINTS,
                "wallet_locked": yes_or_no("Whether the wallet was locked by it."),
            },
            {"tier": _TIER_MOVED},
        ),
    ),
    EventType(
        "order.exception-settled",
        1,
        "What a step of an order lacked, or a chargeback, was worked through by somebody.",
        object_of(
            {
                "order": _ORDER,
                "exception": id_of("exc", "the exception"),
                "code": text("The code of what was lacking."),
                "amount": whole("How much, in the unit of the code."),
                "outcome": text("settled, released or upheld."),
                "reason": text("The code of the reason."),
                "wallet_unlocked": yes_or_no("Whether a wallet was unlocked by it."),
            }
        ),
    ),
    EventType(
        "order.claimed",
        1,
        "A guest's order became a member's; what was shipped of it has earned.",
        object_of(
            {"order": _ORDER, "points_earned": _POINTS, "purchases": _MONEY},
            {"tier": _TIER_MOVED},
        ),
    ),
    EventType(
        "order.delivered",
        1,
        "Shipments reached their buyer; points that waited for that are available.",
        object_of(
            {
                "order": _ORDER,
                "shipments": list_of(_SHIPMENT, "The shipments that were delivered."),
                "points_activated": _POINTS,
            }
        ),
    ),
    EventType(
        "member.acted",
        1,
        "A member did something besides buying, such as writing a review.",
        object_of(
            {
                "event": id_of("evn", "the event"),
                "kind": text("The kind of event, such as review-written."),
                "points_earned": _POINTS,
                "activates_at": or_null(_INSTANT),
            }
        ),
    ),
    EventType(
        "points.adjusted",
        1,
        "Points were given or taken by hand.",
        object_of(
            {
                "amount": whole("Points given, or taken when negative."),
                "reason": text("The code of the reason."),
                "journal": uuid_of("the journal"),
            },
            {"asset": text("The asset, such as points.")},
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
        object_of(
            {
                "required": yes_or_no("Whether they only expire after the member was told."),
                "asset": text("The asset, such as points."),
                "points": _POINTS,
                "first_at": _INSTANT,
                "lots": list_of(_EXPIRING, "The lots and their ends, the first to end first."),
            }
        ),
    ),
    EventType(
        "tier.changed",
        1,
        "A member's tier changed without an order: in time, by a new ladder or by hand.",
        object_of(
            {
                "before": or_null(_TIER),
                "after": _TIER,
                "rule": text("The code of the rule that decided."),
                "on": _DAY,
            }
        ),
    ),
    EventType(
        "tier.will-fall",
        1,
        "A member's tier will fall on a day, unless enough is bought before.",
        object_of(
            {"tier": _TIER, "to": _TIER, "on": _DAY},
            {
                "keep": object_of(
                    {
                        "join": text("Whether `all` of it or `any` one keeps the tier."),
                        "purchases": whole("Money missing to keep it, in minor units."),
                        "orders": whole("Orders missing to keep it."),
                        "active_days": whole("Active days missing to keep it."),
                        "by": _DAY,
                    },
                    {"assets": list_of(_SHORT, "What is missing of assets that count for it.")},
                )
            },
        ),
    ),
    EventType(
        "rule.stopped",
        1,
        "A rule was stopped by hand and gives nothing; it is no member's, `member` stands for it.",
        object_of({"rule": text("The name of the rule."), "reason": text("Why.")}),
    ),
    EventType(
        "rule.resumed",
        1,
        "A rule that was stopped by hand goes on; it is no member's, `member` stands for it.",
        object_of({"rule": text("The name of the rule."), "reason": text("Why.")}),
    ),
    EventType(
        "voucher.issued",
        1,
        "A voucher was issued to a member.",
        object_of(
            {"voucher": uuid_of("the voucher"), "definition": text("The name of its definition.")},
            {"order": id_of("ord", "the order that it was promised with")},
        ),
    ),
    EventType(
        "voucher.voided",
        1,
        "A voucher of a member may be used no more, though it had not ended.",
        object_of(
            {
                "voucher": uuid_of("the voucher"),
                "definition": text("The name of its definition."),
                "reason": text("The code of the reason."),
            },
            {"order": id_of("ord", "the order that brought it and came back")},
        ),
    ),
    *(EventType(name, 1, summary, data) for name, summary, data in MEMBERSHIP),
    EventType(
        "reward.ordered",
        1,
        "A member ordered a reward: points and stock are taken; a voucher is fulfilled at once.",
        object_of(
            {
                **_REWARD_ORDERED,
                "kind": text("goods, voucher, service or event."),
                "version": whole("The version of the reward it was ordered by."),
                "state": text("ordered, or fulfilled."),
                "money": _MONEY,
                "currency": text("An ISO 4217 code."),
            },
            {"voucher": uuid_of("the voucher that was issued"), "sku": text("What is to be sent.")},
        ),
    ),
    EventType(
        "reward.fulfilled",
        1,
        "What a member ordered was sent, handed out or done.",
        object_of(_REWARD_ORDERED),
    ),
    EventType(
        "reward.cancelled",
        1,
        "An order of a reward was cancelled: its points are back.",
        object_of(
            {
                **_REWARD_ORDERED,
                "reason": text("The code of the reason."),
                "restocked": yes_or_no("Whether it can be ordered again by others."),
            }
        ),
    ),
)

EVENT_TYPES: Final[Mapping[str, EventType]] = MappingProxyType(
    {each.name: each for each in _DECLARED}
)
