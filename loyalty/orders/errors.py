"""What the order's life refuses, one class a refusal.

Before payment a step may be refused for what it asks; after payment only for being malformed or
for contradicting what is recorded.
"""

from loyalty.errors import LoyaltyError


class OrderError(LoyaltyError):
    """The order does not allow this step."""

    code = "order-refused"


class OrderConflict(OrderError):
    """This {step} is recorded with other content: {field} was {seen}, now it is {wanted}."""

    code = "order-conflict"
    step: str
    field: str
    seen: int | str
    wanted: int | str


class OrderCancelled(OrderError):
    """The order was cancelled, so nothing of it can be completed or returned."""

    code = "order-cancelled"


class OrderClosed(OrderError):
    """The order is {state}: no quantity of it is open any more."""

    code = "order-closed"
    state: str


class UnknownLine(OrderError):
    """The order has no line {line}."""

    code = "unknown-line"
    line: str


class MoreThanOpen(OrderError):
    """Line {line} has {wanted} open, and {seen} were named."""

    code = "more-than-open"
    line: str
    seen: int
    wanted: int


class MoreThanWeighed(OrderError):
    """Line {line} comes to {wanted} for this quantity, so it cannot weigh {seen}."""

    code = "more-than-ordered"
    line: str
    seen: int
    wanted: int


class MoreThanBought(OrderError):
    """Line {line} has {wanted} left to return, and {seen} were named."""

    code = "more-than-bought"
    line: str
    seen: int
    wanted: int


class MoreThanPaid(OrderError):
    """There is {wanted} left to refund here, and {seen} was named."""

    code = "more-than-paid"
    seen: int
    wanted: int


class NothingToReturn(OrderError):
    """A return names lines, an amount or shipping, and something of it is left to return."""

    code = "nothing-to-return"


class HoldTooLong(OrderError):
    """Points are held for at most {wanted} days after the order was placed, not until {seen}."""

    code = "hold-too-long"
    seen: str
    wanted: int


class HoldOver(OrderError):
    """The hold of the order has ended; place the order again, or report it as paid."""

    code = "hold-over"


class NotForShopPrices(OrderError):
    """An order priced by the shop says what was paid, so it takes no {field}."""

    code = "not-for-shop-prices"
    field: str


class QuoteMismatch(OrderError):
    """The quote was made for another {field}; ask for a new quote."""

    code = "quote-mismatch"
    field: str


class QuoteOutdated(OrderError):
    """The quote was made by engine revision {seen}, which has gone; ask for a new quote."""

    code = "quote-outdated"
    seen: int


class RuleStopped(OrderError):
    """The rule "{rule}" of the quote was stopped by hand since; ask for a new quote."""

    code = "rule-stopped"
    rule: str


class PointsShort(OrderError):
    """{wanted} points were asked for and {seen} can be spent."""

    code = "points-short"
    seen: int
    wanted: int


class ForeignCurrency(OrderError):
    """The programme's currency is {wanted}, not {seen}."""

    code = "foreign-currency"
    seen: str
    wanted: str


class InstantOutOfOrder(OrderError):
    """{field} must lie {wanted}; it is {seen}."""

    code = "instant-out-of-order"
    field: str
    seen: str
    wanted: str
