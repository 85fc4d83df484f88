"""How good the advice of ``timetrial run`` is: held against an exhaustive search with ten times the budget.

    python -m benchmarks.advice                                # every function, a search of 300 s beside: four hours
    python -m benchmarks.advice --times 3 --every 4            # every fourth one, a search of 90 s: 25 minutes
    python -m benchmarks.advice --times 3 --every 4 --from 6   # the same, from the seventh of these on

Every function is run three times: as a person would; with every model at every concurrency of a ladder, for ten times
as long; and then what was advised against the best that the search found, round by round in turn, for half as long as
the first. The third run is the measure, since the best of sixty medians is often only the luckiest one. The regret is
how many times as long the advised way takes in it, with its interval; the advice is right where that is at most 1.05.
Rows are printed as Markdown for docs/run.md as they come, so that an interrupted run can go on with --from; the counts
are below.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.system.run.known_functions import KNOWN, Known
from timetrial.system.affinity import count_usable_cpus

CLOSE: Final = 1.05
LADDER: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 200)
_ROOT: Final = Path(__file__).parents[2]

Named = tuple[str, int]
"""A model's id and a concurrency."""


@dataclass(frozen=True)
class Regret:
    """How many times as long the advised way takes as the best found, and the interval of that."""

    ratio: float
    low: float
    high: float
    pairs: int

    def __str__(self) -> str:
        """With the interval only where there is one: the same way takes as long as itself."""
        return f"{self.ratio:.2f}x ({self.low:.2f} to {self.high:.2f})" if self.pairs else "the same"


@dataclass(frozen=True)
class Outcome:
    """One function: what was advised, what was best, and the regret; None: no answer."""

    name: str
    advised: str
    best: str
    regret: Regret | None
    disturbed: bool

    @property
    def is_close(self) -> bool:
        """Whether the advice was right."""
        return self.regret is not None and self.regret.ratio <= CLOSE


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a row as each function is through, then the counts; returns 0 where 95 % were right, 1 otherwise."""
    options = _parser().parse_args(argv)
    cores = count_usable_cpus()
    print(f"{cores} cores, {options.budget:g} s for the advice, {options.times:g} times that for the search\n")
    print("| function | advised | best found | regret |\n| --- | --- | --- | --- |")
    chosen = [known for known in KNOWN if options.k in known.name][:: options.every][options.start :]
    outcomes = []
    for known in chosen:
        outcomes.append(_outcome(known, options.budget, options.times))
        print(_row(outcomes[-1]), flush=True)
    close = sum(each.is_close for each in outcomes)
    disturbed = sum(each.disturbed for each in outcomes)
    print(f"\nWithin 5 % of the best: {close} of {len(outcomes)} ({100 * close / max(1, len(outcomes)):.0f} %).")
    if disturbed:
        print(f"In {disturbed} of them other programs used the machine: run it again while it is quiet.")
    return 0 if close >= 0.95 * len(outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.advice", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--budget", type=float, default=30.0, help="seconds for the advice (default: %(default)s)")
    parser.add_argument("--times", type=float, default=10.0, help="how much longer the search takes (%(default)s)")
    parser.add_argument("-k", default="", help="only functions whose name has this in it")
    parser.add_argument("--every", type=int, default=1, help="only each so-many-th of them (default: %(default)s)")
    parser.add_argument("--from", type=int, default=0, dest="start", help="leave so many of these out at the beginning")
    return parser


def _row(outcome: Outcome) -> str:
    regret = "no answer" if outcome.regret is None else str(outcome.regret)
    disturbed = " (disturbed)" if outcome.disturbed else ""
    return f"| {outcome.name} | {outcome.advised} | {outcome.best} | {regret}{disturbed} |"


def _outcome(known: Known, budget_s: float, times: float) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("jobs.py").write_text(known.script, encoding="utf-8")
        advice = _run(folder, known, budget_s)
        ladder = ",".join(map(str, LADDER))
        search = _run(folder, known, times * budget_s, "--concurrency", ladder)
        measured = dict(_measured(search))
        disturbed = bool(advice.get("disturbance") or search.get("disturbance"))
        if advice.get("answer") is None or not measured:
            return Outcome(known.name, "-", "-", None, disturbed)
        advised = advice["answer"]["model"], advice["answer"]["concurrency"]
        best = min(measured, key=lambda way: measured[way])
        regret = _regret(folder, known, advised, best, budget_s / 2)
    return Outcome(known.name, _named(advised), _named(best), regret, disturbed)


def _measured(record: dict[str, Any]) -> Iterator[tuple[Named, float]]:
    for model, about in record.get("models", {}).items():
        for point in about["curve"]:
            yield (model, point["concurrency"]), point["s_per_item"]


def _named(way: Named) -> str:
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


def _regret(folder: Path, known: Known, advised: Named, best: Named, budget_s: float) -> Regret | None:
    """By rounds in turn, in a process of their own."""
    if advised == best:
        return Regret(1.0, 1.0, 1.0, 0)
    given = {"request": asdict(known.request()), "one": advised, "other": best, "budget_s": budget_s}
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.advice.duel"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lead = json.loads(ended.stdout) if ended.returncode == 0 else None
    return Regret(*lead) if lead else None


if __name__ == "__main__":
    sys.exit(main())
