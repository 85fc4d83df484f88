"""Suites as people lay them out: each imports the project where it is installed, or is told what else it imported."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.system.gate.conftest import QUICK, Measure, by_test
from tests.system.gate.projects import new_project, python_without_pip
from timetrial.gate.plan import GatePlan
from timetrial.gate.record import SideName
from timetrial.gate.run import run_gate
from timetrial.gate.sides.make import sides_of_ref

INI = """[pytest]
python_files = test_*.py perf_*.py *_bench.py
python_functions = test_* perf_*
asyncio_default_fixture_loop_scope = function
addopts = -p no:hypothesispytest -p no:xdist -p no:respx -p no:anyio -p no:timeout -p no:cacheprovider
"""
USE = """
from {module} import where

def test_it(benchmark):
    assert where() == "installed"
    benchmark(where)
"""


def _package(folder: Path, name: str, value: str) -> None:
    package = folder.joinpath(*name.split("."))
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "core.py").write_text(f"def where():\n    return {value!r}\n")


@pytest.fixture
def flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a checkout of the package ``name`` beside its tests; another version is installed in a folder of its own.

    ``files`` are what lies in the checkout besides, by path.
    """

    def make(files: dict[str, str], name: str = "spin") -> Path:
        checkout, libraries = tmp_path / "checkout", tmp_path / "libraries"
        _package(checkout, name, "source")
        _package(libraries, name, "installed")
        about = libraries / "spin-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: spin\nVersion: 1\n")
        folder = name.replace(".", "/")
        (about / "RECORD").write_text(f"{folder}/__init__.py,,\n{folder}/core.py,,\n")
        (checkout / "pyproject.toml").write_text('[project]\nname = "spin"\nversion = "1"\n')
        (checkout / "pytest.ini").write_text(INI)
        for path, content in files.items():
            file = checkout / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        monkeypatch.setenv("PYTHONPATH", str(libraries))
        return checkout

    return make


