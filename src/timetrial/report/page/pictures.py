"""Single charts as SVG files of their own: with a caption, the colours of light and dark, in one language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from timetrial.report.draw.marks import PATTERNS
from timetrial.report.draw.svg import element
from timetrial.report.escaped import in_html
from timetrial.report.page.figure import Figure
from timetrial.report.page.page import Page
from timetrial.report.page.render import own_file

_CAPTION_PX: Final = 30
_BOX: Final = re.compile(r'^<svg viewBox="0 0 (\d+) (\d+)">')
_NOT_IN_A_NAME: Final = re.compile(r"[^\w.=+-]+")


def pictures(page: Page, language: str) -> Iterator[tuple[str, str]]:
    """The name and the content of a file for each chart; a name is told apart by a number where it must be."""
    used: dict[str, int] = {}
    for figure in page.figures:
        name = file_name(figure)
        used[name] = used.get(name, 0) + 1
        yield f"{name}{f'-{used[name]}' if used[name] > 1 else ''}.svg", picture_of(figure, language)


def file_name(figure: Figure) -> str:
    """From what it shows, without ending: ``fetch_pages-latency_ms=20-throughput``."""
    kind = figure.key.rpartition("-")[2]
    return _NOT_IN_A_NAME.sub("-", f"{figure.subject[:_LONGEST]} {kind}".strip()).strip("-.") or kind


_LONGEST: Final = 80


def picture_of(figure: Figure, language: str) -> str:
    """The whole file."""
    box = _BOX.match(figure.svg)
    assert box is not None
    width, height = map(int, box.groups())
    hidden = "en" if language == "zh" else "zh-CN"
    style = f"{own_file('chart.css')}[lang={hidden}]{{display:none}}{_ALONE}"
    title = figure.title.zh if language == "zh" else figure.title.en
    caption = element("tspan", in_html(title), class_="caption")
    subject = element("tspan", in_html(figure.subject), dx=6.0, class_="n") if figure.subject else ""
    head = element("text", caption, subject, x=0, y=-12)
    return element(
        "svg",
        element("title", in_html(f"{title} {figure.subject}".strip())),
        element("style", style),
        f"<defs>{PATTERNS}</defs>",
        element("rect", x=-12, y=-_CAPTION_PX - 6, width=width + 24, height=height + _CAPTION_PX + 18, class_="paper"),
        head,
        figure.svg[box.end() :].removesuffix("</svg>"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"-12 {-_CAPTION_PX - 6} {width + 24} {height + _CAPTION_PX + 18}",
        width=width + 24,
        height=height + _CAPTION_PX + 18,
        role="img",
    )


_ALONE: Final = (
    'svg{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","PingFang SC","Microsoft YaHei",'
    '"Noto Sans CJK SC",sans-serif}.caption{fill:var(--ink)}.paper{fill:var(--paper)}'
    ".caption{font-weight:600;font-size:13px}"
)
