"""What reporting an event refuses, one class a refusal."""

from loyalty.errors import LoyaltyError


class EventConflict(LoyaltyError):
    """This event was reported before with another {field}: {seen}, not {wanted}."""

    code = "event-conflict"
    field: str
    seen: str
    wanted: str


class EventKindUnknown(LoyaltyError):
    """There is no kind of event {seen}."""

    code = "event-kind-unknown"
    seen: str


class EventKindTaken(LoyaltyError):
    """There is a kind of event {seen} already, with other names."""

    code = "event-kind-taken"
    seen: str


class EventInFuture(LoyaltyError):
    """An event has happened by now; {seen} is to come."""

    code = "event-in-future"
    seen: str
