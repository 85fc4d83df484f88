"""Several launches of one suite, one after the other, each in a fresh interpreter, kept apart in one file."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from timetrial.errors import GateError
from timetrial.launches.merge import merge
from timetrial.results.read import read_run
from timetrial.system.credentials import without_secrets, words_without_secrets
from timetrial.system.files import replace_file, try_to_write, writing
from timetrial.system.held_folder import LAUNCH, held_folder
from timetrial.system.process_group import end_group, kill_group
from timetrial.system.signals import deferred
from timetrial.system.strays import Strays, adopting
from timetrial.system.strict_json import dumps
from timetrial.system.warden import start

SEED_VARIABLE: Final = "TIMETRIAL_LAUNCH_SEED"
_PROGRESS: Final = re.compile(r"timetrial launch: (\d+) done(?: of (\d+))?")
_REMARK: Final = re.compile(r"timetrial launch, a remark: (.*)")
_ENDED_WELL: Final = (0, 1)  # pytest's statuses for a run that came to its end; 1: some tests failed
_TAIL_LINES: Final = 15
_PATIENCE_S: Final = 15.0
_HOW_TO_SEE: Final = "To see all of it, run: "


@dataclass(frozen=True)
class LaunchProgress:
    """So many benchmarks of the present launch are done; ``total`` is 0 until they have been collected."""

    launch: int
    """Which launch, from 1."""
    launches: int
    """How many there will be."""
    done: int
    total: int


@dataclass(frozen=True)
class MeasurePlan:
    """What to measure, how often, and where to put it."""

    launches: int
    """How many fresh interpreters, at least 1."""
    file: Path
    """What is written anew after each of them."""
    selection: Sequence[str]
    """What pytest is told, paths and options."""
    interleave: bool = True
    """Whether the models of a group take turns."""
    on_progress: Callable[[LaunchProgress], None] = lambda _progress: None
    """Is told of each test that is through."""
    say: Callable[[str], None] = lambda _line: None
    """Gets lines for whoever started the measurement."""
    python: Path = Path(sys.executable)
    """Whose pytest runs."""
    root: Path | None = None
    """The folder that it runs in; None for this process's."""
    variables: Mapping[str, str] | None = None
    """All environment variables that it gets; None for this process's."""


@dataclass
class MeasureFile:
    """The file of a measurement, and what is in it so far."""

    plan: MeasurePlan
    _contents: list[Mapping[str, Any]] = field(default_factory=list)
    _machines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Raises ResultsError where it can't be written, before anything has been measured."""
        with writing(self.plan.file, "choose another file with -o"):
            try_to_write(self.plan.file)

    @property
    def launches(self) -> int:
        """How many are in it."""
        return len(self._contents)

    def add(self, measured: Mapping[str, Any], *, ended_well: bool, machine: str | None = None) -> None:
        """Writes it anew with another launch, which ``machine`` had, where there are several.

        Raises ResultsError for a launch that ran elsewhere than the first; what is in the file stays.
        """
        contents, machines = [*self._contents, measured], [*self._machines, *([machine] if machine else [])]
        complete = ended_well and len(contents) == self.plan.launches
        _write(self.plan.file, merge(contents, complete=complete, machines=machines))
        self._contents, self._machines = contents, machines

    def whole(self) -> Mapping[str, Any]:
        """What it holds, once all launches are in it."""
        return merge(self._contents, complete=True, machines=self._machines)

    def refuse(self, failure: str) -> NoReturn:
        """Raises GateError for a launch that failed, with what is left of the others."""
        kept = f"\n{self.plan.file} holds what was measured until then, and is marked incomplete"
        told, _, how = failure.partition(_HOW_TO_SEE)
        raise GateError(f"{told}{kept if self._contents else ''}\n{_HOW_TO_SEE}{how}")


def measure(plan: MeasurePlan) -> Mapping[str, Any]:
    """Runs all launches and returns the file's content; the file is written anew after each of them.

    What a launch measured before Ctrl-C, or before it failed, is in the file too, which is then marked incomplete.
    Raises GateError for a launch that did not come to its end.
    """
    file = MeasureFile(plan)
    for number in range(1, plan.launches + 1):
        with held_folder(LAUNCH) as folder, adopting() as strays:
            launch = Launch(plan, number, folder, strays)
            try:
                launch.run()
            finally:
                measured = launch.measured()
                if measured is not None:
                    file.add(measured, ended_well=launch.ended_well)
            if (failure := launch.failure()) is not None:
                file.refuse(failure)
    return file.whole()


