"""Builds the demo's programme, step by step; each step may be repeated.

Everything goes the way of a real programme: settings are published, members and orders are brought
along, jobs run, keys are made.
"""

import asyncio
import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import ledger
from loyalty.birthdays import issue_birthday_vouchers
from loyalty.bootstrap import Application
from loyalty.cause import SYSTEM, Cause, import_actor
from loyalty.demo.catalogue import order_rewards
from loyalty.demo.errors import DemoDataMissing, DemoHomeTaken, DemoOrdersRejected
from loyalty.demo.inventions import draw_redemptions, join_households, redeem
from loyalty.demo.programme import publish_programme
from loyalty.demo.state import State
from loyalty.history.folder import spool_folder
from loyalty.history.orders import Report, import_orders
from loyalty.history.rejects import rejects_path
from loyalty.history.staging import open_text
from loyalty.history.summary import Summary
from loyalty.ids import new_id, show
from loyalty.keys import Role, create_key
from loyalty.reviews import review_tiers
from loyalty.tables import member
from tiers import standing_at

SHOP: Final = ("USD", "America/New_York")
OWN_ZONE: Final = "UTC"
KEYS: Final[tuple[Role, ...]] = ("checkout", "admin", "finance")

Say = Callable[[str], None]


async def build_demo(application: Application, state: State, report: Report, say: Say) -> State:
    """Build the demo and return its state with keys and member."""
    own = Path(state.orders) if state.orders else None
    currency, zone = SHOP if own is None else (_currency_of(own), OWN_ZONE)
    await application.database.write(
        publish_programme, _cause(application), currency=currency, zone=zone
    )
    if own is None:
        await _bring_shop(application, date.fromisoformat(state.last_day), report, say)
    else:
        await _bring(application, own, report, say)
    say("issuing birthday vouchers and reviewing tiers")
    await issue_birthday_vouchers(application, _cause(application))
    await review_tiers(application, _cause(application))
    while await application.database.write(ledger.roll_up):
        pass
    return await application.database.write(_make_keys, _cause(application), state)


def refuse_other(state: State | None, orders: Path | None, home: Path) -> None:
    """Refuse a home whose demo was built from other orders."""
    wanted = "" if orders is None else str(orders.resolve())
    if state is not None and state.orders != wanted:
        seen = f"a demo of {state.orders or 'the shop that comes with it'}"
        raise DemoHomeTaken(home=str(home), seen=seen)


async def refuse_members(application: Application) -> None:
    """Refuse a home that holds a programme which is no demo."""
    async with application.database.read() as connection:
        if await connection.scalar(select(member.c.id).limit(1)) is not None:
            home = str(application.settings.home)
            raise DemoHomeTaken(home=home, seen="a programme with members that is no demo")


async def _bring_shop(application: Application, last_day: date, report: Report, say: Say) -> None:
    """Bring the shop's year along, and invent what its data lack."""
    try:
        from loyalty.demo.shop import write_orders  # noqa: PLC0415 (its packages are an extra)
    except ModuleNotFoundError as error:
        raise DemoDataMissing from error
    with spool_folder() as folder:
        file = folder / "orders.csv"
        say("reading a retailer's year of baskets")
        households = await asyncio.to_thread(
            write_orders, file, last_day=last_day, invent_returns=True
        )
        cause = _cause(application, import_actor("demo"))
        await application.database.write(join_households, cause, households)
        await _bring(application, file, report, say)
    names = [each.name for each in households]
    drawn = draw_redemptions(names, application.clock.now())
    for one in drawn:
        await application.database.write(redeem, application, _cause(application), one)
        report("invented orders paid with points", 1, len(drawn))
    await order_rewards(application, _cause(application), [one.household for one in drawn])


async def _bring(application: Application, file: Path, report: Report, say: Say) -> Summary:
    summary = await import_orders(application, file, report=report)
    for line in summary.told():
        say(line)
    if not summary.complete and not summary.orders + summary.replays:
        raise DemoOrdersRejected(
            rows=summary.rows_rejected, file=str(file), rejects=str(rejects_path(file))
        )
    return summary


async def _make_keys(connection: AsyncConnection, cause: Cause, state: State) -> State:
    whose = await _shown_member(connection, cause)
    keys: dict[str, str] = {}
    for role in KEYS:
        _, keys[role] = await create_key(connection, cause, role=role, label="demo")
    _, keys["member"] = await create_key(
        connection, cause, role="member", label="demo", member=whose
    )
    return state.built(keys, show("mem", whose))


async def _shown_member(connection: AsyncConnection, cause: Cause) -> UUID:
    """A member of a high tier with points to spend, whom the printed commands are about."""
    standing = standing_at(member.c.id, cause.at.date()).lateral("standing")
    wallet = ledger.wallet_at(member.c.holder, cause.at).lateral("wallet")
    ranked = (
        select(member.c.id)
        .join(standing, standing.c.member == member.c.id, isouter=True)
        .join(wallet, wallet.c.holder == member.c.holder, isouter=True)
        .order_by(
            (standing.c.tier == "gold").desc().nulls_last(),
            wallet.c.available.desc().nulls_last(),
            member.c.id,
        )
        .limit(1)
    )
    return (await connection.execute(ranked)).scalar_one()


def _currency_of(file: Path) -> str:
    """The currency of the first row of one's own orders; what is wrong the import says."""
    with open_text(file) as text:
        first = next(iter(csv.DictReader(text)), {})
    currency = str(first.get("currency") or "").strip().upper()
    return currency if len(currency) == len("USD") and currency.isalpha() else "USD"


def _cause(application: Application, actor: str = SYSTEM) -> Cause:
    return Cause(application.clock.now(), actor, str(new_id()))
