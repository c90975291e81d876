"""Short-lived signed links to a member's wallet, and credentials that stand for one member."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from loyalty.keys import CREDENTIAL
from loyalty.signing import Signing

Purpose = Literal["wallet", "credential"]

WALLET_LINK: Final = "wallet-link"
_KINDS: Final = {"wallet": WALLET_LINK, "credential": CREDENTIAL}


@dataclass(frozen=True, slots=True)
class Link:
    """A token and until when it is good."""

    purpose: Purpose
    token: str
    expires_at: datetime


def make_link(
    signing: Signing, member: UUID, *, purpose: Purpose, at: datetime, lives: timedelta
) -> Link:
    """Return a token that names the member; nothing is stored."""
    expires_at = at + lives
    token = signing.sign(_KINDS[purpose], {"member": str(member)}, expires_at=expires_at)
    return Link(purpose=purpose, token=token, expires_at=expires_at)


def read_link(signing: Signing, token: str, *, at: datetime) -> UUID:
    """Return the member whose wallet a link opens; raises TokenMalformed or TokenExpired."""
    return UUID(signing.verify(WALLET_LINK, token, at=at)["member"])