def progress_line(done: int, total: int | None = None) -> str:
    """What a launch prints after each test, and at first how many there are."""
    return f"timetrial launch: {done} done" + (f" of {total}" if total is not None else "")


def remark_line(remark: str) -> str:
    """What a launch prints for whoever started the measurement."""
    return f"timetrial launch, a remark: {remark}"


class Launch:
    """One pytest run in a process of its own: launch ``number`` of the plan, whose results go to ``folder``."""

    def __init__(self, plan: MeasurePlan, number: int, folder: Path, strays: Strays) -> None:
        self._plan = plan
        self._number = number
        self._folder = folder
        self._strays = strays
        self._status: int | None = None
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)

    @property
    def ended_well(self) -> bool:
        """Whether pytest came to its end; tests may have failed."""
        return self._status in _ENDED_WELL

    def run(self) -> None:
        """Until it has ended; whatever interrupts the waiting ends it first, in the way that keeps its results."""
        process, watch = None, None
        try:
            with deferred():
                process = self._start()
                watch = threading.Thread(target=self._end_what_is_left, args=(process,), daemon=True)
                watch.start()
            self._listen(process)
        except BaseException:
            if process is not None:  # asked as by Ctrl-C, so that it closes its workers and its file
                end_group(process, _PATIENCE_S, ask=partial(process.send_signal, signal.SIGINT))
            raise
        finally:
            if watch is not None:
                watch.join()
        self._status = process.wait()

    def _end_what_is_left(self, process: subprocess.Popen[str]) -> None:
        """Once pytest has ended: whatever it leaves running would hold its output open, and this would wait for it."""
        process.wait()
        kill_group(process)
        self._strays.end()

    def _start(self) -> subprocess.Popen[str]:
        return start(
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd=self._plan.root,
            env={
                **(self._plan.variables or os.environ),
                SEED_VARIABLE: secrets.token_hex(8),
                "PYTHONIOENCODING": "utf-8",
            },
        )

    def measured(self) -> dict[str, Any] | None:
        """What its file holds; None if it never came to write one."""
        paths = list(self._folder.glob("*.json"))
        return read_run(paths[0]) if paths else None

    def failure(self) -> str | None:
        """What went wrong, and how to see all of it; None where it came to its end and measured something."""
        if self.ended_well and any(self._folder.glob("*.json")):
            return None
        how = f"ended with status {self._status}" if self._status not in _ENDED_WELL else "measured nothing"
        output = without_secrets("\n".join(f"  {line}" for line in self._tail))
        return (
            f"launch {self._number} of {self._plan.launches} {how}; its last words were\n{output}\n"
            f"{_HOW_TO_SEE}{_shell_line(words_without_secrets(self._pytest()))}"
        )

    def _command(self) -> list[str]:
        # A cache of its own, and not none: --lf and the like in addopts need the plugin.
        return [*self._pytest(), f"--trial-results={self._folder}", "-o", f"cache_dir={self._folder / 'cache'}"]

    def _pytest(self) -> list[str]:
        return [
            *(str(self._plan.python), "-P", "-m", "pytest", "--benchmark-only"),
            *("-p", "timetrial.pytest_plugin.launch_order"),
            *([] if self._plan.interleave else ["--trial-no-interleave"]),
            *self._plan.selection,
        ]

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        total = 0
        self._tell(0, total)
        for line in process.stdout:
            remark = _REMARK.search(line)
            if remark is not None:
                self._say_once(remark[1])
                continue
            match = _PROGRESS.search(line)
            if match is None:
                self._tail.append(line.rstrip())
                continue
            total = int(match[2] or total)
            self._tell(int(match[1]), total)

    def _say_once(self, remark: str) -> None:
        if self._number == 1:
            self._plan.say(remark)

    def _tell(self, done: int, total: int) -> None:
        self._plan.on_progress(LaunchProgress(self._number, self._plan.launches, done, total))


def _shell_line(words: Sequence[str]) -> str:
    """What can be pasted into the system's usual shell."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    advice = (
        "make room or permit it, or choose another file with -o (what was written before is still there, and whole)"
    )
    with writing(path, advice):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, dumps(content).encode())
