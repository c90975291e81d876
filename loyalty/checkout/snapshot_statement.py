"""The one statement that reads snapshots, composed of what each package publishes.

Whom and what they are about is a table of its own, `asked`, of a row for each: what is asked for at
the same moment is read at once, and what setting up a statement costs is paid once for all of them.
What its columns mean is said by `loyalty.checkout.snapshot`, which alone runs it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Label,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    column,
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
from sqlalchemy.types import TypeEngine

from benefits import (
    FREE,
    live_rule_set_version,
    prices_of,
    stopped_json,
    used_json,
    vouchers_presented,
)
from ledger import wallet_at
from loyalty.hot import Hot, hot
from loyalty.issuing.guessing import guesses_json
from loyalty.keys import key_stands
from loyalty.members import marks_json
from loyalty.membership.facts import plan_json
from loyalty.orders.earlier import earlier_orders
from loyalty.policy import policy_version_at
from loyalty.schema import Instant
from loyalty.tables import live_version, member, name, profile
from tiers import live_version as live_ladder_version
from tiers import standing_at

_COLUMNS: Final[Mapping[str, TypeEngine[Any]]] = {
    "number": Integer(),
    "external": Text(),
    "id": Uuid(),
    "at": Instant,
    "now": Instant,
    "stops_at": Instant,
    "today": Date(),
    "starts": ARRAY(Date),
    "skus": Text(),
    "codes": Text(),
    "order_name": Text(),
    "api_key": Uuid(),
}
"""What is asked, one JSON object a row, as `json_to_recordset` reads it."""

#: Lists travel as one text: splitting it takes the server less time than reading an array.
SEPARATOR: Final = "\x1f"


def _of(name: str) -> ColumnElement[Any]:
    """Return a column of what is asked: by its name, so that no part lists the table anew."""
    return literal_column(f"asked.{name}", _COLUMNS[name])


_AT: Final = _of("at")
_NOW: Final = _of("now")
_TODAY: Final = _of("today")
_ORDER: Final = _of("order_name")
_KEY: Final = _of("api_key")
_CODES: Final = _of("codes")


@cache
def snapshot_statement() -> Hot[
    int, Any, Any, int, Any, Any, Any, Any, str, bool, UUID, Any, Any, Any, Any, Any
]:
    """The one statement; composed at first use and compiled once.

    Each that is asked for is read by itself, within the statement: the limit keeps PostgreSQL from
    joining all members at once, however many it takes to be asked for.
    """
    each = _one().limit(literal_column("1", Integer)).lateral("each")
    return hot(select(_of("number"), *each.c).select_from(_asked().join(each, true())))


def _asked() -> FromClause:
    given = cast(bindparam("asked", type_=Text), JSON)
    columns = (column(name, type_) for name, type_ in _COLUMNS.items())
    rows = func.json_to_recordset(given).table_valued(*columns)
    return rows.render_derived(name="asked", with_types=True)


def _one() -> Select[*tuple[Any, ...]]:
    """What one that is asked for finds, in the order in which `loyalty.checkout.snapshot` reads."""
    named = (
        select(name.c.id)
        .where(name.c.kind == literal("member", Text), name.c.name == _of("external"))
        .scalar_subquery()
    )
    one = select(literal(1).label("one")).subquery("one")
    wallet = lateral(wallet_at(member.c.holder, _NOW)).alias("wallet")
    standing = lateral(standing_at(member.c.id, _TODAY)).alias("standing")
    # By their names, so that nobody below takes the ones above for tables of their own.
    ahead = (literal_column(f"standing.{day}", Date) for day in ("falls_on", "floor_until"))
    turn = lateral(select(_moves_on(*ahead).label("moves_on"))).alias("turn")
    moves_on = literal_column("turn.moves_on", Date)
    later = lateral(standing_at(member.c.id, moves_on).where(moves_on.is_not(None))).alias("later")
    whole = (
        one.outerjoin(member, member.c.id == func.coalesce(_of("id"), named))
        .outerjoin(profile, profile.c.member == member.c.id)
        .outerjoin(wallet, true())
        .outerjoin(standing, true())
        .outerjoin(turn, true())
        .outerjoin(later, true())
    )
    return select(
        case((member.c.id.is_not(None), _member_json()), else_=null()).label("whose"),
        _birthday_json(),
        wallet.c.available,
        earlier_orders(member.c.id, _AT),
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
        marks_json(member.c.id),
        _guesses_json(),
        plan_json(member.c.id, _AT),
    ).select_from(whole)


def _moves_on(*days: ColumnElement[date]) -> ColumnElement[Any]:
    """The next day after this one on which a tier is lost or a floor under it ends."""
    ahead = (case((day > _TODAY, day), else_=null()) for day in days)
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


def _split(texts: ColumnElement[str]) -> ColumnElement[Sequence[str]]:
    return func.string_to_array(texts, literal(SEPARATOR, Text), type_=ARRAY(Text))


def _prices_json() -> ScalarSelect[Any]:
    priced = prices_of(_split(_of("skus")), _AT).subquery("priced")
    one = func.json_build_array(*priced.c)
    return select(func.json_agg(one, type_=JSON)).select_from(priced).scalar_subquery()


def _vouchers_json() -> ScalarSelect[Any]:
    # By its name, so that the vouchers below do not take it for a table of their own.
    stored = vouchers_presented(literal_column("loyalty.member.id", Uuid)).subquery("stored")
    whose = func.coalesce(name.c.member, literal(FREE, Uuid))
    found = select(
        func.json_object_agg(name.c.name, func.json_build_array(*stored.c), type_=JSON)
    ).select_from(name.join(stored, (stored.c.member == whose) & (stored.c.id == name.c.id)))
    return found.where(
        name.c.kind == literal("voucher", Text), name.c.name == func.any(_split(_CODES))
    ).scalar_subquery()


def _guesses_json() -> ColumnElement[Any]:
    """What whoever asks has tried of codes that are none; nothing is read where there is none."""
    subjects = (
        literal("member:", Text) + cast(member.c.id, Text),
        literal("order:", Text) + _ORDER,
        literal("key:", Text) + cast(_KEY, Text),
    )
    return case((literal("", Text) == _CODES, null()), else_=guesses_json(subjects, _NOW))


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
        *("stopped", stopped_json(_of("stops_at"))),
        type_=JSON,
    )


def _scalar(published: Select[Any]) -> ScalarSelect[Any]:
    return published.scalar_subquery()


def _used_json() -> ScalarSelect[Any]:
    return used_json(member.c.id, _of("starts"))


def _placed_order() -> ScalarSelect[UUID]:
    return (
        select(name.c.id)
        .where(name.c.kind == literal("order", Text), name.c.name == _ORDER)
        .scalar_subquery()
    )
