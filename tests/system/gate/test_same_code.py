"""What can't have changed is not measured: exactly those benchmarks are whose code, data or surroundings can differ."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.system.gate.conftest import QUICK
from tests.system.gate.projects import Project, linked_policy, new_project
from timetrial import cli
from timetrial.gate.lockstep.launch import Launch
from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, SideName
from timetrial.gate.run import run_gate
from timetrial.gate.same_code.agreement import Agreement, SideNoted, agree
from timetrial.gate.same_code.noting import note
from timetrial.gate.sides import environments
from timetrial.gate.sides.make import Side
from timetrial.gate.store import read_gate

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="benchmarks are noted in forked processes")

_INI = """[pytest]
asyncio_default_fixture_loop_scope = function
pythonpath = . vendor
addopts = -p no:hypothesispytest -p no:xdist -p no:respx -p no:anyio -p no:timeout -p no:cacheprovider
"""
_MODULE = """import os
from pathlib import Path

LIMIT = {number}


def f0(x):
    return x + 1


def f1(x):
    return x + LIMIT


def f2(x):
    return f1(x) * 2


def f3(x):
    return x + len(os.environ.get("SPIN_LEVEL_{number}", ""))


def f4(x):
    return x + len((Path(__file__).parent / "data{number}.txt").read_text())
"""
_TESTS = """import pytest

from spin import m{number}


@pytest.mark.parametrize("x", [1])
def test_f0_{number}(benchmark, x):
    benchmark(m{number}.f0, x)


def test_f1_{number}(benchmark):
    benchmark(m{number}.f1, 1)


def test_f2_{number}(benchmark):
    benchmark(m{number}.f2, 1)


def test_f3_{number}(benchmark):
    benchmark(m{number}.f3, 1)


def test_f4_{number}(benchmark):
    benchmark(m{number}.f4, 1)
"""


def fifty() -> dict[str, str]:
    """A project of ten modules with five benchmarks each."""
    files = {
        "pytest.ini": _INI,
        "README.md": "hello",
        "spin/__init__.py": "",
        "vendor/helper-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: helper\nVersion: 1.0\n",
    }
    for number in range(10):
        files[f"spin/m{number}.py"] = _MODULE.format(number=number)
        files[f"spin/data{number}.txt"] = "data"
        files[f"tests/test_m{number}.py"] = _TESTS.format(number=number)
    return files


class _WithVariable(Side):
    """A side on which a variable is set."""

    def variables(self) -> dict[str, str]:
        return {**super().variables(), "SPIN_LEVEL_5": str(self.name)}


@dataclasses.dataclass
class Sides:
    """Two folders, side by side."""

    folder: Path

    def differing(self, base: Mapping[str, str], candidate: Mapping[str, str], native: Path | None = None) -> set[str]:
        """The benchmarks that would be measured, by their functions' names."""
        sides = []
        for name, files in ((SideName.BASE, base), (SideName.CANDIDATE, candidate)):
            root = self.folder / f"{name:.4}"
            shutil.rmtree(root, ignore_errors=True)
            for file, content in files.items():
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / file).write_text(content)
            if native is not None:
                end = b"" if name is SideName.BASE else b"changed"
                (root / "spin" / native.name).write_bytes(native.read_bytes() + end)
            sides.append(_WithVariable(name, Path(sys.executable), root, None))
        one, other = sides
        plan = GatePlan(one, other, GatePolicy(), lot=0.0)
        with Launch(one, other, (), patience_s=60.0, chance=random.Random(1), noting=True) as launch:
            records, _ = note(launch, plan, 240.0)
        assert len(records) == 50
        return {each.name.partition("::")[2].partition("[")[0] for each in records if each.is_measured}


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    """None yet."""
    return Sides(tmp_path)


def test_exactly_those_that_can_differ_are_measured(sides: Sides) -> None:
    """A function, a constant, a data file, a variable that is set otherwise; not what nobody reads or calls."""
    changed = fifty()
    changed["README.md"] = "hello, world"
    changed["spin/m1.py"] = changed["spin/m1.py"].replace("return x + 1\n", "return x + 2\n")
    changed["spin/m2.py"] = changed["spin/m2.py"].replace("LIMIT = 2", "LIMIT = 20")
    changed["spin/data3.txt"] = "other data"
    changed["spin/m4.py"] += "\n\ndef helper(x):\n    return x\n"
    changed["spin/data6.txt"] = "DATA"
    changed["tests/test_m7.py"] = changed["tests/test_m7.py"].replace("m7.f2, 1", "m7.f2, 2")
    assert sides.differing(fifty(), changed) == {
        "test_f0_1",
        *("test_f1_2", "test_f2_2"),
        "test_f4_3",
        "test_f3_5",
        "test_f4_6",
        "test_f2_7",
    }


@pytest.mark.parametrize("what", ["dependency", "native module"])
def test_what_all_rest_on_has_all_measured(what: str, sides: Sides) -> None:
    """Nobody can tell who uses another version of what is installed, or what compiled code does."""
    changed, native = fifty(), None
    if what == "dependency":
        file = "vendor/helper-1.0.dist-info/METADATA"
        changed[file] = changed[file].replace("Version: 1.0", "Version: 1.1")
    else:
        native = _some_native_module()
    assert len(sides.differing(fifty(), changed, native)) == 50


