"""The gate measured by itself: identical sides show its false alarms, known slowdowns what it catches.

One gate after another runs on the user's machine and suite, in turn with both sides alike and with slowdowns injected
into the candidate. Each leaves a file of raw data, so that a self-test can go on where another one stopped.
"""

from __future__ import annotations

import math
import random
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Final

from timetrial.errors import ResultsError
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, Phase
from timetrial.gate.run import run_gate
from timetrial.gate.store import GateFile, StoredGate, about_sides, read_gate
from timetrial.gate.verdicts import judge, looked_at_again, rule_for
from timetrial.stats.scatter import scatter
from timetrial.stats.sequential import fewest_to_prove, spent_by
from timetrial.stats.signed_rank import launch_effect
from timetrial.system.credentials import words_without_secrets

SHARES: Final = (0.03, 0.05, 0.10, 0.20)
_UNTOUCHED: Final = 0.4  # of the benchmarks in a gate with slowdowns: they must not be accused along with the others
_KIND: Final = "self-test"
_LOOKING: Final = 1.25  # times as many launches as one test at the end takes, for looking after each of them


@dataclass(frozen=True)
class Tally:
    """Of so many benchmarks with this much injected, how many came out as what."""

    share: float
    """The slowdown that was injected: 0.05 is 5 %, 0 none."""
    total: int
    """Benchmarks that were judged."""
    regressed: int
    improved: int
    inconclusive: int
    """How many of the total came out so."""
    alarmed_gates: int
    """Gates that called at least one of them regressed."""
    gates: int
    """All gates that had one of them."""


def run_self_test(plan: GatePlan, directory: Path, budget_s: float, say: Callable[[str], None]) -> None:
    """Runs gates until the budget is used up, two at least; ``say`` is told of each.

    Each is of the kind of which there are fewer so far, of the same tests under the same policy; its file goes into
    ``directory``. None begins that would go past ``budget_s``, by the longest so far. Raises as run_gate does.
    """
    started_s = time.monotonic()
    known = alike(self_test_files(directory), plan.policy, plan.selection)
    kinds = [bool(gate.about["injected"]) for gate in known]
    first = len(kinds)
    longest_s = 0.0
    while len(kinds) < first + 2 or time.monotonic() - started_s + longest_s < budget_s:
        began_s, injected = time.monotonic(), kinds.count(True) < kinds.count(False)
        say(f"gate {len(kinds) + 1} of the self-test: {'with slowdowns injected' if injected else 'identical sides'}")
        run_one(plan, directory, injected=injected)
        longest_s = max(longest_s, time.monotonic() - began_s)
        kinds.append(injected)


def run_one(plan: GatePlan, directory: Path, *, injected: bool) -> StoredGate:
    """One gate of a self-test as it is stored in ``directory``; ``injected`` slows benchmarks of the candidate down."""
    seed = secrets.randbits(32)
    shares = Shares(seed) if injected else (lambda _name: 0.0)
    about = about_sides(plan.base, plan.candidate, plan.selection)
    about.update({"kind": _KIND, "seed": seed, "injected": injected})
    file = GateFile(directory, plan.policy, about)
    records = run_gate(
        replace(plan, seed=seed, extra_share=shares, on_launch=file.write, on_allotment=file.note_allotment)
    )
    file.write(records, complete=True)
    return read_gate(file.path)


class Shares:
    """How much each benchmark of a gate is slowed down: drawn from the gate's seed and the benchmark's name alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, name: str) -> float:
        """A fraction of the benchmark's own work, 0 for those left alone."""
        chance = random.Random(f"{self._seed} {name}")
        return 0.0 if chance.random() < _UNTOUCHED else chance.choice(SHARES)


def self_test_files(directory: Path) -> list[StoredGate]:
    """The finished gates of self-tests in this directory, oldest first; raises ResultsError for a corrupt file."""
    gates = [read_gate(path) for path in sorted(directory.glob("*-gate-*.json"))]
    return [gate for gate in gates if gate.complete and _is_self_test(gate)]


def _is_self_test(gate: StoredGate) -> bool:
    if gate.about.get("kind") != _KIND:
        return False
    about = gate.about
    if type(about.get("seed")) is int and isinstance(about.get("injected"), bool) and "selection" in about:
        return True
    raise ResultsError(f"{gate.path} is not whole (it doesn't say what was injected): delete it")


