"""All that a cart's answer depends on besides the cart, read in one statement.

The statement is composed of what each package publishes and compiled once. Nothing is locked: the
quote reads it alone, and placing reads it after the member's row was locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Label,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    lateral,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.ext.asyncio import AsyncConnection

from benefits import (
    FREE,
    CodeMalformed,
    MemberPrice,
    PresentedVoucher,
    RuleSet,
    Used,
    Voucher,
    live_rule_set_version,
    periods,
    prices_of,
    read_code,
    read_used,
    used_json,
    voucher_refusal,
    vouchers_stored,
)
from ledger import wallet_at
from loyalty.checkout.programme import Programme
from loyalty.hot import Hot, hot
from loyalty.keys import key_stands
from loyalty.members import Member, MemberClass, Ref
from loyalty.orders.facts import Person
from loyalty.orders.tables import order
from loyalty.policy import Policy, policy_version_at
from loyalty.schema import Instant
from loyalty.tables import live_version, member, name, profile
from tiers import Ladder, standing_at
from tiers import live_version as live_ladder_version


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom and what a snapshot is about; `order` is the shop's id of an order to be placed.

    Everything is read as of `at` but the wallet: what may be spent is decided now.
    """

    ref: Ref | None
    at: datetime
    now: datetime
    skus: Sequence[str]
    codes: Sequence[str]
    order: str | None = None
    api_key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A member as they stand at an instant, and the versions that are live at it."""

    member: Member | None
    person: Person | None
    tier: str | None
    available: int
    order_count: int | None
    prices: tuple[MemberPrice, ...]
    vouchers: tuple[PresentedVoucher, ...]
    policy: Policy
    rule_set: RuleSet
    ladder: Ladder | None
    key_stands: bool
    order_id: UUID | None
    used: tuple[Used, ...] = ()
    """Where the counters stand that the rules look at."""
    tier_next: tuple[date, str] | None = None
    """The next day on which the tier may move by itself, and the tier in force from then on."""


async def take_snapshot(
    connection: AsyncConnection, programme: Programme, asked: Asked
) -> Snapshot:
    """Return the snapshot; a member who is not found is None in it.

    One round trip, and one more for each version that this process meets for the first time.
    """
    if programme.zone is None:
        programme.zone = (await programme.policies.at(connection, asked.at)).zone
    row = await _statement().one(connection, **_parameters(asked, programme))
    whose, known, wallet, counted, prices, vouchers, versions, tier, *more = row
    stands, placed, comes, used = more
    policy = await programme.policy(connection, versions["policy"])
    await programme.know_keys(connection, versions["keys"])
    ladder = await programme.ladder(connection, versions["ladder"])
    rule_set = await programme.rule_set(connection, versions["rules"])
    found = None if whose is None else _member(whose)
    bottom = None if ladder is None or found is None else ladder.tiers[0].code
    return Snapshot(
        member=found,
        person=None if found is None else person_of(found, known, policy),
        tier=tier or bottom,
        available=wallet or 0,
        order_count=counted if found else None,
        prices=tuple(MemberPrice(*price) for price in prices or ()),
        vouchers=_presented(asked, vouchers or {}, found),
        policy=policy,
        rule_set=rule_set,
        ladder=ladder,
        key_stands=stands,
        order_id=placed,
        used=() if found is None else _used(used, rule_set, policy.day_of(asked.at)),
        tier_next=None if comes is None else (date.fromisoformat(comes[0]), comes[1]),
    )


def _parameters(asked: Asked, programme: Programme) -> Mapping[str, object]:
    on = asked.at.astimezone(programme.zone).date()
    return {
        "external": asked.ref.external if asked.ref else None,
        "id": asked.ref.id if asked.ref else None,
        "at": asked.at,
        "now": asked.now,
        "on": on,
        **{f"{period}_begins": date.fromisoformat(day) for period, day in periods(on).items()},
        "skus": _SEPARATOR.join(dict.fromkeys(asked.skus)),
        "codes": _SEPARATOR.join(canonical_code(text) for text in asked.codes),
        "order": asked.order,
        "api_key": asked.api_key,
    }


def _used(stored: Sequence[Sequence[Any]] | None, rule_set: RuleSet, on: date) -> tuple[Used, ...]:
    """The counters that the live rules look at; others stay out of the decision."""
    if not stored:
        return ()
    starts = periods(on)
    return tuple(
        one
        for one in read_used(stored)
        if one.scope in rule_set.scopes and one.starts_on == starts[one.every]
    )


def canonical_code(text: str) -> str:
    """Return a voucher code in its one spelling; what is no voucher code stays as it is."""
    try:
        return read_code(text)
    except CodeMalformed:
        return text


def _member(row: Mapping[str, Any]) -> Member:
    closed, merged = row["closed_at"], row["merged_into"]
    return Member(
        id=UUID(row["id"]),
        holder=UUID(row["holder"]),
        class_=cast("MemberClass", row["class"]),
        joined_at=datetime.fromisoformat(row["joined_at"]),
        closed_at=None if closed is None else datetime.fromisoformat(closed),
        merged_into=None if merged is None else UUID(merged),
    )


def person_of(found: Member, known: Sequence[Any] | None, policy: Policy) -> Person:
    """Return what facts are derived from; `known` are birth month, birth day and its entry."""
    joined_on = policy.day_of(found.joined_at)
    if known is None or known[0] is None:
        return Person(found.class_, joined_on)
    month, day, entered = known
    entered_on = None if entered is None else date.fromisoformat(entered)
    return Person(found.class_, joined_on, (month, day), entered_on)


def _presented(
    asked: Asked, stored: Mapping[str, Any], found: Member | None
) -> tuple[PresentedVoucher, ...]:
    return tuple(
        _one_presented(code, stored.get(code), found, asked.at)
        for code in dict.fromkeys(canonical_code(text) for text in asked.codes)
    )


def _one_presented(
    code: str, row: Sequence[Any] | None, found: Member | None, at: datetime
) -> PresentedVoucher:
    whose = None if found is None else found.id
    voucher = None if row is None else _voucher(row)
    refusal = voucher_refusal(voucher, member=whose, at=at)
    if voucher is None:
        return PresentedVoucher(code, refusal=refusal)
    return PresentedVoucher(
        code=code,
        id=voucher.id,
        member=voucher.member,
        definition=voucher.definition,
        amount=voucher.amount,
        skus=voucher.skus,
        refusal=refusal,
    )


def _voucher(row: Sequence[Any]) -> Voucher:
    """Build a voucher from the JSON array of its columns."""
    whose, one, code, definition, starts, expires, amount, skus, *rest = row
    uses, reserved, redeemed, issued, voided = rest
    return Voucher(
        member=UUID(whose),
        id=UUID(one),
        code=code,
        definition=definition,
        starts_at=datetime.fromisoformat(starts),
        expires_at=None if expires is None else datetime.fromisoformat(expires),
        amount=amount,
        skus=tuple(skus or ()),
        uses=uses,
        uses_reserved=reserved,
        uses_redeemed=redeemed,
        issued_at=datetime.fromisoformat(issued),
        voided_at=None if voided is None else datetime.fromisoformat(voided),
    )


# --- the statement ----------------------------------------------------------------------------

_EXTERNAL: Final = bindparam("external", type_=Text)
_ID: Final = bindparam("id", type_=Uuid)
_AT: Final = bindparam("at", type_=Instant)
_NOW: Final = bindparam("now", type_=Instant)
_ON: Final = bindparam("on", type_=Date)
#: Lists travel as one text: the driver takes longer over twenty texts than the server does.
_SEPARATOR: Final = "\x1f"
_SKUS: Final = func.string_to_array(
    bindparam("skus", type_=Text), literal(_SEPARATOR, Text), type_=ARRAY(Text)
)
_CODES: Final = func.string_to_array(
    bindparam("codes", type_=Text), literal(_SEPARATOR, Text), type_=ARRAY(Text)
)
_ORDER: Final = bindparam("order", type_=Text)
_KEY: Final = bindparam("api_key", type_=Uuid)


@cache
def _statement() -> Hot[Any, Any, int, int, Any, Any, Any, str, bool, UUID, Any, Any]:
    """The one statement; composed at first use and compiled once."""
    named = (
        select(name.c.id)
        .where(name.c.kind == literal("member", Text), name.c.name == _EXTERNAL)
        .scalar_subquery()
    )
    one = select(literal(1).label("one")).subquery("one")
    wallet = lateral(wallet_at(member.c.holder, _NOW)).alias("wallet")
    standing = lateral(standing_at(member.c.id, _ON)).alias("standing")
    # By their names, so that nobody below takes the ones above for tables of their own.
    ahead = (literal_column(f"standing.{day}", Date) for day in ("falls_on", "floor_until"))
    turn = lateral(select(_moves_on(*ahead).label("moves_on"))).alias("turn")
    later = lateral(standing_at(member.c.id, literal_column("turn.moves_on", Date))).alias("later")
    whole = (
        one.outerjoin(member, member.c.id == func.coalesce(_ID, named))
        .outerjoin(profile, profile.c.member == member.c.id)
        .outerjoin(wallet, true())
        .outerjoin(standing, true())
        .outerjoin(turn, true())
        .outerjoin(later, true())
    )
    return hot(
        select(
            case((member.c.id.is_not(None), _member_json()), else_=null()).label("whose"),
            _birthday_json(),
            wallet.c.available,
            _orders_before(),
            _prices_json(),
            _vouchers_json(),
            _versions_json(),
            standing.c.tier,
            or_(_KEY.is_(None), key_stands(_KEY, _NOW)).label("stands"),
            _placed_order(),
            case(
                (
                    later.c.tier.is_not(None),
                    func.json_build_array(turn.c.moves_on, later.c.tier, type_=JSON),
                ),
                else_=null(),
            ).label("comes"),
            _used_json(),
        ).select_from(whole)
    )


def _moves_on(*days: ColumnElement[date]) -> ColumnElement[Any]:
    """The next day after this one on which a tier is lost or a floor under it ends."""
    ahead = (case((day > _ON, day), else_=null()) for day in days)
    return func.least(*ahead, type_=Date)


def _member_json() -> ColumnElement[Any]:
    return func.json_build_object(
        *("id", member.c.id, "holder", member.c.holder, "class", member.c["class_"]),
        *("joined_at", member.c.joined_at, "closed_at", member.c.closed_at),
        *("merged_into", member.c.merged_into),
        type_=JSON,
    )


def _birthday_json() -> Label[Any]:
    known = func.json_build_array(
        profile.c.birth_month, profile.c.birth_day, profile.c.birthday_changed_on, type_=JSON
    )
    return case((profile.c.member.is_not(None), known), else_=null()).label("known")


def _orders_before() -> ColumnElement[int]:
    """The member's orders, and those of whoever was merged into them."""
    counts = and_(order.c.state != "cancelled", order.c.placed_at < _AT)
    own = select(func.count()).select_from(order).where(order.c.member == member.c.id, counts)
    gone = member.alias("gone")
    theirs = (
        select(func.count())
        .select_from(gone.join(order, order.c.member == gone.c.id))
        .where(gone.c.merged_into == member.c.id, counts)
    )
    return own.scalar_subquery() + theirs.scalar_subquery()


