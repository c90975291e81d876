"""The command ``loyalty``.

One file a command or group, imported only when it is called, so that ``loyalty --help`` is instant.
Exit codes: 0 done; 1 a check found something; 2 the command line is wrong; 3 refused, and the
reason is on standard error; 130 interrupted; 143 told to stop.
"""

import importlib
import signal
import sys
from collections.abc import Mapping
from types import FrameType, MappingProxyType
from typing import Final, cast

import click

REFUSED: Final = 3
TOLD_TO_STOP: Final = 143

COMMANDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "demo": ("loyalty.cli.demo:demo", "Build and serve a programme on real orders."),
        "serve": ("loyalty.cli.serve:serve", "Serve the programme over HTTP, with its jobs."),
        "worker": ("loyalty.cli.worker:worker", "Run jobs until told to stop."),
        "import": ("loyalty.cli.import_:import_", "Bring a shop's history along from files."),
        "db": ("loyalty.cli.db:db", "Make, check, back up and restore the database."),
        "keys": ("loyalty.cli.keys:keys", "Make, list and revoke API keys."),
        "signing-keys": ("loyalty.cli.signing_keys:signing_keys", "Keys that sign our tokens."),
        "memberships": ("loyalty.cli.memberships:memberships", "Memberships that Stripe charges."),
        "plans": ("loyalty.cli.plans:plans", "Try a plan on past orders."),
        "verify": ("loyalty.cli.verify:verify", "Prove that the books and counters agree."),
        "bench": ("loyalty.cli.bench:bench", "Hold the programme against its budgets."),
        "doctor": ("loyalty.cli.doctor:doctor", "Say what is wrong and how to mend it."),
    }
)
"""Where each command lives, and the line that ``--help`` shows for it without importing it."""


class Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Commands)
@click.version_option(package_name="loyalty")
def cli() -> None:
    """Membership and loyalty for an online shop."""


def main() -> None:
    """Run the command line; a refusal is told in its own words, without a traceback."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        cli(prog_name="loyalty", standalone_mode=True)
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        click.echo(f"loyalty: {sentence}", err=True)
        sys.exit(REFUSED)


def _sentence(error: Exception) -> str | None:
    """What a refusal of ours says, or a wrong environment; None for what nobody expected."""
    if hasattr(error, "facts") and hasattr(error, "code"):
        return str(error)
    if type(error).__name__ == "ValidationError":
        return str(importlib.import_module("loyalty.settings").explain(error))
    return None


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(TOLD_TO_STOP)
