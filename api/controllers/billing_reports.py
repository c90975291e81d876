"""Reports of whoever bills, handed in over HTTP: each line once, a report whole or not at all."""

from typing import Final

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from api.auth import ApiRequest
from api.bodies import body_of
from api.operation import Operation, operation
from api.schemas.billing_reports import BillingReportBody, BillingReportOut
from api.writing import answer, cause_of, now_of, write
from loyalty.history.billing import take_report
from loyalty.idempotency import Answer, Begun

_LARGEST_REPORT: Final = 8 * 1_048_576
_EXAMPLE: Final = (
    "balance_transaction_id,created_utc,currency,gross,reporting_category,source_id,invoice_id\n"
    "txn_1,2027-01-31 23:30:00,usd,33.00,charge,ch_1,in_1\n"
)


@post(
    "/finance/billing-reports",
    request_max_body_size=_LARGEST_REPORT,
    opt=operation(
        Operation(
            summary="Hand in a report of whoever bills",
            tag="finance",
            roles=frozenset({"finance"}),
            key="required",
            body=BillingReportBody,
            example={"kind": "movements", "report": _EXAMPLE},
            answers={200: BillingReportOut},
            refusals=(
                "billing-report-rejected",
                "import-columns-unusable",
                "import-unreadable",
            ),
        )
    ),
)
async def take_billing_report(request: ApiRequest) -> Response[bytes]:
    """Take in every line that is new; with one that cannot be taken, none, and each is named."""
    report = (await body_of(request, BillingReportBody)).given()
    cause = cause_of(request, now_of(request))

    async def work(connection: AsyncConnection, _: Begun) -> Answer:
        return answer(200, BillingReportOut.of(await take_report(connection, cause, report)))

    return await write(request, None, work)


ROUTES: Final = (take_billing_report,)
