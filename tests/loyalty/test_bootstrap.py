"""The object graph: built without I/O, kept going while it is entered."""

import gc
import os
import signal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from loyalty import migrations
from loyalty.bootstrap import build, freeze_memory, owned
from loyalty.database import LONG
from loyalty.errors import Unavailable
from loyalty.postgres.errors import HomeMissing
from loyalty.settings import Settings
from tests.support.database import Clone
from tests.support.homes import swept_home
from tests.support.waiting import until


def test_building_touches_nothing(tmp_path: Path) -> None:
    application = build(Settings(home=tmp_path / "none"), create=True)

    assert not (tmp_path / "none").exists()
    assert application.server is not None


async def test_entering_without_a_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HomeMissing):
        async with build(Settings(home=tmp_path / "none")):
            pass


async def test_an_external_database_has_no_server_of_ours(clone: Clone) -> None:
    url = SecretStr(clone.application.render_as_string(hide_password=False))

    async with build(Settings(database_url=url)) as application:
        assert application.server is None
        assert application.clock.now().tzinfo is not None
    with owned(Settings(database_url=url, owner_database_url=url)) as ownership:
        assert ownership.application_role == "loyalty_app"


async def test_a_killed_server_is_started_again_and_requests_go_on() -> None:
    async def one(connection: object) -> int:
        return 1

    async def answers() -> bool:
        try:
            async with application.database.read() as connection:
                await connection.execute(text("SELECT 1"))
        except Unavailable:
            return False
        return True

    with swept_home() as home:
        settings = Settings(home=home)
        with owned(settings, create=True, report=print) as ownership:
            migrations.upgrade(ownership.owner, application=ownership.application_role)
        async with build(settings, patience=LONG) as application:
            assert application.server is not None
            note = application.server.note()
            assert note is not None
            os.kill(note.pid, signal.SIGKILL)

            assert await application.database.write(one) == 1
            await until(answers)

            again = application.server.note()
            assert again is not None
            assert again.pid != note.pid


def test_freezing_takes_start_up_out_of_sight() -> None:
    freeze_memory()
    try:
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
