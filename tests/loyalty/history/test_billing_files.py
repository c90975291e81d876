"""Reports of whoever bills: Stripe's own columns, each row once, each bad one beside the file."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from loyalty.bootstrap import Application
from loyalty.database import Database
from loyalty.history.billed_rows import read_movement
from loyalty.history.billing import import_movements, import_payouts
from loyalty.history.columns import ColumnsUnusable
from loyalty.history.sheets import Cells, FaultError
from loyalty.reconciliation.tables import biller_movement, biller_payout, biller_settlement
from tests.loyalty.history.files import rejects_of
from tests.support.api import application_over

HEADER = (
    "balance_transaction_id,created_utc,created,currency,gross,fee,net,reporting_category,"
    "source_id,description,customer_facing_amount,customer_facing_currency,automatic_payout_id,"
    "customer_email,invoice_id,subscription_id,payment_metadata[order]\n"
)
GOOD = """txn_1,2027-01-31 23:30:00,,usd,33.00,1.25,31.75,charge,ch_1,,33.00,usd,,a@b.cc,in_1,sub_1,
txn_2,2027-01-20 10:00:00,,usd,-11.00,0.00,-11.00,refund,re_1,,11.00,usd,po_1,,in_1,sub_1,
txn_3,2027-01-20 10:00:00,,usd,-5.5,15,-20.5,dispute_reversal,du_1,,,,,,,,
txn_4,2027-01-20 10:00:00,,usd,-0.40,0,-0.40,fee,,,,,,,,,
txn_5,2027-01-20 10:00:00,,usd,40.00,1,39,charge,ch_9,,4400,jpy,,,,,
txn_9,2027-01-21 10:00:00,,usd,11.00,0.00,11.00,refund_failure,re_1,,11.00,usd,po_1,,in_1,sub_1,
"""
BAD = """txn_6,2027-01-20 10:00:00,,usx,1.00,0,1.00,charge,ch_6,,,,,,in_6,sub_6,
txn_7,2027-01-20 10:00:00,,usd,1.005,0,1.00,charge,ch_7,,,,,,in_7,sub_7,
txn_8,yesterday,,usd,1.00,0,1.00,charge,ch_8,,,,,,in_8,sub_8,
,2027-01-20 10:00:00,,usd,1.00,0,1.00,charge,ch_8,,,,,,in_8,sub_8,
txn_1,2027-01-31 23:30:00,,usd,34.00,1.25,32.75,charge,ch_1,,,,,,in_1,sub_1,
"""
FOUND = [
    ("txn_1", "billed", "in_1", True, 3_300, "USD", 3_175),
    ("txn_2", "refunded", "re_1", True, 1_100, "USD", -1_100),
    ("txn_3", "reinstated", "du_1/won", False, 550, "USD", -2_050),
    ("txn_4", None, None, False, 40, "USD", -40),
    ("txn_5", None, None, False, 4_400, "JPY", 3_900),
    ("txn_9", "reinstated", "re_1/failed", True, 1_100, "USD", 1_100),
]


@pytest.fixture
async def application(database: Database) -> Application:
    return await application_over(database)


async def test_a_report_is_taken_once_and_its_bad_rows_stand_beside_it(
    application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "activity.csv"
    path.write_text(HEADER + GOOD + BAD, encoding="utf-8")

    first = await import_movements(application, path)
    rejects = [(one["row"], one["column"]) for one in rejects_of(path)]
    path.write_text(HEADER + GOOD.replace(",33.00,usd,,", ",33.00,usd,po_2,"), encoding="utf-8")
    again = await import_movements(application, path)

    assert (first.new, first.known, first.rejected, first.complete) == (6, 0, 5, False)
    assert (again.new, again.known, again.rejected, again.complete) == (0, 6, 0, True)
    assert sorted(rejects) == [
        ("10", "created_utc"),
        ("11", "balance_transaction_id"),
        ("12", "balance_transaction_id"),
        ("8", "currency"),
        ("9", "gross"),
    ]
    line = biller_movement.c
    async with application.database.read() as connection:
        rows = await connection.execute(
            select(
                *(line.id, line.step, line.reference, line.certain),
                *(line.amount, line.currency, line.settled),
            ).order_by(line.id)
        )
        assert [tuple(row) for row in rows] == FOUND
        settled = select(biller_settlement.c.movement, biller_settlement.c.payout)
        assert {tuple(row) for row in await connection.execute(settled)} == {
            ("txn_1", "po_2"),
            ("txn_2", "po_1"),
            ("txn_9", "po_1"),
        }


async def test_a_shop_s_own_report_names_charges_by_its_references(
    application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "fees.csv"
    header = "balance_transaction_id,reporting_category,source_id,created,currency,gross,tax\n"
    path.write_text(f"{header}1,charge,pay-1,2027-01-20,USD,33.00,3.00\n", encoding="utf-8")

    taken = await import_movements(application, path, adapter="external")

    line = biller_movement.c
    async with application.database.read() as connection:
        wanted = select(line.adapter, line.reference, line.certain, line.amount, line.tax)
        kept = (await connection.execute(wanted)).one()
    assert taken.complete
    assert tuple(kept) == ("external", "pay-1", True, 3_300, 300)


async def test_payouts_are_taken_whatever_sign_the_report_gives_them(
    application: Application, tmp_path: Path
) -> None:
    path = tmp_path / "payouts.csv"
    rows = (
        "po_1,txn_1,2027-01-22 00:00:00,usd,-31.50,payout,paid",
        "po_1,txn_2,2027-01-25 00:00:00,usd,31.50,payout_reversal,failed",
        "po_2,txn_3,2027-01-25 00:00:00,usd,8,charge,paid",
    )
    header = (
        "payout_id,balance_transaction_id,effective_at_utc,currency,gross,reporting_category,"
        "payout_status"
    )
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")

    taken = await import_payouts(application, path)

    async with application.database.read() as connection:
        amounts = select(func.array_agg(biller_payout.c.amount))
        assert sorted(await connection.scalar(amounts) or []) == [-3_150, 3_150]
    assert (taken.new, taken.rejected) == (2, 1)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (HEADER.replace("gross", "amount"), "amount"),
        (HEADER.replace("invoice_id", "invoices"), "invoices"),
        (HEADER.replace("source_id,", ""), "source_id"),
        (HEADER.replace("created_utc,created,", ""), "created_utc"),
    ],
)
async def test_a_file_without_its_columns_is_refused_by_their_names(
    application: Application, tmp_path: Path, header: str, named: str
) -> None:
    path = tmp_path / "activity.csv"
    path.write_text(header, encoding="utf-8")

    with pytest.raises(ColumnsUnusable) as refused:
        await import_movements(application, path)

    assert refused.value.columns == named


@pytest.mark.parametrize(
    ("currency", "gross", "amount"),
    [
        ("isk", "1990.00", 1_990),
        ("ugx", "5000.00", 5_000),
        ("jpy", "1990", 1_990),
        ("mga", "10.20", 1_020),
        ("kwd", "1.230", 1_230),
        ("isk", "1990.50", None),
        ("jpy", "0.5", None),
        ("kwd", "1.2345", None),
    ],
)
def test_amounts_of_a_report_are_major_units_whatever_stripe_s_api_says(
    currency: str, gross: str, amount: int | None
) -> None:
    texts = {
        "balance_transaction_id": "txn_1",
        "reporting_category": "charge",
        "source_id": "ch_1",
        "invoice_id": "in_1",
        "currency": currency,
        "gross": gross,
        "created_utc": "2027-01-20 10:00:00",
    }

    if amount is None:
        with pytest.raises(FaultError) as fault:
            read_movement(Cells(texts), "stripe", ZoneInfo("UTC"))
        assert fault.value.column == "gross"
    else:
        read = read_movement(Cells(texts), "stripe", ZoneInfo("UTC"))
        assert (read.amount, read.settled, read.currency) == (amount, amount, currency.upper())
