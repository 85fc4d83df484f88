"""Other tools' rules and the gate side by side: ``python -m benchmarks.gate_power.peers --launches 60 --gates 40``.

Runs the suite again and again, one ordinary pytest after the other, and between them, two at a time, timetrial's own
gates (``timetrial gate --self-test``). Each keeps its files in results/gate_power, so that a second call goes on where
the first one stopped. Then it holds each window of five launches against the next five, identical code on both sides,
and again with the candidate's rounds made longer by a known share. The table's last line is what the gates did, in
which the slowdowns were really there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.gate_power.rules import RULES, Rule, Session
from timetrial.gate.self_test import SHARES, self_test_files, tally
from timetrial.report.text import columns
from timetrial.results.read import read_results

_SUITE: Final = Path(__file__).with_name("test_mix.py")
_LAUNCHES: Final = Path("results", "gate_power", "launches")
_SELF_TEST: Final = Path("results", "gate_power", "self-test")
_A_SIDE: Final = 5
_ROUNDS: Final = ("--benchmark-min-rounds=30", "--benchmark-max-time=0.3")

Launch = dict[str, list[float]]


def main() -> None:
    """Measures what is missing, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launches", type=int, default=60, help="at least so many; those of an earlier call count")
    parser.add_argument("--gates", type=int, default=40, help="as well; half of them with slowdowns")
    wanted = parser.parse_args()
    measure(wanted.launches, wanted.gates)
    launches = [_launch(path) for path in _launches()]
    print(f"{len(launches)} launches, {len(list(windows(launches)))} comparisons of {_A_SIDE} with the next {_A_SIDE}")
    head = ("rule", "false alarms, a benchmark", "any of them", *(f"caught +{share:.0%}" for share in SHARES))
    rows = [(name, *_row(rule, launches)) for name, rule in RULES.items()]
    print("\n".join(columns([head, *rows, ("timetrial gate", *_own_row())], right=range(1, len(head)))))


def measure(launches: int, gates: int) -> None:
    """What is missing of both, always of that of which more is."""
    run = [sys.executable, "-m"]
    launch = [*run, "pytest", "-q", "--benchmark-only", "--trial-scale=gate", f"--trial-results={_LAUNCHES}", *_ROUNDS]
    two_gates = [*run, "timetrial.cli", "gate", "--self-test", "--budget=1s", f"--results={_SELF_TEST.parent}"]
    while True:
        missing = launches - len(_launches()), gates - len(self_test_files(_SELF_TEST))
        if max(missing) <= 0:
            return
        command = launch if missing[0] / max(1, launches) >= missing[1] / max(1, gates) else two_gates
        subprocess.run([*command, str(_SUITE)], check=True, stdout=subprocess.DEVNULL)


def _launches() -> list[Path]:
    """Oldest first."""
    return sorted(_LAUNCHES.glob("*.json"))


def _launch(path: Path) -> Launch:
    return {each["name"]: each["stats"]["data"] for each in read_results(path)["benchmarks"]}


def windows(launches: Sequence[Launch]) -> Iterator[tuple[Session, Session]]:
    """Each stretch of launches and the one after it, as two sides; the stretches overlap."""
    for start in range(len(launches) - 2 * _A_SIDE + 1):
        middle = start + _A_SIDE
        yield _session(launches[start:middle]), _session(launches[middle : middle + _A_SIDE])


def _session(launches: Sequence[Launch]) -> Session:
    return {name: [launch[name] for launch in launches] for name in launches[0]}


def _row(rule: Rule, launches: Sequence[Launch]) -> Iterator[str]:
    alarms = [rule(base, candidate) for base, candidate in windows(launches)]
    yield _share(sum(map(len, alarms)), len(alarms) * len(launches[0]))
    yield _share(sum(map(bool, alarms)), len(alarms))
    for share in SHARES:
        caught = [rule(base, _longer(candidate, share)) for base, candidate in windows(launches)]
        yield _share(sum(map(len, caught)), len(caught) * len(launches[0]))


def _longer(side: Session, share: float) -> Session:
    return {name: [[each * (1 + share) for each in rounds] for rounds in side[name]] for name in side}


def _own_row() -> Iterator[str]:
    gates = self_test_files(_SELF_TEST)
    counted = {each.share: each for each in tally(gates)}
    plain = counted[0.0]
    yield _share(plain.regressed, plain.total)
    yield _share(plain.alarmed_gates, plain.gates)
    for share in SHARES:
        yield _share(counted[share].regressed, counted[share].total)


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({count / total:.0%})" if total else "-"


if __name__ == "__main__":
    main()
