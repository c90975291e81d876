"""Turning what a page knows into HTML: the templates of every language and the answers we give.

Autoescape is on everywhere, an undefined name is an error, and nothing a person typed ever
reaches a template as markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from gettext import NullTranslations
from http import HTTPStatus
from operator import methodcaller
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response

from admin.assets import Asset, read_assets
from admin.language import HTML_LANGUAGE, catalogues
from admin.menu import menu_for
from admin.visit import Visit, visit_of
from admin.words import N_, done_words, role_words
from loyalty.ids import show

HTML: Final = "text/html; charset=utf-8"
RENDERER: Final = "renderer"
BUSY: Final = (
    N_("One moment, please"),
    N_("The database is busy or starting. Nothing was lost; please try again in a moment."),
)


@dataclass(frozen=True, slots=True)
class Programme:
    """What the frame of every page says about the programme."""

    name: str


class Renderer:
    """The templates, once per language, and the assets; built at start, shared by all requests."""

    def __init__(self, folder: Path = Path(__file__).parent / "templates") -> None:
        self.assets: Mapping[str, Asset] = read_assets()
        self.translations: Mapping[str, NullTranslations] = catalogues()
        self._environments = {
            name: self._environment(folder, translations)
            for name, translations in self.translations.items()
        }

    def page(
        self, visit: Visit, template: str, /, *, status: int = HTTPStatus.OK, **known: object
    ) -> Response[str]:
        """Answer with a page."""
        environment = self._environments[visit.voice.name]
        html = environment.get_template(template).render(
            look=visit,
            voice=visit.voice,
            count=visit.voice.count,
            programme=Programme("Loyalty"),
            menu=menu_for(visit),
            roles=role_words(visit),
            done=done_words(visit),
            **known,
        )
        return Response(html, status_code=status, media_type=HTML)

    def sorry(self) -> bytes:
        """The page for when not even the visitor can be told apart, in every language at once."""
        sentences = [
            (HTML_LANGUAGE[name], texts.gettext(BUSY[0]), texts.gettext(BUSY[1]))
            for name, texts in self.translations.items()
        ]
        template = self._environments["en"].get_template("sorry.html")
        return template.render(sentences=sentences).encode()

    def address(self, name: str) -> str:
        """The address of an asset, which changes with its content."""
        return f"/assets/{self.assets[name].name}"

    def _environment(self, folder: Path, translations: NullTranslations) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        _install(environment, translations)
        environment.globals["static"] = self.address
        environment.globals["ident"] = show
        return environment


def _install(environment: Environment, translations: NullTranslations) -> None:
    """Call the method that the extension has given the environment."""
    methodcaller("install_gettext_translations", translations, newstyle=True)(environment)


def page(
    request: Request[Any, Any, Any],
    template: str,
    /,
    *,
    status: int = HTTPStatus.OK,
    **known: object,
) -> Response[str]:
    """Answer a request with a page, spoken to its visitor."""
    renderer: Renderer = request.scope["state"][RENDERER]
    return renderer.page(visit_of(request), template, status=status, **known)


def go(address: str) -> Response[bytes]:
    """Answer a form that worked: look at this page now (303, so that a reload sends nothing)."""
    return Response(
        b"",
        status_code=HTTPStatus.SEE_OTHER,
        media_type="text/plain",
        headers={"Location": address},
    )
