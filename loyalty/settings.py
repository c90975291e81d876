"""The only reader of the environment.

Everything the deployment decides is named here once, frozen at start and handed down. What the
programme decides (point value, pending days, …) is data and lives in the programme's policy.
"""

import re
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from loyalty.loopback import is_loopback

DRIVER = "postgresql+psycopg"
MAIL_SCHEMES = frozenset({"smtp", "smtps", "smtp+starttls"})

DOUBLE_KEY = "sk_test_local"
"""The one key of the double of tests; it opens nothing at Stripe."""
MOST_SECRETS = 2

_SENDER = re.compile(r"[!-;=?A-~]+@[0-9A-Za-z.-]+")
_STRIPE_KEY = re.compile(r"[sr]k_(test|live)_[0-9A-Za-z_]{8,}")
_WEBHOOK_SECRET = re.compile(r"whsec_[0-9A-Za-z_+/=-]{8,}")


class Settings(BaseSettings):
    """What the environment says; every name starts with ``LOYALTY_``, except ``PORT``."""

    model_config = SettingsConfigDict(
        env_prefix="LOYALTY_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    home: Path = Path(".loyalty")
    """Where the embedded PostgreSQL lives when no database is named."""

    database_url: SecretStr | None = None
    """The application's role, which owns nothing."""

    owner_database_url: SecretStr | None = None
    """The owner's role, for ``loyalty db`` only; the application's when unset."""

    host: str = "127.0.0.1"
    """The address to listen on."""

    port: int = Field(default=8000, ge=0, le=65535, validation_alias="PORT")
    """The port to listen on; 0 takes any that is free."""
    pool_size: int = Field(default=10, ge=1, le=500)
    """Connections a process keeps for reading, and as many again for writing."""

    stripe_api_key: SecretStr | None = None
    """The secret key of the Stripe account that sells memberships; without one it sells none."""

    stripe_webhook_secret: SecretStr | None = None
    """What Stripe signs its webhooks with; two with a comma between while one is exchanged.
    Without one the programme takes no webhooks."""

    stripe_api_base: str | None = None
    """Where Stripe's API answers when it is not Stripe's own: the double of tests, on this machine,
    with the key ``sk_test_local``."""

    smtp_url: SecretStr | None = None
    """The mail server, such as ``smtp+starttls://user:password@mail.example.com:587``; ``smtps://``
    is encrypted from the start, ``smtp://`` where the server offers it."""

    mail_from: str | None = None
    """The sender of the programme's mails; without it and a server, mail is off."""

    public_url: str | None = None
    """Where members reach the programme, such as ``https://points.example.com``; mails then link
    to the wallet."""

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("database_url", "owner_database_url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            read_url(url.get_secret_value())
        return url

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            parts = urlsplit(url.get_secret_value())
            if parts.scheme not in MAIL_SCHEMES or not parts.hostname or parts.path.strip("/"):
                message = "a mail server is expected, such as smtp://mail.example.com:25"
                raise ValueError(message)
        return url

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, sender: str | None) -> str | None:
        if sender is not None and (
            not sender.isprintable() or not _SENDER.fullmatch(parseaddr(sender)[1])
        ):
            message = "a sender is expected, such as Points <points@example.com>"
            raise ValueError(message)
        return sender

    @field_validator("public_url")
    @classmethod
    def _is_public(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s/?#]+/?", url):
            message = "an address is expected, such as https://points.example.com"
            raise ValueError(message)
        return url

    @field_validator("stripe_api_base")
    @classmethod
    def _is_a_double(cls, url: str | None) -> str | None:
        if url is not None and not (re.fullmatch(r"https?://[^\s]+", url) and is_loopback(url)):
            message = "an address of this machine is expected, such as http://127.0.0.1:12111"
            raise ValueError(message)
        return url

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _is_a_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None or not secret.get_secret_value().strip():
            return None
        told = _secrets(secret)
        if not 0 < len(told) <= MOST_SECRETS or not all(
            _WEBHOOK_SECRET.fullmatch(each) for each in told
        ):
            message = "one secret whsec_… is expected, or two with a comma between"
            raise ValueError(message)
        return secret

    @model_validator(mode="after")
    def _key_fits_its_address(self) -> "Settings":
        if self.stripe_api_key is None:
            return self
        key = self.stripe_api_key.get_secret_value()
        if (key == DOUBLE_KEY) != (self.stripe_api_base is not None):
            message = f"the key {DOUBLE_KEY} is for a double at stripe_api_base, and no other is"
            raise ValueError(message)
        if key != DOUBLE_KEY and not _STRIPE_KEY.fullmatch(key):
            message = "a secret key of Stripe's is expected: sk_live_…, sk_test_…, rk_live_…"
            raise ValueError(message)
        return self

    def webhook_secrets(self) -> tuple[str, ...]:
        """What webhooks may be signed with; none when the programme takes none."""
        secret = self.stripe_webhook_secret
        return () if secret is None else _secrets(secret)

    @property
    def embedded(self) -> bool:
        """Whether the programme keeps its own PostgreSQL under `home`."""
        return self.database_url is None

    def application_url(self) -> URL:
        """The external database as the application's role; only when one is named."""
        if self.database_url is None:
            message = "no external database is named"
            raise LookupError(message)
        return read_url(self.database_url.get_secret_value())

    def owner_url(self) -> URL:
        """The external database as its owner, which may be the same role."""
        if self.owner_database_url is None:
            return self.application_url()
        return read_url(self.owner_database_url.get_secret_value())


def explain(error: ValidationError) -> str:
    """What is wrong with the environment, by variable, without repeating a value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"LOYALTY_{str((each['loc'] or ('stripe_api_key',))[-1]).upper()}: {each['msg']}"
        for each in found
    ]
    return "; ".join(lines).replace("LOYALTY_PORT", "PORT")


def _secrets(secret: SecretStr) -> tuple[str, ...]:
    return tuple(each.strip() for each in secret.get_secret_value().split(",") if each.strip())


def read_url(text: str) -> URL:
    """Read a database URL in any of its usual spellings and name our driver explicitly."""
    url = make_url(text)
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        message = f"a PostgreSQL URL is expected, not one for {url.get_backend_name()}"
        raise ValueError(message)
    return url.set(drivername=DRIVER)
