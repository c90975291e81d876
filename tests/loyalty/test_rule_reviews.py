"""Reviews of drafts of rules: frozen while somebody looks, approved by another, as they stand."""

from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from benefits import BenefitsError, RuleChange, RuleDraft
from loyalty.cause import Cause
from loyalty.policy import document_of, policy_at, publish_policy
from loyalty.rule_drafts import change_draft, end_rule, make_draft, publish_draft, retire_draft
from loyalty.rule_reviews import approve, hand_in, send_back
from loyalty.rules import publish_rules
from loyalty.tables import change

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ANNA, BERT, CARL = (Cause(NOW, f"staff:{number:032x}", "test") for number in (1, 2, 3))
BASE = {"rule": "base", "effects": [{"effect": "earn", "points": 1, "per": 100}]}
DOUBLE = {"rule": "base", "effects": [{"effect": "earn", "points": 2, "per": 100}]}
FREE = {"rule": "free", "effects": [{"effect": "free-shipping"}]}


def of(*rules: Mapping[str, Any], retired: tuple[str, ...] = ()) -> RuleChange:
    return RuleChange(rules, retired)


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises(BenefitsError) as caught:
        await work
    return caught.value.code


async def ask_for_reviewers(connection: AsyncConnection, number: int = 1) -> None:
    policy = await policy_at(connection, NOW)
    await publish_policy(connection, ANNA, {**document_of(policy), "rule_reviewers": number})


async def handed_in(connection: AsyncConnection, wanted: RuleChange) -> RuleDraft:
    draft = await make_draft(connection, ANNA, wanted)
    return await hand_in(connection, ANNA, draft.id)


async def approved(connection: AsyncConnection, wanted: RuleChange) -> RuleDraft:
    draft = await handed_in(connection, wanted)
    return await approve(connection, BERT, draft.id, digest=draft.digest)


async def test_a_draft_in_review_stays_as_it_is_until_it_is_sent_back_with_a_reason(
    connection: AsyncConnection,
) -> None:
    draft = await handed_in(connection, of(BASE))
    lives = {one.rule: one.state for one in await benefits.list_lives(connection, at=NOW)}

    assert (draft.state_at(NOW), lives) == ("review", {"base": "review"})
    assert await refused(change_draft(connection, ANNA, draft.id, of(DOUBLE))) == "review-pending"
    assert await refused(publish_draft(connection, ANNA, draft.id)) == "review-pending"
    assert await refused(hand_in(connection, BERT, draft.id)) == "review-pending"
    back = await send_back(connection, BERT, draft.id, reason="too much")
    assert back.review is not None
    assert (back.state_at(NOW), back.review.verdict, back.review.reason) == (
        *("open", "sent-back"),
        "too much",
    )
    again = await change_draft(connection, ANNA, draft.id, of(DOUBLE))
    assert again.digest != draft.digest
    assert await refused(send_back(connection, BERT, draft.id, reason="x")) == "review-not-asked"
    second = await hand_in(connection, ANNA, draft.id)
    assert second.review is not None
    assert (second.review.number, second.review.digest) == (2, again.digest)
    assert (await retire_draft(connection, ANNA, draft.id)).state_at(NOW) == "retired"


async def test_what_the_policy_wants_reviewed_is_published_only_as_another_approved_it(
    connection: AsyncConnection,
) -> None:
    await ask_for_reviewers(connection)
    draft = await make_draft(connection, ANNA, of(BASE))

    assert await refused(publish_draft(connection, ANNA, draft.id)) == "review-missing"
    await hand_in(connection, ANNA, draft.id)
    assert await refused(publish_draft(connection, BERT, draft.id)) == "review-missing"
    seen = draft.digest
    wrong = approve(connection, BERT, draft.id, digest="0" * 64)
    assert await refused(wrong) == "review-stale"
    assert await refused(approve(connection, ANNA, draft.id, digest=seen)) == "review-own"
    good = await approve(connection, BERT, draft.id, digest=seen, reason="fine")
    assert good.state_at(NOW) == "approved"
    assert (await publish_draft(connection, ANNA, draft.id)).state_at(NOW) == "published"
    trail = await connection.scalars(
        select(change.c.action).where(change.c.subject_kind == "rule-draft").order_by(change.c.id)
    )
    assert list(trail) == ["draft", "hand-in", "approve", "publish"]


