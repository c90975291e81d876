"""Exports of the journal to the company's books: numbered, downloaded, the same again each time."""

import asyncio
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from admin.actors import actor_words, by_id
from admin.asked import NO_MONTH, further, month_of
from admin.books_words import FORMATS
from admin.forms import Form, Sent, blank, sent
from admin.guards import NEEDS, Needs
from admin.once import once
from admin.refusals import REFUSALS, sentence
from admin.render import page
from admin.visit import Visit, visit_of
from admin.words import named
from loyalty.exports import (
    Export,
    Format,
    find_export,
    find_map,
    list_exports,
    list_maps,
    make_file,
    request_export,
)
from loyalty.idempotency import Begun
from loyalty.jobs.upkeep import settle_due_wallets
from loyalty.policy import months_later
from loyalty.staff import list_people

FINANCE: Final = {NEEDS: Needs.FINANCE}
HERE: Final = "/console/finance/exports"
PAGE_SIZE: Final = 30
YEAR: Final = 12
CHUNK: Final = 1 << 16
FIELDS: Final = {"/period": "period", "/map": "map", "/format": "format"}


@get(HERE, opt=FINANCE)
async def exports_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every export, the latest first, and the form to ask for one."""
    visit = visit_of(request)
    last = months_later(visit.policy.day_of(visit.at).replace(day=1), -1)
    asked = {"period": f"{last:%Y-%m}", "map": "ifrs", "format": "xlsx", "length": "month"}
    return await _exports(request, blank(visit, "export", **asked), HTTPStatus.OK)


@post(HERE, opt=FINANCE)
async def request_form(request: Request[Any, Any, Any]) -> Response[Any]:
    """Give an export its number."""
    visit, form = visit_of(request), await sent(request)
    month, wrong = _wanted(visit, form)
    if month is not None and not wrong:
        cause = visit.cause()
        since, until = _days(month, whole_year=form.get("length") == "year")
        await settle_due_wallets(visit.application, cause)

        async def effect(connection: AsyncConnection, _: Begun) -> str:
            made = await request_export(
                connection,
                cause,
                since=since,
                until=until,
                format=Format(form.get("format")),
                map=form.get("map"),
                language="zh" if visit.voice.name == "zh" else "en",
            )
            return f"{HERE}/{made.number}?done=export-requested"

        try:
            return await once(visit, form, "console.export", None, effect, then=HERE)
        except REFUSALS as error:
            field = FIELDS.get(getattr(error, "pointer", None) or "", "")
            wrong = {field: sentence(visit.voice, error)}
    return await _exports(request, form.form("export", wrong), HTTPStatus.UNPROCESSABLE_ENTITY)


@get(f"{HERE}/{{number:int}}", opt=FINANCE)
async def export_page(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[Any]:
    """One export: what it holds, its digest, and the way to its file."""
    visit = visit_of(request)
    async with visit.application.database.read() as connection:
        found = await find_export(connection, number)
        account_map = await find_map(connection, found.map, found.map_version)
        people = by_id(await list_people(connection))
    return page(
        request,
        "export.html",
        one=found,
        last_day=_eve(found.until),
        title=named(visit.voice, account_map.titles, account_map.name),
        format_words=visit.voice.say(FORMATS[found.format]),
        who=actor_words(visit.voice, found.actor, people),
        accounts=[
            (account, named(visit.voice, account.names, account.code))
            for _, account in sorted(account_map.accounts.items(), key=lambda one: one[1].code)
        ],
    )


@get(f"{HERE}/{{number:int}}/file", opt=FINANCE)
async def export_file(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[Any]:
    """The file, byte for byte the same each time; it is made the first time."""
    visit = visit_of(request)
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="loyalty-export-"))
    path = folder / "file"
    try:
        made = await make_file(visit.application.database, visit.cause(), number, path)
        file = await asyncio.to_thread(path.open, "rb")
    finally:
        # the open file outlives its name
        await asyncio.to_thread(_forget, path)
    return Stream(_chunks(file), media_type=made.format.media_type, headers=_headers(made))


async def _exports(
    request: Request[Any, Any, Any], form: Form, status: HTTPStatus
) -> Response[Any]:
    visit = visit_of(request)
    voice = visit.voice
    before = visit.query.get("before", "")
    async with visit.application.database.read() as connection:
        found = await list_exports(
            connection,
            limit=PAGE_SIZE + 1,
            before=int(before) if before.isdecimal() and len(before) < len("1000000000") else None,
        )
        maps = await list_maps(connection)
        people = by_id(await list_people(connection))
    shown = found[:PAGE_SIZE]
    return page(
        request,
        "exports.html",
        status=status,
        form=form,
        rows=[
            (
                one,
                _eve(one.until),
                voice.say(FORMATS[one.format]),
                actor_words(voice, one.actor, people),
            )
            for one in shown
        ],
        maps=[(one.name, named(voice, one.titles, one.name)) for one in maps],
        formats=[(one.value, voice.say(words)) for one, words in FORMATS.items()],
        lengths=[("month", voice.say("One month")), ("year", voice.say("The whole year"))],
        older=further(visit, before=str(shown[-1].number)) if len(found) > PAGE_SIZE else None,
        newest=further(visit, before="") if before else None,
    )


def _wanted(visit: Visit, form: Sent) -> tuple[date | None, dict[str, str]]:
    """The month that was asked for, and what is wrong with the rest."""
    wrong: dict[str, str] = {}
    month = month_of(form.get("period"))
    if month is None:
        wrong["period"] = visit.voice.say(NO_MONTH)
    if form.get("format") not in set(Format):
        wrong["format"] = visit.voice.say("Please choose one of the formats.")
    return month, wrong


def _days(month: date, *, whole_year: bool) -> tuple[date, date]:
    """The first day of the month or of its year, and the first day after."""
    first = month.replace(month=1) if whole_year else month
    return first, months_later(first, YEAR if whole_year else 1)


def _headers(made: Export) -> dict[str, str]:
    sha256 = "" if made.file is None else made.file.sha256
    digest = b64encode(bytes.fromhex(sha256)).decode()
    return {
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "Repr-Digest": f"sha-256=:{digest}:",
    }


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.parent.rmdir()


def _eve(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


ROUTES: Final = (exports_page, request_form, export_page, export_file)
