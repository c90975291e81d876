"""A webhook counts only if it is Stripe's, whole, of now and of our mode; all else is refused."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from loyalty.billing.errors import HintRefused
from loyalty.billing.hints import TOLERANCE, Hint, read_webhook

AT = datetime(2027, 1, 1, 9, tzinfo=UTC)
SECRET, NEXT = "whsec_one_of_ours", "whsec_the_next_one"
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "api_version": "2026-10-28.endive",
    "created": int(AT.timestamp()),
    "livemode": False,
    "data": {
        "object": {
            "id": "in_1",
            "object": "invoice",
            "parent": {"subscription_details": {"subscription": "sub_1"}},
        }
    },
}


def sent(body: bytes, secret: str = SECRET, at: datetime = AT) -> str:
    """Return the header as Stripe's own library makes it."""
    text = body.decode("latin-1")
    return str(stripe.WebhookSignature.generate_signature_header(text, secret, int(at.timestamp())))


def read(body: bytes, header: str | None = None, *, at: datetime = AT, **told: Any) -> Hint:
    """Read a webhook with our secrets."""
    given = sent(body, at=AT) if header is None else header
    options: dict[str, Any] = {"secrets": (SECRET, NEXT), "livemode": False, **told}
    secrets = options.pop("secrets")
    return read_webhook(body, given, secrets, at=at, **options)


def of(**changes: Any) -> bytes:
    """Return an event with something changed."""
    return json.dumps(EVENT | changes).encode()


def test_a_webhook_of_stripe_is_a_hint() -> None:
    assert read(of()) == Hint(
        id="evt_1",
        type="invoice.paid",
        api_version="2026-10-28.endive",
        subject="in_1",
        subscription="sub_1",
        payment_intent=None,
        happened_at=AT,
    )


def test_either_secret_will_do_while_one_is_exchanged() -> None:
    assert read(of(), sent(of(), NEXT)).id == "evt_1"
    both = sent(of(), "whsec_somebody_else") + "," + sent(of()).partition(",")[2]
    assert read(of(), both).id == "evt_1"


def test_another_api_version_is_read_as_well() -> None:
    assert read(of(api_version="2019-01-01")).api_version == "2019-01-01"
    assert read(of(api_version=None)).api_version is None


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "not signed"),
        ("t=1", "not signed"),
        ("v1=aa", "not signed"),
        ("t=later,v1=aa", "not signed"),
        ("t=²,v1=aa", "not signed"),
        ("t=1,t=2,v1=aa", "not signed"),
        (f"t={10**30},v1=aa", "not signed"),
        ("t=1,v1=\udcff", "not one of ours"),
        ("t=1,v0=aa", "not signed"),
        ("nonsense", "not signed"),
    ],
)
def test_what_is_not_signed_is_refused(header: str, reason: str) -> None:
    with pytest.raises(HintRefused, match=reason):
        read(of(), header)


def test_a_missing_header_is_refused() -> None:
    with pytest.raises(HintRefused, match="not signed"):
        read_webhook(of(), None, (SECRET,), at=AT, livemode=False)


def test_a_body_that_was_changed_or_written_anew_is_refused() -> None:
    header = sent(of())
    for body in (of(type="invoice.voided"), json.dumps(EVENT, indent=1).encode(), of() + b" "):
        with pytest.raises(HintRefused, match="not one of ours"):
            read(body, header)


def test_a_wrong_secret_is_refused_and_an_empty_one_verifies_nothing() -> None:
    with pytest.raises(HintRefused):
        read(of(), sent(of(), "whsec_somebody_else"))
    for blank in ("", "  "):
        with pytest.raises(HintRefused):
            read(of(), sent(of(), blank), secrets=(blank,))
    with pytest.raises(HintRefused):
        read(of(), secrets=())


def test_what_was_signed_long_ago_or_in_the_future_is_refused() -> None:
    second = timedelta(seconds=1)
    assert read(of(), at=AT + TOLERANCE).id == read(of(), at=AT - TOLERANCE).id == "evt_1"
    for at in (AT + TOLERANCE + second, AT - TOLERANCE - second):
        with pytest.raises(HintRefused, match="too long ago, or in the future"):
            read(of(), at=at)


@pytest.mark.parametrize(
    ("type_", "thing", "subject"),
    [
        ("balance.available", {"object": "balance"}, "balance"),
        ("invoice.upcoming", {"object": "invoice", "subscription": {"a": 1}}, "invoice"),
        ("plan.created", {"object": "plan", "id": "Gold, 10 € a month"}, "plan"),
        ("account.updated", {}, "unnamed"),
        ("invoice.paid", {"object": "invoice"}, "invoice"),
    ],
)
def test_an_event_about_what_has_no_id_of_ours_is_read_as_well(
    type_: str, thing: dict[str, Any], subject: str
) -> None:
    hint = read(of(type=type_, data={"object": thing}))

    assert (hint.type, hint.subject, hint.subscription) == (type_, subject, None)


def test_an_event_of_the_other_mode_is_refused() -> None:
    with pytest.raises(HintRefused, match="other mode"):
        read(of(livemode=True))
    with pytest.raises(HintRefused, match="other mode"):
        read(of(), livemode=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"[1]",
        b"null",
        b'"text"',
        b"17",
        b"{",
        b"[" * 100_000,
        of(object="thin"),
        of(id=None),
        of(id="cus_1"),
        of(id="evt_" + "x" * 300),
        of(id="evt_1\n"),
        of(type=["invoice.paid"]),
        of(created="now"),
        of(created=True),
        of(created=10**40),
        of(data=None),
        of(data={"object": []}),
        of(data={"object": {"id": 7}}),
        of(data={"object": {"id": "in_1", "payment_intent": 3}}),
        of(livemode="false"),
        of(api_version={}),
    ],
)
def test_whatever_is_signed_and_is_no_event_is_refused_too(body: bytes) -> None:
    header = read_header(body)
    with pytest.raises(HintRefused):
        read(body, header)


def read_header(body: bytes) -> str:
    """Sign any bytes, as somebody with the secret could."""
    at = int(AT.timestamp())
    mac = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


@given(st.binary(max_size=200), st.text(max_size=80))
def test_nothing_that_comes_in_is_more_than_refused(body: bytes, header: str) -> None:
    with pytest.raises(HintRefused):
        read(body, header)
    with pytest.raises(HintRefused):
        read(body, read_header(body))
