"""How far ``timetrial run`` is with several Pythons: which one is searched, and then how many turns they took."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from timetrial.report.progress.line import StepsLine
from timetrial.report.progress.run import best_so_far
from timetrial.search.findings import Findings


class PythonsProgress:
    """One line for all of it."""

    def __init__(self, stream: TextIO) -> None:
        self._line = StepsLine(stream)

    def say(self, text: str) -> None:
        """A line that stays."""
        self._line.say(text)

    def searching(self, python: str) -> Callable[[Findings, float], None]:
        """What a search under this Python calls with what is known."""

        def show(findings: Findings, _elapsed_s: float) -> None:
            self._line.show(f"{python}: {best_so_far(findings)}{findings.doing}", (python, findings.doing))

        return show

    def turn(self, launch: int, launches: int, turn: int) -> None:
        """All Pythons had a round."""
        self._line.show(f"in turns: launch {launch} of {launches}, turn {turn}", launch)

    def clear(self) -> None:
        """Takes the live line away."""
        self._line.clear()
