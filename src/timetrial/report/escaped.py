"""Text from outside, such as a benchmark's name or an exception's message, for each face: it is shown and does nothing.

One function for each face, and nobody else escapes: ``in_terminal`` (a line, of a log too), ``in_markdown`` and
``code_in_markdown`` (a comment on a pull request), ``in_xml`` (JUnit), ``in_html`` (a page and its pictures).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# Logs are read by CI systems, for which a line that begins so is an order: GitHub's ::error, ##[error], Azure's ##vso[.
_ORDER_AT_START: Final = re.compile(r"(\s*):(?=:)")
_ORDER: Final = re.compile(r"##(?=\w*\[)")
_MARKUP: Final = re.compile(r"[\\`*_|<>\[\]#~$&!{}]")
# Between these characters and what follows, a comment keeps a name from being a mention, and an address from a link.
_BOUNDARY: Final = re.compile(r"(?<=@)|(?<=#)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=GH)(?=-)", re.IGNORECASE)
_COMMENT: Final = "<!-- -->"


def in_terminal(text: str) -> str:
    r"""One line of it: what is not printable, line ends too, is shown as Python writes it, such as ``\x1b``."""
    if not text.isprintable():
        text = "".join(map(_visible, text))
    if text.lstrip().startswith("::"):
        text = _ORDER_AT_START.sub(r"\1\\x3a", text, count=1)
    return _ORDER.sub(r"#\\x23", text) if "##" in text else text


def lines_in_terminal(text: str) -> str:
    """The same for a text of several lines, such as an error that quotes a program's output."""
    return shown(text.split("\n"))


def shown(lines: Iterable[str]) -> str:
    """Lines to print."""
    return "\n".join(map(in_terminal, lines))


def in_markdown(text: str) -> str:
    """Plain text that stays plain, in a table too: no markup, tag, link or mention of its own."""
    parts = _BOUNDARY.split(in_terminal(text))
    return _COMMENT.join(_MARKUP.sub(r"\\\g<0>", part) for part in parts)


def code_in_markdown(text: str) -> str:
    """A code span that a table can hold: its fence is longer than any in it."""
    text = in_terminal(text).replace("\\|", r"\\x7c").replace("|", r"\|") or " "
    if text.endswith("\\"):
        text += " "  # it would escape the bar behind the cell
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{room}{text}{room}{fence}"


def in_xml(text: str) -> str:
    """Characters that XML can hold and a viewer shows; its markup is the writer's to escape."""
    return "\n".join("".join(map(_visible, line)) for line in text.split("\n"))


def in_html(text: str) -> str:
    """Plain text between tags or in a quoted attribute, of HTML and of SVG."""
    return html.escape(in_xml(text))


def cut_in_the_middle(text: str, most: int) -> str:
    """At most so many characters, with what stands at both ends: of an id, the file and the parameters."""
    if len(text) <= most:
        return text
    ahead = (most - 1) // 2
    return f"{text[:ahead]}…{text[len(text) - (most - 1 - ahead) :]}"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode("ascii")
