"""What an account holds: objects by id, events in order, answers by idempotency key, a clock."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

Object = dict[str, Any]

CLOCK: Final = "clock_00000001"
API_VERSION: Final = "2026-10-28.endive"
DAY: Final = 86_400
HOUR: Final = 3_600


class Refused(Exception):
    """What Stripe answers instead of an object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        told = {"type": type, "message": message, "code": code, "param": param}
        self.body = {"error": {name: value for name, value in told.items() if value is not None}}


@dataclass(slots=True)
class Delivery:
    """An event on its way to one webhook endpoint."""

    event: Object
    url: str
    secret: str


@dataclass(slots=True)
class Store:
    """One account. `now` is the test clock; nothing here reads another."""

    now: int
    dunning: tuple[int, ...] = (3, 5, 7)
    """Days between attempts to collect a renewal; after the last one the subscription ends."""
    tax_percent: int = 0
    """What automatic tax adds, or finds in a price that includes it."""
    payments: int = 1
    """With how many payments an invoice is collected."""
    objects: dict[str, Object] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Webhook endpoint → its signing secret."""
    cards: dict[str, str] = field(default_factory=dict)
    """Payment method → how it behaves: `pays`, `declined`, `later-declined`, `authentication`."""
    phases: dict[str, str] = field(default_factory=dict)
    """Subscription → the price it changes to when its period ends."""
    pages: dict[str, Object] = field(default_factory=dict)
    """Checkout page → what is begun once it is paid."""
    answers: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    events: list[Object] = field(default_factory=list)
    undelivered: set[str] = field(default_factory=set)
    outbox: deque[Delivery] = field(default_factory=deque)
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.put(
            {
                "id": CLOCK,
                "object": "test_helpers.test_clock",
                "created": self.now,
                "deletes_after": self.now + 30 * DAY,
                "frozen_time": self.now,
                "livemode": False,
                "name": "the clock of this double",
                "status": "ready",
                "status_details": {},
            }
        )

    def new_id(self, prefix: str) -> str:
        """Return the next id of a kind; two runs of one story name the same things alike."""
        self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
        return f"{prefix}_{self.numbers[prefix]:08d}"

    def put(self, thing: Object) -> Object:
        """Keep an object under its id."""
        self.objects[thing["id"]] = thing
        return thing

    def get(self, kind: str, id: str, param: str = "id") -> Object:
        """Return an object of a kind, or refuse as Stripe does."""
        found = self.objects.get(id)
        if found is None or found["object"] != kind:
            name = kind.rpartition(".")[2].replace("_", " ")
            raise Refused(404, f"No such {name}: '{id}'", code="resource_missing", param=param)
        return found

    def all(self, kind: str, **where: object) -> Iterator[Object]:
        """Yield objects of a kind that carry these values, the latest first."""
        for thing in reversed(self.objects.values()):
            if thing["object"] == kind and all(thing.get(k) == v for k, v in where.items()):
                yield thing

    def tell(self, type: str, thing: Object, **before: object) -> Object:
        """Record that something happened, and put it in the outbox of every endpoint."""
        data: Object = {"object": snapshot(thing)}
        if before:
            data["previous_attributes"] = before
        event: Object = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": None, "idempotency_key": None},
            "type": type,
        }
        self.put(event)
        self.events.append(event)
        for endpoint in self.all("webhook_endpoint", status="enabled"):
            wanted = endpoint["enabled_events"]
            if "*" in wanted or type in wanted:
                event["pending_webhooks"] += 1
                self.undelivered.add(event["id"])
                secret = self.secrets[endpoint["id"]]
                self.outbox.append(Delivery(event, endpoint["url"], secret))
        return event

    def arrived(self, event: str) -> None:
        """Count an event as delivered."""
        self.undelivered.discard(event)
        self.objects[event]["pending_webhooks"] = 0


def snapshot(thing: Any) -> Any:
    """Copy what JSON can say, all the way down."""
    if isinstance(thing, dict):
        return {name: snapshot(value) for name, value in thing.items()}
    if isinstance(thing, list):
        return [snapshot(value) for value in thing]
    return thing
