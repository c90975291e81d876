"""Rewards as the catalogue holds them, for whoever looks after it; members read their offers."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.rewards.document import terms_of
from loyalty.rewards.errors import RewardUnknown
from loyalty.rewards.tables import reward, reward_shelf, reward_version
from loyalty.rewards.types import Draft, Kind, Reward, State, TaxClass, Version

MOST_LISTED: Final = 200


async def list_rewards(
    connection: AsyncConnection, *, state: State | None = None, after: str = "", limit: int = 50
) -> Sequence[Reward]:
    """Return rewards by code, from behind the one named."""
    wanted = _rewards().where(reward.c.code > after).order_by(reward.c.code)
    if state is not None:
        wanted = wanted.where(_STATES[state])
    rows = await connection.execute(wanted.limit(min(limit, MOST_LISTED)))
    return [_reward(row) for row in rows]


async def find_reward(connection: AsyncConnection, code: str) -> Reward:
    """Return a reward by its code. Raises RewardUnknown."""
    row = (await connection.execute(_rewards().where(reward.c.code == code))).one_or_none()
    if row is None:
        raise RewardUnknown(seen=code[:80])
    return _reward(row)


async def lock_reward(connection: AsyncConnection, code: str) -> Reward:
    """Return a reward with its row locked: who changes it waits for whoever does so now."""
    await connection.execute(
        select(reward.c.id).where(reward.c.code == code).with_for_update(key_share=True)
    )
    return await find_reward(connection, code)


async def reward_versions(
    connection: AsyncConnection, code: str, *, before: int | None = None, limit: int = 50
) -> Sequence[Version]:
    """Return what was published of a reward, the newest first, from before the one named."""
    found = await find_reward(connection, code)
    wanted = select(*_VERSION).where(reward_version.c.reward == found.id)
    if before is not None:
        wanted = wanted.where(reward_version.c.number < before)
    wanted = wanted.order_by(reward_version.c.number.desc()).limit(min(limit, MOST_LISTED))
    return [_version(row) for row in await connection.execute(wanted)]


def _reward(row: Row[*tuple[Any, ...]]) -> Reward:
    draft = None
    if row.draft is not None:
        draft = Draft(
            terms=terms_of(row.draft),
            tax_class=None if row.draft_tax_class is None else TaxClass(row.draft_tax_class),
            tax_chosen_by=row.draft_tax_chosen_by,
            changed_at=row.draft_changed_at,
        )
    return Reward(
        id=row.id,
        code=row.code,
        kind=Kind(row.kind),
        counted=row.counted,
        made_at=row.made_at,
        retired_at=row.retired_at,
        published=None if row.number is None else _version(row),
        draft=draft,
        stocked=row.stocked,
        taken=row.taken,
    )


def _version(row: Row[*tuple[Any, ...]]) -> Version:
    return Version(
        number=row.number,
        terms=terms_of(row.document),
        tiers=tuple(row.tiers),
        tax_class=TaxClass(row.tax_class),
        tax_chosen_by=row.tax_chosen_by,
        published_at=row.published_at,
        actor=row.published_by,
    )


def _rewards() -> Select[*tuple[Any, ...]]:
    of_reward = reward_version.c.reward == reward.c.id
    latest = (
        select(func.max(reward_version.c.number))
        .where(of_reward)
        .correlate(reward)
        .scalar_subquery()
    )
    whole = reward.join(reward_shelf, reward_shelf.c.reward == reward.c.id).outerjoin(
        reward_version, and_(of_reward, reward_version.c.number == latest)
    )
    return select(
        reward.c.id,
        reward.c.code,
        reward.c.kind,
        reward.c.counted,
        reward.c.made_at,
        reward.c.retired_at,
        reward.c.draft,
        reward.c.draft_tax_class,
        reward.c.draft_tax_chosen_by,
        reward.c.draft_changed_at,
        reward_shelf.c.stocked,
        reward_shelf.c.taken,
        *_VERSION,
    ).select_from(whole)


_VERSION: Final = (
    reward_version.c.number,
    reward_version.c.document,
    reward_version.c.tiers,
    reward_version.c.tax_class,
    reward_version.c.tax_chosen_by,
    reward_version.c.published_at,
    reward_version.c.actor.label("published_by"),
)

_STATES: Final[dict[State, ColumnElement[bool]]] = {
    "draft": and_(reward.c.retired_at.is_(None), reward_shelf.c.version == 0),
    "live": and_(reward.c.retired_at.is_(None), reward_shelf.c.version > 0),
    "retired": reward.c.retired_at.is_not(None),
}
