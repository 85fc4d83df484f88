"""The commit that slowed a benchmark is found on a real history, by a gate whose verdicts are made up here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.system.gate.projects import Project, linked_policy, new_project
from timetrial import cli
from timetrial.errors import GateError, NoRoomError
from timetrial.gate.bisect import Another, Between, Bisection, BisectPlan, bisect, halfway
from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.git_bisect import Mark
from timetrial.gate.policy import GatePolicy
from timetrial.gate.sides import environments
from timetrial.gate.sides.git import failure
from timetrial.gate.sides.requirements import Wanted
from timetrial.gate.sides.side import Side


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose first commit is tagged ``fast``."""
    monkeypatch.setattr(environments.Installer, "needs_pip", False)
    project = new_project(tmp_path / "project")
    project.commit("Fast", cost="1.0")
    project.git("tag", "fast")
    return project


def cost_of(side: Side) -> str:
    """What a side's commit says that the benchmark costs."""
    return (side.root / "src/spin/cost.py").read_text()


def told(base: Side, candidate: Side, policy: GatePolicy, _between: Between | None = None) -> Sequence[Finding]:
    """A gate that reads the cost instead of measuring it; ``?`` stands for a measurement that settles nothing.

    As a real one, it can't tell what lies just where it is asked.
    """
    if cost_of(candidate) == "?":
        return [Finding("test_spin", Verdict.INCONCLUSIVE), Finding("test_other", Verdict.UNCHANGED)]
    effect = float(cost_of(candidate)) / float(cost_of(base)) - 1
    verdict = Verdict.REGRESSED if effect > policy.margin else Verdict.UNCHANGED
    interval = effect - 0.01, effect + 0.01
    if abs(effect - policy.margin) < 0.01:
        verdict = Verdict.INCONCLUSIVE
    return [Finding("test_spin", verdict, effect, *interval), Finding("test_other", Verdict.UNCHANGED)]


def search(project: Project, good: str = "fast", bad: str = "HEAD", said: list[str] | None = None) -> Bisection:
    """What a bisection with the gate above comes to."""
    said = [] if said is None else said
    policy = linked_policy(project.top.parent)
    return bisect(BisectPlan(project.top, good, bad, policy, told, said.append))


def subjects(bisection: Bisection) -> list[str]:
    """Of the suspects."""
    return [each.subject for each in bisection.suspects]


def test_the_commit_is_found_with_its_effect_and_interval(project: Project) -> None:
    """And who made it, when; each step is said."""
    for number in range(3):
        project.commit(f"Harmless {number}")
    slow = project.commit("Make it slow", cost="1.5")
    for number in range(3, 5):
        project.commit(f"Harmless {number}")
    said: list[str] = []
    found = search(project, said=said)
    assert found.culprit is not None
    assert (found.culprit.hash, found.culprit.author, found.culprit.subject) == (slow, "Ada", "Make it slow")
    assert found.culprit.date == project.git("show", "--no-patch", "--format=%as", slow)
    assert [(each.benchmark, each.effect, each.low) for each in found.findings] == [("test_spin", 0.5, 0.49)]
    assert {mark for _, mark in found.marks} == {Mark.GOOD, Mark.BAD}
    assert len(found.marks) <= 3
    assert any(line.startswith("step 1, 3 to go or so: ") for line in said)
    assert "bad: test_spin regressed +50.0%" in said


def test_a_small_slowdown_on_the_way_is_not_taken_for_the_large_one(project: Project) -> None:
    """A step asks for more than half of what is looked for, not whether it is slower at all."""
    project.commit("A little", cost="1.03")
    project.commit("Harmless")
    project.commit("A lot", cost="1.4")
    assert subjects(search(project)) == ["A lot"]


def test_of_two_slowdowns_the_first_is_found_and_the_second_is_named_with_its_range(project: Project) -> None:
    """A step right between the two speeds is an answer: bad, since something before it made it slower."""
    first = project.commit("The first half", cost="1.2")
    harmless = [project.commit(f"Harmless {number}") for number in range(3)]
    project.commit("The second half", cost="1.4")
    said: list[str] = []
    found = search(project, said=said)
    assert found.culprit is not None
    assert found.culprit.hash == first
    assert Mark.SKIP not in {mark for _, mark in found.marks}
    assert any("there are two slowdowns" in line for line in said)
    ((start, end),) = ((each.good, each.bad) for each in found.others)
    assert (start in harmless, end) == (True, "HEAD")
    assert subjects(search(project, good=start)) == ["The second half"]


def test_a_small_slowdown_before_the_large_one_is_named_too(project: Project) -> None:
    """The search goes past it, since it is less than half; it is there all the same."""
    small = project.commit("A little", cost="1.1")
    project.commit("A lot", cost="1.5")
    found = search(project)
    assert subjects(found) == ["A lot"]
    assert found.others == [Another("fast", small)]


