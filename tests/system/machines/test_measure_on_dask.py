"""``timetrial measure --on dask`` on two halves of this machine, each with a worker that was started as documented."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("distributed", reason="Dask is not installed: timetrial[dask]")

from distributed import Client

from tests.system.clusters import HERE, WAIT_S, cluster
from tests.system.gate.projects import Project, linked_policy, new_project
from tests.waiting import wait_for

CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
pytestmark = pytest.mark.skipif(
    len(CPUS) < 2, reason="two halves of a machine take two processors that can be had apart"
)

SUITE = """
import os, pathlib, time
import spin

JOURNAL = pathlib.Path({journal!r})

def test_spin(benchmark):
    with JOURNAL.open("a") as journal:
        print(*os.sched_getaffinity(0), file=journal)
    if (JOURNAL.parent / "slow").exists():
        time.sleep(1.5)
    benchmark.pedantic(time.sleep, args=(0.001 * spin.spin(),), rounds=5)
"""


@dataclass
class Setting:
    """A project, a cluster of two machines, and what both leave."""

    project: Project
    scheduler: str
    folder: Path
    """Where workers have their temporary files."""
    journal: Path
    """A line for each launch that came to its benchmark: its processor."""

    def begun(self) -> int:
        """How many launches have come to their benchmark."""
        return len(self.journal.read_text().splitlines()) if self.journal.exists() else 0

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The command, in the project's folder."""
        command = [sys.executable, "-m", "timetrial.cli", "measure", "--on", "dask", "-o", "run.json", "--overwrite"]
        return subprocess.Popen(
            [*command, f"--dask-scheduler={self.scheduler}", *words, "tests"],
            cwd=self.project.top,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def content(self) -> Any:
        """What the file holds."""
        return json.loads(self.project.top.joinpath("run.json").read_text())

    def leftovers(self) -> list[str]:
        """Folders of ours on the machines, and processes that work there."""
        folders = [str(path) for path in self.folder.glob("timetrial-*")]
        return folders + [each.name() for each in psutil.process_iter() if _works_in(each, self.folder)]


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return "timetrial-" in (where := process.cwd()) and where.startswith(str(folder))
    except psutil.Error:
        return False


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    """One for these tests."""
    place = tmp_path_factory.mktemp("machines")
    project = new_project(place / "project")
    install = json.dumps(list(linked_policy(place).install or ()))
    project.write(
        "pyproject.toml", f'[project]\nname = "spin"\nversion = "1"\n[tool.timetrial.gate]\ninstall = {install}\n'
    )
    project.write("tests/test_spin.py", SUITE.format(journal=str(place / "journal")))
    project.commit("A suite")
    project.write("src/spin/__init__.py", "def spin():\n    return 2\n")  # not committed: it is sent all the same
    folder = place / "temporary"
    folder.mkdir()
    with cluster(HERE, folder, resource="timetrial=1", cpus=CPUS[:2]) as scheduler:
        yield Setting(project, scheduler, folder, place / "journal")


def test_launches_are_spread_and_that_of_a_killed_worker_is_done_again(setting: Setting) -> None:
    """The file is whole, says which machine had which launch, and no machine keeps anything."""
    setting.journal.unlink(missing_ok=True)
    (setting.journal.parent / "slow").touch()
    process = setting.start("--launches=3")
    wait_for(lambda: setting.begun() >= 2, WAIT_S)
    (setting.journal.parent / "slow").unlink()
    assert sorted(setting.journal.read_text().split()) == sorted(map(str, CPUS[:2]))  # both at once, apart
    with Client(setting.scheduler, set_as_default=False) as client:
        pids = client.run(os.getpid)
    os.kill(min(pids.values()), signal.SIGKILL)
    output, complaint = process.communicate(timeout=90)
    assert process.returncode == 0, complaint
    assert output.splitlines() == ["3 launches of 1 benchmarks: run.json"]
    assert "is done again on another machine" in complaint
    assert "1 of 3 launches had to be done again" in complaint
    about = setting.content()["timetrial"]
    assert (about["complete"], len(about["launches"])) == (True, 3)
    assert len({each["machine"] for each in about["launches"]} - set(about["machines"])) == 0
    assert setting.content()["benchmarks"][0]["stats"]["min"] >= 0.002  # the code that was not committed
    wait_for(lambda: not setting.leftovers(), WAIT_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_nothing_on_the_machines(setting: Setting, number: int) -> None:
    """Nor does a launch run on: Dask lets its workers know."""
    with Client(setting.scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=WAIT_S)
    setting.journal.unlink(missing_ok=True)
    (setting.journal.parent / "slow").touch()
    process = setting.start("--launches=9")
    wait_for(lambda: setting.begun() >= 2, WAIT_S)
    assert setting.leftovers()
    process.send_signal(number)
    process.communicate(timeout=WAIT_S)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}[signal.Signals(number)]
    wait_for(lambda: not setting.leftovers(), WAIT_S)


def test_what_can_t_be_installed_on_a_machine_is_told_with_its_name(setting: Setting) -> None:
    """And what to do about it."""
    file = setting.project.top / "pyproject.toml"
    before = file.read_text()
    file.write_text(before.replace("link.py", "gone.py"))
    try:
        process = setting.start("--launches=1")
        complaint = process.communicate(timeout=60)[1]
    finally:
        file.write_text(before)
    assert process.returncode == 2
    assert "the candidate" in complaint
    assert "can't be installed" in complaint
    assert "Mend that there, or stop its worker (tcp://" in complaint
    wait_for(lambda: not setting.leftovers(), WAIT_S)


def test_a_cluster_without_the_resource_is_told_how_to_start_a_worker(tmp_path: Path) -> None:
    """A worker that somebody has for something else is left in peace."""
    from timetrial.errors import ClusterError
    from timetrial.machines.cluster import team

    with (
        cluster(HERE, tmp_path) as scheduler,
        pytest.raises(ClusterError, match=r"no worker of .* has the resource 'timetrial'.*--resources timetrial=1"),
        team(scheduler, lambda _line: None),
    ):
        pass
