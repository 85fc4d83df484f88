"""One side of a gate that is noted and not timed: each benchmark runs by itself, in a process forked for it."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from timetrial.environment.installed_modules import InstalledProject
from timetrial.gate.lockstep.agent import Agent, connect, with_single_executions
from timetrial.gate.lockstep.round_settings import RoundSettings
from timetrial.gate.lockstep.side_rounds import receive_order
from timetrial.gate.same_code.side_notes import Found, SideNotes
from timetrial.measure.execution.watching import Watching
from timetrial.models.base import InLoopModel
from timetrial.system.clocks import clocks
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.run import OpenTrialInLoop

_END: Final = b"\n"
_PATIENCE_S: Final = 60.0
_ENOUGH_S: Final = 0.02
_FEWEST: Final = 3
_MOST: Final = 10_000
_NO_FORK: Final = "this system can't fork, and each benchmark is noted in a process forked for it"
_THREADS: Final = "threads run once the tests are collected ({names}), so that no benchmark can be noted by itself"
_LATE: Final = "there was no time left to note it"
_NO_ANSWER: Final = "it took too long, or its process died, while it was noted"


def join_to_note(remarks: Sequence[str], project: InstalledProject | None, watching: Watching) -> NoteAgent:
    """The plugin of a side that is noted, as ``join_gate`` makes that of one that is timed."""
    return NoteAgent(connect(), remarks, project, watching)


class NoteAgent(Agent):
    """Tells the gate what is common to all benchmarks, then of each what it rests on; then pytest ends."""

    order = "note"

    def __init__(
        self, channel: Any, remarks: Sequence[str], project: InstalledProject | None, watching: Watching
    ) -> None:
        super().__init__(channel, remarks, project)
        self._notes = SideNotes(watching, project)
        self._trouble: str | None = None
        self._ran = False

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own loop."""
        ends_s = clocks.monotonic() + float(self._ordered.get("within_s", _PATIENCE_S))
        common = self._notes.common()
        cannot = _cannot_fork()
        unseen = [*common.unseen, *([cannot] if cannot else [])]
        self._channel.send(kind="common", facts=common.facts, unseen=unseen)
        receive_order(self._channel)  # it comes if both sides have all of that in common
        gc.freeze()  # what is there already need not be looked through, and so copied, in each process
        with tempfile.TemporaryDirectory(prefix="timetrial-notes-") as folder:
            for number, item in enumerate(session.items):
                left_s = ends_s - clocks.monotonic()
                found = self._noted(item, Path(folder, str(number)), left_s) if left_s > 0 else Found(unseen=(_LATE,))
                self._channel.send(kind="noted", name=item.nodeid, **found.told())
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Keeps what went wrong: nobody knows then what it would have run."""
        del item, call
        report: pytest.TestReport = yield
        if not report.passed:
            self._trouble = self._trouble or f"its test was {report.outcome} while it was noted"
        return report

    async def run_in_loop(self, plan: TrialPlan) -> Measurement:
        """As Agent's; two rounds."""
        if not isinstance(plan.model(), InLoopModel):
            return self.run(plan)
        self._ran = True
        async with OpenTrialInLoop(with_single_executions(plan)) as trial:
            for _ in range(_FEWEST - 1):
                await trial.time_a_round()
        return trial.measurement()

    def _run_rounds(
        self,
        round_s: Callable[[int], float],
        settings: RoundSettings | None = None,
        *,
        workers: bool = False,
        servers: Sequence[int] = (),
    ) -> None:
        """A few executions, and more of short ones: what runs only now and then has its chance."""
        del settings, workers, servers
        self._ran = True
        ends_s = clocks.monotonic() + _ENOUGH_S
        for number in range(_MOST):
            if number >= _FEWEST - 1 and clocks.monotonic() > ends_s:
                return
            round_s(1)

    def _noted(self, item: pytest.Item, sink: Path, left_s: float) -> Found:
        sys.stdout.flush()
        sys.stderr.flush()
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(reading)
            self._be_noted(item, sink, writing)
        os.close(writing)
        try:
            content = _all_of(reading, min(left_s, _PATIENCE_S))
        finally:
            os.close(reading)
            _end(child)
        return _found_in(content)

    def _be_noted(self, item: pytest.Item, sink: Path, writing: int) -> None:
        """What the forked process does; it never comes back from here."""
        try:
            found = self._notes.of_benchmark(lambda: self._run(item), sink)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(found.told()).encode() + _END)
        except BaseException:  # noqa: BLE001 - whatever it is, this process may not go on as its parent's copy
            os._exit(1)
        os._exit(0)

    def _run(self, item: pytest.Item) -> str | None:
        """Runs the test, with all of its fixtures; what was wrong, if anything."""
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return self._trouble or (None if self._ran else "it ran no benchmark while it was noted")


def _cannot_fork() -> str | None:
    if not hasattr(os, "fork"):
        return _NO_FORK
    others = [each.name for each in threading.enumerate() if each is not threading.main_thread()]
    return _THREADS.format(names=", ".join(others[:3])) if others else None


def _all_of(pipe: int, within_s: float) -> bytes:
    """The line that is written to a pipe; nothing where it isn't whole by then. Workers may hold its end open."""
    ends_s, content = time.monotonic() + within_s, b""
    while (left_s := ends_s - time.monotonic()) > 0 and select.select([pipe], [], [], left_s)[0]:
        piece = os.read(pipe, 1 << 20)
        content += piece
        if not piece or piece.endswith(_END):
            return content
    return b""


def _end(child: int) -> None:
    """It has nothing more to say."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)


def _found_in(content: bytes) -> Found:
    try:
        told = json.loads(content)
        return Found(told["facts"], tuple(told["unseen"]))
    except (ValueError, KeyError, TypeError):
        return Found(unseen=(_NO_ANSWER,))
