"""``timetrial run --python`` with real interpreters: this one, and an environment of it that has timetrial too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.system.run.conftest import Ran, run_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its environments are made of links")

QUICK = ("--models", "serial,threads", "--concurrency", "2")
_NAP = "import time\ndef f(n):\n    time.sleep(0.002)\n    return n\n"


def beside(folder: Path, *, lacks: str = "") -> str:
    """Another environment of this Python that has what this one has, but for a module that ``lacks``."""
    place = folder / "other"
    venv.create(place)
    (libraries,) = place.glob("lib/*/site-packages")
    lines = [path for path in sys.path if path.endswith(("site-packages", "src"))]
    lines += [f"import sys; sys.modules[{lacks!r}] = None"] if lacks else []
    libraries.joinpath("beside.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(place / "bin" / "python")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """What is said of two Pythons, and the folder in which it was run."""
    folder = tmp_path_factory.mktemp("pythons")
    words = ("--python", sys.executable, "--python", beside(folder), "--results", "stored")
    return run_in(folder, _NAP, *QUICK, *words, budget_s=6), folder


def test_both_take_turns_in_six_launches_and_the_answer_names_one(ran: tuple[Ran, Path]) -> None:
    """They are the same, so their intervals include 1; each brings its best and its serial."""
    told, _ = ran
    assert told.status == 0, told.output + told.complaint
    record = told.record
    assert (record["schema_version"], record["kind"]) == (1, "pythons")
    assert (told.answer["model"], told.answer["concurrency"]) == ("threads", 2)
    contenders = record["contenders"]
    assert [each["model"] for each in contenders] == ["serial", "threads"] * 2
    assert {len(each["launches_s_per_item"]) for each in contenders} == {6}
    assert min(len(turns) for each in contenders for turns in each["launches_s_per_item"]) >= 3
    assert "One item after the other:" in told.output
    assert "from 6 launches of all Pythons at once" in told.output


def test_each_leaves_a_file_of_its_own(ran: tuple[Ran, Path]) -> None:
    """Named by its Python."""
    _, folder = ran
    files = [*folder.joinpath("stored").glob("*.json")]
    assert len(files) == 2
    assert all(f"-{sys.implementation.name}{sys.version.split()[0]}" in file.name for file in files)


def test_nothing_is_left_running(ran: tuple[Ran, Path]) -> None:
    """No agent, and no worker of one."""
    _, folder = ran
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            here = entry.joinpath("cwd").readlink()
        except OSError:
            continue
        assert here != folder or entry.name == str(os.getpid())


def test_a_python_that_comes_to_other_results_has_no_part_in_it(tmp_path: Path) -> None:
    """The work wasn't the same, so no ratio means anything; the item is named."""
    code = "import sys\ndef f(n):\n    return n if n < 3 else sys.prefix\n"
    words = ("--python", sys.executable, "--python", beside(tmp_path))
    told = run_in(tmp_path, code, *QUICK, *words, budget_s=4)
    assert told.status == 3, told.output
    assert "came to another result than " in told.output
    assert "so they did other work" in told.output


def test_a_module_that_one_of_them_lacks_is_told_by_its_name(tmp_path: Path) -> None:
    """With the user's own traceback."""
    words = ("--python", sys.executable, "--python", beside(tmp_path, lacks="colorsys"))
    told = run_in(tmp_path, "import colorsys\ndef f(n):\n    return n\n", *QUICK, *words, budget_s=4)
    assert told.status == 1, told.output
    assert f"{tmp_path / 'other' / 'bin' / 'python'}): " in told.output
    assert "colorsys" in told.output


def test_an_interpreter_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """Before anything runs."""
    tmp_path.joinpath("jobs.py").write_text(_NAP, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "timetrial.cli", "run", "jobs.py:f", "--items", "9", "--python", "python9.9"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "--python python9.9: there is no such interpreter on the PATH" in ended.stderr


def test_a_python_without_timetrial_that_can_get_none_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here neither uv nor pip can reach anything."""
    venv.create(tmp_path / "bare")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    python = str(tmp_path / "bare" / "bin" / "python")
    told = run_in(tmp_path, _NAP, *QUICK, "--python", python, "--python", sys.executable)
    assert told.status == 2
    assert f"--python {python}: what {python} needs can't be installed; this ended with" in told.complaint
    assert "make an environment of that Python yourself" in told.complaint
    assert json.loads(json.dumps(told.record)) == {}
