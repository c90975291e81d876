"""Makes a mail from a template: a subject, the text, and the same text as simple HTML.

A template is text: the first line is the subject, the rest are paragraphs. The HTML is made from
the finished paragraphs, each escaped as a whole, so the two can never say different things.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    select_autoescape,
)

FOLDER: Final = Path(__file__).parent / "templates"

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=select_autoescape(enabled_extensions=("html",)),
    undefined=StrictUndefined,
    keep_trailing_newline=False,
)
_LINK_WORDS: Final = {"en": "Open your wallet", "zh": "打开我的钱包"}


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it reads."""

    subject: str
    text: str
    html: str


def write_mail(
    template: str, language: str, words: Mapping[str, object], *, link: str | None = None
) -> Written:
    """Fill a template in a language; `link` leads to the member's wallet."""
    try:
        filled = _ENVIRONMENT.get_template(f"{template}.{language}.txt").render(words)
    except TemplateError as error:
        raise ValueError(f"the template {template} cannot be filled") from error
    subject, _, body = filled.strip().partition("\n")
    paragraphs = _paragraphs(body)
    words_for_link = _LINK_WORDS[language]
    text = "\n\n".join("\n".join(lines) for lines in paragraphs)
    if link is not None:
        text += f"\n\n{words_for_link}: {link}"
    html = _ENVIRONMENT.get_template("frame.html").render(
        subject=_one_line(subject),
        language=language,
        paragraphs=paragraphs,
        link=link,
        link_words=words_for_link,
    )
    return Written(_one_line(subject), text + "\n", html)


def _paragraphs(body: str) -> Sequence[Sequence[str]]:
    found = (
        [line.strip() for line in part.splitlines() if line.strip()] for part in body.split("\n\n")
    )
    return [lines for lines in found if lines]


def _one_line(text: str) -> str:
    return " ".join(text.split())
