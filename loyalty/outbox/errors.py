"""What the outbox refuses."""

from loyalty.errors import LoyaltyError


class FeedCursorMalformed(LoyaltyError):
    """This is not a cursor of the feed; take `next` of its last answer as it is."""

    code = "feed-cursor-malformed"


class FeedCursorLost(LoyaltyError):
    """The event this cursor stands on is gone, as after a restore; begin without a cursor."""

    code = "feed-cursor-lost"


class UnknownMessage(LoyaltyError):
    """There is no message {seen}."""

    code = "unknown-message"
    seen: str


class MessageStands(LoyaltyError):
    """The message is {seen}; only one that is {wanted} can be treated like this."""

    code = "message-stands"
    seen: str
    wanted: str


class ToldTooEarly(LoyaltyError):
    """The message is of {wanted}, so the member cannot have been told of it before."""

    code = "told-too-early"
    wanted: str
