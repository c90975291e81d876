"""Where mails are handed over, and that a password never travels in the clear."""

import aiosmtplib
import pytest
from pydantic import SecretStr

from loyalty.outbox.mail import MailServer, _client, mail_server
from loyalty.settings import Settings


def server(url: str) -> MailServer:
    found = mail_server(Settings(smtp_url=SecretStr(url), mail_from="Shop <points@shop.example>"))
    assert found is not None
    return found


def client(url: str) -> aiosmtplib.SMTP:
    return _client(server(url))


def test_a_url_says_host_port_and_credentials() -> None:
    one = server("smtp+starttls://us%40er:p%3Ass@mail.example.com")

    assert (one.host, one.port, one.user, one.password) == (
        *("mail.example.com", 587, "us@er", "p:ss"),
    )
    assert (one.address, one.sender) == ("points@shop.example", "Shop <points@shop.example>")
    assert one.domain == "shop.example"
    assert "p:ss" not in repr(one)


@pytest.mark.parametrize(
    ("url", "port"),
    [("smtp://h", 25), ("smtp+starttls://h", 587), ("smtps://h", 465), ("smtps://h:2465", 2465)],
)
def test_each_way_has_its_port(url: str, port: int) -> None:
    assert server(url).port == port


@pytest.mark.parametrize(
    ("url", "from_the_start", "on_the_way"),
    [
        ("smtps://u:p@mail.example.com", True, False),
        ("smtp+starttls://u:p@mail.example.com", False, True),
        ("smtp+starttls://mail.example.com", False, True),
        ("smtp://u:p@mail.example.com", False, True),
        ("smtp://mail.example.com", False, None),
        ("smtp://u:p@127.0.0.1:2525", False, None),
        ("smtp://u:p@[::1]:2525", False, None),
    ],
)
def test_a_password_never_travels_in_the_clear_but_within_this_machine(
    url: str, from_the_start: object, on_the_way: object
) -> None:
    """None encrypts where the server offers it; True refuses to go on without."""
    one = client(url)

    assert one.use_tls is from_the_start
    assert one._start_tls_on_connect is on_the_way
    assert one.validate_certs


def test_mail_is_off_without_a_server_or_a_sender() -> None:
    assert mail_server(Settings()) is None
    assert mail_server(Settings(mail_from="points@shop.example")) is None
    assert mail_server(Settings(smtp_url=SecretStr("smtp://h"))) is None