def _some_native_module() -> Path:
    for name in ("_bisect", "_heapq", "_json", "_csv", "_struct"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.has_location and spec.origin is not None:
            return Path(spec.origin)
    pytest.skip("this Python has no extension modules in files")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two benchmarks, of which the second commit changes one."""
    monkeypatch.setattr(environments.Installer, "needs_pip", False)
    project = new_project(tmp_path / "project")
    project.write("pytest.ini", _INI.replace(" vendor", ""))
    project.write(
        "tests/test_spin.py",
        "from spin import other, spin\n\n\ndef test_spin(benchmark):\n    benchmark(spin)\n\n\n"
        "def test_other(benchmark):\n    benchmark(other.other)\n",
    )
    policy = linked_policy(tmp_path)
    lines = "screen_launches = 2\npairs_per_launch = 4\nwarmup_rounds = 2\nconfirm_launches = 6\nbudget_s = 20.0\n"
    project.write(
        "pyproject.toml", f"{project_toml()}[tool.timetrial.gate]\n{lines}install = {json.dumps(policy.install)}\n"
    )
    project.commit("Two", __init__="def spin():\n    return 1\n", other="def other():\n    return 2\n")
    monkeypatch.chdir(project.top)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return project


def project_toml() -> str:
    """The head of its pyproject.toml."""
    return '[project]\nname = "spin"\nversion = "1"\n\n'


def stored(project: Project) -> dict[str, BenchmarkRecord]:
    """The records of its newest gate, by test."""
    newest = max((project.top / "results/gate").glob("*.json"), key=lambda each: each.stat().st_mtime)
    return {each.name.partition("::")[2]: each for each in read_gate(newest).records}


def _agree_without_a_lot(
    base: SideNoted, candidate: SideNoted, names: Sequence[str], seed: int, _lot: float
) -> Agreement:
    return agree(base, candidate, names, seed, 0.0)


def test_a_gate_measures_what_changed_and_says_what_did_not(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict is unchanged: same code; the record keeps what that rests on."""
    monkeypatch.setattr("timetrial.gate.same_code.noting.agree", _agree_without_a_lot)
    project.commit("Change one", other="def other():\n    return 3 - 1\n")
    project.write("src/spin/other.py", "def other():\n    return len('ab')\n")
    cli.main(["gate", "--base", "HEAD"])
    shown = capsys.readouterr().out
    assert "unchanged: same code" in shown
    assert "1 benchmark runs the same code on both sides: not measured" in shown
    same, changed = (stored(project)[name] for name in ("test_spin", "test_other"))
    assert same.same_code is not None
    assert (same.launches, same.same_code.functions >= 2, len(same.same_code.digest)) == ([], True, 24)
    assert changed.same_code is None
    assert changed.launches


def test_a_gate_of_one_commit_measures_nothing_and_takes_seconds(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is the same code; --measure-all measures it all the same."""
    began_s = time.monotonic()
    assert cli.main(["gate", "--base", "HEAD"]) == 0
    assert time.monotonic() - began_s < 60
    assert capsys.readouterr().out.splitlines()[-1] == (
        "PASS: both sides run the same code in all 2 benchmarks compared (exit 0)"
    )
    assert not any(each.launches for each in stored(project).values())


def test_measure_all_measures_also_what_runs_the_same_code(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is noted then."""
    cli.main(["gate", "--base", "HEAD", "--measure-all", "-k", "test_spin and not other", "--budget", "10s"])
    shown = capsys.readouterr()
    assert "same code" not in shown.out + shown.err
    assert "noting" not in shown.err
    (record,) = stored(project).values()
    assert record.same_code is None
    assert record.launches


WORKERS = """
import multiprocessing
import pytest
from timetrial import Workload
from spin import work

def in_a_worker(start_method):
    with multiprocessing.get_context(start_method).Pool(1) as pool:
        return pool.apply(work.level, (1,))

@pytest.mark.parametrize("start_method", ["spawn", "forkserver"])
def test_pool(benchmark, start_method):
    benchmark.pedantic(in_a_worker, (start_method,))

@pytest.mark.workload(Workload("level", task=work.level, async_task=work.async_level))
def test_trial(trial):
    trial(list(range(4)), concurrency=2)
"""
WORK = """
import os
def level(x):
    return x + len(os.environ.get("SPIN_LEVEL", ""))
async def async_level(x):
    return level(x)
"""


def test_workers_that_are_started_anew_take_part_in_the_noting_and_so_do_those_of_trials(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """What they read is among what a benchmark rests on, whatever starts them."""
    project.write("tests/test_spin.py", WORKERS)
    project.commit("Workers", work=WORK)
    models = "coroutines,processes[spawn],processes[forkserver]"
    assert cli.main(["gate", "--base", "HEAD", "--budget", "4m", "--", f"--trial-models={models}"]) == 0, (
        capsys.readouterr()
    )
    records = stored(project)
    assert len(records) == 5
    for name, record in records.items():
        assert record.same_code is not None, name
        assert "SPIN_LEVEL" in record.same_code.variables, name


def test_the_same_files_under_the_same_python_are_measured(tmp_path: Path) -> None:
    """Whoever compares these wants to know what the machine does; a self-test does so too."""
    (tmp_path / "test_a.py").write_text("def test_a(benchmark):\n    benchmark(len, ())\n")
    (tmp_path / "pytest.ini").write_text(_INI)
    base = Side(SideName.BASE, Path(sys.executable), tmp_path, None)
    said: list[str] = []
    policy = dataclasses.replace(QUICK, measure_all=False, confirm_launches=6)
    records = run_gate(GatePlan(base, dataclasses.replace(base, name=SideName.CANDIDATE), policy, say=said.append))
    assert records[0].launches
    assert not any("noting" in line for line in said)
