"""What a person should know of their function besides the answer: what it does, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """``kind`` is one word for it; ``text`` says what the function does, ``fix`` what would be better."""

    kind: str
    text: str
    fix: str

    def __str__(self) -> str:
        """Both, as one sentence."""
        return f"{self.text}; {self.fix}"
