"""Why things came back: returns and chargebacks of some months, reason by reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from litestar import Request, Response, get

from admin.asked import span_of
from admin.charts import share
from admin.guards import NEEDS, Needs
from admin.reasons import came_back
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import N_, Badge, badge
from loyalty.orders.aftersales.return_reasons import ReasonFigures, return_reasons

STAFF: Final = {NEEDS: Needs.STAFF}
HERE: Final = "/console/return-reasons"
MOST_MONTHS: Final = 36
USUAL_MONTHS: Final = 12
KINDS: Final = MappingProxyType(
    {
        "return": (N_("Returned"), "calm"),
        "chargeback": (N_("Charged back"), "bad"),
    }
)


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """One reason with its share of all that came back."""

    figures: ReasonFigures
    words: str | None
    kind: Badge
    length: int
    share: str


@get(HERE, opt=STAFF)
async def reasons_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """What came back in some months, the most frequent reason first."""
    visit = visit_of(request)
    span = span_of(visit, begins_on=None, most=MOST_MONTHS, usual=USUAL_MONTHS)
    async with visit.application.database.read() as connection:
        found = await return_reasons(connection, span.first, span.until)
    return page(
        request,
        "return_reasons.html",
        span=span,
        rows=_rows(visit, found),
        returns=sum(one.returns for one in found),
        money=sum(one.refund_money for one in found),
        units=sum(one.units for one in found),
        points_returned=sum(one.points_returned for one in found),
        points_taken_back=sum(one.points_taken_back for one in found),
    )


def _rows(visit: Visit, found: Sequence[ReasonFigures]) -> list[ReasonRow]:
    whole = sum(one.returns for one in found)
    return [
        ReasonRow(
            one,
            came_back(visit.voice, one.reason),
            badge(visit.voice, KINDS, one.kind),
            share(one.returns, whole),
            visit.voice.share(one.returns, whole),
        )
        for one in found
    ]


ROUTES: Final = (reasons_page,)
