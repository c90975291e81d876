"""The events of a member's history, numbered on from those that are there.

Pure. They say what `loyalty.orders.happenings` says of the same steps, from rows instead of
values, because a shop's years have millions of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, cast
from uuid import UUID

import msgspec

from loyalty.cause import Cause
from loyalty.history.newcomers import CLASS, JOINED
from loyalty.ids import new_id, show
from loyalty.orders import rows
from loyalty.orders.comebacks import Comeback
from loyalty.orders.happenings import COMPLETED, PLACED, RETURNED
from loyalty.orders.past import Sale
from loyalty.orders.plan import MemberPlan
from loyalty.orders.rows import Row

COLUMNS: Final = (
    *("member", "sequence", "id", "type", "schema_version", "effective_at"),
    *("actor", "request_id", "historic", "data", "feed_xid"),
)

_ORDER_ID, _CURRENCY, _TOTAL, _EARN = (
    rows.ORDER.index(name) for name in ("id", "currency", "total", "earn")
)
_SHIPMENT, _PURCHASES, _ACTIVATES_AT, _SHIPMENT_EARN = (
    rows.SHIPMENT.index(name) for name in ("id", "purchases", "activates_at", "earn")
)
_RETURN_NAME, _RETURN_ORDER, _RETURN, _REASON, _RETURN_TOTAL, _RETURN_POINTS, _RETURN_EARN = (
    rows.RETURN.index(name)
    for name in ("name", "order_id", "id", "reason", "total", "points", "earn")
)


class Happened(NamedTuple):
    """One event of a member, not numbered yet."""

    type: str
    at: datetime
    data: str


def joined(at: datetime, class_: str = CLASS, tags: Sequence[str] = ()) -> Happened:
    """Tell that somebody joined."""
    said = {"class": class_, **({"tags": tags} if tags else {})}
    return Happened(JOINED, at, _json(said))


def happened(events: Sequence[Sale | Comeback], plan: MemberPlan) -> Iterator[Happened]:
    """Tell each step of a plan, in the order of time."""
    sold = iter(zip(plan.orders, plan.shipments, strict=True))
    returned: defaultdict[str, list[Row]] = defaultdict(list)
    for row in plan.returns:
        returned[str(row[_RETURN_NAME])].append(row)
    for place, one in enumerate(events):
        tier = _tier_moved(plan, place)
        if isinstance(one, Sale):
            order, shipment = next(sold)
            yield Happened(PLACED, one.placed_at, _placed(order))
            yield Happened(COMPLETED, one.placed_at, _completed(order, shipment, tier))
        else:
            yield Happened(RETURNED, one.at, _returned(returned[one.name], tier))


def event_rows(
    member: UUID, after: int, told: Sequence[Happened], cause: Cause, feed_xid: str
) -> Iterator[tuple[object, ...]]:
    """The rows of a member's events, behind a transaction in the feed."""
    for sequence, one in enumerate(told, after + 1):
        yield (
            *(member, sequence, new_id(cause.at), one.type, 1, one.at),
            *(cause.actor, cause.request_id, True, one.data, feed_xid),
        )


def _placed(order: Row) -> str:
    return _json(
        {
            "order": _shown("ord", order[_ORDER_ID]),
            "priced_by": "shop",
            "currency": order[_CURRENCY],
            "payable": order[_TOTAL],
            "points_spent": 0,
            "points_to_earn": order[_EARN],
        }
    )


def _tier_moved(plan: MemberPlan, place: int) -> Mapping[str, object]:
    move = plan.moves[place] if place < len(plan.moves) else None
    return {} if move is None else {"tier": {"before": move[0], "after": move[1]}}


def _completed(order: Row, shipment: Row, tier: Mapping[str, object]) -> str:
    activates_at = shipment[_ACTIVATES_AT]
    return _json(
        {
            "order": _shown("ord", order[_ORDER_ID]),
            "shipment": _shown("shp", shipment[_SHIPMENT]),
            "points_earned": shipment[_SHIPMENT_EARN],
            "purchases": shipment[_PURCHASES],
            "activates_at": _written(activates_at),
            **tier,
        }
    )


def _returned(found: Sequence[Row], tier: Mapping[str, object]) -> str:
    told = [
        {
            "order": _shown("ord", row[_RETURN_ORDER]),
            "return": _shown("ret", row[_RETURN]),
            "reason": row[_REASON],
            "refund_money": row[_RETURN_TOTAL],
            "points_returned": row[_RETURN_POINTS],
            "points_to_claw_back": row[_RETURN_EARN],
        }
        for row in found
    ]
    return _json({"returns": told, **tier})


def _json(said: Mapping[str, object]) -> str:
    return msgspec.json.encode(said).decode()


def _shown(prefix: str, one: object) -> str:
    return show(prefix, cast("UUID", one))


def _written(at: object) -> str | None:
    """An instant as the encoder of the other events writes it."""
    if not isinstance(at, datetime):
        return None
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
