"""Which commit slowed a benchmark: git chooses the commits, and a gate against the good one judges each."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from timetrial.errors import GateError, NoRoomError
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.git_bisect import Commit, GitBisect, Mark
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import SideName
from timetrial.gate.sides.git import Repository, commit_of, repository_of
from timetrial.gate.sides.make import SideMaker
from timetrial.gate.sides.requirements import Wanted
from timetrial.gate.sides.scratch import files_or_error, scratch
from timetrial.gate.sides.side import Side, check
from timetrial.gate.sides.tests_of import with_tests_of


@dataclass(frozen=True)
class Between:
    """What else answers a step: a benchmark that is clearly slower than at the good commit, and faster than at the bad.

    ``past`` is the slowdown that nobody minds, ``short_of`` the least that the bad commit may have, by benchmark; both
    are ratios less 1.
    """

    past: float
    short_of: Mapping[str, float]

    def has(self, finding: Finding) -> bool:
        """Whether all of the finding's interval lies between the two."""
        high = self.short_of.get(finding.benchmark)
        if high is None or finding.low is None or finding.high is None:
            return False
        return self.past < finding.low and finding.high < high


Test = Callable[[Side, Side, GatePolicy, Between | None], Sequence[Finding]]
"""Base, candidate, policy, and for a step what else answers it; the gate need not go on once that is proved."""

# A step asks on which side of half the slowdown a commit lies; the band around it in which it can't tell is narrow.
_HALF: Final = 0.5
_BAND: Final = 1.05
_SHORTEST_SCREEN: Final = 2
_FEW: Final = 4
_MARKS: Final = {
    Verdict.REGRESSED: Mark.BAD,
    Verdict.UNCHANGED: Mark.GOOD,
    Verdict.IMPROVED: Mark.GOOD,
}


@dataclass(frozen=True)
class BisectPlan:
    """What to look for: in the project at ``root``, between two refs, by ``test``.

    ``say`` is told of each step.
    """

    root: Path
    good: str
    bad: str
    """Refs, as git understands them: a commit that was still fast, and one that is slow."""
    policy: GatePolicy
    test: Test
    say: Callable[[str], None]
    wanted: Wanted | None = None
    """What to install besides, for commits that name nothing themselves."""
    tests: Sequence[str] | None = None
    """Paths of tests that every commit takes over from the bad one; None: each has its own."""


@dataclass(frozen=True)
class Another:
    """Two commits between which another slowdown lies, as git understands them."""

    good: str
    bad: str


@dataclass(frozen=True)
class Bisection:
    """What came out: ``slower`` are the findings of the bad commit against the good one, empty if none regressed.

    ``suspects`` are the commits that may have done it, one where it was found; ``findings`` are those of the culprit
    against the good commit. ``marks`` are the steps in their order. ``compared`` are all findings of the bad
    commit, those too that were left open. ``skipped`` says by its hash why a commit could not be judged. ``others``
    are where more slowdowns lie: some step was clearly slower than the good commit and clearly faster than the bad one.
    """

    slower: Sequence[Finding] = ()
    suspects: Sequence[Commit] = ()
    findings: Sequence[Finding] = ()
    marks: Sequence[tuple[Commit, Mark]] = ()
    compared: Sequence[Finding] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    others: Sequence[Another] = ()

    @property
    def culprit(self) -> Commit | None:
        """The first commit that is slower, where it could be told."""
        return self.suspects[0] if len(self.suspects) == 1 else None


def bisect(plan: BisectPlan) -> Bisection:
    """Makes sure that bad is slower than good, then halves what lies between until one commit is left.

    Or several, if they can't be told apart. Raises GateError where the search can't be made at all.
    """
    repository = repository_of(plan.root)
    good, bad = (commit_of(repository, each) for each in (plan.good, plan.bad))
    if good == bad:
        raise GateError(f"{plan.good} and {plan.bad} are the same commit ({good[:12]}): nothing lies between them")
    with scratch(repository, plan.say) as place:
        with files_or_error():
            search = GitBisect(repository, place, good, bad)
            maker = SideMaker.in_scratch(place, repository, plan.root, plan.policy, plan.say, plan.wanted)
            tests = maker.of_commit(SideName.CANDIDATE, bad) if plan.tests is not None else None
            base = _with_tests(maker.of_commit(SideName.BASE, good), tests, plan)
            maker.installed(base)
            check(base)
        return _Steps(plan, repository, search, base, tests).all_of(bad)


def _with_tests(side: Side, tests: Side | None, plan: BisectPlan) -> Side:
    """The side, with the tests of another one where these are for all."""
    return side if tests is None or plan.tests is None else with_tests_of(tests, side, plan.tests)


