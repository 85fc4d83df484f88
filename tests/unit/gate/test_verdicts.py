"""Every way from launches to a verdict, and the whole two-stage rule on made-up launches."""

from __future__ import annotations

import math
import random

import pytest

from benchmarks.gate_power.noise import Noise, launch, screened
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SideName, Trouble
from timetrial.gate.verdicts import flagged, judge, may_be_missing, open_for_confirmation, unsettled

POLICY = GatePolicy(confirm_launches=24)
QUIET = [0.001, -0.002, 0.0, 0.003, -0.001, 0.002, -0.003]


def shifted(by: float, launches: int = 7) -> list[float]:
    """Quiet launches about another effect."""
    return [by + QUIET[index % 7] + index * 1e-5 for index in range(launches)]


def record(name: str, screen: list[float], fresh: list[float] | None = None) -> BenchmarkRecord:
    """A benchmark with these effects in the screen and in the confirmation."""
    made = screened(name, screen)
    made.launches += [launch(Phase.CONFIRM, each) for each in fresh or []]
    return made


def verdict_on(record: BenchmarkRecord, policy: GatePolicy = POLICY) -> Finding:
    """The one finding of a gate with one benchmark."""
    (finding,) = judge([record], policy)
    return finding


def test_the_screen_flags_slowdowns_first_the_worst_ahead_and_then_improvements() -> None:
    """What most wants a second look gets it first."""
    records = [
        record("faster", shifted(-0.04)),
        record("same", shifted(0.0)),
        record("slow", shifted(0.03)),
        record("slowest", shifted(0.08)),
        record("small", shifted(0.01)),
    ]
    assert flagged(records, POLICY) == ["slowest", "slow", "faster"]


def test_one_wild_launch_flags_nothing_but_leaves_it_unsettled() -> None:
    """The trimmed mean doesn't mind it; an interval of all seven does, if it is one of few."""
    records = [record("wild", [*QUIET[:6], 0.3]), record("same", QUIET)]
    assert flagged(records, POLICY) == []
    assert unsettled(records, POLICY) == ["wild"]


def test_a_screen_of_too_few_launches_settles_nothing() -> None:
    """Five can't bound an effect at 95 %."""
    assert unsettled([record("short", QUIET[:5])], POLICY) == ["short"]


def test_what_the_screen_finds_quiet_and_unchanged_is_unchanged() -> None:
    """With the interval of the screen's launches, and both sides' seconds per execution."""
    finding = verdict_on(record("a", QUIET))
    assert finding.verdict is Verdict.UNCHANGED
    assert finding.launches == 7
    assert finding.low is not None
    assert finding.high is not None
    assert -0.01 < finding.low <= 0.0 <= finding.high < 0.01
    assert finding.effect == pytest.approx(0.0, abs=0.001)
    assert finding.confidence == pytest.approx(0.953, abs=0.001)
    assert finding.base_s_per_execution == pytest.approx(0.010)
    assert finding.reason is None


def test_seconds_are_those_of_one_execution() -> None:
    """A round may hold many."""
    pair = LaunchPair(Phase.SCREEN, (0.8, 1.0, 1.2), (0.9, 1.0, 1.1), (True, False, True), executions_per_round=10)
    finding = verdict_on(BenchmarkRecord("a", [pair] * 7))
    assert finding.base_s_per_execution == pytest.approx(0.1)
    assert finding.candidate_s_per_execution == pytest.approx(0.1)


@pytest.mark.parametrize(("effect", "verdict"), [(0.08, Verdict.REGRESSED), (-0.08, Verdict.IMPROVED)])
def test_what_fresh_launches_confirm_is_a_finding(effect: float, verdict: Verdict) -> None:
    """The launches that it took are counted, and those after the answer are not."""
    finding = verdict_on(record("a", shifted(effect), shifted(effect, 24)))
    assert finding.verdict is verdict
    assert finding.launches == 10
    assert finding.effect == pytest.approx(math.expm1(effect), abs=0.005)


def test_what_fresh_launches_do_not_confirm_is_unchanged_whatever_the_screen_said() -> None:
    """The screen's launches are thrown away: they were chosen for looking bad."""
    finding = verdict_on(record("a", shifted(0.08), shifted(0.0)))
    assert finding.verdict is Verdict.UNCHANGED
    assert finding.effect == pytest.approx(0.0, abs=0.005)


