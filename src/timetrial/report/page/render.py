"""The page as one file: the template filled, with its style and script inside and nothing to fetch."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from timetrial.languages import Text
from timetrial.report.draw.marks import PATTERNS
from timetrial.report.escaped import in_html, in_xml
from timetrial.report.page import words
from timetrial.report.page.figure import Figure, source_of
from timetrial.report.page.page import Page


def render(page: Page, *, live: str | None = None) -> str:
    """The HTML; a page with the version of a ``live`` one asks its server for another, and loads itself anew."""
    return _environment().get_template("report.html").render(page=page, words=words, live=live, **_inside())


def _inside() -> dict[str, Markup]:
    """The style, the script and what pictures refer to, which are ours."""
    style = own_file("chart.css") + own_file("report.css")
    return {"style": Markup(style), "script": Markup(own_file("report.js")), "patterns": Markup(PATTERNS)}


@cache
def _environment() -> Environment:
    found = Environment(
        loader=DictLoader({name: own_file(name) for name in ("report.html", "parts.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    found.filters.update(
        both=both, svg=in_page, drawn_above=drawn_above, source=lambda details: source_of(details.ranking)
    )
    return found


def both(text: Text) -> Markup:
    """A text in both languages, of which the style shows one; what is the same in both stands there once.

    A page has some thousand of them, so that their elements have the shortest names that HTML leaves to its writers.
    """
    if text.en == text.zh:
        return Markup(in_html(text.en))
    return Markup(f"<e->{in_html(text.en)}</e-><z->{in_html(text.zh)}</z->")


_SIMPLE: Final = re.compile(r'="([\w.-]+)"(/?)')


def drawn_above(figure: Figure) -> Markup:
    """A chart whose drawing stands on the page already, under its key."""
    return in_page(f"{figure.svg[: figure.svg.index('>') + 1]}<use href=#{figure.key}-drawn></svg>")


def in_page(svg: str, key: str = "") -> Markup:
    """A picture within HTML, where simple values need no quotes: a tenth of its size. Text has none, it is escaped.

    With a ``key``, ``drawn_above`` can show it again.
    """
    if key:
        svg = svg.replace(">", f'><g id="{key}-drawn">', 1).replace("</svg>", "</g></svg>")
    return Markup(_SIMPLE.sub(lambda found: f"={found[1]}{' /' if found[2] else ''}", svg))


def _visible(value: Any) -> Any:
    """What no page can show is shown by its escape."""
    return in_xml(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def own_file(name: str) -> str:
    """A file of the template's folder."""
    return (files("timetrial.report.page") / "template" / name).read_text(encoding="utf-8")
