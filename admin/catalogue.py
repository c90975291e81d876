"""The catalogues kept in step with the sentences: `python -m admin.catalogue` rewrites them.

Every sentence of templates and code is found where it stands; translations are kept, sentences
that are gone are dropped, new ones come in empty, and a test refuses an empty one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from admin.language import LANGUAGES

HERE: Final = Path(__file__).parent
KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "N_": None,
    "say": None,
    "count": (1, 2),
}
METHODS: Final = [("templates/**.html", "jinja2.ext.babel_extract"), ("**.py", "python")]
OPTIONS: Final = {
    "templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
}
SOURCE: Final = "en"
#: Kept, so that a file changes only when its sentences do.
FIRST_WRITTEN: Final = datetime(2026, 11, 21, tzinfo=UTC)


def found() -> Catalog:
    """Every sentence of the pages, without translations."""
    catalogue = Catalog(
        project="loyalty",
        version="1",
        header_comment="# Sentences of the console and the wallet; see admin/catalogue.py.",
        creation_date=FIRST_WRITTEN,
        revision_date=FIRST_WRITTEN,
        last_translator="the loyalty maintainers",
        language_team="the loyalty maintainers",
        msgid_bugs_address="the loyalty maintainers",
        charset="utf-8",
        fuzzy=False,
    )
    for name, _, message, comments, _ in _extracted():
        catalogue.add(message, locations=[(name, 0)], auto_comments=comments)
    return catalogue


def _extracted() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    return extract_from_dir(
        HERE, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS, comment_tags=()
    )


def path_of(language: str) -> Path:
    """Where a language's catalogue stands."""
    return HERE / "locale" / language / "console.po"


def updated(language: str) -> Catalog:
    """A language's catalogue with exactly today's sentences."""
    fresh, path = found(), path_of(language)
    known = Catalog()
    if path.exists():
        with path.open("rb") as opened:
            known = read_po(opened, locale=str(LANGUAGES[language]))
    fresh.locale = LANGUAGES[language]
    for message in fresh:
        if message.id and (old := known.get(message.id)) is not None and old.string:
            message.string = old.string
    return fresh


def write_catalogue(language: str, catalogue: Catalog) -> None:
    """Rewrite a language's file."""
    with path_of(language).open("wb") as opened:
        write_po(opened, catalogue, width=100, sort_output=True, include_lineno=False)


if __name__ == "__main__":
    for each in LANGUAGES:
        if each != SOURCE:
            write_catalogue(each, updated(each))
