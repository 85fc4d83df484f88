"""A text is its English for whoever knows no other language, and has its Chinese wherever it goes."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from timetrial.errors import NoAnswerError
from timetrial.languages import Text, joined, message_of, packed, text, unpacked

SAID = Text("it waits", "它在等待")


def test_a_text_is_its_english_and_knows_its_chinese() -> None:
    """In an f-string, in JSON, in a comparison."""
    assert f"{SAID}" == "it waits" == SAID.en
    assert json.dumps(SAID) == '"it waits"'
    assert type(SAID.en) is str
    assert SAID.zh == "它在等待"


@pytest.mark.parametrize("sent", [copy.deepcopy(SAID), pickle.loads(pickle.dumps(SAID)), unpacked(packed(SAID))])
def test_it_keeps_both_on_every_way(sent: Text) -> None:
    """Copied, pickled, and as a line of JSON between two processes."""
    assert (sent.en, sent.zh) == (SAID.en, SAID.zh)


def test_what_is_no_text_stands_for_both_languages() -> None:
    """Such as an exception's message."""
    assert text("OSError").zh == "OSError"
    assert unpacked(packed("OSError")) == "OSError"
    assert packed(None) is None


def test_an_error_raised_with_a_text_gives_it_back() -> None:
    """Any other gives what it says."""
    assert message_of(NoAnswerError(SAID)) is SAID
    assert message_of(KeyError("x")) == "'x'"


def test_several_are_joined_by_each_languages_own_mark() -> None:
    """A comma is another one in Chinese."""
    told = joined([SAID, Text("b", "乙")], ", ", "、")
    assert (told.en, told.zh) == ("it waits, b", "它在等待、乙")