def _prices_json() -> ScalarSelect[Any]:
    priced = prices_of(_SKUS, _AT).subquery("priced")
    one = func.json_build_array(*priced.c)
    return select(func.json_agg(one, type_=JSON)).select_from(priced).scalar_subquery()


def _vouchers_json() -> ScalarSelect[Any]:
    stored = vouchers_stored().subquery("stored")
    whose = func.coalesce(name.c.member, literal(FREE, Uuid))
    found = select(
        func.json_object_agg(name.c.name, func.json_build_array(*stored.c), type_=JSON)
    ).select_from(name.join(stored, (stored.c.member == whose) & (stored.c.id == name.c.id)))
    return found.where(
        name.c.kind == literal("voucher", Text), name.c.name == func.any(_CODES)
    ).scalar_subquery()


def _versions_json() -> ColumnElement[Any]:
    keys = (
        select(live_version.c.version)
        .where(live_version.c.name == literal("signing-keys", Text))
        .scalar_subquery()
    )
    return func.json_build_object(
        *("policy", policy_version_at(_AT), "keys", keys),
        *("rules", _scalar(live_rule_set_version(_AT))),
        *("ladder", _scalar(live_ladder_version())),
        type_=JSON,
    )


def _scalar(published: Select[Any]) -> ScalarSelect[Any]:
    return published.scalar_subquery()


def _used_json() -> ScalarSelect[Any]:
    starts = [bindparam(f"{period}_begins", type_=Date) for period in periods(date.min)]
    return used_json(member.c.id, starts)


def _placed_order() -> ScalarSelect[UUID]:
    return (
        select(name.c.id)
        .where(name.c.kind == literal("order", Text), name.c.name == _ORDER)
        .scalar_subquery()
    )
