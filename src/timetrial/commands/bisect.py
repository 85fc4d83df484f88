"""``timetrial bisect``: the commit that slowed a benchmark."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from timetrial.commands.selection import add_installing, add_selection, divide, selection_of, wanted_of
from timetrial.gate.bisect import Between, BisectPlan, bisect
from timetrial.gate.findings import ExitCode, Finding
from timetrial.gate.lockstep.selection import paths_in
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy, read_policy
from timetrial.gate.record import BenchmarkRecord
from timetrial.gate.run import run_gate
from timetrial.gate.sides.side import Side
from timetrial.gate.store import About, GateFile, about_sides, read_gate
from timetrial.gate.verdicts import effects_again, judge, rule_for
from timetrial.report.escaped import shown
from timetrial.report.gate.bisection import bisection_lines
from timetrial.report.progress.gate import GateProgress
from timetrial.stats.sequential import proved_between
from timetrial.stats.signed_rank import as_effect
from timetrial.system.signals import endings_unwind
from timetrial.system.warden import warden


def run(argv: Sequence[str]) -> int:
    """Prints the commit; returns 0 if it was found, 2 for wrong usage, 3 if it can't be told or nothing is slower."""
    own, for_pytest = divide(argv)
    options = _parser().parse_args(own)
    root = Path.cwd()
    progress = GateProgress(sys.stderr)
    selection = selection_of(options, for_pytest, copies=True)
    gate = _Gate(selection, options.results, progress)
    tests = paths_in(root, selection) if options.tests_from else None
    policy = read_policy(root)
    with endings_unwind(), warden():
        found = bisect(
            BisectPlan(root, options.good, options.bad, policy, gate, progress.say, wanted_of(options), tests)
        )
    others = [*_without_ends(own), *(["--", *for_pytest] if for_pytest else [])]
    print(shown(bisection_lines(found, options.good, options.bad, others)))
    return ExitCode.PASS if found.culprit is not None else ExitCode.NOTHING_ASSERTED


def _without_ends(own: Sequence[str]) -> list[str]:
    """The command line as it was given, without the two commits."""
    ends = argparse.ArgumentParser(add_help=False)
    for name in ("--good", "--bad"):
        ends.add_argument(name)
    return ends.parse_known_args(own)[1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="timetrial bisect",
        usage="timetrial bisect --good REF [--bad REF] [-k TEST] [path ...] [-- pytest option ...]",
        description="Find the commit that slowed a benchmark: git bisect with a gate against the good commit as its "
        "test, in worktrees apart from your checkout. Exit status: 0 found, 2 wrong usage or environment, 3 not found.",
    )
    add_selection(parser)
    parser.add_argument("--good", required=True, metavar="REF", help="a revision where it was still fast")
    parser.add_argument("--bad", default="HEAD", metavar="REF", help="one where it is slow (default: %(default)s)")
    parser.add_argument(
        "--tests-from", choices=["bad"], help="run the bad commit's tests (name their paths) everywhere"
    )
    add_installing(parser)
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results", "gate"),
        metavar="DIR",
        help="where the raw data of each step go (default: %(default)s)",
    )
    return parser


@dataclass(frozen=True)
class _Known:
    """What a gate of this bisection found; ``digests`` of what its candidate's benchmarks ran, as far as was seen.

    ``policy``: by which it was judged; None for the bad commit, which is slower whatever part of that is looked for.
    """

    commit: str
    digests: Mapping[str, str | None]
    policy: GatePolicy | None
    findings: Sequence[Finding]

    def answers(self, digests: Mapping[str, str | None], sought: Collection[str], policy: GatePolicy) -> bool:
        """Whether a commit with these digests has the same code in all benchmarks that are sought."""
        if self.policy not in (None, policy):
            return False
        return bool(sought) and all((own := digests.get(each)) and own == self.digests.get(each) for each in sought)


@dataclass(frozen=True)
class _Gate:
    """A gate as the test of a commit, its raw data kept like any gate's.

    A commit that runs the same code as the good one is unchanged without timing, and one that runs the same as another
    step has that one's findings.
    """

    selection: Sequence[str]
    results: Path
    progress: GateProgress
    known: list[_Known] = field(default_factory=list)

    def __call__(self, base: Side, candidate: Side, policy: GatePolicy, between: Between | None) -> Sequence[Finding]:
        seed = random.SystemRandom().getrandbits(32)
        about: About = {**about_sides(base, candidate, self.selection), "kind": "bisect", "seed": seed}
        file = GateFile(self.results, policy, about)
        noted: dict[str, str | None] = {}
        alike: list[_Known] = []

        def answered(digests: Mapping[str, str | None]) -> bool:
            noted.update(digests)
            sought = between.short_of if between else ()
            alike.extend(each for each in self.known if each.answers(digests, sought, policy))
            return bool(alike)

        plan = GatePlan(
            base,
            candidate,
            policy,
            self.selection,
            seed,
            say=self.progress.say,
            on_progress=self.progress,
            on_launch=file.write,
            on_modules=file.note_modules,
            on_allotment=file.note_allotment,
            on_noted=answered,
            lot=0.0,
            known_enough=lambda record: between is not None and _is_between(record, between, policy),
        )
        try:
            records = run_gate(plan)
        finally:
            self.progress.clear()
        if alike:
            self.progress.say(f"it runs the same code as {alike[0].commit}: decided without timing")
            return alike[0].findings
        file.write(records, complete=True)
        findings = judge(records, read_gate(file.path).policy)
        self.known.append(_Known(str(candidate), noted, policy if between else None, findings))
        return findings


def _is_between(record: BenchmarkRecord, between: Between, policy: GatePolicy) -> bool:
    """Whether the fresh launches prove it, at the alpha of a single benchmark on each side."""
    high = between.short_of.get(record.name)
    if high is None:
        return False
    low, rule = as_effect(between.past), rule_for(policy, 1)
    return proved_between(effects_again(record), low, as_effect(high), rule)