def test_the_bad_commit_s_tests_can_be_those_of_all(project: Project) -> None:
    """Old commits have none, or other ones; their package stays what it was."""
    project.commit("Slow", cost="2.0")
    project.write("bench/test_new.py", "new")
    project.commit("A benchmark")
    seen: list[tuple[str, bool]] = []

    def noting(base: Side, candidate: Side, policy: GatePolicy, _between: Between | None) -> Sequence[Finding]:
        seen.extend(((side.root / "bench/test_new.py").read_text(), side.borrowed_tests) for side in (base, candidate))
        return told(base, candidate, policy)

    plan = BisectPlan(project.top, "fast", "HEAD", linked_policy(project.top.parent), noting, lambda _: None)
    assert subjects(bisect(replace(plan, tests=["bench"]))) == ["Slow"]
    assert seen == [("new", True)] * 4


def test_the_bad_commit_itself_can_be_the_one(project: Project) -> None:
    """Then its effect is that of the first comparison."""
    project.commit("Harmless")
    project.commit("Slow", cost="1.2")
    found = search(project)
    assert subjects(found) == ["Slow"]
    assert found.findings == found.slower


def test_commits_that_tell_nothing_are_skipped_and_others_still_decide(project: Project) -> None:
    """Here an inconclusive one."""
    project.commit("Open", cost="?")
    project.commit("Good again", cost="1.0")
    project.commit("Slow", cost="2.0")
    assert subjects(search(project)) == ["Slow"]


def test_what_can_t_be_told_apart_is_given_as_a_range(project: Project) -> None:
    """The commits that were skipped, and the first that is known to be slow."""
    for number in range(3):
        project.commit(f"Open {number}", cost="?")
        project.write("README", str(number))
    project.commit("Slow", cost="2.0")
    found = search(project)
    assert found.culprit is None
    assert sorted(subjects(found)) == ["Open 0", "Open 1", "Open 2", "Slow"]
    assert {mark for _, mark in found.marks} == {Mark.SKIP}


def test_an_install_that_fails_skips_its_commit(project: Project) -> None:
    """With the reason among the steps."""
    project.write("pyproject.toml", "not toml")
    project.commit("Broken")
    project.write("pyproject.toml", "")
    project.commit("Slow", cost="2.0")
    said: list[str] = []
    assert subjects(search(project, said=said)) == ["Slow", "Broken"]
    assert any(line.startswith("skip: can't read") for line in said)


def test_without_a_slowdown_there_is_nothing_to_find(project: Project) -> None:
    """Said after the first comparison."""
    project.commit("Harmless")
    project.commit("Harmless too")
    found = search(project)
    assert (found.slower, found.suspects, found.marks) == ((), (), ())
    assert {each.verdict for each in found.compared} == {Verdict.UNCHANGED}


def test_a_bad_commit_that_tells_nothing_keeps_its_reasons(project: Project) -> None:
    """For whoever is told that the search can't begin."""
    project.commit("Open", cost="?")
    found = search(project)
    assert (found.slower, found.marks) == ((), ())
    assert [each.verdict for each in found.compared] == [Verdict.INCONCLUSIVE, Verdict.UNCHANGED]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NoRoomError("can't write results/gate/x.json: Permission denied"), NoRoomError),
        (failure("can't prepare the two sides", "[Errno 28] No space left on device"), NoRoomError),
        (GateError("can't tell"), None),
    ],
    ids=["results that can't be written", "a full disk", "a trouble of the commit's"],
)
def test_what_can_t_be_written_ends_the_search_and_is_no_skip(
    project: Project, error: GateError, kind: type[Exception] | None
) -> None:
    """It would skip each commit that follows, and end with a range that nobody measured."""
    project.commit("Harmless")
    project.commit("Slow", cost="2.0")
    steps: list[Side] = []

    def troubled(base: Side, candidate: Side, policy: GatePolicy, _between: Between | None) -> Sequence[Finding]:
        steps.append(candidate)
        if len(steps) > 1:
            raise error
        return told(base, candidate, policy)

    plan = BisectPlan(project.top, "fast", "HEAD", linked_policy(project.top.parent), troubled, lambda _: None)
    if kind is None:
        assert subjects(bisect(plan)) == ["Slow", "Harmless"]
    else:
        with pytest.raises(kind, match="can't"):
            bisect(plan)
    assert project.worktrees() == []


