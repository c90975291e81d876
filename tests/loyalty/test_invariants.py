"""The verifier of the programme's own rows: clean when clean, and each break is found by name."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.cause import SYSTEM, Cause
from loyalty.database import Database
from loyalty.invariants import CHECKS, first_broken
from loyalty.members import Joining, join
from loyalty.verify import VERIFIERS, verify

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CAUSE = Cause(at=NOW, actor=SYSTEM, request_id="test")

BREAKS = {
    "every member has the holder that is named for them": (
        "update loyalty.member set holder = gen_random_uuid()"
    ),
    "every name resolves to a member that exists": (
        "insert into loyalty.name values ('email', 'x@y.zz', gen_random_uuid(), gen_random_uuid())"
    ),
    "every member has a profile": "delete from loyalty.profile",
    "every e-mail address is claimed by its member": (
        "delete from loyalty.name where kind = 'email'"
    ),
    "every phone number is claimed by its member": "delete from loyalty.name where kind = 'phone'",
    "events of a member are numbered without a gap": "update loyalty.event set sequence = 7",
    "every message tells an event of its member": (
        "insert into loyalty.message (member, id, event, template, message_id, state, reason,"
        " queued_at) select id, id, id, 'x', '<msg_00000000000000000000000000@x>', 'skipped', 'x',"
        " now() from loyalty.member"
    ),
    "a merged member leads to one that is not merged": (
        "update loyalty.member set closed_at = joined_at, merged_into = gen_random_uuid()"
    ),
    "exactly one signing key signs": (
        "update loyalty.signing_key set retired_at = created_at, accepted_until = created_at"
    ),
    "every publication of the policy is counted": (
        "update loyalty.live_version set version = 9 where name = 'policy'"
    ),
    "every stored answer has a body": (
        "insert into loyalty.answer"
        " values ('key:1', 'POST', 'k', decode(repeat('00', 32), 'hex'), 200, '', 'x')"
    ),
    "exports are numbered without a gap": (
        "with made as (insert into loyalty.account_map values ('x', 1, '{}', now(), 'x', 'x'))"
        " insert into loyalty.export (number, since, until, format, language, map, map_version,"
        " provisional, requested_at, actor, request_id) values (2, '2026-01-01', '2026-02-01',"
        " 'csv', 'en', 'x', 1, true, now(), 'x', 'x')"
    ),
    "a reconciliation has the items that it counted": (
        "insert into loyalty.reconciliation (number, leg, since, until, tolerance, compared,"
        " agreed, within_tolerance, item_count, totals, run_at, actor, request_id)"
        " values (1, 'orders-ledger', '2026-01-01', '2026-02-01', 0, 9, 8, 0, 1, '{}', now(),"
        " 'x', 'x')"
    ),
}

_BATCH = (
    "insert into loyalty.voucher_batch (id, definition, kind, bound, wanted, made, starts_at,"
    " asked_at, finished_at, actor, request_id) values ('{}', 'five-off', 'minted', false, 2, {},"
    " now(), now(), {}, 'x', 'x')"
)
_ONE = "00000000-0000-7000-8000-000000000001"
_VOUCHER = (
    "with defined as (insert into benefits.voucher_definition (name, titles, tax_class, uses,"
    " created_at, created_by) values ('ten-off', '{}', 'discount', 1, now(), 'x') returning name)"
    " insert into benefits.voucher (member, id, code, definition, starts_at, skus, uses,"
    f" issued_at, batch) select gen_random_uuid(), '{_ONE}', 'CODE', name, now(), '{{}}', 1,"
    f" now(), '{_ONE}' from defined"
)
BREAKS |= {
    "a batch has as many vouchers as it counts": _BATCH.format(_ONE, 1, "null"),
    "a batch that is made has all it was asked for": _BATCH.format(_ONE, 0, "now()"),
    "a voucher of a batch is of the batch's kind": _VOUCHER,
}


async def a_member(connection: AsyncConnection) -> None:
    joining = Joining(external_id="C-1", email="a@b.org", phone="+41441234567")
    await join(connection, CAUSE, joining)


def test_every_check_has_a_break() -> None:
    assert set(BREAKS) == set(CHECKS)


async def test_what_the_use_cases_write_is_sound_in_every_package(database: Database) -> None:
    await database.write(a_member)

    async with database.snapshot() as connection:
        assert await verify(connection) == []
    assert list(VERIFIERS)[:4] == ["ledger", "tiers", "benefits", "loyalty"]


async def test_each_break_is_found_by_its_name(
    database: Database, owner_connection: AsyncConnection, subtests: pytest.Subtests
) -> None:
    await database.write(a_member)

    for check, damage in BREAKS.items():
        with subtests.test(check):
            await owner_connection.execute(text("begin"))
            await owner_connection.execute(text(damage))
            found = await first_broken(owner_connection)
            await owner_connection.execute(text("rollback"))

            assert check in found
    assert await first_broken(owner_connection) == {}
