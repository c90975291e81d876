"""Proof that what is stored agrees with itself: counters with uses, sets with rules. Reads only."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits.counter_tables import counter, rule_use
from benefits.errors import BenefitsError
from benefits.records import Finding
from benefits.rules import find_rule_set
from benefits.tables import (
    price,
    rule_set,
    rule_set_rule,
    voucher,
    voucher_definition,
    voucher_use,
)

Broken = Callable[[], Select[*tuple[Any, ...]]]
"""Says which rows break an invariant."""

_MOST = 100


async def verify(connection: AsyncConnection) -> list[Finding]:
    """Every broken invariant, each with the row it was seen on; at most a hundred of a kind."""
    return [
        *await _rows(connection, "voucher-counters-equal-uses", _miscounted_vouchers),
        *await _rows(connection, "voucher-used-within-its-uses", _overused_vouchers),
        *await _rows(connection, "voucher-has-a-definition", _undefined_vouchers),
        *await _rows(connection, "counter-equals-uses", _miscounted_counters),
        *await _rows(connection, "price-at-most-regular", _prices_above_regular),
        *await _unreadable_rule_sets(connection),
    ]


def _miscounted_vouchers() -> Select[*tuple[Any, ...]]:
    """Vouchers whose counters are not the number of their uses in each state."""
    redeemed = voucher_use.c.state == "redeemed"
    counted = (
        select(
            voucher_use.c.member,
            voucher_use.c.voucher,
            func.count().filter(voucher_use.c.state == "reserved").label("reserved"),
            func.count().filter(redeemed & ~voucher_use.c.overrun).label("redeemed"),
            func.count().filter(redeemed & voucher_use.c.overrun).label("overrun"),
        )
        .group_by(voucher_use.c.member, voucher_use.c.voucher)
        .subquery()
    )

    def differs(stored: ColumnElement[int], found: ColumnElement[int]) -> ColumnElement[bool]:
        return stored != func.coalesce(found, 0)

    return (
        select(voucher.c.member, voucher.c.id)
        .outerjoin(
            counted, (counted.c.member == voucher.c.member) & (counted.c.voucher == voucher.c.id)
        )
        .where(
            differs(voucher.c.uses_reserved, counted.c.reserved)
            | differs(voucher.c.uses_redeemed, counted.c.redeemed)
            | differs(voucher.c.uses_overrun, counted.c.overrun)
        )
    )


def _miscounted_counters() -> Select[*tuple[Any, ...]]:
    """Counters that do not stand where their uses lead, and uses of counters that are not there."""
    key = ("starts_on", "scope", "measure", "every")
    left = rule_use.c.side * (rule_use.c.taken - rule_use.c.given_back)
    counted = (
        select(
            rule_use.c.counter_member,
            *(rule_use.c[name] for name in key),
            func.sum(left).label("used"),
        )
        .group_by(rule_use.c.counter_member, *(rule_use.c[name] for name in key))
        .subquery()
    )
    same = and_(
        counted.c.counter_member == counter.c.member,
        *(counted.c[name] == counter.c[name] for name in key),
    )
    named = func.coalesce(counter.c.member, counted.c.counter_member)
    return (
        select(named, func.coalesce(counter.c.scope, counted.c.scope))
        .select_from(counter.outerjoin(counted, same, full=True))
        .where(func.coalesce(counter.c.used, 0) != func.coalesce(counted.c.used, 0))
    )


def _overused_vouchers() -> Select[*tuple[Any, ...]]:
    used = voucher.c.uses_reserved + voucher.c.uses_redeemed + voucher.c.uses_passed
    return select(voucher.c.member, voucher.c.id).where(used > voucher.c.uses)


def _undefined_vouchers() -> Select[*tuple[Any, ...]]:
    return (
        select(voucher.c.member, voucher.c.id)
        .outerjoin(voucher_definition, voucher_definition.c.name == voucher.c.definition)
        .where(voucher_definition.c.name.is_(None))
    )


def _prices_above_regular() -> Select[*tuple[Any, ...]]:
    return select(price.c.price_list, price.c.sku).where(price.c.amount > price.c.regular)


async def _rows(connection: AsyncConnection, invariant: str, broken: Broken) -> list[Finding]:
    rows = await connection.execute(_most_of(broken))
    return [Finding(invariant, _key(row), "") for row in rows]


@cache
def _most_of(broken: Broken) -> Select[*tuple[Any, ...]]:
    """The statement, built once and kept with all that is known of it."""
    return broken().limit(_MOST)


def _key(row: Sequence[object]) -> str:
    return "/".join(str(value) for value in row)


async def _unreadable_rule_sets(connection: AsyncConnection) -> list[Finding]:
    """Rule sets that this engine cannot compile, and sets that lost all their rules."""
    findings = []
    versions = list(await connection.scalars(select(rule_set.c.version)))
    for version in versions:
        try:
            await find_rule_set(connection, version)
        except BenefitsError as error:
            findings.append(Finding("rule-set-can-be-compiled", str(version), str(error)))
    orphans = await connection.scalars(
        select(rule_set_rule.c.rule_set).where(rule_set_rule.c.rule_set.not_in(versions)).distinct()
    )
    findings += [Finding("rule-set-is-stored", str(version), "") for version in orphans]
    return findings
