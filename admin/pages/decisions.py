"""A member's orders in plain words: what each rule gave, and why others did not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
from admin.asked import further, place_of
from admin.entry_rows import OrderLink, order_link
from admin.guards import NEEDS, Needs
from admin.member_view import called
from admin.order_rows import OrderRow, order_rows
from admin.render import page
from admin.rule_view import Speaker, speaker_of
from admin.visit import visit_of
from admin.words import named
from loyalty.ids import show
from loyalty.members import find_member, profile_of, read_member_ref, read_order_ref
from loyalty.orders.decisions import Candidate, Decided, read_decision, replay_decision
from loyalty.orders.listing import orders_of
from loyalty.orders.reading import find_order_by
from loyalty.rule_costs import given_to

STAFF: Final = {NEEDS: Needs.STAFF}
ORDERS: Final = 6
Given = Mapping[tuple[UUID, str], tuple[int, int]]
"""Money and points by order and rule."""


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One rule or voucher: what it gave, or why not and what would help."""

    rule: str
    href: str | None
    title: str
    gave: str | None
    why: str | None
    unlock: str | None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One order and every rule it concerned."""

    row: OrderRow
    link: OrderLink
    decided: Decided | None
    candidates: tuple[CandidateView, ...]
    refused: str | None


@get("/console/members/{member:str}/decisions", opt=STAFF)
async def decisions_page(request: Request[Any, Any, Any], member: FromPath[str]) -> Response[Any]:
    """The latest orders of a member, each with what was decided and why."""
    visit = visit_of(request)
    async with visit.application.database.snapshot() as connection:
        found = await find_member(connection, read_member_ref(member))
        profile = await profile_of(connection, found.id)
        speaker = await speaker_of(connection, visit)
        entries = await orders_of(connection, found.id, limit=ORDERS + 1, before=place_of(visit))
        shown = order_rows(visit, entries[:ORDERS])
        whose = {one.entry.member for one in shown if one.entry.member is not None}
        gave = await given_to(connection, whose, [one.entry.id for one in shown])
        views = [await _decision(connection, speaker, one, gave) for one in shown]
    last = entries[ORDERS - 1] if len(entries) > ORDERS else None
    return page(
        request,
        "member_decisions.html",
        member=found,
        title=called(profile),
        views=views,
        older=None
        if last is None
        else further(visit, before=f"{last.placed_at.isoformat()}_{last.id}"),
        newest=further(visit, before="") if "before" in visit.query else None,
    )


@get("/console/orders/{order:str}/replay", opt=STAFF)
async def replay_page(request: Request[Any, Any, Any], order: FromPath[str]) -> Response[Any]:
    """Make the decision of an order again, and say whether it is the same to the byte."""
    visit = visit_of(request)
    programme = visit.application.programme
    async with visit.application.database.snapshot() as connection:
        found = await find_order_by(connection, read_order_ref(order))
        decided = await read_decision(connection, programme, found)
        replayed = await replay_decision(connection, programme, found)
    return page(
        request,
        "order_replay.html",
        order=found.order,
        decided=decided,
        replayed=replayed,
        back=f"/console/orders/{show('ord', found.order.id)}",
    )


async def _decision(
    connection: AsyncConnection, speaker: Speaker, row: OrderRow, gave: Given
) -> DecisionView:
    entry, programme = row.entry, speaker.visit.application.programme
    link = order_link(entry.id, entry.external_id)
    found = await find_order_by(connection, read_order_ref(show("ord", entry.id)))
    try:
        decided = await read_decision(connection, programme, found)
    except benefits.DecisionDamaged as error:
        return DecisionView(row, link, None, (), str(error))
    views = tuple(
        _candidate(
            speaker, one, found.order.currency, gave.get((entry.id, one.rule or ""), (0, 0))[1]
        )
        for one in decided.candidates
    )
    return DecisionView(row, link, decided, views, None)


def _candidate(speaker: Speaker, one: Candidate, currency: str, points: int) -> CandidateView:
    visit, reason = speaker.visit, one.reason
    voice = visit.voice

    def money(minor: int) -> str:
        return voice.money(minor, currency)

    gave = None
    if one.applied is not None:
        parts = [voice.say("%(money)s off", money=money(one.applied.amount))]
        parts = parts if one.applied.amount else []
        if points:
            parts.append(voice.count("%(number)s point", "%(number)s points", points))
        elif one.applied.earned:
            parts.append(voice.say("earned points"))
        gave = " · ".join(parts) or voice.say("gave what it has")
    why = unlock = None
    if reason is not None:
        why = benefits.reason_sentence(
            reason, language=voice.name, money=money, names=speaker.names
        )
        if reason.unlock is not None:
            unlock = benefits.unlock_sentence(
                reason.unlock, language=voice.name, money=money, names=speaker.names
            )
    return CandidateView(
        one.rule or one.voucher_code or "",
        None if one.rule is None else f"/console/rules/{one.rule}",
        named(voice, one.titles, ""),
        gave,
        why,
        unlock,
    )


ROUTES: Final = (decisions_page, replay_page)
