"""What the events of paid membership tell, by the name of their type. Pure."""

from collections.abc import Mapping
from typing import Final

from loyalty.event_shapes import Schema, id_of, object_of, or_null, text, whole, yes_or_no

_INSTANT: Final = text("An instant with an offset.", format="date-time")
_CAUSE: Final = text("The code of the cause, as on the membership's timeline.")
_MONEY: Final = {
    "charge": id_of("chg", "the charge"),
    "net": whole("Net of tax, in minor units."),
    "tax": whole("Tax, in minor units."),
    "currency": text("An ISO 4217 code."),
}
_GRANT: Final = {
    "membership": id_of("mbs", "the membership"),
    "plan": text("The code of the plan."),
    "benefit": text("The code of the partner benefit."),
    "grant": id_of("pgr", "the code that was given"),
}
_PAID: Final = {**_MONEY, "from": _INSTANT, "until": _INSTANT}


def _of(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    whose = {
        "membership": id_of("mbs", "the membership"),
        "plan": text("The code of the plan."),
        "price": text("The code of the plan's price."),
        "state": text("trial, active, past-due, paused or ended."),
    }
    return object_of({**whose, **required}, optional)


SHAPES: Final[tuple[tuple[str, str, Schema], ...]] = (
    (
        "membership.began",
        "A member has a plan, with a trial or paid.",
        _of({"cause": _CAUSE, "until": _INSTANT}),
    ),
    (
        "membership.renewed",
        "A further period of a membership was paid, or the first one after a trial.",
        _of({"cause": _CAUSE, **_PAID}),
    ),
    (
        "membership.payment-failed",
        "A payment failed or did not come; access goes on until the grace ends.",
        _of({"since": _INSTANT, "grace_ends_at": _INSTANT}),
    ),
    (
        "membership.mended",
        "What had failed was paid.",
        _of({"until": _INSTANT}, _PAID),
    ),
    (
        "membership.cancel-asked",
        "A membership will end at an instant, and is paid until then.",
        _of({"ends_at": _INSTANT}),
    ),
    (
        "membership.reason-given",
        "A member said why they leave.",
        _of({"reason": text("The code of the reason, as the shop has it.")}),
    ),
    ("membership.cancel-undone", "A membership that would have ended goes on.", _of({})),
    (
        "membership.changed",
        "A membership has another price or plan, or will have, or was paused or resumed.",
        _of({"cause": _CAUSE, "next_price": or_null(text("The price from the next period on."))}),
    ),
    (
        "membership.ended",
        "A membership ended: it gives no access any more.",
        _of({"cause": _CAUSE, "ended_at": _INSTANT}),
    ),
    (
        "membership.refunded",
        "Money of a charge was given back, or taken back by the bank, or returned by it.",
        _of(
            {
                "cause": _CAUSE,
                "refund": id_of("rfd", "the refund"),
                "reason": text("The code of the reason."),
                **_MONEY,
            }
        ),
    ),
    (
        "membership.trial-ending",
        "A trial will end soon; the member is to be told.",
        _of(
            {
                "ends_at": _INSTANT,
                "amount": whole("What is charged then."),
                "currency": _MONEY["currency"],
            }
        ),
    ),
    (
        "membership.renewal-ahead",
        "A membership will be renewed; the member is to be told.",
        _of(
            {
                "renews_at": _INSTANT,
                "amount": whole("What is charged then, in minor units."),
                "currency": text("An ISO 4217 code."),
            },
            {"saved": whole("What the plan saved since it began, in minor units.")},
        ),
    ),
    (
        "partner.code-given",
        "A member with a plan was given a partner's code, which is not told here.",
        object_of({**_GRANT, "last": yes_or_no("Whether no further code is left.")}),
    ),
    (
        "partner.code-voided",
        "A membership ended, and with it a partner's code: the partner is to void it.",
        object_of(_GRANT),
    ),
)
