"""``loyalty serve``: the programme over HTTP."""

import os
import sys

import click

from loyalty.bootstrap import Application, owned
from loyalty.cli.db import bring_up_to_date, is_current
from loyalty.cli.progress import tell
from loyalty.cli.running import cause_of, run
from loyalty.cli.serving import refuse_taken_port, serve_programme
from loyalty.observability import configure_logging
from loyalty.settings import Settings
from loyalty.staff import first_link


@click.command()
@click.option("--host", help="The address to listen on; LOYALTY_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on; PORT.")
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True)
def serve(host: str | None, port: int | None, processes: int) -> None:
    """Serve the programme until told to stop.

    The embedded database is made and upgraded as needed; an external one must have been brought up
    to date with `loyalty db upgrade`.
    """
    configure_logging()
    settings = Settings()
    refuse_taken_port(host or settings.host, port or settings.port)
    with owned(settings, create=True, report=tell) as ownership:
        if settings.embedded:
            bring_up_to_date(ownership)
        elif not run(is_current):
            tell("loyalty: the database is not up to date; run `loyalty db upgrade` first")
            sys.exit(1)
        serve_programme(
            host or settings.host, port or settings.port, processes=processes, ready=announce
        )


def announce(address: str) -> None:
    """Print where the programme answers, and the way in while the console has nobody."""

    async def work(application: Application) -> str | None:
        link = await application.database.write(first_link, cause=cause_of(application))
        return None if link is None else link.path

    click.echo(f"serving on {address} (process {os.getpid()})")
    path = run(work)
    if path is not None:
        click.echo(f"the console has no people yet; the first one enters by {address}{path}")
