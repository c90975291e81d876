"""``loyalty demo``: a working programme on a year of real orders."""

import json
import socket
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import click

from loyalty.bootstrap import Application, owned
from loyalty.cli.db import bring_up_to_date
from loyalty.cli.import_ import reporting
from loyalty.cli.progress import tell
from loyalty.cli.running import cause_of, run
from loyalty.cli.serving import serve_programme
from loyalty.demo.building import build_demo, refuse_members, refuse_other
from loyalty.demo.errors import DemoPortTaken
from loyalty.demo.nightly import compare_if_missed
from loyalty.demo.plans import club_joining, find_newcomer
from loyalty.demo.state import State, write_private
from loyalty.ids import read, show
from loyalty.links import make_link
from loyalty.observability import configure_logging
from loyalty.settings import Settings
from loyalty.staff import first_link

WALLET_LIVES: Final = timedelta(hours=12)
DOUBLED_LIVES: Final = timedelta(days=400)
"""Beside a double of Stripe time is moved by months, and the links are to outlive that."""
MONTH: Final = 31 * 24 * 3600
HOST: Final = "127.0.0.1"
CURRENCY: Final = "USD"
"""Of the carts to try; one's own orders may be in another."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The port to serve on; PORT.")
@click.option(
    "--orders",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Build it from one's own file of orders, as `loyalty import orders` reads it.",
)
def demo(port: int | None, orders: Path | None) -> None:
    """Build a programme on a year of a real retailer's orders, and serve it.

    The second start serves what the first one built. What the data lack is invented from a fixed
    seed, and says so: see docs/demo.md.
    """
    configure_logging()
    settings = Settings()
    address = (settings.host or HOST, port or settings.port)
    refuse_taken(*address)
    state = State.read(settings.home)
    refuse_other(state, orders, settings.home)
    with owned(settings, create=True, report=tell) as ownership:
        bring_up_to_date(ownership)
        if state is None or state.keys is None:
            state = build(settings.home, state, orders)
        built = state
        serve_programme(*address, ready=lambda url: announce(url, settings.home, built))


def build(home: Path, begun: State | None, orders: Path | None) -> State:
    """Build the demo, or go on where an earlier build was ended."""

    async def work(application: Application) -> State:
        state = begun
        if state is None:
            await refuse_members(application)
            state = State.begun(orders, _yesterday(application))
            state.write(home)
        with reporting() as report:
            return await build_demo(application, state, report, tell)

    built = run(work)
    built.write(home)
    return built


def refuse_taken(host: str, port: int) -> None:
    """Refuse a port that somebody listens on, before a long build."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DemoPortTaken(host=host, port=port) from error


def announce(url: str, home: Path, state: State) -> None:
    """Write `demo.json` and print pages, keys and commands to try."""
    keys, member_id = state.keys or {}, state.member_id or ""
    told = {"base_url": url, "keys": keys, "member_id": member_id}
    write_private(home / "demo.json", json.dumps(told, indent=2))

    async def links(application: Application) -> tuple[str | None, str, list[str]]:
        cause = cause_of(application)
        first = await application.database.write(first_link, cause=cause)
        async with application.database.read() as connection:
            await application.signing.load(connection)
            newcomer = await find_newcomer(connection, cause.at)
        if application.billing.gateway is not None:
            await application.database.write(compare_if_missed, cause)
        paying = [] if newcomer is None else _paying(application, cause.at, url, newcomer, keys)
        return (
            None if first is None else first.path,
            _wallet(application, read("mem", member_id), WALLET_LIVES),
            paying,
        )

    path, token, paying = run(links)
    for line in (*_lines(url, path, token, keys, member_id), *paying):
        click.echo(line)
    click.echo("Stop it with Ctrl-C; `make demo` serves it again in seconds.")


def _wallet(application: Application, whose: UUID, lives: timedelta) -> str:
    now = application.clock.now()
    return make_link(application.signing, whose, purpose="wallet", at=now, lives=lives).token


def _paying(
    application: Application, at: datetime, url: str, newcomer: UUID, keys: dict[str, str]
) -> list[str]:
    """How a membership is paid for, at the double or in the shop; docs/demo.md tells all of it."""
    double, whose = application.settings.stripe_api_base, show("mem", newcomer)
    wallet = _wallet(application, newcomer, DOUBLED_LIVES if double else WALLET_LIVES)
    quote = _posted(url, "checkout/quotes", keys, {"member": whose, "order": _order(points=0)})
    if double:
        title, paid = "beside the double of Stripe", ["A month passes:"]
        paid.append(f"  curl -s {double}/_double -d '{{\"advance\": {MONTH}}}'")
    else:
        title = "in the shop, which reports it"
        joining = {"member": whose, **club_joining(at, CURRENCY)}
        paid = [
            "Joins Club:",
            *_posted(url, "memberships", keys, joining, key=str(joining["reference"])),
        ]
    return [
        f"Paid membership {title} (docs/demo.md):",
        f"  wallet         {url}/wallet/enter/{wallet}",
        *quote,
        *paid,
        "",
    ]


def _posted(
    url: str, path: str, keys: dict[str, str], body: dict[str, object], *, key: str = ""
) -> list[str]:
    once = f"-H 'Idempotency-Key: {key}' " if key else ""
    return [
        f"  curl -s {url}/v1/{path} -H 'Authorization: Bearer {keys['checkout']}' \\",
        f"    {once}-H 'Content-Type: application/json' -d '{json.dumps(body)}'",
    ]


def _order(points: int) -> dict[str, object]:
    return {
        "currency": CURRENCY,
        "channel": "web",
        "country": "US",
        "lines": [
            {
                "line_id": "1",
                "sku": "1095275",
                "category": "PASTRY",
                "quantity": 2,
                "unit_price": 450,
                "member_price": 399,
            }
        ],
        "shipping": {"method": "standard", "price": 590},
        "points_to_spend": points,
    }


def _lines(
    url: str, first_path: str | None, token: str, keys: dict[str, str], member_id: str
) -> list[str]:
    entrance = f"{url}{first_path}" if first_path else f"{url}/console (sign in)"
    cart = {"member": member_id, "order": _order(points=200)}
    bearer = {role: f"-H 'Authorization: Bearer {key}'" for role, key in keys.items()}
    return [
        "",
        f"serving on {url}",
        f"  console        {entrance}",
        f"  member wallet  {url}/wallet/enter/{token}",
        f"  API            {url}/schema/openapi.json",
        "",
        *(f"  {role:<9} {key}" for role, key in keys.items()),
        "",
        "What this member gets for a cart:",
        f"  curl -s {url}/v1/checkout/quotes {bearer['checkout']} \\",
        f"    -H 'Content-Type: application/json' -d '{json.dumps(cart)}'",
        "What stands in their wallet:",
        f"  curl -s {url}/v1/members/{member_id}/wallet {bearer['member']}",
        "Whether the books balance:",
        f"  curl -s {url}/v1/finance/trial-balance {bearer['finance']}",
        "",
    ]


def _yesterday(application: Application) -> date:
    return application.clock.now().date() - timedelta(days=1)