def test_a_flag_without_fresh_launches_is_inconclusive() -> None:
    """Nothing is asserted from the screen alone."""
    finding = verdict_on(record("a", shifted(0.08)))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.effect == pytest.approx(math.expm1(0.08), abs=0.005)
    assert finding.reason == (
        "the screen leaves it open, and no fresh launch followed; "
        "the time was up (budget_s = 600): raise it, or select fewer benchmarks"
    )


def test_too_few_fresh_launches_are_inconclusive() -> None:
    """It says how many there are."""
    finding = verdict_on(record("a", shifted(0.08), shifted(0.08, 3)))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason is not None
    assert finding.reason.startswith("too few fresh launches: 3; the time was up")
    assert finding.low is None


def test_a_confirmation_cut_short_says_how_many_launches_would_settle_it() -> None:
    """And that it is the budget that ended it."""
    finding = verdict_on(record("a", shifted(0.08), shifted(0.08, 8)))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason is not None
    assert finding.reason == (
        "it looks 8.3% slower and its launches scatter by 0.2%; about 2 more launches would settle it (raise budget_s)"
    )


def test_a_noisy_benchmark_is_inconclusive_after_all_its_launches() -> None:
    """With its scatter, and what it would take."""
    rng = random.Random(4)
    finding = verdict_on(record("a", shifted(0.08), [rng.gauss(0.0, 0.3) for _ in range(24)]))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.launches == 24
    assert finding.reason is not None
    assert "more launches would settle it (raise confirm_launches)" in finding.reason


def test_a_benchmark_that_was_never_launched_is_inconclusive() -> None:
    """The time was up before its turn came."""
    finding = verdict_on(BenchmarkRecord("a"))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason is not None
    assert finding.reason.startswith("never launched; the time was up")


def test_a_round_without_a_duration_is_inconclusive_and_says_so() -> None:
    """It neither raises nor counts, in any of the questions."""
    broken = BenchmarkRecord("a", [LaunchPair(Phase.SCREEN, (0.0,), (0.01,), (True,))])
    finding = verdict_on(broken)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason is not None
    assert "took no time by the clock" in finding.reason
    assert flagged([broken], POLICY) == unsettled([broken], POLICY) == open_for_confirmation([broken], POLICY) == []


HINT = "(if that is meant, name it in may_be_missing, [tool.timetrial.gate])"
ALLOWED = GatePolicy(may_be_missing=("test_old*",))


@pytest.mark.parametrize(
    ("kind", "side", "policy", "verdict", "reason"),
    [
        ("new", SideName.BASE, POLICY, Verdict.NEW, "why"),
        ("missing", SideName.CANDIDATE, POLICY, Verdict.INCONCLUSIVE, f"missing on the candidate side: why {HINT}"),
        ("void", SideName.BASE, POLICY, Verdict.INCONCLUSIVE, f"void on the base side: why {HINT}"),
        ("failed", None, POLICY, Verdict.INCONCLUSIVE, "failed on both sides: why"),
        ("crashed", SideName.BASE, POLICY, Verdict.INCONCLUSIVE, "crashed on the base side: why"),
        ("skipped", SideName.CANDIDATE, POLICY, Verdict.INCONCLUSIVE, f"skipped on the candidate side: why {HINT}"),
        ("skipped", None, POLICY, Verdict.EXCUSED, "skipped on both sides: why"),
        ("missing", SideName.BASE, ALLOWED, Verdict.EXCUSED, "missing on the base side: why (the policy allows it)"),
        ("void", None, ALLOWED, Verdict.EXCUSED, "void on both sides: why (the policy allows it)"),
        ("skipped", SideName.BASE, ALLOWED, Verdict.EXCUSED, "skipped on the base side: why (the policy allows it)"),
        ("failed", SideName.CANDIDATE, ALLOWED, Verdict.INCONCLUSIVE, "failed on the candidate side: why"),
    ],
)  # fmt: skip
def test_trouble_is_never_a_pass_unless_the_policy_names_it(
    kind: str, side: SideName | None, policy: GatePolicy, verdict: Verdict, reason: str
) -> None:
    """Even where launches were made before it; the reason says how to. A failure can't be excused at all."""
    troubled = record("benchmarks/test_a.py::test_old[threads-8]", shifted(0.08), shifted(0.08, 24))
    troubled.trouble = Trouble(kind, side, "why")
    finding = verdict_on(troubled, policy)
    assert (finding.verdict, finding.reason, finding.effect) == (verdict, reason, None)
    assert open_for_confirmation([troubled], policy) == []


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("test_old*", True),
        ("test_old[threads-8]", True),
        ("benchmarks/test_a.py::*", True),
        ("benchmarks/test_a.py::test_old[threads-8]", True),
        ("*[[]threads-?[]]", True),
        ("test_older*", False),
        ("old", False),
    ],
)
def test_the_policy_names_benchmarks_with_their_path_or_without(pattern: str, named: bool) -> None:
    """Square brackets may stand for themselves."""
    policy = GatePolicy(may_be_missing=(pattern,))
    assert may_be_missing("benchmarks/test_a.py::test_old[threads-8]", policy) is named


