"""Proof that what is stored agrees with itself."""

from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.types import Finding


async def verify(connection: AsyncConnection) -> list[Finding]:
    """Every broken invariant: voucher counters against uses, rule sets against rules, prices."""
    raise NotImplementedError
