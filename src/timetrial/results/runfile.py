"""One JSON file a run, complete and valid at every moment: what was measured before a crash is on disk."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from timetrial.environment.identity import PythonIdentity, this_python
from timetrial.system.clocks import clocks
from timetrial.system.files import remove_abandoned, replace_file, writing
from timetrial.system.strict_json import dumps

_ADVICE: Final = (
    "make room or permit it, or choose another directory with --trial-results=DIR "
    "(what was written before is still there, and whole)"
)
_IGNORED: Final = """\
# Stored runs, by their names, and this file. A baseline, which has a name of its own, can be committed.
[0-9][0-9][0-9][0-9]_[0-9][0-9]_[0-9][0-9]-*.json
/.gitignore
"""


class RunFile:
    """The file of one run in pytest-benchmark's schema, written anew after each benchmark.

    ``header`` is everything but the benchmarks, ``about`` what timetrial has to add. The name sorts by time, tells
    the Python, and ends in a random part, so that two runs at once never share a file. Raises ResultsError where the
    directory can't be made. ``python`` measured it; None is this one.
    """

    def __init__(
        self,
        directory: Path,
        header: Mapping[str, Any],
        about: Mapping[str, Any] | None = None,
        *,
        python: PythonIdentity | None = None,
    ) -> None:
        label = (python or this_python()).label
        self.path = directory / f"{clocks.utc_now():%Y_%m_%d-%H%M%S}-{label}-{secrets.token_hex(3)}.json"
        self._header = dict(header)
        self._about = dict(about or {})
        with writing(self.path, _ADVICE):
            make_folder(directory)
        remove_abandoned(directory)

    def write(
        self, benchmarks: list[dict[str, Any]], *, complete: bool = False, also: Mapping[str, Any] | None = None
    ) -> None:
        """Replaces the file in one step; ``complete`` tells a finished run from one that was cut off.

        ``also`` is what timetrial has to add that was not known when the run began. Raises ResultsError where the file
        can't be written.
        """
        about = {**self._about, **(also or {}), "complete": complete}
        content = {**self._header, "benchmarks": benchmarks, "timetrial": about}
        with writing(self.path, _ADVICE):
            replace_file(self.path, dumps(content).encode(), durable=complete)


def make_folder(directory: Path) -> None:
    """A folder for stored runs. Git is told to leave runs alone in what is new of it; baselines are no runs.

    Raises OSError.
    """
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    if missing:
        missing[-1].joinpath(".gitignore").write_text(_IGNORED, encoding="utf-8")
