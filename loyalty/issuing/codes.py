"""Claims codes in the programme's names, a set at a time, so that no two vouchers have one code."""

import secrets
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Text, Uuid, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import FREE, mint_code, vouchers_stored
from loyalty.names import VOUCHER
from loyalty.tables import name

Holder = tuple[UUID, UUID]
"""Whose voucher it is (`FREE` is nobody's), and the voucher."""


async def claim_minted(
    connection: AsyncConnection, holders: Sequence[Holder]
) -> Mapping[UUID, str]:
    """Mint and claim a code for each voucher; one that is taken already is minted anew."""
    codes: dict[UUID, str] = {}
    left = list(holders)
    while left:
        minted = {voucher: mint_code(secrets.randbelow) for _, voucher in left}
        free = await claim(connection, [(minted[one[1]], one) for one in left])
        codes |= {voucher: minted[voucher] for voucher in free}
        left = [one for one in left if one[1] not in free]
    return codes


async def claim(
    connection: AsyncConnection, wanted: Sequence[tuple[str, Holder]]
) -> frozenset[UUID]:
    """Claim codes for vouchers, in their order; answers the vouchers whose codes were free."""
    if not wanted:
        return frozenset()
    ordered = sorted(wanted)
    given = (
        func.unnest(
            literal([code for code, _ in ordered], ARRAY(Text)),
            literal([_named(whose) for _, (whose, _) in ordered], ARRAY(Uuid)),
            literal([voucher for _, (_, voucher) in ordered], ARRAY(Uuid)),
        )
        .table_valued(
            column("code", Text), column("member", Uuid), column("id", Uuid), name="given"
        )
        .render_derived()
    )
    rows = select(literal(VOUCHER, Text), given.c.code, given.c.member, given.c.id)
    taken = (
        insert(name)
        .from_select(["kind", "name", "member", "id"], rows)
        .on_conflict_do_nothing(constraint="name_is_taken_once")
        .returning(name.c.id)
    )
    return frozenset(await connection.scalars(taken))


async def holders_of(
    connection: AsyncConnection, codes: Sequence[str]
) -> Mapping[str, tuple[UUID, str]]:
    """Return whose vouchers codes are, and of which definition."""
    stored = vouchers_stored().subquery("stored")
    whose = func.coalesce(name.c.member, literal(FREE, Uuid))
    found = (
        select(name.c.name, stored.c.member, stored.c.definition)
        .join(stored, (stored.c.member == whose) & (stored.c.id == name.c.id))
        .where(name.c.kind == VOUCHER, name.c.name == func.any(literal(list(codes), ARRAY(Text))))
    )
    return {code: (member, of) for code, member, of in await connection.execute(found)}


def _named(whose: UUID) -> UUID | None:
    return None if whose == FREE else whose