def test_the_checkout_and_a_bisection_of_the_user_s_own_stay_as_they_are(project: Project) -> None:
    """Git keeps the state of a bisection for each worktree; ours is gone afterwards."""
    project.commit("Harmless")
    project.commit("Slow", cost="2.0")
    project.commit("Later")
    project.git("bisect", "start", "HEAD", "fast")
    before = project.git("bisect", "log"), project.git("rev-parse", "HEAD"), project.git("status", "--porcelain")
    assert subjects(search(project, bad="main")) == ["Slow"]
    assert before == (
        project.git("bisect", "log"),
        project.git("rev-parse", "HEAD"),
        project.git("status", "--porcelain"),
    )
    assert project.worktrees() == []


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("HEAD", "HEAD", "are the same commit"),
        ("no-such", "HEAD", "git knows no commit 'no-such'"),
        ("HEAD", "fast", "Maybe you mistook good and bad revs?"),
    ],
)
def test_a_search_that_can_t_be_made_is_an_error(project: Project, good: str, bad: str, said: str) -> None:
    """Git's own words where it refuses."""
    project.commit("Slow", cost="2.0")
    with pytest.raises(GateError, match=said.replace("?", r"\?")):
        search(project, good, bad)
    assert project.worktrees() == []


def test_outside_of_a_repository_no_option_of_the_gate_is_recommended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bisect has none of them."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bisect", "--good", "v1"]) == 2
    said = capsys.readouterr().err
    assert "is not in a git repository, so there are no commits to compare; go to the project's checkout\n" in said
    assert "--base" not in said


def test_what_the_command_line_names_is_installed_for_each_commit(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Old commits name nothing themselves, so ``--extra``, ``--group`` and ``--requirements`` are the gate's."""
    project.commit("Another")
    wanted = []

    def note(installer: environments.Installer, *_given: object) -> None:
        wanted.append(installer.wanted)
        if len(wanted) == 2:
            raise GateError("that is enough")

    monkeypatch.setattr("timetrial.gate.sides.make.make_environment", note)
    monkeypatch.setattr("timetrial.gate.bisect.check", lambda _side: None)
    monkeypatch.chdir(project.top)
    named = ("--extra", "speed", "--group", "ci", "--group", "more", "--requirements", "ci/all.txt")
    assert cli.main(["bisect", "--good", "fast", *named]) == 2
    assert "that is enough" in capsys.readouterr().err
    assert wanted == [Wanted(("speed",), ("ci", "more"), ("ci/all.txt",))] * 2


def test_the_command_says_that_a_selection_matches_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And not that no benchmark is slower; results that can't be written are an error, with status 2."""
    project.write(
        "pyproject.toml", f"[tool.timetrial.gate]\ninstall = {list(linked_policy(project.top.parent).install or ())}\n"
    )
    good = project.commit("Install by linking")
    project.commit("Harmless")
    monkeypatch.chdir(project.top)
    assert cli.main(["bisect", "--good", good, "-k", "test_typo", "tests"]) == 3
    assert "nothing was measured at" in capsys.readouterr().out
    project.write("taken", "by a file")
    assert cli.main(["bisect", "--good", good, "--results", "taken/gate", "-k", "test_typo", "tests"]) == 2
    assert "can't write taken" in capsys.readouterr().err


def test_the_command_finds_a_real_slowdown(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With real gates: three times the work in the middle of three commits; what runs the same is measured once."""
    install = linked_policy(project.top.parent).install
    assert install is not None
    quick = "screen_launches = 2\nconfirm_launches = 6\npairs_per_launch = 4\nwarmup_rounds = 1\nalpha = 0.4\n"
    project.write("pyproject.toml", f"[tool.timetrial.gate]\ninstall = {list(install)}\n{quick}keep_awake = false\n")
    work = "def spin():\n    return sum(range({}))\n"
    good = project.commit("Quick", __init__=work.format(20_000))
    slow = project.commit("Do it three times", __init__=work.format(60_000))
    project.commit("Harmless")
    monkeypatch.chdir(project.top)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a dozen launches, each two pytests: with little to load
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_benchmark.plugin,timetrial.plugin")
    status = cli.main(["bisect", "--good", good, "-k", "test_spin", "tests"])
    out = capsys.readouterr()
    assert status == 0, out.err
    assert f"slower since {slow[:12]}" in out.out
    assert "tests/test_spin.py::test_spin: +" in out.out
    assert len(list(project.top.glob("results/gate/*.json"))) == 2
    assert "it runs the same code as the candidate" in out.err  # the harmless commit's: that one was measured


def test_a_step_of_few_benchmarks_hardly_screens() -> None:
    """Nothing is to be singled out; of many, most are cleared by the screen."""
    slower = [Finding(f"test_{number}", Verdict.REGRESSED, 0.1 + number / 100) for number in range(9)]
    few, many = halfway(GatePolicy(), slower[:3]), halfway(GatePolicy(), slower)
    assert (few.screen_launches, many.screen_launches) == (2, 7)
    assert few.margin == many.margin == few.flag == 0.05
