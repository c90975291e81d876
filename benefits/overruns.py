"""Counters that are taken anew for what is a fact by now: nothing is refused, overruns are told.

What was set aside for something was given back, and others may have had it meanwhile.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.counted import Limit
from benefits.counter_tables import counter
from benefits.counting import voucher_scope
from benefits.language.limits import read_limits
from benefits.records import FREE
from benefits.rule_set import RuleSet
from benefits.tables import voucher_definition
from benefits.uses import Use, settle_uses

_Key = tuple[bool, str, str, str, str]


async def retake_uses(
    connection: AsyncConnection,
    uses: Sequence[tuple[Use, int]],
    rule_set: RuleSet,
    *,
    counted_for: UUID | None = None,
) -> Mapping[str, int]:
    """Settle uses of which so much is taken anew; answers by how much limits are passed by that.

    The most of each measure, by the counters of whom it counts for. The limits are those of the
    rule set and of definitions of vouchers.
    """
    settled = [use for use, _ in uses]
    await settle_uses(connection, settled)
    stands = await _stands(connection, settled, counted_for)
    limits = {scope: bound for rule in rule_set.rules for scope, bound, _ in rule.bounds}
    limits |= await _limits_of_vouchers(connection, {use.scope for use in settled})
    over: dict[str, int] = {}
    for use, anew in uses:
        for limit in limits.get(use.scope, ()):
            if _counts(limit, use):
                passed = min(anew, stands[_key(use)] - limit.most)
                over[use.measure] = max(passed, over.get(use.measure, 0))
    return {measure: passed for measure, passed in over.items() if passed}


def _counts(limit: Limit, use: Use) -> bool:
    """Whether a limit bounds what a use is counted by."""
    whose = "all" if use.everyone else "member"
    return use.side > 0 and (limit.count, limit.whose, limit.every) == (
        use.measure,
        whose,
        use.every,
    )


def _key(use: Use) -> _Key:
    return use.everyone, use.starts_on, use.scope, use.measure, use.every


async def _stands(
    connection: AsyncConnection, uses: Sequence[Use], counted_for: UUID | None
) -> Mapping[_Key, int]:
    """Where counters stand; their rows are locked since the uses were settled."""
    wanted = or_(
        *(
            and_(
                counter.c.member == (FREE if use.everyone else counted_for or use.member),
                counter.c.starts_on == date.fromisoformat(use.starts_on),
                counter.c.scope == use.scope,
                counter.c.measure == use.measure,
                counter.c.every == use.every,
            )
            for use in uses
        )
    )
    return {
        (row.member == FREE, row.starts_on.isoformat(), row.scope, row.measure, row.every): row.used
        for row in await connection.execute(select(counter).where(wanted))
    }


async def _limits_of_vouchers(
    connection: AsyncConnection, scopes: set[str]
) -> Mapping[str, tuple[Limit, ...]]:
    """The limits of the definitions of vouchers that are among the scopes."""
    prefix = voucher_scope("")
    names = [scope.removeprefix(prefix) for scope in scopes if scope.startswith(prefix)]
    if not names:
        return {}
    table = voucher_definition
    found = await connection.execute(
        select(table.c.name, table.c.limits).where(table.c.name.in_(names))
    )
    return {voucher_scope(row.name): read_limits(list(row.limits), "/limits") for row in found}
