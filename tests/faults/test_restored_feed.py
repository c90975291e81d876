"""A backup is restored into another cluster: the feed goes on, and nobody is told twice."""

from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from loyalty.bootstrap import build
from loyalty.outbox import BEGINNING, FeedCursorLost, Told, cursor_of, find_place, read_feed
from loyalty.settings import Settings
from tests.support.homes import lay_out
from tests.support.mailbox import Mailbox, mailbox
from tests.support.mailing import Mailing, open_ladder
from tests.support.serving import Served, reachable_directory

BURNT = text("SELECT pg_current_xact_id()")


async def test_a_restored_feed_goes_on_behind_what_was_restored_and_mails_go_out_once(
    upgraded: Path,
) -> None:
    with reachable_directory() as directory:
        first, second = Served(directory / "first"), Served(directory / "second")
        file = directory / "backup"
        lay_out(first.home, upgraded)
        async with mailbox() as box:
            before, lost = await _live_and_back_up(first, box, file)
            second.run("db", "restore", str(file))
            await _live_on(second, box, before, lost)
        verified = second.run("verify", check=False)
        assert verified.returncode == 0, verified.stdout + verified.stderr


async def _live_and_back_up(served: Served, box: Mailbox, file: Path) -> tuple[list[Told], Told]:
    """Use up many transactions, tell some things, back up, and tell one thing more."""
    async with build(_settings(served, box)) as application:
        mailing = Mailing(application, box)
        await mailing.database.write(open_ladder, mailing.cause())
        async with mailing.database.read() as connection:
            for _ in range(3_000):
                await connection.execute(BURNT)
        ann, bob = await mailing.join("ann@example.com"), await mailing.join("bob@example.com")
        await mailing.upgrade(ann.id)
        await mailing.send()
        await mailing.upgrade(bob.id)
        before = await _feed(mailing)
        served.run("db", "backup", str(file))
        await mailing.join("late@example.com")
        return before, (await _feed(mailing))[-1]


async def _live_on(served: Served, box: Mailbox, before: list[Told], lost: Told) -> None:
    async with build(_settings(served, box)) as application:
        mailing = Mailing(application, box)
        cat = await mailing.join("cat@example.com")
        ann = before[0].member
        await mailing.upgrade(cat.id)
        await mailing.upgrade(ann)
        await mailing.send()
        after = await _feed(mailing)
        async with mailing.database.read() as connection:
            place = await find_place(connection, cursor_of(before[-1]))
            rest = (await read_feed(connection, after=place, limit=100)).events
            with pytest.raises(FeedCursorLost):
                await find_place(connection, cursor_of(lost))

    assert after[: len(before)] == before
    assert [_short(each) for each in after[len(before) :]] == [
        (cat.id, "member.joined", 1),
        (cat.id, "tier.changed", 2),
        (ann, "tier.changed", 3),
    ]
    assert list(rest) == after[len(before) :]
    assert {each.place.era for each in rest} == {2}
    assert max(int(each.place.xid) for each in rest) < min(int(one.place.xid) for one in before)
    recipients = [str(mail["To"]) for mail in box.kept]
    assert recipients == [f"{name}@example.com" for name in ("ann", "bob", "cat", "ann")]
    assert set(box.message_ids().values()) == {1}


async def _feed(mailing: Mailing) -> list[Told]:
    async with mailing.database.read() as connection:
        return list((await read_feed(connection, after=BEGINNING, limit=1_000)).events)


def _short(told: Told) -> tuple[UUID, str, int]:
    return told.member, told.type, told.sequence


def _settings(served: Served, box: Mailbox) -> Settings:
    return Settings(home=served.home, smtp_url=SecretStr(box.url), mail_from="points@shop.example")
