"""One member as the console and the wallet show them: read in one snapshot, ready to be drawn.

Both pages show the same figures from the same reads; what differs is the words around them and
what the console may do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

import benefits
import ledger
import tiers
from admin.actors import actor_words, by_id
from admin.charts import share
from admin.language import Voice
from admin.message_view import MessageView, message_view
from admin.order_rows import OrderRow, order_rows
from admin.perks import OfferView, offers_of, rights_of
from admin.reasons import why_moved
from admin.standings import (
    TierMark,
    change_words,
    figure_words,
    keep_words,
    mark_of,
    metric_order,
    next_words,
    reason_words,
)
from admin.trail import Deed, deeds_of
from admin.visit import Visit
from admin.words import (
    GIFTS,
    KINDS,
    LOT_CLASSES,
    MEMBER_CLASSES,
    VOUCHER_STATES,
    Badge,
    badge,
    named,
)
from loyalty.members import Member, Profile, Ref, find_member, profile_of
from loyalty.orders.listing import orders_of
from loyalty.outbox import list_messages
from loyalty.staff import Person, list_people

HISTORY: Final = 25
ORDERS: Final = 10
VOUCHERS: Final = 50
CHANGES: Final = 5
MESSAGES: Final = 8
EXPIRING_WITHIN: Final = timedelta(days=90)
FULL: Final = 1000
LONGEST_NUMBER: Final = 19


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the standing."""

    change: tiers.RecordedChange
    words: str
    why: str | None
    mark: TierMark


@dataclass(frozen=True, slots=True)
class TierView:
    """Where the member stands and what is missing."""

    mark: TierMark
    figures: tiers.Figures
    counted: tuple[str, ...]
    valid_until: datetime | None
    next_mark: TierMark | None
    next_words: str | None
    next_length: int
    keep_words: str | None
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class VoucherView:
    """A voucher with its name and its state."""

    voucher: benefits.Voucher
    code: str
    name: str
    state: Badge
    usable: bool


@dataclass(frozen=True, slots=True)
class MovementView:
    """One line of the history."""

    movement: ledger.Movement
    words: str
    who: str
    why: str | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """Everything a page about one member shows."""

    member: Member
    profile: Profile
    class_badge: Badge
    wallet: ledger.Wallet
    value: int
    lots: Sequence[tuple[ledger.Lot, str]]
    expiring: Sequence[ledger.Expiring]
    history: Sequence[MovementView]
    more: int | None
    tier: TierView | None
    vouchers: Sequence[VoucherView]
    definitions: Sequence[benefits.VoucherDefinition]
    orders: Sequence[OrderRow]
    deeds: Sequence[Deed]
    messages: Sequence[MessageView]
    rights: Sequence[str]
    offers: Sequence[OfferView]

    @property
    def title(self) -> str:
        """What to call the member."""
        return called(self.profile)

    @staticmethod
    def voucher_name(voice: Voice, definition: benefits.VoucherDefinition) -> str:
        """A voucher's name in the visitor's language."""
        return named(voice, definition.titles, definition.name)


def called(profile: Profile) -> str:
    """What to call a member: by name, by the shop's id, by e-mail; or nothing."""
    names = (profile.name, *profile.external_ids, profile.email)
    return next((name for name in names if name), "")


async def load_member(
    visit: Visit, ref: Ref, *, before: int | None = None, offers: bool = False
) -> MemberView:
    """Read a member in one snapshot, with rewards if asked; raises `UnknownMember`."""
    async with visit.application.database.snapshot() as connection:
        member = await find_member(connection, ref)
        holder, at = member.holder, visit.at
        wallet = await ledger.wallet(connection, holder, at=at)
        movements = await ledger.transactions(connection, holder, before=before, limit=HISTORY + 1)
        lots = await ledger.lots(connection, holder, at=at)
        expiring = await ledger.expiring(connection, holder, at=at, until=at + EXPIRING_WITHIN)
        people = by_id(await list_people(connection))
        definitions = await benefits.list_definitions(connection, limit=VOUCHERS)
        vouchers = await _vouchers(connection, visit, member.id, definitions)
        tier = await _tier(connection, visit, member)
        orders = await orders_of(connection, member.id, limit=ORDERS)
        profile = await profile_of(connection, member.id)
        deeds = await deeds_of(connection, visit.voice, member.id, people)
        told = await list_messages(connection, limit=MESSAGES, member=member.id)
        rights = await rights_of(connection, visit, member)
        shown = await offers_of(connection, visit, member) if offers else ()
    return MemberView(
        member=member,
        profile=profile,
        class_badge=badge(visit.voice, MEMBER_CLASSES, member.class_),
        wallet=wallet,
        value=visit.policy.point_value.money_down(wallet.available),
        lots=[(lot, visit.voice.say(LOT_CLASSES[lot.lot_class])) for lot in lots],
        expiring=expiring,
        history=[_movement(visit.voice, one, people) for one in movements[:HISTORY]],
        more=movements[HISTORY - 1].sequence if len(movements) > HISTORY else None,
        tier=tier,
        vouchers=vouchers,
        definitions=definitions,
        orders=order_rows(visit, orders),
        deeds=deeds,
        messages=[message_view(visit.voice, one, None) for one in told],
        rights=rights,
        offers=shown,
    )


