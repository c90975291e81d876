"""The reference pages, written from the code that they describe.

`make reference` writes them; a test finds a page that has fallen behind. Errors come from the
classes of the four packages, settings from the one reader of the environment, commands from the
command line itself, the table of contents from the titles of the pages.
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

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
        alias = field.validation_alias
        variable = alias if isinstance(alias, str) else f"{prefix}{name.upper()}"
        meaning = " ".join((field.description or "").split())
        parts.append(f"| `{variable}` | {default} | {meaning} |")
    return "\n".join(parts) + "\n"


def commands_page() -> str:
    """Return every command with its arguments, its options and what it does."""
    main = importlib.import_module("loyalty.cli").cli
    parts = ["# Commands", "", NOTE]
    for context, command in _commands(main, click.Context(main, info_name="loyalty")):
        usage = command.get_usage(context).removeprefix("Usage: ")
        parts += ["", f"## {context.command_path}", "", "```", usage, "```", ""]
        parts.append(inspect.cleandoc(command.help or ""))
        options = [
            record
            for parameter in command.get_params(context)
            if (record := parameter.get_help_record(context))
            and "--help" not in record[0]
            and record[1]
        ]
        if options:
            parts += ["", "| option | meaning |", "| --- | --- |"]
            parts += [f"| `{name}` | {meaning} |" for name, meaning in options]
    return "\n".join(parts) + "\n"


def events_page() -> str:
    """Return every type of event with what its data holds."""
    types = importlib.import_module("loyalty.event_types").EVENT_TYPES
    parts = ["# Events", "", NOTE, ""]
    parts += [
        "`GET /v1/changes` tells events of these types; `GET /v1/changes/schemas` publishes them",
        "as JSON Schemas. A type keeps its fields for ever and may gain some: leave out what you",
        "do not know. [Being told](../notices.md) says how the feed is followed.",
    ]
    for each in types.values():
        parts += ["", f"## {each.name}", "", f"Version {each.version}. {each.summary}", ""]
        parts += [
            "| field of `data` | type | always there | meaning |",
            "| --- | --- | --- | --- |",
        ]
        parts += _fields(each.data, "")
    return "\n".join(parts) + "\n"


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, field in schema["properties"].items():
        kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
        always = "yes" if name in schema["required"] else "no"
        where, inner = f"{path}{name}", field.get("items", field)
        meaning = field.get("description", "")
        yield f"| `{where}` | {' or '.join(kinds)} | {always} | {meaning} |"
        if "properties" in inner:
            yield from _fields(inner, f"{where}[]." if "items" in field else f"{where}.")


def index_page() -> str:
    """Return the table of contents: every page by its title, grouped by what it is for."""
    parts = ["# Documentation", "", NOTE, ""]
    parts += ["The [README](../README.md) says what this is and how to try it. The rest is here."]
    pages = sorted((REPOSITORY / "docs").glob("*.md"))
    groups = {
        "How it works": [page for page in pages if page.name != "index.md"],
        "Reference": [REPOSITORY / page for page in PAGES if page.startswith("docs/reference/")],
        "Decisions": sorted((REPOSITORY / "docs" / "decisions").glob("*.md")),
    }
    for group, found in groups.items():
        parts += ["", f"## {group}", ""]
        parts += [f"- [{_title(page)}]({page.relative_to(REPOSITORY / 'docs')})" for page in found]
    return "\n".join(parts) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/errors.md": errors_page,
    "docs/reference/configuration.md": configuration_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/events.md": events_page,
    "docs/index.md": index_page,
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


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").strip()


def _first_paragraph(kind: type[Exception]) -> str:
    return " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].split())


if __name__ == "__main__":
    for page, written in PAGES.items():
        sys.stdout.write(f"· {page}\n")
        path = Path(REPOSITORY / page)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(), encoding="utf-8")
