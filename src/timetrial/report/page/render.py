"""The page as one file: the template filled, with its style and script inside and nothing to fetch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from timetrial.languages import text
from timetrial.report.draw.marks import PATTERNS
from timetrial.report.escaped import in_html, in_xml
from timetrial.report.page import words
from timetrial.report.page.figure import Figure, source_of
from timetrial.report.page.page import Page


def render(page: Page, *, live: str | None = None) -> str:
    """The HTML; a page with the version of a ``live`` one asks its server for another, and loads itself anew."""
    html = _environment().get_template("report.html").render(page=page, words=words, live=live, **_inside())
    return with_shared_names(html)


def _inside() -> dict[str, Markup]:
    """The style, the script and what pictures refer to, which are ours; without what only their writers need."""
    style = own_file("chart.css") + own_file("report.css")
    return {
        "style": Markup(style),
        "script": Markup(_INDENT.sub("", own_file("report.js"))),
        "patterns": Markup(PATTERNS),
    }


_INDENT: Final = re.compile(r"^ +(?://.*\n)?", re.MULTILINE)


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


def both(told: str) -> Markup:
    """A text in both languages, of which the style shows one; what is the same in both stands there once.

    A page has some thousand of them, so that their elements have the shortest names that HTML leaves to its writers.
    """
    said = text(told)
    if said.en == said.zh:
        return Markup(in_html(said.en))
    return Markup("".join(_told(*parts) for parts in alike_and_apart(said.en, said.zh)))


def _told(en: str, zh: str) -> str:
    if en == zh:
        return in_html(en)
    return f"{f'<e->{in_html(en)}</e->' if en else ''}{f'<z->{in_html(zh)}</z->' if zh else ''}"


_WORTH_IT: Final = 20
"""Telling both languages apart twice takes as many characters as saying so many of them once saves."""


def alike_and_apart(en: str, zh: str) -> Iterator[tuple[str, str]]:
    """Both texts in parts, in their order: what is long and the same in both, such as code, and what differs."""
    found = SequenceMatcher(None, en, zh, autojunk=False).find_longest_match()
    if found.size < _WORTH_IT:
        if en or zh:
            yield en, zh
        return
    yield from alike_and_apart(en[: found.a], zh[: found.b])
    same = en[found.a : found.a + found.size]
    yield same, same
    yield from alike_and_apart(en[found.a + found.size :], zh[found.b + found.size :])


_PAIR: Final = re.compile(
    r'<text( x=\d+)?( y=\d+)?((?: [\w-]+=(?:"[^"]*"|[\w.-]+))*) lang=en>([^<]*)</text>'
    r"<text(?: x=\d+)?(?: y=\d+)?(?: [\w-]+=(?:\"[^\"]*\"|[\w.-]+))* lang=zh-CN>([^<]*)</text>"
)


def with_shared_names(html: str) -> str:
    """The page with each name of an axis in it once, in both languages, and a reference wherever it stands."""
    counts = Counter(found.groups()[2:] for found in _PAIR.finditer(html))
    keys = {name: f"n{number}" for number, (name, count) in enumerate(counts.items()) if count > 1}

    def reference(found: re.Match[str]) -> str:
        key = keys.get(found.groups()[2:])
        return found[0] if key is None else f"<use href=#{key}{found[1] or ''}{found[2] or ''} />"

    defined = "".join(
        f"<g id={key}><text{attributes} lang=en>{en}</text><text{attributes} lang=zh-CN>{zh}</text></g>"
        for (attributes, en, zh), key in keys.items()
    )
    return _PAIR.sub(reference, html).replace("</defs>", f"{defined}</defs>", 1)


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
