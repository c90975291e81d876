"""Reports of whoever bills over HTTP: whole or not at all, each line once, each fault named."""

import pytest
from sqlalchemy import func, select

from loyalty.reconciliation.tables import biller_movement, biller_payout
from tests.support.api import Caller, Web

PATH = "/v1/finance/billing-reports"
HEADER = "balance_transaction_id,created_utc,currency,gross,reporting_category,source_id,invoice_id"
GOOD = [
    "txn_1,2027-01-31 23:30:00,usd,33.00,charge,ch_1,in_1",
    "txn_2,2027-01-20 10:00:00,usd,-11.00,refund,re_1,in_1",
]
BAD = [
    "txn_3,2027-01-20 10:00:00,usx,1.00,charge,ch_3,in_3",
    "txn_4,2027-01-20 10:00:00,usd,1.005,charge,ch_4,in_4",
    "txn_5,2027-01-20 10:00:00,usd",
    "txn_1,2027-01-31 23:30:00,usd,34.00,charge,ch_1,in_1",
]


def report(*rows: str, header: str = HEADER, **more: str) -> dict[str, str]:
    """A body of such rows."""
    return {"kind": "movements", "report": "\n".join([header, *rows, ""]), **more}


async def kept(web: Web) -> int:
    """How many lines stand in the database."""
    async with web.application.database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(biller_movement)) or 0


async def test_a_report_is_taken_whole_or_not_at_all_and_once(web: Web, finance: Caller) -> None:
    refused = await finance.post(PATH, report(*GOOD, *BAD))
    after_refusal = await kept(web)
    taken = await finance.post(PATH, report(*GOOD))
    again = await finance.post(PATH, report(*reversed(GOOD), header=f"\ufeff{HEADER}"))
    other = await finance.post(PATH, report(GOOD[0].replace("33.00", "34.00"), BAD[0]))

    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "billing-report-rejected")
    assert [one["pointer"] for one in problem["errors"]] == [
        "/report/4/currency",
        "/report/5/gross",
        "/report/6",
        "/report/7/balance_transaction_id",
    ]
    assert "'usx'" in problem["errors"][0]["message"]
    assert problem["facts"]["rows"] == 4
    assert after_refusal == 0
    assert (taken.status_code, taken.json()) == (200, {"new": 2, "known": 0}), taken.text
    assert (again.status_code, again.json()) == (200, {"new": 0, "known": 2})
    assert [one["pointer"] for one in other.json()["errors"]] == ["/report/3/currency"]
    assert await kept(web) == 2


async def test_what_is_known_otherwise_takes_the_whole_report_back(
    web: Web, finance: Caller
) -> None:
    await finance.post(PATH, report(GOOD[0]))

    other = await finance.post(PATH, report(GOOD[1], GOOD[0].replace("33.00", "34.00")))

    assert other.status_code == 422, other.text
    assert [(one["pointer"], one["message"]) for one in other.json()["errors"]] == [
        ("/report/3/balance_transaction_id", "this id is known with other figures")
    ]
    assert await kept(web) == 1


async def test_payouts_are_handed_in_alike_and_a_shop_that_bills_hands_in_its_own(
    web: Web, finance: Caller
) -> None:
    payouts = report(
        "po_1,txn_1,2027-01-22 00:00:00,usd,-31.50,payout",
        header="payout_id,balance_transaction_id,effective_at_utc,currency,gross,reporting_category",
        kind="payouts",
    )

    taken = await finance.post(PATH, payouts)
    own = await finance.post(PATH, report(GOOD[0], adapter="external"))

    assert (taken.json(), own.json()) == ({"new": 1, "known": 0}, {"new": 1, "known": 0})
    async with web.application.database.read() as connection:
        paid = await connection.execute(select(biller_payout.c.payout, biller_payout.c.amount))
        named = select(biller_movement.c.adapter, biller_movement.c.reference)
        assert [tuple(one) for one in paid] == [("po_1", 3_150)]
        assert [tuple(one) for one in await connection.execute(named)] == [("external", "ch_1")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (report(GOOD[0], header=HEADER.replace("gross", "amount")), "import-columns-unusable"),
        (report(GOOD[0], header=HEADER.replace("created_utc,", "")), "import-columns-unusable"),
        (report(GOOD[0], header='"never closed'), "import-unreadable"),
        (report(GOOD[0], kind="everything"), "invalid-request"),
    ],
)
async def test_what_is_no_report_is_refused_by_name(
    finance: Caller, body: dict[str, str], code: str
) -> None:
    refused = await finance.post(PATH, body)

    assert refused.status_code in {400, 422}
    assert refused.json()["code"] == code


async def test_only_finance_hands_reports_in(admin: Caller) -> None:
    assert (await admin.post(PATH, report(GOOD[0]))).status_code == 403
