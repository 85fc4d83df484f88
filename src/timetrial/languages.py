"""What a claim says to people, in both languages of its readers."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """The same in English and in Chinese; whoever writes a claim for one team only may give one of them."""

    en: str
    zh: str

    def __str__(self) -> str:
        """English, as the terminal shows it."""
        return self.en


def text(said: str | Text) -> Text:
    """A Text as it is; a plain string stands for both languages."""
    return said if isinstance(said, Text) else Text(said, said)


NOTHING = Text("", "")
