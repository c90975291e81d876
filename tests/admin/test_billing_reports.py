"""Reports of whoever bills, handed in on the page of reconciliation: whole or not at all."""

import re
from typing import Any, cast

from sqlalchemy import func, select

from loyalty.bootstrap import Application
from loyalty.reconciliation.tables import biller_movement, biller_payout
from tests.admin.conftest import HERE, Visitor

PAGE = "/console/finance/reconciliation"
FORM = f"{PAGE}/reports"
HEADER = "balance_transaction_id,created_utc,currency,gross,reporting_category,source_id,invoice_id"
GOOD = [
    "txn_1,2027-01-31 23:30:00,usd,33.00,charge,ch_1,in_1",
    "txn_2,2027-01-20 10:00:00,usd,-11.00,refund,re_1,in_1",
]
BAD = {
    "currency": "txn_3,2027-01-20 10:00:00,usx,1.00,charge,ch_3,in_3",
    "gross": "txn_4,2027-01-20 10:00:00,usd,1.005,charge,ch_4,in_4",
    "": "txn_5,2027-01-20 10:00:00,usd",
    "created_utc": "txn_6,yesterday,usd,1.00,charge,ch_6,in_6",
    "source_id": "txn_7,2027-01-20 10:00:00,usd,1.00,charge,,in_7",
    "reporting_category": "txn_8,2027-01-20 10:00:00,usd,1.00,A charge,ch_8,in_8",
    "invoice_id": "txn_9,2027-01-20 10:00:00,usd,1.00,charge,ch_9,?",
    "balance_transaction_id": "txn_1,2027-01-31 23:30:00,usd,34.00,charge,ch_1,in_1",
}


def text_of(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows, ""])


async def kept(application: Application) -> tuple[int, int]:
    """How many movements and payouts stand in the database."""
    async with application.database.read() as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(table))
            for table in (biller_movement, biller_payout)
        ]
    return counts[0] or 0, counts[1] or 0


