"""What a person should know of their function besides the answer: what it does, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from timetrial.languages import Text, packed, text, unpacked


@dataclass(frozen=True)
class Note:
    """``kind`` is one word for it; ``text`` says what the function does, ``fix`` what would be better."""

    kind: str
    text: str
    fix: str

    def __str__(self) -> str:
        """Both, as one sentence."""
        return f"{self.text}; {self.fix}"

    @property
    def said(self) -> Text:
        """The same in both languages."""
        return Text(str(self), f"{text(self.text).zh}；{text(self.fix).zh}")

    def told(self) -> Mapping[str, Any]:
        """For another process; ``of`` takes it."""
        return {"kind": self.kind, "text": packed(self.text), "fix": packed(self.fix)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """The note that was told."""
        return cls(**{name: unpacked(value) for name, value in told.items()})
