"""How an executor opens and closes: what goes wrong in the closing is raised, or told with what went wrong before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self


class OpenedExecutor(ABC):
    """The context manager of an executor whose workers are opened all at once, and closed even if that fails."""

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException as error:
            _note_on(error, self._close())
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        problems = self._close()
        if error is None and problems:
            raise problems[0]
        _note_on(error, problems)

    @abstractmethod
    def _open(self) -> None:
        """Starts the workers and opens their resources; raises what a worker raised."""

    @abstractmethod
    def _close(self) -> list[BaseException]:
        """Closes what is open, be it a part; returns what went wrong."""


def _note_on(error: BaseException | None, problems: Sequence[BaseException]) -> None:
    for problem in problems:
        if error is not None and str(problem) != str(error):  # what one worker can't load, none can
            error.add_note(f"timetrial: while the workers were closed: {problem}")