async def upload(visitor: Visitor, content: bytes, **values: str) -> Any:
    """Send the form with a file, as a browser does."""
    await visitor.get(PAGE)
    html = cast("Any", visitor.seen).text
    form = html[html.index(f'action="{FORM}"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)[:2])
    return await visitor.client.post(
        FORM,
        data={**hidden, "kind": "movements", "text": "", **values},
        files={"file": ("activity.csv", content, "text/csv")},
        headers={"origin": HERE, "sec-fetch-site": "same-origin"},
    )


async def test_a_report_is_taken_from_a_file_or_pasted_and_the_same_again_changes_nothing(
    finance: Visitor, application: Application
) -> None:
    first = await upload(finance, ("\ufeff" + text_of(*GOOD)).encode())
    told = (await finance.follow(first)).text
    pasted = await finance.send(
        FORM, {"kind": "movements", "text": text_of(*reversed(GOOD))}, at=PAGE
    )
    again = (await finance.follow(pasted)).text
    own = await finance.send(FORM, {"kind": "own", "text": text_of(GOOD[0])}, at=PAGE)

    assert "The report was taken in" in told
    assert "New lines: 2. Known before and the same: 0." in told
    assert "New lines: 0. Known before and the same: 2." in again
    assert "new=1&known=0" in own.headers["location"]
    assert await kept(application) == (3, 0)


async def test_payouts_are_taken_under_their_own_kind(
    finance: Visitor, application: Application
) -> None:
    header = "payout_id,balance_transaction_id,effective_at_utc,currency,gross,reporting_category"
    payouts = text_of("po_1,txn_1,2027-01-22 00:00:00,usd,-31.50,payout", header=header)

    mistaken = await finance.send(FORM, {"kind": "movements", "text": payouts}, at=PAGE)
    taken = await finance.send(FORM, {"kind": "payouts", "text": payouts}, at=PAGE)

    assert mistaken.status_code == 422
    assert "Such a report has no column" in mistaken.text
    assert taken.status_code == 303
    assert await kept(application) == (0, 1)


async def test_each_line_that_cannot_be_taken_is_named_by_line_and_column_and_nothing_is_taken(
    finance: Visitor, application: Application
) -> None:
    refused = await finance.send(
        FORM, {"kind": "movements", "text": text_of(*GOOD, *BAD.values())}, at=PAGE
    )

    assert refused.status_code == 422
    assert "Lines that cannot be taken: 8; the first is line 4." in refused.text
    named = re.findall(r'<th scope="row" class="n">(\d+)</th><td>(?:<code>)?(\w+|–)', refused.text)
    assert named == [(str(row), column or "–") for row, column in enumerate(BAD, start=4)]
    for words in (
        "&#39;usx&#39; is no currency.",
        "&#39;1.005&#39; is no amount in USD.",
        "3 fields instead of 7.",
        "&#39;yesterday&#39; is no time.",
        "Nothing stands here.",
        "&#39;A charge&#39; is no code.",
        "&#39;?&#39; is no id.",
        "This id was reported before, with other figures.",
    ):
        assert f"<td>{words}</td>" in refused.text
    assert GOOD[0] in refused.text
    assert await kept(application) == (0, 0)


async def test_what_is_no_report_is_said_at_its_field(
    finance: Visitor, application: Application
) -> None:
    both = await upload(finance, text_of(*GOOD).encode(), text=text_of(*GOOD))
    foreign = await upload(finance, "txn_1,\xe9".encode("latin-1"))
    lacking = await upload(
        finance, text_of(GOOD[0], header=HEADER.replace("gross", "fee")).encode()
    )
    large = await upload(finance, b"x" * 9_000_000)
    neither = await finance.send(FORM, {"kind": "everything", "text": ""}, at=PAGE)

    assert [one.status_code for one in (both, foreign, lacking, neither)] == [422] * 4
    assert large.status_code == 413
    assert "not both" in both.text
    assert "This file is no text in UTF-8." in foreign.text
    assert "A column is missing: gross." in lacking.text
    assert "This is too large" in large.text
    assert "Please give a file, or paste its lines." in neither.text
    assert "Please choose one of these." in neither.text
    assert await kept(application) == (0, 0)


async def test_only_finance_takes_reports_in_and_only_from_our_own_page(
    finance: Visitor, clerk: Visitor, application: Application
) -> None:
    values = {"kind": "movements", "text": text_of(*GOOD)}

    other = await clerk.send(FORM, values, at="/console/members", of="/console/sign-out")
    foreign = await finance.send(FORM, values, at=PAGE, origin="https://elsewhere.example")
    unbound = await finance.send(FORM, {**values, "csrf": "no"}, at=PAGE)

    assert [one.status_code for one in (other, foreign, unbound)] == [403] * 3
    assert await kept(application) == (0, 0)


async def test_a_file_is_refused_where_no_page_asks_for_one(finance: Visitor) -> None:
    await finance.get(PAGE)

    answer = await finance.client.post(
        PAGE,
        data={"month": "2026-01"},
        files={"tolerance": ("0", b"0", "text/plain")},
        headers={"origin": HERE, "sec-fetch-site": "same-origin"},
    )

    broken = await finance.client.post(
        PAGE,
        content=b"--x\r\nno part at all",
        headers={
            "origin": HERE,
            "sec-fetch-site": "same-origin",
            "content-type": "multipart/form-data; boundary=x",
        },
    )
    foreign = await finance.client.post(
        PAGE,
        content=b'--x\r\nContent-Disposition: form-data; name="month"\r\n\r\n\xff\r\n--x--\r\n',
        headers=broken.request.headers,
    )

    for one in (answer, broken, foreign):
        assert one.status_code == 400
        assert "This form was not accepted" in one.text
        assert one.headers["content-type"].startswith("text/html")


async def test_every_fault_is_told_in_chinese(finance: Visitor) -> None:
    taxed = [f"{row},0.10" for row in BAD.values() if row != BAD[""]]
    rows = [
        *taxed,
        BAD[""],
        "txn_10,2027-01-20 10:00:00,usd,1.00,charge,ch_10,in_10,2.00",
        f"txn_11,2027-01-20 10:00:00,usd,1.00,charge,{'x' * 400},in_11,0.10",
        "txn_12,2027-01-20 10:00:00,usd,1.00,charge,ch\t12,in_12,0.10",
        'txn_13,2027-01-20 10:00:00,usd,1.00,charge,"ch"_13,in_13,0.10',
        GOOD[0] + ",0.10",
    ]
    paid = text_of(
        "po_1,txn_1,usd,1.00,2027-01-20 10:00:00,fee",
        header="payout_id,balance_transaction_id,currency,gross,effective_at_utc,reporting_category",
    )
    await finance.get(PAGE, lang="zh")

    refused = [
        await finance.send(FORM, {"kind": kind, "text": text}, at=PAGE)
        for kind, text in (
            ("movements", text_of(*rows, header=f"{HEADER},tax")),
            ("payouts", paid),
            ("payouts", text_of(*GOOD)),
            ("movements", text_of(*GOOD, header=f"{HEADER},tax,tax")),
            ("movements", '"never closed'),
        )
    ]

    assert [one.status_code for one in refused] == [422] * 5
    told = re.findall(r'<th scope="row" class="n">.*?<td>([^<]*)</td></tr>', refused[0].text)
    told += re.findall(r'<th scope="row" class="n">.*?<td>([^<]*)</td></tr>', refused[1].text)
    told += [one for page in refused for one in re.findall(r'class="wrong">([^<]*)<', page.text)]
    assert len(told) == len(rows) + 5
    assert [one for one in told if re.search(r"[\u4e00-\u9fff]", one) is None] == []