@dataclass
class _Steps:
    """The good side stays; each commit gets an environment of its own that is gone after its gate."""

    plan: BisectPlan
    repository: Repository
    search: GitBisect
    base: Side
    tests: Side | None = None
    """Whose tests all commits run, if not their own; it is never installed."""
    marks: list[tuple[Commit, Mark]] = field(default_factory=list)
    found: dict[str, Sequence[Finding]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    sought: Sequence[Finding] = ()
    """The slowdown that is looked for now: that of the bad commit, until a step shows that it is made of two."""
    between: Between = Between(0.0, {})

    def all_of(self, bad: str) -> Bisection:
        self.plan.say("is the bad commit slower at all?")
        compared = self._gate(bad, self.plan.policy, None)
        slower = [each for each in compared if each.verdict is Verdict.REGRESSED]
        self.found[bad] = slower
        if not slower:
            return Bisection(compared=compared)
        self.sought = slower
        self.between = between_of(self.plan.policy, slower)
        names = {each.benchmark for each in slower}
        while (commit := self.search.due()) is not None:
            self._step(commit, names)
        suspects = self.search.suspects()
        findings = self.found.get(suspects[0].hash, ()) if len(suspects) == 1 else ()
        return Bisection(slower, suspects, findings, self.marks, compared, self.skipped, self._others())

    def _step(self, commit: Commit, names: Collection[str]) -> None:
        left = math.ceil(math.log2(len(self.search.suspects())))
        self.plan.say(f"step {len(self.marks) + 1}, {left} to go or so: {commit}")
        policy = halfway(self.plan.policy, self.sought)
        try:
            findings = [each for each in self._gate(commit.hash, policy, self.between) if each.benchmark in names]
            words = _in_words(findings)
        except NoRoomError:
            raise  # it says nothing of this commit, and the next one would meet it too
        except GateError as error:
            findings, words = [], str(error)
        mark = mark_of(findings, self.between)
        partly = [each for each in findings if self.between.has(each)]
        if partly and mark is Mark.BAD:
            words += ", which is slower than the good commit and faster than the bad one: there are two slowdowns"
            self.sought = partly
        self.plan.say(f"{mark}: {words}")
        self.found[commit.hash] = findings
        self.marks.append((commit, mark))
        if mark is Mark.SKIP:
            self.skipped[commit.hash] = words
        self.search.mark(commit, mark)

    def _others(self) -> list[Another]:
        """Between which steps, or the ends, another slowdown lies: the range that is known to hold it is the shortest.

        Steps go towards the commit that is looked for, so each bad one is nearer to it than those before.
        """
        later, earlier, slow = None, None, self.plan.bad
        for commit, mark in self.marks:
            partly = any(map(self.between.has, self.found[commit.hash]))
            if mark is Mark.BAD and partly:
                later = later or Another(commit.hash, slow)
            elif mark is Mark.BAD:
                slow = commit.hash
            elif mark is Mark.GOOD and partly:
                earlier = earlier or Another(self.plan.good, commit.hash)
        return [each for each in (earlier, later) if each is not None]

    def _gate(self, commit: str, policy: GatePolicy, between: Between | None) -> Sequence[Finding]:
        plan = self.plan
        with scratch(self.repository, plan.say) as place:
            with files_or_error():
                maker = SideMaker.in_scratch(place, self.repository, plan.root, policy, plan.say, plan.wanted)
                candidate = _with_tests(maker.of_commit(SideName.CANDIDATE, commit), self.tests, plan)
                maker.installed(candidate)
                check(candidate)
            return plan.test(self.base, candidate, policy, between)


def between_of(policy: GatePolicy, slower: Sequence[Finding]) -> Between:
    """What lies between the good commit, with the slowdown that nobody minds, and the bad one."""
    return Between(policy.margin, {each.benchmark: each.low for each in slower if each.low is not None})


def mark_of(findings: Sequence[Finding], between: Between) -> Mark:
    """Bad if any regressed, or is slower than the good commit and faster than the bad one.

    Skip if any can't be told, or there is none; good otherwise.
    """
    marks = {_mark_of(finding, between) for finding in findings}
    return next((each for each in (Mark.BAD, Mark.SKIP) if each in marks), Mark.GOOD) if marks else Mark.SKIP


def _mark_of(finding: Finding, between: Between) -> Mark:
    if finding.verdict is Verdict.INCONCLUSIVE and between.has(finding):
        return Mark.BAD
    return _MARKS.get(finding.verdict, Mark.SKIP)


def halfway(policy: GatePolicy, slower: Sequence[Finding]) -> GatePolicy:
    """The policy for the steps: a commit is bad if it has more than half of the slowdown that is looked for.

    The policy's own margin would ask whether it is slower at all, and blame the first small change on the way; what is
    halfway between the two speeds is also what fewest launches tell apart. With several benchmarks, the smallest
    slowdown decides. Where they are few, hardly any time goes to a screen, whose launches don't count once it leaves
    something open: nothing is to be singled out.
    """
    half = _HALF * min(each.effect or 0.0 for each in slower)
    if half <= policy.margin:
        return policy
    screen = _SHORTEST_SCREEN if len(slower) <= _FEW else policy.screen_launches
    return replace(policy, margin=half, detect=_BAND * half, flag=half, screen_launches=screen)


def _in_words(findings: Sequence[Finding]) -> str:
    """What a step found; why, for what it could not tell."""
    return "; ".join(map(_in_word, findings)) or "nothing was measured: none of these benchmarks is there"


def _in_word(finding: Finding) -> str:
    effect = f" {finding.effect:+.1%}" if finding.effect is not None else ""
    why = "" if finding.verdict in _MARKS or not finding.reason else f": {' '.join(finding.reason.split())}"
    untimed = " (same code as the good commit)" if finding.same_code and finding.verdict is Verdict.UNCHANGED else ""
    return f"{finding.benchmark} {finding.verdict}{effect}{why}{untimed}"
