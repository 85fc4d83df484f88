"""What timetrial says to people, in both languages of its readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Self


class Text(str):
    """An English sentence that knows itself in Chinese: a plain str for whoever shows or stores English alone."""

    zh: str

    def __new__(cls, en: str, zh: str) -> Self:
        """Whoever writes for one team only may give one of them twice."""
        made = super().__new__(cls, en)
        made.zh = zh
        return made

    @property
    def en(self) -> str:
        """English alone."""
        return str(self)

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"en": self.en, "zh": self.zh}

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it can be copied, and sent to another process."""
        return type(self), (self.en, self.zh)


def text(said: str) -> Text:
    """A Text as it is; a plain string, such as an exception's message, stands for both languages."""
    return said if isinstance(said, Text) else Text(said, said)


def joined(texts: Iterable[Text], en: str, zh: str) -> Text:
    """One text of several, with what stands between them in each language."""
    every = list(texts)
    return Text(en.join(each.en for each in every), zh.join(each.zh for each in every))


def message_of(error: BaseException) -> str:
    """What an exception says: still a Text, where it was raised with one."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Text) else str(error)


def packed(said: Any) -> Any:
    """For a line of JSON between two processes; ``unpacked`` gives back the same. What is no Text stays as it is."""
    return said.as_dict() if isinstance(said, Text) else said


def unpacked(told: Any) -> str:
    """What ``packed`` was given."""
    return Text(**told) if isinstance(told, dict) else told


NOTHING: Final = Text("", "")
