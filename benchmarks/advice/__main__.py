"""How good the advice of ``timetrial run`` is: held against an exhaustive search with ten times the budget.

    python -m benchmarks.advice                 # all functions, 30 s each and 300 s for the search beside: hours
    python -m benchmarks.advice --budget 10 -k waits

Every function is run twice: as a person would, and with every model at every concurrency of a ladder, for ten times as
long. The advice is right where what it names takes at most 5 % longer than the best that the exhaustive search found,
by that search's own rounds. The table is printed as Markdown for docs/run.md, with the counts below.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.system.run.known_functions import KNOWN, Known
from timetrial.system.affinity import count_usable_cpus

CLOSE: Final = 1.05
TIMES: Final = 10
LADDER: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 200)


@dataclass(frozen=True)
class Outcome:
    """One function: what was advised, what was best, and how many times as long the first takes; None: no answer."""

    name: str
    advised: str
    best: str
    takes: float | None
    disturbed: bool

    @property
    def is_close(self) -> bool:
        """Whether the advice was right."""
        return self.takes is not None and self.takes <= CLOSE


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a row as each function is through, then the counts; returns 0 where 95 % were right, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.advice", description=__doc__.partition("\n")[0])
    parser.add_argument("--budget", type=float, default=30.0, help="seconds for each run (default: %(default)s)")
    parser.add_argument("-k", default="", help="only functions whose name has this in it")
    options = parser.parse_args(argv)
    print(f"{count_usable_cpus()} cores, {options.budget:g} s for the advice, {TIMES} times that for the search\n")
    print("| function | advised | best found | takes |\n| --- | --- | --- | --- |")
    outcomes = []
    for known in KNOWN:
        if options.k in known.name:
            outcomes.append(_outcome(known, options.budget))
            print(_row(outcomes[-1]), flush=True)
    close = sum(each.is_close for each in outcomes)
    disturbed = sum(each.disturbed for each in outcomes)
    print(f"\nWithin 5 % of the best: {close} of {len(outcomes)} ({100 * close / max(1, len(outcomes)):.0f} %).")
    if disturbed:
        print(f"In {disturbed} of them other programs used the machine: run it again while it is quiet.")
    return 0 if close >= 0.95 * len(outcomes) else 1


def _row(outcome: Outcome) -> str:
    takes = "no answer" if outcome.takes is None else f"{outcome.takes:.2f}x"
    disturbed = " (disturbed)" if outcome.disturbed else ""
    return f"| {outcome.name} | {outcome.advised} | {outcome.best} | {takes}{disturbed} |"


def _outcome(known: Known, budget_s: float) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "jobs.py").write_text(known.script, encoding="utf-8")
        advice = _run(Path(folder), known, budget_s)
        ladder = ",".join(map(str, LADDER))
        search = _run(Path(folder), known, TIMES * budget_s, "--concurrency", ladder)
    disturbed = bool(advice.get("disturbance") or search.get("disturbance"))
    measured = dict(_measured(search))
    if advice.get("answer") is None or not measured:
        return Outcome(known.name, "-", "-", None, disturbed)
    advised = advice["answer"]["model"], advice["answer"]["concurrency"]
    best = min(measured, key=lambda way: measured[way])
    of_advised = measured.get(advised) or _between(measured, *advised)
    return Outcome(
        known.name, _named(advised), _named(best), of_advised / measured[best] if of_advised else None, disturbed
    )


def _measured(record: dict[str, Any]) -> Iterator[tuple[tuple[str, int], float]]:
    for model, about in record.get("models", {}).items():
        for point in about["curve"]:
            yield (model, point["concurrency"]), point["s_per_item"]


def _between(measured: dict[tuple[str, int], float], model: str, concurrency: int) -> float | None:
    """What is advised may be no rung of the ladder: the slower of its neighbours then speaks for it."""
    own = {level: seconds for (name, level), seconds in measured.items() if name == model}
    below = [level for level in own if level < concurrency]
    above = [level for level in own if level > concurrency]
    near = [*([max(below)] if below else []), *([min(above)] if above else [])]
    return max((own[level] for level in near), default=None)


def _named(way: tuple[str, int]) -> str:
    return way[0] if way[0] == "serial" else f"{way[0]}-{way[1]}"


def _run(folder: Path, known: Known, budget_s: float, *words: str) -> dict[str, Any]:
    file = folder / "answer.json"
    file.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "timetrial.cli",
        "run",
        "jobs.py:f",
        "--items",
        "200",
        "--budget",
        f"{budget_s:g}s",
    ]
    subprocess.run([*command, "--json", str(file), *known.words, *words], cwd=folder, capture_output=True, check=False)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


if __name__ == "__main__":
    sys.exit(main())
