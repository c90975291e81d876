"""The programme policy: read from its document, in force by instant, published by rule."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.members import Joining, join
from loyalty.policy import (
    Policies,
    Policy,
    PolicyCannotChange,
    PolicyMalformed,
    PolicyStartsInThePast,
    PolicyStartsTooSoon,
    document_of,
    months_later,
    parse_policy,
    policy_at,
    publish_policy,
)
from tests.support.policies import lasting

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CAUSE = Cause(at=NOW, actor=SYSTEM, request_id="test")


async def first(connection: AsyncConnection) -> Policy:
    return await policy_at(connection, NOW)


async def test_the_first_upgrade_publishes_a_whole_policy(connection: AsyncConnection) -> None:
    policy = await first(connection)

    assert (policy.version, policy.currency, policy.zone.key) == (1, "USD", "UTC")
    assert parse_policy(document_of(policy), version=1, starts_at=policy.starts_at) == policy


async def test_a_document_with_a_field_more_or_less_is_refused_at_that_field(
    connection: AsyncConnection,
) -> None:
    document = document_of(await first(connection))

    for wrong, pointer in (
        ({**document, "colour": "red"}, "/colour"),
        ({k: v for k, v in document.items() if k != "hold_minutes"}, "/hold_minutes"),
        ({**document, "hold_minutes": 30.0}, "/hold_minutes"),
        ({**document, "pending_days": True}, "/pending_days"),
        ([], ""),
    ):
        with pytest.raises(PolicyMalformed) as refused:
            parse_policy(wrong, version=2, starts_at=NOW)
        assert refused.value.pointer == pointer


async def test_the_policy_that_started_last_is_in_force(connection: AsyncConnection) -> None:
    await join(connection, CAUSE, Joining(external_id="C-1"))
    document = document_of(await first(connection))
    later = NOW + timedelta(days=10)

    await publish_policy(connection, CAUSE, {**document, "pending_days": 1}, starts_at=later)
    await publish_policy(connection, CAUSE, {**document, "pending_days": 2})

    policies = Policies()
    assert (await policies.at(connection, NOW - timedelta(seconds=1))).pending_days == 0
    assert (await policies.at(connection, NOW)).pending_days == 2
    assert (await policies.at(connection, later)).pending_days == 1
    assert policies.known(2) is await policies.get(connection, 2)


async def test_a_programme_without_members_may_still_move_and_reaches_back(
    connection: AsyncConnection,
) -> None:
    document = document_of(await first(connection))
    swiss = {**document, "currency": "CHF", "time_zone": "Europe/Zurich"}

    await publish_policy(connection, CAUSE, swiss)

    assert (await policy_at(connection, datetime(2012, 1, 1, tzinfo=UTC))).currency == "CHF"


async def test_a_programme_with_members_keeps_currency_zone_and_past(
    connection: AsyncConnection,
) -> None:
    await join(connection, CAUSE, Joining(external_id="C-1"))
    document = document_of(await first(connection))

    for field, value in (("currency", "CHF"), ("time_zone", "Europe/Zurich")):
        with pytest.raises(PolicyCannotChange) as refused:
            await publish_policy(connection, CAUSE, {**document, field: value})
        assert refused.value.pointer == f"/{field}"
    with pytest.raises(PolicyStartsInThePast):
        await publish_policy(connection, CAUSE, document, starts_at=NOW - timedelta(seconds=1))


async def test_points_are_worth_less_after_thirty_days_notice_and_not_before(
    connection: AsyncConnection,
) -> None:
    await join(connection, CAUSE, Joining(external_id="C-1"))
    document = document_of(await first(connection))
    worse = {**document, "point_value": {"minor": 99, "points": 100}}
    better = {**document, "point_value": {"minor": 101, "points": 100}}
    notice = timedelta(days=30)

    with pytest.raises(PolicyStartsTooSoon):
        await publish_policy(
            connection, CAUSE, worse, starts_at=NOW + notice - timedelta(microseconds=1)
        )
    await publish_policy(connection, CAUSE, worse, starts_at=NOW + notice)
    await publish_policy(connection, CAUSE, better)


async def test_a_published_policy_cannot_be_changed(connection: AsyncConnection) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await connection.execute(text("update loyalty.policy set document = '{}'"))


async def test_points_lapse_at_the_end_of_the_day_in_the_programmes_zone(
    connection: AsyncConnection,
) -> None:
    document = document_of(await first(connection))
    auckland = parse_policy(
        {**document, "time_zone": "Pacific/Auckland", **lasting(6)},
        version=2,
        starts_at=NOW,
    )

    # 30 August, 20:00 UTC is 31 August in Auckland; six months later is the last of February
    earned_at = datetime(2026, 8, 30, 20, tzinfo=UTC)

    assert auckland.day_of(earned_at) == date(2026, 8, 31)
    assert auckland.term(earned_at, "order").expires_at == auckland.midnight(date(2027, 3, 1))


@given(
    day=st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)),
    months=st.integers(min_value=0, max_value=1200),
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(
    day: date, months: int
) -> None:
    later = months_later(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


async def test_a_policy_of_the_first_form_is_read_as_what_it_says(
    connection: AsyncConnection,
) -> None:
    kept = (await connection.execute(text("select document from loyalty.policy"))).scalar_one()
    assert (kept["expiry_months"], kept["lapsed_slice"]) == (24, "expire")
    today = document_of(await first(connection))

    for months, lapsed, wanted in ((24, "expire", 0), (None, "grace", 30)):
        earlier = {**kept, "expiry_months": months, "lapsed_slice": lapsed}
        read = parse_policy(earlier, version=2, starts_at=NOW)
        assert document_of(read) == {**today, **lasting(months), "grace_days": wanted}
    await publish_policy(connection, CAUSE, {**kept, "expiry_months": 6})
    assert (await first(connection)).term(NOW, "order").expires_at == datetime(
        2027, 5, 22, tzinfo=UTC
    )
    for wrong, pointer in (
        ({"expiry_months": 0}, "/expiry/default/months"),
        ({"lapsed_slice": "maybe"}, "/grace_days"),
    ):
        with pytest.raises(PolicyMalformed) as refused:
            parse_policy({**kept, **wrong}, version=2, starts_at=NOW)
        assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    ("expiry", "pointer"),
    [
        ({"kind": "sometimes"}, "/default/kind"),
        ({"kind": "after-days", "days": 0, "notice": False}, "/default/days"),
        ({"kind": "after-days", "days": 1}, "/default/notice"),
        ({"kind": "after-days", "months": 1, "notice": False}, "/default/months"),
        ({"kind": "never", "notice": True}, "/default/notice"),
        (
            {"kind": "fixed-day", "turns": 1, "month": 2, "day": 30, "notice": False},
            "/default/day",
        ),
        ({"kind": "rolling", "months": 6, "notice": False}, "/activities"),
    ],
)
async def test_an_expiry_that_says_nothing_clear_is_refused_at_its_place(
    connection: AsyncConnection, expiry: dict[str, object], pointer: str
) -> None:
    document = {**document_of(await first(connection)), **lasting(6)}
    document["expiry"] = {**lasting(6)["expiry"], "default": expiry}

    with pytest.raises(PolicyMalformed) as refused:
        parse_policy(document, version=2, starts_at=NOW)

    assert refused.value.pointer == f"/expiry{pointer}"


async def test_points_that_wait_never_lapse_before_they_can_be_spent(
    connection: AsyncConnection,
) -> None:
    at_once = {"kind": "end-of-month", "months": 0, "notice": False}
    document = {
        **document_of(await first(connection)),
        "pending_days": 14,
        "expiry": {**lasting(6)["expiry"], "default": at_once},
    }
    policy = parse_policy(document, version=2, starts_at=NOW)

    assert policy.term(NOW, "order").expires_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert policy.term(NOW, "order", waits=True).expires_at == datetime(2027, 1, 1, tzinfo=UTC)


async def test_an_asset_beside_points_has_names_and_an_end_of_its_own(
    connection: AsyncConnection,
) -> None:
    document = document_of(await first(connection))
    growth = {
        "names": {"en": "growth", "zh": "成长值"},
        "expiry": {"kind": "end-of-year", "years": 1, "notice": False},
    }
    policy = parse_policy({**document, "assets": {"growth": growth}}, version=2, starts_at=NOW)

    assert policy.known_assets == ("points", "growth")
    assert policy.term(NOW, "order", asset="growth").expires_at == datetime(2028, 1, 1, tzinfo=UTC)
    idle = {**growth, "expiry": {"kind": "rolling", "months": 1, "notice": False}}
    for wrong, pointer in (
        ({"points": growth}, "/assets/points"),
        ({"growth": idle}, "/assets/growth/expiry/kind"),
        ({"growth": {**growth, "names": {"zh": "成长值"}}}, "/assets/growth/names"),
        ({"Growth!": growth}, "/assets/Growth!"),
    ):
        with pytest.raises(PolicyMalformed) as refused:
            parse_policy({**document, "assets": wrong}, version=2, starts_at=NOW)
        assert refused.value.pointer == pointer


async def test_points_wait_for_days_or_for_the_delivery_but_never_for_both(
    connection: AsyncConnection,
) -> None:
    document = document_of(await first(connection))
    younger = {"pending_until", "delivery_days"}
    earlier = {name: value for name, value in document.items() if name not in younger}
    waiting = {**document, "pending_until": "delivered", "delivery_days": 21}
    policy = parse_policy(waiting, version=1, starts_at=NOW)

    assert parse_policy(earlier, version=1, starts_at=NOW).pending_until == "completed"
    assert parse_policy(earlier, version=1, starts_at=NOW).delivery_days == 30
    assert policy.activates_at(NOW, "order") == NOW + timedelta(days=21)
    assert policy.activates_at(NOW, "event") is None
    with pytest.raises(PolicyMalformed) as refused:
        parse_policy({**waiting, "pending_days": 1}, version=1, starts_at=NOW)
    assert refused.value.pointer == "/pending_days"
    with pytest.raises(PolicyMalformed) as refused:
        parse_policy({**waiting, "delivery_days": 0}, version=1, starts_at=NOW)
    assert refused.value.pointer == "/delivery_days"
