"""The candidate's tests on both sides: a base that lacks benchmarks is compared as far as it goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.gate.projects import Project, linked_policy, new_project
from timetrial import cli
from timetrial.errors import GateError
from timetrial.gate.record import SideName
from timetrial.gate.sides.side import Side
from timetrial.gate.sides.tests_of import with_tests_of

QUICK = "screen_launches = 6\npairs_per_launch = 4\nwarmup_rounds = 1\nmargin = 4.0\ndetect = 9.0\nflag = 8.0\n"
NEW_TESTS = """
import pytest
import spin

def test_spin(benchmark):
    benchmark(spin.spin)

def test_reverse(benchmark):
    benchmark(spin.reverse)

def test_within(benchmark, n):
    benchmark(spin.spin)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One whose base, tagged ``old``, has no benchmarks."""
    project = new_project(tmp_path / "project")
    install = list(linked_policy(tmp_path).install or ())
    project.write("pyproject.toml", f"[tool.timetrial.gate]\n{QUICK}\ninstall = {install}\n")
    project.write("tests/test_spin.py", "")
    project.commit("No benchmark yet", __init__="def spin():\n    return sum(range(2000))\n")
    project.git("tag", "old")
    monkeypatch.chdir(project.top)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_benchmark.plugin,timetrial.plugin")
    return project


def test_what_the_base_s_package_lacks_is_new_and_the_rest_is_compared(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """By benchmark, with the import or the attribute that failed."""
    project.write("bench/test_spin.py", NEW_TESTS)
    project.write("bench/conftest.py", "import pytest\n\n@pytest.fixture\ndef n():\n    return 1\n")
    project.write(
        "bench/test_more.py", "from spin.more import twice\n\ndef test_twice(benchmark):\n    benchmark(twice)\n"
    )
    project.commit(
        "Benchmarks",
        __init__="def spin():\n    return sum(range(2000))\n\ndef reverse():\n    return [][::-1]\n",
        more="def twice():\n    return 2\n",
    )
    assert cli.main(["gate", "--base", "old", "--tests-from", "candidate", "bench"]) == 0
    said = capsys.readouterr().out
    lacks = "new: bench/test_{}: the base's package lacks what the test needs: {}"
    assert lacks.format("spin.py::test_reverse", "AttributeError: module 'spin' has no attribute 'reverse'") in said
    assert lacks.format("more.py::test_twice", "ModuleNotFoundError: No module named 'spin.more'") in said
    assert "both sides ran the candidate's tests (--tests-from candidate)" in said
    assert said.splitlines()[-1].startswith("PASS: a slowdown of 900% in any of the 2 benchmarks compared")


def test_a_folder_is_the_candidate_s_as_a_whole_and_a_file_comes_with_its_conftest(tmp_path: Path) -> None:
    """What the base had in that folder is gone; the package stays the base's."""
    base, candidate = (
        Side(name, Path("python"), tmp_path / name / "p", None, worktree=tmp_path / name / "p") for name in SideName
    )
    for side in (base, candidate):
        for name in (f"bench/{side.name}.py", "pyproject.toml", "tests/deep/test_a.py", "tests/helper.py", "spin.py"):
            (side.root / name).parent.mkdir(parents=True, exist_ok=True)
            (side.root / name).write_text(side.name)
    (candidate.root / "tests/conftest.py").write_text("new")
    (base.root / "conftest.py").write_text("old")
    borrowed = with_tests_of(candidate, base, ["bench", "tests/deep/test_a.py::test_x"])
    assert borrowed.borrowed_tests
    assert [each.name for each in (base.root / "bench").iterdir()] == ["candidate.py"]
    assert (base.root / "tests/deep/test_a.py").read_text() == "candidate"
    assert (base.root / "tests/conftest.py").read_text() == "new"
    assert not (base.root / "conftest.py").exists()
    assert [(base.root / each).read_text() for each in ("tests/helper.py", "spin.py")] == ["base", "base"]
    for named, said in (([], "needs the paths of the tests"), (["."], "not all of it"), ([".."], "not all of it")):
        with pytest.raises(GateError, match=said):
            with_tests_of(candidate, base, named)


def test_it_is_for_a_revision(capsys: pytest.CaptureFixture[str]) -> None:
    """Two environments run the same files anyway."""
    assert cli.main(["gate", "--base-python", "python", "--tests-from", "candidate", "tests"]) == 2
    assert "--tests-from goes with --base" in capsys.readouterr().err
