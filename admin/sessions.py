"""Whose visit it is: the staff session behind a cookie, and the member behind a wallet's.

A wallet's session is a signed statement with a short life and no row: it names one member and
opens that member's wallet and nothing else; there they read, and end or change their membership.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from loyalty.bootstrap import Application
from loyalty.links import read_link
from loyalty.signing import TokenExpired, TokenMalformed
from loyalty.staff import Session, find_session, is_stale, mark_seen

WALLET: Final = "wallet-session"
WALLET_FOR: Final = timedelta(minutes=30)


async def living_session(application: Application, token: str, at: datetime) -> Session | None:
    """The session of a token, noting now and then that it was used."""
    database = application.database
    async with database.read() as connection:
        session = await find_session(connection, token, at=at)
    if session is not None and is_stale(session, at=at):
        await database.write(mark_seen, token, at=at)
    return session


async def open_wallet(application: Application, link: str, at: datetime) -> tuple[UUID, str]:
    """Exchange the shop's link for a session of the wallet; raises what is wrong with it."""
    await _know(application, link)
    member = read_link(application.signing, link, at=at)
    token = application.signing.sign(WALLET, {"member": str(member)}, expires_at=at + WALLET_FOR)
    return member, token


async def wallet_member(application: Application, token: str, at: datetime) -> UUID | None:
    """The member whose wallet a cookie opens, if it still does."""
    await _know(application, token)
    try:
        return UUID(application.signing.verify(WALLET, token, at=at)["member"])
    except (TokenExpired, TokenMalformed):
        return None


async def _know(application: Application, token: str) -> None:
    """Read the signing keys anew when a token names one that this process has not read."""
    if not application.signing.knows(token):
        async with application.database.read() as connection:
            await application.signing.load(connection)
