"""Membership fees in the console: a month adds up, and a figure opens its charges."""

import re
from datetime import date
from html import unescape

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.bootstrap import Application
from tests.admin.conftest import Visitor
from tests.loyalty.fees.charged import charged, joined, offered, refunded

HERE = "/console/finance/fees"


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_figure_of_fees_opens_its_charges(
    application: Application, finance: Visitor, language: str
) -> None:
    today = application.clock.now().date()
    await application.database.write(_fill, today.replace(day=1))

    html = (await finance.get(HERE, lang=language)).text
    opened = re.findall(r'<a href="(fees/charges\?[^"]+)">', html)
    assert len(opened) >= 5
    for href in opened:
        answer = await finance.get(f"/console/finance/{unescape(href)}")

        assert answer.status_code == 200
        assert "/console/members/mem_" in answer.text
    if language == "en":
        assert "Every month adds up" in html
        assert "$730.00" in html


async def test_without_fees_the_page_says_so(finance: Visitor) -> None:
    assert "No membership fee stood in these months" in (await finance.get(HERE)).text
    empty = await finance.get(f"{HERE}/charges", month="2026-01")
    assert "No charge stood in this month" in empty.text
    assert (await finance.get(f"{HERE}/charges", month="soon")).status_code == 404
    assert (
        await finance.get(f"{HERE}/charges", month="2026-01", before="mem_1")
    ).status_code == 404


async def _fill(connection: AsyncConnection, first: date) -> None:
    """Two members of one plan; one of them was given a little back."""
    price = await offered(connection, "plus", "year", 36_500)
    ends = first.replace(year=first.year + 1)
    ada, bob = [await joined(connection, "plus", price) for _ in range(2)]
    fee = await charged(connection, ada, first, ends, 36_500, tax=3_000)
    await charged(connection, bob, first, ends, 36_500)
    await refunded(connection, ada, fee, first, 1_000, tax=80)
