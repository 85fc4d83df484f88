"""Text from outside is shown in every face, and does nothing there."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from timetrial.report.escaped import (
    code_in_markdown,
    cut_in_the_middle,
    in_markdown,
    in_terminal,
    in_xml,
    lines_in_terminal,
    shown,
)

GITHUB = MarkdownIt("gfm-like", {"linkify": False})
# Half characters too, which st.text() alone leaves out; and more of what means something somewhere.
ANYTHING = st.text(st.one_of(st.characters(), st.sampled_from("\\`|@#:<>[]!*_~&$\n\r\x1b\u202e\udcef/.-w1a "))).map(str)


def tokens_of(markdown: str) -> list[str]:
    """The kinds of everything in a text that is parsed as GitHub does."""
    return [inner.type for block in GITHUB.parse(markdown) for inner in (block, *(block.children or ()))]


def text_of(markdown: str) -> str:
    """What a reader sees of it."""
    inner = (each for block in GITHUB.parse(markdown) for each in block.children or ())
    return "".join(each.content for each in inner if each.type in ("text", "code_inline"))


@given(ANYTHING)
@example("\x1b]0;title\x07")
@example("  ::error::no")
@example("a ##[error]b ##vso[task.setvariable]c")
@example("\u202egnp.exe")
def test_a_line_on_a_terminal_moves_nothing_and_orders_nothing(text: str) -> None:
    """It is one line, every character of it is visible, and no CI system takes it for a command."""
    line = in_terminal(text)
    assert line.isprintable()
    assert line.splitlines() in ([], [line])
    assert not line.lstrip().startswith("::")
    assert not re.search(r"##\w*\[", line)
    line.encode("utf-8")  # no half character is left
    assert in_terminal(line) == line


@given(ANYTHING)
def test_a_text_of_several_lines_keeps_them_and_nothing_else(text: str) -> None:
    """Each by itself is as any line."""
    lines = lines_in_terminal(text).split("\n")
    assert lines == [in_terminal(each) for each in text.split("\n")]
    assert shown(text.split("\n")) == "\n".join(lines)


@given(ANYTHING)
@example("@octocat, see #12 and https://example.org, www.example.org, GH-7")
@example("![x](y) <img src=z> `code` *a* _b_ ~~c~~ | d")
def test_plain_text_in_markdown_stays_plain(text: str) -> None:
    """No link, image, tag, code or emphasis comes of it, and a reader sees what was written."""
    row = in_markdown(f"x{text}x")
    kinds = tokens_of(f"| a | b |\n| --- | --- |\n| {row} | end |\n")
    assert kinds.count("td_open") == 2
    assert kinds.count("tr_open") == 2
    assert {"link_open", "image", "code_inline", "em_open", "strong_open", "s_open"}.isdisjoint(kinds)
    assert set(re.findall(r"(?<!\\)<[^>]*>", row)) <= {"<!-- -->"}
    assert not re.search(r"@\w|#\d|://|www\.", row)
    assert re.sub(r"\s+", " ", text_of(row)) == re.sub(r"\s+", " ", in_terminal(f"x{text}x"))


@given(ANYTHING)
@example("``@octocat ![x](y) <b>z</b>``")
@example("a\\|b|c\\")
@example("`")
def test_a_code_span_ends_where_it_should(text: str) -> None:
    """Whatever backticks, bars and line ends are in it, it is one cell with one span, and holds all of the text."""
    kinds = tokens_of(f"| a | b |\n| --- | --- |\n| {code_in_markdown(text)} | end |\n")
    assert kinds.count("td_open") == 2
    assert kinds.count("code_inline") == 1
    assert {"link_open", "image", "html_inline", "em_open"}.isdisjoint(kinds)
    assert "\n" not in code_in_markdown(text)


@given(ANYTHING)
def test_xml_holds_anything_and_shows_what_it_was(text: str) -> None:
    """A parser reads it back, with visible escapes for what XML or a viewer can't show."""
    element = ET.Element("failure", message=in_xml(text))
    element.text = in_xml(text)
    read = ET.fromstring(ET.tostring(element, encoding="unicode").encode("utf-8"))
    assert read.text in (in_xml(text), None)
    assert all(each.isprintable() or each == "\n" for each in in_xml(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("test[\x00]", r"test[\x00]"),
        ("na\udcefve.csv", r"na\udcefve.csv"),
        ("10\xa0%", "10 %"),
        ("一二三 naïve ✓", "一二三 naïve ✓"),
        ("::warning::x", r"\x3a:warning::x"),
        ("t.py::test", "t.py::test"),
    ],
)
def test_what_can_be_read_stays_as_it_is(text: str, said: str) -> None:
    """Other scripts are no danger; what can't be shown is as Python writes it."""
    assert in_terminal(text) == said


@given(ANYTHING, st.integers(3, 40))
def test_a_long_text_is_cut_in_the_middle(text: str, most: int) -> None:
    """Both ends are what tells one id from the next."""
    cut = cut_in_the_middle(text, most)
    assert len(cut) <= most
    assert cut == text or (cut[0] == text[0] and cut[-1] == text[-1])
