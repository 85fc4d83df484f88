"""Two halves of this machine, each with a worker that was started as docs/cluster.md says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.system.gate.projects import Project, linked_policy, new_project

CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
POLICY = """
[tool.timetrial.gate]
margin = 0.3
flag = 0.5
detect = 0.6
pairs_per_launch = 5
warmup_rounds = 1
screen_launches = 6
"""
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

    def start(self, command: str, *words: str) -> subprocess.Popen[str]:
        """The command, in the project's folder."""
        where = ("--on", "dask", f"--dask-scheduler={self.scheduler}")
        return subprocess.Popen(
            [sys.executable, "-m", "timetrial.cli", command, *where, *words, "tests"],
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


@pytest.fixture(scope="package")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    """One for these tests; they are skipped where there is no Dask, or no two processors that can be had apart."""
    pytest.importorskip("distributed", reason="Dask is not installed: timetrial[dask]")
    if len(CPUS) < 2:
        pytest.skip("two halves of a machine take two processors that can be had apart")
    from tests.system.clusters import HERE, cluster

    place = tmp_path_factory.mktemp("machines")
    project = new_project(place / "project")
    install = json.dumps(list(linked_policy(place).install or ()))
    project.write("pyproject.toml", f'[project]\nname = "spin"\nversion = "1"\n{POLICY}install = {install}\n')
    project.write("tests/test_spin.py", SUITE.format(journal=str(place / "journal")))
    project.commit("A suite")
    project.write("src/spin/__init__.py", "def spin():\n    return 2\n")  # not committed: it is sent all the same
    folder = place / "temporary"
    folder.mkdir()
    with cluster(HERE, folder, block="timetrial=1", cpus=CPUS[:2]) as scheduler:
        yield Setting(project, scheduler, folder, place / "journal")