async def test_an_approval_is_of_the_draft_as_it_was_on_top_of_what_was_live(
    connection: AsyncConnection,
) -> None:
    base = await make_draft(connection, ANNA, of(BASE))
    await publish_draft(connection, ANNA, base.id)
    await ask_for_reviewers(connection)
    one = await approved(connection, of(DOUBLE))
    other = await approved(connection, of(retired=("base",)))

    await change_draft(connection, CARL, one.id, of(DOUBLE, FREE))
    assert await refused(publish_draft(connection, ANNA, one.id)) == "review-stale"
    await hand_in(connection, ANNA, one.id)
    await publish_draft(connection, ANNA, other.id)
    now = (await benefits.find_rule_draft(connection, one.id)).digest
    assert await refused(approve(connection, CARL, one.id, digest=now)) == "review-own"
    await approve(connection, BERT, one.id, digest=now)
    with pytest.raises(benefits.RuleDraftOutrun) as outrun:
        await publish_draft(connection, ANNA, one.id)
    done = await publish_draft(connection, ANNA, one.id, after=outrun.value.wanted)
    assert done.published == 3

    moved = await approved(connection, of({**FREE, "priority": 1}))
    first = await approved(connection, of(retired=("free",)))
    await publish_draft(connection, ANNA, first.id)
    late = publish_draft(connection, ANNA, moved.id, after=4)
    assert await refused(late) == "review-stale", "the reviewer saw something else live"


async def test_nothing_is_published_past_a_draft_where_one_has_to_be_reviewed(
    connection: AsyncConnection,
) -> None:
    base = await make_draft(connection, ANNA, of(BASE, FREE))
    await publish_draft(connection, ANNA, base.id)
    await ask_for_reviewers(connection)

    assert await refused(publish_rules(connection, ANNA, [("base", 1)])) == "review-missing"
    assert await refused(end_rule(connection, ANNA, "base")) == "review-missing"
    soon = NOW + timedelta(days=1)
    to_come = await approved(connection, of(DOUBLE))
    await publish_draft(connection, ANNA, to_come.id, live_from=soon)
    withdrawn = await retire_draft(connection, ANNA, to_come.id)
    assert withdrawn.state_at(NOW) == "retired", "what leaves all as it is needs nobody"
    await ask_for_reviewers(connection, 0)
    assert await end_rule(connection, ANNA, "base") > 0


FORGED = {
    "rule_draft_is_frozen_in_review": "update benefits.rule_draft set retired = '{x}'",
    "rule_draft_review_is_of_the_draft": (
        "insert into benefits.rule_draft_review (draft, number, digest, authors, handed_in_at,"
        " handed_in_by, request_id) select id, 9, repeat('0', 64), authors, made_at, made_by, ''"
        " from benefits.rule_draft"
    ),
    "rule_draft_review_is_by_another": (
        "update benefits.rule_draft_review set verdict = 'approved', decided_at = handed_in_at,"
        " decided_by = handed_in_by"
    ),
    "rule_draft_review_sent_back_says_why": (
        "update benefits.rule_draft_review set verdict = 'sent-back', decided_at = handed_in_at,"
        " decided_by = handed_in_by"
    ),
    "rule_draft_review_is_decided_once": (
        "update benefits.rule_draft_review set reason = 'otherwise'"
    ),
}


@pytest.mark.parametrize("guard", FORGED)
async def test_the_database_holds_what_a_review_is_by_itself(
    connection: AsyncConnection, guard: str
) -> None:
    base = await make_draft(connection, ANNA, of(BASE))
    await publish_draft(connection, ANNA, base.id)
    await ask_for_reviewers(connection)
    if guard == "rule_draft_review_is_decided_once":
        await approved(connection, of(DOUBLE))
    else:
        await handed_in(connection, of(DOUBLE))

    with pytest.raises(IntegrityError) as broken:
        await connection.execute(text(FORGED[guard]))

    diagnosis: Any = broken.value.orig
    assert diagnosis.diag.constraint_name == guard
