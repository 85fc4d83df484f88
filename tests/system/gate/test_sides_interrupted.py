"""Whatever ends a gate, its worktrees and environments go: at once, or at the next start where it was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.gate.projects import Project, linked_policy, new_project
from tests.waiting import still_run, wait_for
from timetrial.gate.policy import GatePolicy
from timetrial.gate.sides import environments
from timetrial.gate.sides.make import sides_of_ref

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")

HERE = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One commit, and a temporary folder of its own, so that what is left can be seen."""
    monkeypatch.setattr(environments.Installer, "needs_pip", False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    return new_project(tmp_path / "project")


def left(project: Project) -> list[str]:
    """What is in the temporary folder, and in git's list of worktrees."""
    return [*(path.name for path in (project.top.parent / "temporary").iterdir()), *project.worktrees()]


@contextmanager
def preparing(project: Project, *install: str) -> Generator[subprocess.Popen[str]]:
    """Another process that makes the two sides."""
    policy = GatePolicy(install=install) if install else linked_policy(project.top.parent)
    assert policy.install is not None
    command = [sys.executable, "-m", "tests.system.gate.sides_driver", str(project.top), "HEAD", *policy.install]
    variables = {**os.environ, "PYTHONPATH": str(HERE), "TMPDIR": str(project.top.parent / "temporary")}
    with subprocess.Popen(
        command, cwd=HERE, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """Waits for it; the pipe is closed at the latest when the process ends."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_takes_worktrees_and_environments_with_it(project: Project, name: str) -> None:
    """Ctrl-C, a CI job that is cancelled, a terminal that is closed."""
    number = signal.Signals[name]
    with preparing(project) as process:
        assert Path(first_line(process)).is_dir()
        assert len(project.worktrees()) == 2
        process.send_signal(number)
        status = process.wait(20)
    assert status == (-signal.SIGINT if name == "SIGINT" else 128 + number)
    assert left(project) == []


def test_a_signal_during_the_install_ends_the_install_and_what_it_started(project: Project) -> None:
    """An installer may have started compilers; none of them goes on."""
    told = project.top.parent / "told"
    os.mkfifo(told)
    start = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1], sys.argv[2]])"
    tell = (
        "import os, sys, tempfile, time; folder = tempfile.mkdtemp()\n"
        "open(sys.argv[1], 'w').write(' '.join([str(os.getpid()), folder])); time.sleep(600)"
    )
    with preparing(project, sys.executable, "-c", start, tell, str(told)) as process:
        number, _, folder = told.read_text().partition(" ")
        assert still_run([int(number)])
        assert Path(folder).is_dir()
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        wait_for(lambda: not still_run([int(number)]), 5)
    assert not Path(folder).exists()
    assert left(project) == []


def test_what_a_killed_gate_left_is_removed_by_the_next_one(project: Project) -> None:
    """And said, since somebody may wonder where the disk had gone."""
    with preparing(project) as process:
        stale = Path(first_line(process))
        process.kill()
        process.wait(20)
    assert stale.is_dir()
    assert len(project.worktrees()) == 2
    said: list[str] = []
    with sides_of_ref(project.top, "HEAD", linked_policy(project.top.parent), said.append):
        assert not stale.exists()
        assert len(project.worktrees()) == 2
    assert any(str(stale.parents[1]) in line for line in said)
    assert left(project) == []


def test_a_killed_gate_whose_temporary_folder_is_gone_is_forgotten_by_git(project: Project) -> None:
    """After a reboot, /tmp is empty; the user's own worktrees that are away stay known, they may be on a disk."""
    project.git("worktree", "add", "--quiet", "--detach", str(project.top.parent / "mine"))
    shutil.rmtree(project.top.parent / "mine")
    with preparing(project) as process:
        shutil.rmtree(Path(first_line(process)).parents[1])
        process.kill()
        process.wait(20)
    assert len(project.worktrees()) == 3
    with sides_of_ref(project.top, "HEAD", linked_policy(project.top.parent), lambda _line: None):
        pass
    assert left(project) == [str(project.top.parent / "mine")]


def test_a_gate_that_runs_is_left_alone_by_another(project: Project) -> None:
    """Two at once, of one repository: each removes its own."""
    with preparing(project) as process:
        other = Path(first_line(process))
        with sides_of_ref(project.top, "HEAD", linked_policy(project.top.parent), lambda _line: None) as (base, _):
            assert len(project.worktrees()) == 4
            assert base.root != other
        assert other.is_dir()
        assert len(project.worktrees()) == 2
        process.communicate()
    assert left(project) == []