def test_alpha_is_shared_by_all_that_are_looked_at_again() -> None:
    """Beside nine others, the same launches have to be more convincing: 12 of 12 rather than 10 of 10."""
    alone = judge([record("a", shifted(0.08), shifted(0.08, 24))], POLICY)
    among = judge([record(str(each), shifted(0.08), shifted(0.08, 24)) for each in range(10)], POLICY)
    assert (alone[0].launches, among[0].launches) == (10, 12)


def test_quiet_benchmarks_take_no_share_of_alpha() -> None:
    """Only k count."""
    quiet = [record(f"quiet {each}", QUIET) for each in range(20)]
    findings = judge([record("a", shifted(0.08), shifted(0.08, 24)), *quiet], POLICY)
    assert findings[0].launches == 10


def test_launches_are_asked_for_until_all_is_settled() -> None:
    """The flagged and the unsettled, one launch at a time; what is settled is left alone."""
    records = [record("quiet", QUIET), record("wild", [*QUIET[:6], 0.3]), record("slow", shifted(0.08))]
    assert open_for_confirmation(records, POLICY) == ["slow", "wild"]
    for index in range(24):
        for each in records:
            if each.name in open_for_confirmation(records, POLICY):
                effect = shifted(0.08, 24)[index] if each.name == "slow" else shifted(0.0, 24)[index]
                each.launches.append(launch(Phase.CONFIRM, effect))
    assert open_for_confirmation(records, POLICY) == []
    assert [each.verdict for each in judge(records, POLICY)] == [
        Verdict.UNCHANGED,
        Verdict.UNCHANGED,
        Verdict.REGRESSED,
    ]
    assert [len(each.of(Phase.CONFIRM)) for each in records] == [0, 6, 11]  # two share alpha


def gate(noise: Noise, effects: list[float], rng: random.Random) -> list[Verdict]:
    """One made-up gate, from the screen to the verdicts."""
    records = [screened(str(index), noise.draw(rng, 7, each)) for index, each in enumerate(effects)]
    true = {str(index): each for index, each in enumerate(effects)}
    while names := open_for_confirmation(records, POLICY):
        for each in records:
            if each.name in names:
                each.launches.append(launch(Phase.CONFIRM, noise.draw(rng, 1, true[each.name])[0]))
    return [each.verdict for each in judge(records, POLICY)]


def test_gates_of_identical_code_pass_and_slowdowns_of_ten_percent_do_not() -> None:
    """60 gates of 10 benchmarks, one of them slower in every other gate; benchmarks/gate_power has the long version."""
    rng, noise = random.Random(17), Noise("as measured", 0.025)
    alarms = caught = unchanged = 0
    for index in range(60):
        injected = math.log1p(0.10) if index % 2 else 0.0
        verdicts = gate(noise, [injected, *[0.0] * 9], rng)
        caught += bool(index % 2) and verdicts[0] is Verdict.REGRESSED
        alarms += Verdict.REGRESSED in verdicts[index % 2 :]
        unchanged += verdicts[1:].count(Verdict.UNCHANGED)
    assert alarms <= 2  # at 1 % a gate, three or more are seen once in 45 runs; this seed shows none
    assert caught == 30
    assert unchanged >= 0.95 * 60 * 9
