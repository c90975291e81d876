"""Reports of whoever bills, handed in by finance: the same use case as over HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, Literal

from litestar import Request, Response, post
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.forms import UPLOADS, Sent, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.pages.reconciliation import HERE, REPORT, comparisons
from admin.refusals import REFUSALS
from admin.report_words import places_of, refused_words
from admin.visit import Visit, visit_of
from loyalty.history.billing import Report, take_report
from loyalty.idempotency import Begun

FINANCE: Final = {NEEDS: Needs.FINANCE, UPLOADS: frozenset({"file"})}
LARGEST: Final = 8 * 1_048_576 + 65_536
"""As over HTTP, and the other fields."""
KINDS: Final[
    Mapping[str, tuple[Literal["movements", "payouts"], Literal["stripe", "external"]]]
] = MappingProxyType(
    {
        "movements": ("movements", "stripe"),
        "payouts": ("payouts", "stripe"),
        "own": ("movements", "external"),
    }
)


@post(f"{HERE}/reports", opt=FINANCE, request_max_body_size=LARGEST)
async def report_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take in a report whole, or name the lines that stand in its way."""
    visit, form = visit_of(request), await sent(request)
    cause, (text, wrong) = visit.cause(), _report(visit, form)
    kind = KINDS.get(form.get("kind"))
    if kind is None:
        wrong["kind"] = visit.voice.say("Please choose one of these.")
    places: list[tuple[str, str, str]] = []
    if kind is not None and not wrong:
        report = Report(*kind, text)

        async def effect(connection: AsyncConnection, _: Begun) -> str:
            taken = await take_report(connection, cause, report)
            return f"{HERE}?done=report-taken&new={taken.new}&known={taken.known}"

        try:
            return await once(visit, form, "console.billing-report", None, effect, then=HERE)
        except REFUSALS as error:
            wrong["file" if form.files else "text"] = refused_words(visit.voice, error)
            places = places_of(visit.voice, error)
    again = form.form(REPORT, wrong)
    return await comparisons(request, again, HTTPStatus.UNPROCESSABLE_ENTITY, places)


def _report(visit: Visit, form: Sent) -> tuple[str, dict[str, str]]:
    """The text of the report: of the file, or as it was pasted; and what is wrong with it."""
    say, pasted, file = visit.voice.say, form.get("text"), form.files.get("file")
    if file and pasted:
        return "", {"text": say("Please give a file or paste its lines, not both.")}
    if not file:
        return pasted, {} if pasted else {"file": say("Please give a file, or paste its lines.")}
    try:
        return file.decode(), {}
    except UnicodeDecodeError:
        return "", {"file": say("This file is no text in UTF-8.")}


ROUTES: Final = (report_form,)
