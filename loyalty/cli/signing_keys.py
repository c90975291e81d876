"""``loyalty signing-keys``: the keys that sign quotes, links and credentials."""

from uuid import UUID

import click

from loyalty.bootstrap import Application
from loyalty.cli.running import cause_of, run
from loyalty.signing import rotate_signing_keys


@click.group("signing-keys")
def signing_keys() -> None:
    """Keys that sign quotes, wallet links and members' credentials."""


@signing_keys.command()
def rotate() -> None:
    """Sign with a new key from now on; what the old one signed stays good until its end."""

    async def work(application: Application) -> UUID:
        return await application.database.write(rotate_signing_keys, cause_of(application))

    click.echo(f"signing with {run(work)} from now on")
