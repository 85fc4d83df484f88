"""A text in the two languages of the report; the numbers in it are the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """The same said in English and in Chinese."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The text in ``en`` or ``zh``."""
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self.en


def same(text: object) -> Text:
    """A name or a figure, which is the same in both."""
    return Text(str(text), str(text))