def page_before(visit: Visit) -> int | None:
    """The place in the history that the address names; nonsense is the beginning."""
    text = visit.query.get("before", "")
    return int(text) if text.isdecimal() and len(text) < LONGEST_NUMBER else None


def _movement(
    voice: Voice, movement: ledger.Movement, people: Mapping[UUID, Person]
) -> MovementView:
    said = GIFTS.get(movement.reason) or KINDS[movement.kind]
    who, why = actor_words(voice, movement.actor, people), why_moved(voice, movement.reason)
    return MovementView(movement, voice.say(said), who, why)


async def _vouchers(
    connection: AsyncConnection,
    visit: Visit,
    member: UUID,
    definitions: Sequence[benefits.VoucherDefinition],
) -> list[VoucherView]:
    titles = {one.name: one.titles for one in definitions}
    rows = await connection.execute(benefits.vouchers_of(member).limit(VOUCHERS))
    views = []
    for row in rows:
        voucher = benefits.read_voucher(row)
        state = benefits.voucher_state(voucher, visit.at)
        views.append(
            VoucherView(
                voucher,
                benefits.show_code(voucher.code),
                named(visit.voice, titles.get(voucher.definition, {}), voucher.definition),
                badge(visit.voice, VOUCHER_STATES, state),
                state == "issued",
            )
        )
    return sorted(views, key=lambda view: not view.usable)


async def _tier(connection: AsyncConnection, visit: Visit, member: Member) -> TierView | None:
    """The member's standing as of today; without a ladder there is none."""
    ladder = await tiers.live_ladder(connection)
    if ladder is None:
        return None
    joined_on = visit.policy.day_of(member.joined_at)
    subject = (await tiers.find_subjects(connection, {member.id: joined_on}))[member.id]
    history = await tiers.history_of(connection, member.id, limit=CHANGES)
    return tier_view(visit, ladder, subject, history)


def tier_view(
    visit: Visit,
    ladder: tiers.Ladder,
    subject: tiers.Subject,
    history: Sequence[tiers.RecordedChange],
) -> TierView:
    """Where a member stands today, what is missing and the latest steps of the way there."""
    today, voice = visit.policy.day_of(visit.at), visit.voice
    progress = tiers.progress_of(ladder, subject, on=today)
    following = progress.next
    return TierView(
        mark=mark_of(voice, ladder, progress.tier),
        figures=progress.figures,
        counted=tuple(
            figure_words(voice, metric, progress.figures.of(metric))
            for metric in sorted(ladder.metrics, key=metric_order)
        ),
        valid_until=None
        if progress.valid_until is None
        else visit.policy.midnight(progress.valid_until),
        next_mark=None if following is None else mark_of(voice, ladder, following.tier),
        next_words=None if following is None else next_words(voice, ladder, following),
        next_length=0 if following is None else _length(following, progress.figures),
        keep_words=None if progress.keep is None else keep_words(voice, ladder, progress.keep),
        path=steps_of(voice, ladder, history),
    )


def steps_of(
    voice: Voice, ladder: tiers.Ladder, history: Sequence[tiers.RecordedChange]
) -> tuple[Step, ...]:
    """Changes of a standing in words."""
    return tuple(
        Step(
            one,
            change_words(voice, ladder, one.change),
            reason_words(voice, one.change),
            mark_of(voice, ladder, one.change.after),
        )
        for one in history
    )


def _length(missing: tiers.Missing, figures: tiers.Figures) -> int:
    """How far the bar to the next tier is filled: the furthest of any, the least of all."""
    lengths = [share(min(figures.of(metric), wanted), wanted) for metric, wanted in missing.wanted]
    if not lengths:
        return FULL
    return min(lengths) if missing.join == "all" else max(lengths)
