"""The file of a run: whole at every moment, whatever happens to its writer."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from timetrial.errors import ResultsError
from timetrial.results.runfile import RunFile
from timetrial.system import files

EITHER_WAY = pytest.mark.usefixtures("either_way")
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and signals")


def read(file: RunFile) -> Any:
    """What a reader finds."""
    return json.loads(file.path.read_text(encoding="utf-8"))


def names(directory: Path) -> list[str]:
    """Everything in the directory, hidden files too."""
    return sorted(each.name for each in directory.iterdir())


@pytest.fixture(params=["nameless files", "named temporaries"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Linux's nameless files, and as on systems that have none."""
    if request.param == "named temporaries":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


@EITHER_WAY
def test_a_file_holds_the_header_the_benchmarks_and_whether_it_is_complete(tmp_path: Path) -> None:
    """And the directory nothing else."""
    file = RunFile(tmp_path / "deep" / "results", {"version": "5"})
    file.write([{"name": "a"}])
    assert read(file) == {"version": "5", "benchmarks": [{"name": "a"}], "timetrial": {"complete": False}}
    file.write([{"name": "a"}, {"name": "b"}], complete=True)
    assert [each["name"] for each in read(file)["benchmarks"]] == ["a", "b"]
    assert read(file)["timetrial"] == {"complete": True}
    assert names(file.path.parent) == [file.path.name]


def test_git_takes_no_notice_of_runs_in_a_new_folder_and_sees_a_baseline(tmp_path: Path) -> None:
    """So that no stored run counts as a change of the project; a folder that was there is the user's own."""
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "own").mkdir()
    for folder in ("results", "results/gate", "own"):
        RunFile(tmp_path / folder, {}).write([])
        (tmp_path / folder / "baseline.json").write_text("{}")
    seen = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=all"], check=True, capture_output=True, text=True
    ).stdout.split()[1::2]
    (mine,) = (tmp_path / "own").glob("*-*.json")
    assert sorted(seen) == sorted(
        ["own/baseline.json", f"own/{mine.name}", "results/baseline.json", "results/gate/baseline.json"]
    )


def test_a_run_that_measured_nothing_leaves_no_file(tmp_path: Path) -> None:
    """The file begins with the first benchmark."""
    assert not RunFile(tmp_path, {}).path.exists()


def test_names_sort_by_time_and_tell_the_python(tmp_path: Path) -> None:
    """And no two are the same, even within one second."""
    files = [RunFile(tmp_path, {}) for _ in range(50)]
    assert len({each.path for each in files}) == 50
    assert f"{sys.implementation.name}{sys.version_info.major}.{sys.version_info.minor}" in files[0].path.name


@EITHER_WAY
def test_a_reader_finds_valid_json_at_every_moment(tmp_path: Path) -> None:
    """However often it is rewritten meanwhile."""
    file = RunFile(tmp_path, {})
    file.write([])
    stop = threading.Event()

    def keep_writing() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            file.write([{"name": "x" * 1000}] * (count % 100))

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for _ in range(300):
            assert set(read(file)) == {"benchmarks", "timetrial"}
    finally:
        stop.set()
        writer.join()


def test_two_runs_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    """Each has its own file, and neither sweeps away what the other is writing."""
    program = (
        "import sys; from pathlib import Path; from timetrial.results.runfile import RunFile\n"
        "for _ in range(20):\n"
        "    file = RunFile(Path(sys.argv[1]), {'by': sys.argv[2]})\n"
        "    for n in range(5): file.write([{'n': n}] * 50, complete=n == 4)\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "ab"]
    assert [each.wait() for each in runs] == [0, 0]
    contents = [json.loads(each.read_text()) for each in tmp_path.glob("*.json")]
    assert sorted(each["by"] for each in contents) == ["a"] * 20 + ["b"] * 20
    assert all(each["timetrial"]["complete"] for each in contents)
    assert len(names(tmp_path)) == 40


@POSIX
@pytest.mark.parametrize("nameless", [True, False])
def test_a_directory_that_may_not_be_written_is_an_error_that_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nameless: bool
) -> None:
    """Which file, why, and which option."""
    if os.geteuid() == 0:
        target = Path("/proc/timetrial-results") if nameless else tmp_path / "file" / "below"
        (tmp_path / "file").touch()
    else:
        target = tmp_path / "locked"
        target.mkdir(mode=0o500)
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    with pytest.raises(ResultsError, match=r"can't write .*choose another directory with --trial-results=DIR"):
        RunFile(target, {}).write([])


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@EITHER_WAY
def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before is still there and whole, and no temporary file is left."""
    file = RunFile(tmp_path, {})
    file.write([{"name": "a"}])
    monkeypatch.setattr(files, "_fill", _no_space)
    with pytest.raises(ResultsError, match=r"No space left on device; make room"):
        file.write([{"name": "a"}, {"name": "b"}])
    assert len(read(file)["benchmarks"]) == 1
    assert names(tmp_path) == [file.path.name]


@POSIX
def test_a_real_limit_on_file_sizes_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """As a full disk does, but with the system's own error, in the middle of the file."""
    program = (
        "import os, resource, sys; from pathlib import Path\n"
        "from timetrial.errors import ResultsError; from timetrial.results.runfile import RunFile\n"
        "if sys.argv[2] == 'named': del os.O_TMPFILE\n"
        "file = RunFile(Path(sys.argv[1]), {}); file.write([])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try: file.write([{'name': 'x' * 100_000}])\n"
        "except ResultsError: print(file.path.read_text())\n"
    )
    for way in ("nameless", "named") if hasattr(os, "O_TMPFILE") else ("nameless",):
        directory = tmp_path / way
        command = [sys.executable, "-c", program, str(directory), way]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert json.loads(shown)["benchmarks"] == []
        assert len(set(names(directory)) - {".gitignore"}) == 1


@POSIX
def test_the_temporary_files_of_dead_processes_are_swept(tmp_path: Path) -> None:
    """Those of living ones are not, nor is anything whose name says nothing."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    kept = [f".a.json.{os.getpid()}.writing", ".a.json.words.writing", f".a.json.{10**30}.writing", "a.json"]
    for name in (f".a.json.{dead.pid}.writing", *kept):
        (tmp_path / name).touch()
    RunFile(tmp_path, {})
    assert names(tmp_path) == sorted(kept)
