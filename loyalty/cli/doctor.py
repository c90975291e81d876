"""``loyalty doctor``: say what is wrong with a deployment and how to mend it."""

import sys

import click

from loyalty.bootstrap import Application
from loyalty.cli.running import run
from loyalty.doctor import Finding, examine


@click.command()
def doctor() -> None:
    """Say what is wrong with this deployment and how to mend it; exit 1 when something is."""

    async def work(application: Application) -> list[Finding]:
        return await examine(application)

    findings = run(work)
    for finding in findings:
        click.echo(f"{finding.severity}  {finding.name}: {finding.seen}\n      {finding.mend}")
    if not findings:
        click.echo("nothing is wrong")
    if any(finding.severity == "wrong" for finding in findings):
        sys.exit(1)
