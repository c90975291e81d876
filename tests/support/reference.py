"""The reference pages, written from the code that they describe.

`make reference` writes them; a test finds a page that has fallen behind. Errors come from the
classes of the four packages, settings from the one reader of the environment, commands from the
command line itself.
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from tests.support.requirements import REPOSITORY
from tests.support.source import ERROR_ROOTS, refusals

NOTE = "Written by `make reference` from the code; change the code, not this page."


def errors_page() -> str:
    """Return every error code with its HTTP status and its sentence."""
    statuses: Mapping[str, int] = importlib.import_module("api.statuses").STATUSES
    parts = ["# Errors", "", NOTE, ""]
    parts += [
        "An answer that refuses is a problem document (RFC 9457); its `code` is one of these and",
        "never changes its meaning. Words in braces are filled in with the facts of the request.",
    ]
    for package in ERROR_ROOTS:
        kinds = {str(vars(kind)["code"]): kind for kind in refusals(package)}
        parts += ["", f"## {package}", "", "| code | status | sentence |", "| --- | ---: | --- |"]
        parts += [
            f"| `{code}` | {statuses[code]} | {_first_paragraph(kinds[code])} |"
            for code in sorted(kinds)
        ]
    return "\n".join(parts) + "\n"


def configuration_page() -> str:
    """Return every variable of the environment that is read, its default and its meaning."""
    settings = importlib.import_module("loyalty.settings").Settings
    parts = ["# Configuration", "", NOTE, ""]
    parts += ["What a deployment decides comes from the environment, read once at the start.", ""]
    parts += ["| variable | default | meaning |", "| --- | --- | --- |"]
    prefix = settings.model_config["env_prefix"]
    for name, field in settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        parts.append(f"| `{prefix}{name.upper()}` | {default} | {field.description or ''} |")
    return "\n".join(parts) + "\n"


def commands_page() -> str:
    """Return every command with its arguments, its options and what it does."""
    main = importlib.import_module("loyalty.cli").main
    parts = ["# Commands", "", NOTE]
    for context, command in _commands(main, click.Context(main, info_name="loyalty")):
        usage = command.get_usage(context).removeprefix("Usage: ")
        parts += ["", f"## {context.command_path}", "", "```", usage, "```", ""]
        parts.append(inspect.cleandoc(command.help or ""))
        options = [
            record
            for parameter in command.get_params(context)
            if (record := parameter.get_help_record(context)) and "--help" not in record[0]
        ]
        if options:
            parts += ["", "| option | meaning |", "| --- | --- |"]
            parts += [f"| `{name}` | {meaning} |" for name, meaning in options]
    return "\n".join(parts) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/errors.md": errors_page,
    "docs/reference/configuration.md": configuration_page,
    "docs/reference/commands.md": commands_page,
}


def _commands(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Context, click.Command]]:
    if not isinstance(command, click.Group):
        yield context, command
        return
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        if below is not None and not below.hidden:
            yield from _commands(below, click.Context(below, info_name=name, parent=context))


def _first_paragraph(kind: type[Exception]) -> str:
    return " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].split())


if __name__ == "__main__":
    for page, written in PAGES.items():
        sys.stdout.write(f"· {page}\n")
        path = Path(REPOSITORY / page)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(), encoding="utf-8")
