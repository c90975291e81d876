"""What the environment says, and what it may not say."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from loyalty.settings import Settings, explain


def test_without_an_environment_the_programme_keeps_its_own_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LOYALTY_HOME", raising=False)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.chdir(tmp_path)

    settings = Settings()

    assert settings.embedded
    assert settings.home == tmp_path / ".loyalty"
    assert settings.port == 8000


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("LOYALTY_DATABASE_URL", "postgres://app:secret@db.example/shop")
    monkeypatch.setenv("LOYALTY_OWNER_DATABASE_URL", "postgresql://owner@db.example/shop")

    settings = Settings()

    assert settings.port == 8123
    assert not settings.embedded
    assert settings.application_url().drivername == "postgresql+psycopg"
    assert settings.application_url().username == "app"
    assert settings.owner_url().username == "owner"


def test_the_owner_is_the_application_when_nobody_else_is_named() -> None:
    settings = Settings(database_url=SecretStr("postgresql://one@h/d"))

    assert settings.owner_url() == settings.application_url()


def test_secrets_are_not_shown() -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://one:hidden@h/d"),
        stripe_api_key=SecretStr("sk_test_hidden42"),
        smtp_url=SecretStr("smtp://hidden"),
    )

    assert "hidden" not in repr(settings)


def test_a_database_of_another_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="PostgreSQL"):
        Settings(database_url=SecretStr("mysql://h/d"))


def test_what_is_wrong_is_named_by_variable_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOYALTY_DATABASE_URL", "mysql://someone:hidden@h/d")
    monkeypatch.setenv("PORT", "http")

    with pytest.raises(ValidationError) as refusal:
        Settings()

    assert "hidden" not in str(refusal.value)
    assert explain(refusal.value).startswith("LOYALTY_DATABASE_URL: ")
    assert "; PORT: " in explain(refusal.value)
    assert "hidden" not in explain(refusal.value)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]  # a type forbids it, and so does the object


@pytest.mark.parametrize(
    "url",
    [
        "https://mail.example.com",
        "mail.example.com:25",
        "smtp://",
        "smtp://h/inbox",
        "smtp+tls://h",
    ],
)
def test_a_mail_server_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="mail server"):
        Settings(smtp_url=SecretStr(url))


@pytest.mark.parametrize("sender", ["", "nobody", "a@b@c", "Shop <>", "Shop\n <a@b.example>"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(ValidationError, match="sender"):
        Settings(mail_from=sender)


def test_a_public_address_is_one_that_a_browser_opens() -> None:
    assert Settings(public_url="https://points.example.com/").public_url is not None
    with pytest.raises(ValidationError, match="address"):
        Settings(public_url="points.example.com")


LOCAL = "http://127.0.0.1:12111"


@pytest.mark.parametrize(
    ("key", "base"),
    [
        (None, None),
        (None, LOCAL),
        ("sk_test_local", LOCAL),
        ("sk_test_local", "http://localhost:1"),
        ("sk_test_51abcdefgh", None),
        ("rk_live_51abcdefgh", None),
    ],
)
def test_a_key_of_stripe_fits_its_address(key: str | None, base: str | None) -> None:
    secret = None if key is None else SecretStr(key)

    settings = Settings(stripe_api_key=secret, stripe_api_base=base)

    assert settings.stripe_api_base == base


@pytest.mark.parametrize(
    ("key", "base"),
    [
        ("sk_live_51abcdefgh", LOCAL),
        ("sk_test_51abcdefgh", LOCAL),
        ("sk_test_local", None),
        ("sk_test_local", "https://stripe.example.com"),
        ("sk_test_local", "https://127.0.0.1.example.com"),
        ("pk_live_51abcdefgh", None),
        ("anything", None),
    ],
)
def test_a_key_that_does_not_fit_is_refused_without_being_shown(key: str, base: str | None) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(stripe_api_key=SecretStr(key), stripe_api_base=base)

    told = explain(refused.value)
    assert "LOYALTY_STRIPE_API" in told
    assert "51abcdefgh" not in told


@pytest.mark.parametrize(
    ("told", "secrets"),
    [
        ("", ()),
        ("   ", ()),
        ("whsec_one_secret", ("whsec_one_secret",)),
        ("whsec_one_secret, whsec_the_next", ("whsec_one_secret", "whsec_the_next")),
    ],
)
def test_a_blank_secret_of_webhooks_is_none(told: str, secrets: tuple[str, ...]) -> None:
    assert Settings(stripe_webhook_secret=SecretStr(told)).webhook_secrets() == secrets


@pytest.mark.parametrize("told", ["secret", "whsec_", ",", "whsec_one_secret," * 3])
def test_what_is_no_secret_of_webhooks_is_refused(told: str) -> None:
    with pytest.raises(ValidationError, match="whsec_"):
        Settings(stripe_webhook_secret=SecretStr(told))