def _measured(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = ["measure", "--launches", "1", "-o", "m.json", "--benchmark-max-time=0.01", "--benchmark-min-rounds=2"]
    return subprocess.run(
        [sys.executable, "-m", "timetrial.cli", *words, *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


HELPED = """
from spin.perf.helper import twice
from spin.core import where

def perf_twice(benchmark):
    assert twice(where()) == "installedinstalled"
    benchmark(where)
"""
LAYOUTS = {
    "beside": ({"test_a.py": USE.format(module="spin.core")}, "spin", ()),
    "pythonpath": ({"benchmarks/test_a.py": USE.format(module="spin.core")}, "spin", ("--override-ini=pythonpath=.",)),
    "conftest": (
        {
            "conftest.py": "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nimport spin.core",
            "benchmarks/test_a.py": USE.format(module="spin.core"),
        },
        "spin",
        (),
    ),
    "inside": (
        {"spin/tests/__init__.py": "", "spin/tests/test_a.py": USE.format(module="..core")},
        "spin",
        (),
    ),
    "inside, by importlib": (
        {
            "spin/conftest.py": "import spin.core\n",
            "spin/tests/__init__.py": "",
            "spin/tests/test_a.py": USE.format(module="..core"),
        },
        "spin",
        ("--import-mode=importlib",),
    ),
    "by other names": (
        {
            "spin/perf/__init__.py": "",
            "spin/perf/helper.py": "def twice(text):\n    return text * 2\n",
            "spin/perf/perf_a.py": HELPED,
            "spin/core_bench.py": USE.format(module="spin.core"),
        },
        "spin",
        (),
    ),
    "a namespace": ({"benchmarks/test_a.py": USE.format(module="corp.spin.core")}, "corp.spin", ()),
}


@pytest.mark.parametrize(("files", "name", "arguments"), LAYOUTS.values(), ids=LAYOUTS)
def test_what_is_installed_is_measured_in_any_layout(
    files: dict[str, str], name: str, arguments: tuple[str, ...], flat: Callable[..., Path]
) -> None:
    """And the file of the measurement says so, by name."""
    checkout = flat(files, name)
    ended = _measured(checkout, *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    modules = json.loads((checkout / "m.json").read_text())["timetrial"]["modules"]
    assert modules[f"{name}.core"] == str(checkout.parent / "libraries" / name.replace(".", "/") / "core.py")


ASTRAY = {
    "a folder on sys.path": (
        {
            "benchmarks/conftest.py": "import os, sys\nhere = os.path.dirname(__file__)\n"
            "sys.path.insert(0, os.path.join(here, '..', 'spin'))\n",
            "benchmarks/test_a.py": "import core\n\ndef test_it(benchmark):\n    benchmark(core.where)\n",
        },
        "spin",
    ),
    "a file by its path": (
        {
            "test_a.py": "import importlib.util, pathlib, sys\n"
            "path = pathlib.Path(__file__).parent / 'spin' / 'core.py'\n"
            "spec = importlib.util.spec_from_file_location('fresh', path)\n"
            "fresh = sys.modules['fresh'] = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(fresh)\n\n"
            "def test_it(benchmark):\n    benchmark(fresh.where)\n"
        },
        "spin",
    ),
    "tests in a namespace": (
        {
            "corp/spin/tests/__init__.py": "",
            "corp/spin/tests/test_a.py": "from ..core import where\n\ndef test_it(benchmark):\n    benchmark(where)\n",
        },
        "corp.spin",
    ),
}


@pytest.mark.parametrize(("files", "name"), ASTRAY.values(), ids=ASTRAY)
def test_sources_under_another_name_are_refused(
    files: dict[str, str], name: str, flat: Callable[..., Path], measure: Measure
) -> None:
    """In the gate the benchmark is open; a measurement leaves it out. Both name the module and its file."""
    checkout = flat(files, name)
    trouble = measure(checkout, checkout)["test_it"].trouble
    assert trouble is not None
    ended = _measured(checkout)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    for said in (trouble.reason, ended.stderr):
        assert "and not from where the project is installed" in said
        assert str(checkout / name.replace(".", "/")) in said.replace("benchmarks/../", "")
    assert json.loads((checkout / "m.json").read_text())["benchmarks"] == []


# Stands for the building of a wheel with a compiled part: what is installed is not what lies in the checkout.
_BUILD = """
import pathlib, sys, sysconfig
libraries, root = sys.argv[1], pathlib.Path(sys.argv[2])
own = pathlib.Path(sysconfig.get_path("purelib"))
(own / "linked.pth").write_text(f"import site; site.addsitedir({libraries!r})\\n")
(own / "spin-1.dist-info").mkdir()
(own / "spin-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\\nName: spin\\nVersion: 1\\n")
(own / "spin-1.dist-info" / "RECORD").write_text("spin/__init__.py,,\\nspin/_fast.py,,\\n")
(own / "spin").mkdir()
(own / "spin" / "__init__.py").write_text((root / "spin" / "__init__.py").read_text())
(own / "spin" / "_fast.py").write_text((root / "spin" / "_fast.c").read_text())
"""
_FLAT = """
try:
    from spin._fast import total
except ImportError:
    def total():
        return 0
"""
_BENCHMARK = """
import multiprocessing
import spin

def test_total(benchmark):
    benchmark(spin.total)

def test_in_a_child(benchmark):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(spin.total) > 0
        benchmark(sum, range(1_000))

def test_by_path(benchmark):
    import sys, types
    sources = sys.modules["sources"] = types.ModuleType("sources")
    sources.__file__ = spin_of_checkout()
    exec(open(sources.__file__).read(), vars(sources))
    benchmark(sources.total)

def spin_of_checkout():
    import pathlib
    return str(pathlib.Path(__file__).parents[1] / "spin" / "__init__.py")
"""


def test_a_slower_compiled_part_shows_in_a_real_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout's sources are alike and lie beside the tests; a benchmark of theirs is left open by name."""
    monkeypatch.setattr("timetrial.gate.run.open_for_confirmation", lambda *_given: [])
    project = new_project(tmp_path / "project")
    project.git("rm", "--quiet", "-r", "src", "tests")
    for path, content in {
        "spin/__init__.py": _FLAT,
        "spin/_fast.c": "def total():\n    return sum(range(20_000))\n",
        "tests/test_a.py": _BENCHMARK,
        "pytest.ini": INI,
    }.items():
        project.write(path, content)
    project.commit("Flat")
    project.write("spin/_fast.c", "def total():\n    return sum(range(60_000))\n")
    script = tmp_path / "build.py"
    script.write_text(_BUILD)
    install = (*python_without_pip(), str(script), sysconfig.get_path("purelib"), "{root}")
    policy = replace(QUICK, install=install)
    modules: dict[SideName, dict[str, str]] = {side: {} for side in SideName}
    with sides_of_ref(project.top, "HEAD", policy, lambda _line: None) as (base, candidate):
        told = lambda side, found: modules[side].update(found)  # noqa: E731 (as a callback)
        records = by_test(run_gate(GatePlan(base, candidate, policy, on_modules=told)))
        libraries = {side.name: str(side.environment) for side in (base, candidate)}
    launch = records["test_total"].launches[0]
    assert min(launch.candidate_s) > 2 * min(launch.base_s)
    assert records["test_in_a_child"].launches
    trouble = records["test_by_path"].trouble
    assert trouble is not None
    assert "the module sources was imported from" in trouble.reason
    for side, found in modules.items():
        assert found["spin"].startswith(libraries[side])
        assert found["spin._fast"].startswith(libraries[side])
