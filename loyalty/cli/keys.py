"""``loyalty keys``: make, list and revoke API keys."""

from datetime import timedelta
from typing import cast

import click

from loyalty.bootstrap import Application
from loyalty.cli.progress import tell
from loyalty.cli.running import cause_of, run
from loyalty.ids import read, show
from loyalty.keys import ROLES, ApiKey, Role, create_key, list_keys, revoke_key
from loyalty.members import find_member, read_member_ref


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the key may do.")
@click.option("--label", required=True, help="What people call it.")
@click.option("--member", help="The one member of a member's key, as mem_… or ext:….")
@click.option("--days", type=click.IntRange(1), help="How long it lives; for ever if not said.")
def create(role: str, label: str, member: str | None, days: int | None) -> None:
    """Make a key and print it; it is shown this once."""
    if (role == "member") != (member is not None):
        raise click.UsageError("a member's key, and no other, names its member with --member")

    async def work(application: Application) -> tuple[ApiKey, str]:
        named = None
        if member is not None:
            async with application.database.read() as connection:
                named = (await find_member(connection, read_member_ref(member))).id
        return await application.database.write(
            create_key,
            cause_of(application),
            role=cast("Role", role),
            label=label,
            member=named,
            lives=None if days is None else timedelta(days=days),
        )

    made, text = run(work)
    tell(f"{show('key', made.id)}: keep this text, it is not shown again")
    click.echo(text)


@keys.command("list")
def list_() -> None:
    """List the keys, newest first."""

    async def work(application: Application) -> list[str]:
        async with application.database.read() as connection:
            found = await list_keys(connection)
        now = application.clock.now()
        return [_line(key, stands=key.stands(now)) for key in found]

    for line in run(work):
        click.echo(line)


@keys.command()
@click.argument("key")
def revoke(key: str) -> None:
    """End a key at once."""

    async def work(application: Application) -> ApiKey:
        return await application.database.write(revoke_key, cause_of(application), read("key", key))

    ended = run(work)
    click.echo(f"{show('key', ended.id)} has ended")


def _line(key: ApiKey, *, stands: bool) -> str:
    state = "stands" if stands else "ended"
    return f"{show('key', key.id)}  {key.role:<8}  {state:<6}  {key.prefix}…  {key.label}"