def alike(gates: Sequence[StoredGate], policy: GatePolicy, selection: Sequence[str]) -> list[StoredGate]:
    """Those of the same tests under the same policy: others' rates say nothing about these."""
    stored = words_without_secrets(selection)
    return [gate for gate in gates if gate.asked == policy and gate.about["selection"] == stored]


def tally(gates: Iterable[StoredGate]) -> list[Tally]:
    """What all gates together say, by how much was injected."""
    outcomes: dict[float, list[tuple[int, Finding]]] = {share: [] for share in (0.0, *SHARES)}
    for number, gate in enumerate(gates):
        share_of = _shares_of(gate)
        for finding in judge(gate.records, gate.policy):
            if finding.launches:
                outcomes[share_of(finding.benchmark)].append((number, finding))
    return [_tally_of(share, found) for share, found in outcomes.items()]


def _tally_of(share: float, found: Sequence[tuple[int, Finding]]) -> Tally:
    def count(verdict: Verdict) -> int:
        return sum(finding.verdict is verdict for _, finding in found)

    return Tally(
        share=share,
        total=len(found),
        regressed=count(Verdict.REGRESSED),
        improved=count(Verdict.IMPROVED),
        inconclusive=count(Verdict.INCONCLUSIVE),
        alarmed_gates=len({number for number, finding in found if finding.verdict is Verdict.REGRESSED}),
        gates=len({number for number, _ in found}),
    )


def _shares_of(gate: StoredGate) -> Callable[[str], float]:
    return Shares(int(gate.about["seed"])) if gate.about["injected"] else (lambda _name: 0.0)


def launch_scatter(gates: Iterable[StoredGate]) -> dict[str, float]:
    """The standard deviation of a launch's effect, by benchmark, from the screens of identical sides."""
    effects: dict[str, list[float]] = {}
    for gate in gates:
        if not gate.about["injected"]:
            for record in gate.records:
                effects.setdefault(record.name, []).extend(_effects(record))
    return {name: scatter(values) for name, values in effects.items() if len(values) > 1}


def _effects(record: BenchmarkRecord) -> list[float]:
    return [launch_effect(each.base_s, each.candidate_s) for each in record.of(Phase.SCREEN)]


def most_looked_at_again(gates: Iterable[StoredGate]) -> int:
    """How many benchmarks shared alpha in the gate where they were most; at least one, since one is to be proved."""
    return max((len(looked_at_again(gate.records, gate.policy)) for gate in gates), default=0) or 1


def launches_to_catch(
    scatter_of_launch: float, slowdown: float, policy: GatePolicy, k: int = 1, power: float = 0.95
) -> int:
    """About how many launches it takes to prove a slowdown with that power, for one of k that are looked at again.

    The usual sample size of a one-sided test of a mean, at what the rule may have spent by then, divided by the
    signed-rank test's efficiency for normal values of 3/pi (Lehmann, Nonparametrics, 1975, section 2.4); and never
    fewer than can prove anything: the root of the sum of both squares, which is close to what the rule itself takes on
    made-up launches. More than ``policy.confirm_launches`` means that these have to be so many.
    """
    rule, normal = rule_for(policy, k), NormalDist()
    fewest = fewest_to_prove(rule)
    distance = math.log1p(slowdown) - math.log1p(policy.margin)

    def needed(alpha: float) -> int:
        reach = normal.inv_cdf(power) - normal.inv_cdf(alpha)
        usual = (reach * scatter_of_launch / distance) ** 2 * math.pi / 3
        return round(math.hypot(fewest, _LOOKING * usual))

    enough = (each for each in range(fewest, rule.most + 1) if each >= needed(spent_by(rule, each)))
    return next(enough, needed(rule.alpha))


def seconds_per_benchmark(gates: Iterable[StoredGate]) -> float:
    """What one benchmark takes in one launch on average, its share of the start included."""
    seconds = launches = 0.0
    for gate in gates:
        seconds += gate.seconds
        launches += sum(len(record.launches) for record in gate.records)
    return seconds / launches if launches else math.nan
