"""Making rewards: drafts, finance's choice of the tax class, publishing and retiring.

A draft changes nothing for anybody. What was published is a version and never changes; the next
one takes its place at once, and who ordered by the one before keeps what they ordered. Every step
is on the trail.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import tiers
from loyalty.cause import Cause
from loyalty.changes import record_change
from loyalty.ids import new_id
from loyalty.rewards.document import document_of, read_terms
from loyalty.rewards.errors import (
    NothingDrafted,
    RewardCodeTaken,
    RewardMoved,
    RewardRetired,
    TaxClassNotChosen,
)
from loyalty.rewards.reading import find_reward, lock_reward
from loyalty.rewards.tables import reward, reward_shelf, reward_version
from loyalty.rewards.types import Draft, Kind, Reward, TaxClass, Terms
from loyalty.vouchers import find_definition

_record: Final = partial(record_change, subject_kind="reward")


async def make_reward(
    connection: AsyncConnection,
    cause: Cause,
    code: str,
    kind: Kind,
    document: Mapping[str, object],
    *,
    counted: bool = True,
    tax_class: TaxClass | None = None,
) -> Reward:
    """Draft a new reward; its code, its kind and whether it is counted stay for good.

    Raises RewardCodeTaken, RewardMalformed, a `rule-…` refusal of its condition, and
    DefinitionNotFound.
    """
    terms = read_terms(document, kind)
    await _tiers_for(connection, terms)
    made = await connection.execute(
        upsert(reward)
        .values(
            id=new_id(cause.at),
            code=code,
            kind=kind.value,
            counted=counted,
            made_at=cause.at,
            **_draft_columns(cause, terms, tax_class, None),
            **cause.columns(),
        )
        .on_conflict_do_nothing(constraint="reward_code_is_taken_once")
        .returning(reward.c.id)
    )
    id_ = made.scalar_one_or_none()
    if id_ is None:
        raise RewardCodeTaken(seen=code, pointer="/code")
    stocked = 0 if counted else None
    await connection.execute(insert(reward_shelf).values(reward=id_, version=0, stocked=stocked))
    await _record(
        connection, cause, subject=code, action="draft", after={"document": document_of(terms)}
    )
    return await find_reward(connection, code)


async def change_draft(
    connection: AsyncConnection,
    cause: Cause,
    code: str,
    document: Mapping[str, object],
    *,
    tax_class: TaxClass | None = None,
) -> Reward:
    """Put other terms in the draft; where there is none, it becomes that of the next version.

    Finance's choice stands while the reward is bought by the same means and is the same thing.
    """
    found = await _open(connection, code)
    terms = read_terms(document, found.kind)
    await _tiers_for(connection, terms)
    before = _last_said(found)
    class_, chosen_by = tax_class, None
    if before is not None and _same_supply(before.terms, terms):
        class_ = tax_class or before.tax_class
        chosen_by = before.tax_chosen_by if class_ == before.tax_class else None
    await _write_draft(connection, code, _draft_columns(cause, terms, class_, chosen_by))
    await _record(
        connection,
        cause,
        subject=code,
        action="change",
        before=None if before is None else {"document": document_of(before.terms)},
        after={"document": document_of(terms)},
    )
    return await find_reward(connection, code)


async def choose_tax_class(
    connection: AsyncConnection, cause: Cause, code: str, tax_class: TaxClass
) -> Reward:
    """Say, for finance, what the points in its price are for tax. The caller guards the role."""
    found = await _open(connection, code)
    draft = _drafted(found)
    columns = _draft_columns(cause, draft.terms, tax_class, cause.actor)
    await _write_draft(connection, code, columns)
    was = None if draft.tax_class is None else {"tax_class": draft.tax_class.value}
    told = {"tax_class": tax_class.value}
    await _record(
        connection, cause, subject=code, action="choose-tax-class", before=was, after=told
    )
    return await find_reward(connection, code)


async def publish_reward(
    connection: AsyncConnection, cause: Cause, code: str, *, after: int | None = None
) -> Reward:
    """Make the draft the version that is live from now on.

    `after` is the version it was written for: RewardMoved when another came since. What points
    alone buy raises TaxClassNotChosen until finance has chosen.
    """
    found = await _open(connection, code)
    if after is not None and found.version != after:
        raise RewardMoved(seen=found.version, wanted=after, pointer="/after")
    draft = _drafted(found)
    if draft.needs_finance:
        raise TaxClassNotChosen(seen=code)
    number = found.version + 1
    tax_class = draft.tax_class or TaxClass.DISCOUNT
    await connection.execute(
        insert(reward_version).values(
            reward=found.id,
            number=number,
            document=document_of(draft.terms),
            points=draft.terms.points,
            money=draft.terms.money,
            tiers=list(await _tiers_for(connection, draft.terms)),
            tax_class=tax_class.value,
            tax_chosen_by=draft.tax_chosen_by,
            published_at=cause.at,
            **cause.columns(),
        )
    )
    await _write_draft(connection, code, _NO_DRAFT)
    told = {
        "version": number,
        "tax_class": tax_class.value,
        "tax_chosen_by": draft.tax_chosen_by,
        "document": document_of(draft.terms),
    }
    was = None if found.published is None else {"version": found.version}
    await _record(connection, cause, subject=code, action="publish", before=was, after=told)
    await _put_on_shelf(connection, found, number)
    return await find_reward(connection, code)


async def retire_reward(connection: AsyncConnection, cause: Cause, code: str) -> Reward:
    """Take a reward out of the catalogue for good; what was ordered is fulfilled all the same."""
    found = await _open(connection, code)
    await _write_draft(connection, code, {**_NO_DRAFT, "retired_at": cause.at})
    await _record(
        connection, cause, subject=code, action="retire", before={"version": found.version}
    )
    await _put_on_shelf(connection, found, 0)
    return await find_reward(connection, code)


async def _open(connection: AsyncConnection, code: str) -> Reward:
    found = await lock_reward(connection, code)
    if found.retired_at is not None:
        raise RewardRetired(seen=code)
    return found


def _drafted(found: Reward) -> Draft:
    if found.draft is None:
        raise NothingDrafted(seen=found.code)
    return found.draft


def _last_said(found: Reward) -> Draft | None:
    """The draft there is, or what was published last as if it were one."""
    published = found.published
    if found.draft is not None or published is None:
        return found.draft
    return Draft(
        published.terms, published.tax_class, published.tax_chosen_by, published.published_at
    )


def _same_supply(before: Terms, after: Terms) -> bool:
    """Whether tax sees the same thing, bought by the same means."""
    return (before.points_alone, before.sku, before.definition) == (
        after.points_alone,
        after.sku,
        after.definition,
    )


async def _tiers_for(connection: AsyncConnection, terms: Terms) -> tuple[str, ...]:
    """The tiers that its condition may name; refuses a condition or a voucher there is not."""
    ladder = await tiers.live_ladder(connection)
    known = () if ladder is None else tuple(tier.code for tier in ladder.tiers)
    if terms.when is not None:
        benefits.read_audience(terms.when, tiers=known, pointer="/when")
    if terms.definition is not None:
        await find_definition(connection, terms.definition, pointer="/definition")
    return known


_NO_DRAFT: Mapping[str, Any] = {
    "draft": None,
    "draft_tax_class": None,
    "draft_tax_chosen_by": None,
    "draft_changed_at": None,
}


def _draft_columns(
    cause: Cause, terms: Terms, tax_class: TaxClass | None, chosen_by: str | None
) -> Mapping[str, Any]:
    return {
        "draft": document_of(terms),
        "draft_tax_class": None if tax_class is None else tax_class.value,
        "draft_tax_chosen_by": chosen_by,
        "draft_changed_at": cause.at,
    }


async def _write_draft(connection: AsyncConnection, code: str, columns: Mapping[str, Any]) -> None:
    await connection.execute(update(reward).where(reward.c.code == code).values(**columns))


async def _put_on_shelf(connection: AsyncConnection, found: Reward, version: int) -> None:
    """Say what can be had from now on; orders by another version are refused from here on."""
    await connection.execute(
        update(reward_shelf).where(reward_shelf.c.reward == found.id).values(version=version)
    )
