"""A programme whose mails go to a mail server of our own."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio
from pydantic import SecretStr

from loyalty.bootstrap import Application
from loyalty.settings import Settings
from tests.support.api import application
from tests.support.mailbox import Mailbox, mailbox
from tests.support.mailing import Mailing, open_ladder

__all__ = ["application"]


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as one:
        yield one


@pytest_asyncio.fixture
async def mailing(application: Application, box: Mailbox) -> Mailing:
    settings = Settings(smtp_url=SecretStr(box.url), mail_from="Points <points@shop.example>")
    one = Mailing(replace(application, settings=settings), box)
    await one.database.write(open_ladder, one.cause())
    return one
