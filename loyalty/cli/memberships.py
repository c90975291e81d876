"""``loyalty memberships``: subscriptions that were at Stripe before the programme."""

from collections import Counter

import click

from loyalty.bootstrap import Application
from loyalty.cli.running import cause_of, run


@click.group()
def memberships() -> None:
    """Memberships that Stripe charges for."""


@memberships.command()
@click.option("--take", is_flag=True, help="Take over what fits; without it nothing is written.")
def adopt(*, take: bool) -> None:
    """List the account's subscriptions and why each fits or not; with --take, take them over."""
    from loyalty.billing.adopting import TAKES, preview
    from loyalty.billing.adopting import adopt as take_over

    async def work(application: Application) -> list[tuple[str, str, str]]:
        lines = []
        for found in await preview(application):
            came: str = found.why
            if take and found.why == TAKES:
                came = await take_over(application, cause_of(application), found)
            lines.append((found.subscription, found.status, came))
        return lines

    lines = run(work)
    for subscription, status, came in lines:
        click.echo(f"{subscription}  {status:<10}  {came}")
    counted = Counter(came for _, _, came in lines)
    told = ", ".join(f"{count} {came}" for came, count in sorted(counted.items()))
    click.echo(f"{len(lines)} subscriptions" + (f": {told}" if told else ""))
    if not take and counted[TAKES]:
        click.echo("nothing was written; --take takes over those that fit")
