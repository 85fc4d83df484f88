"""The shares of all known functions, looked at as a search does, in one process.

Its standard input is the folder for the functions' files; it prints a line of JSON for each that has known shares.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.system.run.known_functions import KNOWN
from timetrial import models
from timetrial.search.course import reference_of
from timetrial.search.probe import probe
from timetrial.search.profile import profile_of
from timetrial.target.target import target_of

_BUDGET_S = 15.0
_MORE_S = 60.0
"""On a machine so busy that the first look says that it isn't sure, there is a second one, which takes its time."""

_UNSURE = 0.04
_PROBE_S = 0.1


def main() -> None:
    """In the folder that is told, where each function gets a file of its own."""
    folder = Path(sys.stdin.read())
    for number, known in enumerate(KNOWN):
        if known.waiting is None and known.with_gil is None:
            continue
        file = folder / f"jobs_{number}.py"
        file.write_text(known.script, encoding="utf-8")
        target = target_of(known.request(str(file)), str)
        is_async, name = target.workload.task is None, reference_of(target.workload).model
        with models.get(name).open(target.workload, 1) as executor:
            probed = probe(
                executor, target.items.values, target.workload.comparable, _PROBE_S, _told, is_async=is_async
            )
            shares = profile_of(executor, probed, _BUDGET_S, is_async=is_async)
            if shares.uncertain > _UNSURE:
                shares = profile_of(executor, probed, _MORE_S, is_async=is_async)
        print(json.dumps({"name": known.name, **asdict(shares)}), flush=True)


def _told(_index: int, _item: object) -> None:
    """Nobody follows this."""


if __name__ == "__main__":
    main()
