"""The sampler's process: takes commands on its standard input, samples in between, ends when its parent does."""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from timetrial.errors import TimetrialError
from timetrial.measure.accounting import Accounting, AccountingError, SamplerCost
from timetrial.measure.census import Census
from timetrial.measure.processtable import open_table

_SHARE_OF_A_CORE = 0.014
"""What it allows itself; what it promises is 2 %."""

_LOOK_UP_S = 0.25
"""How often it looks whether its parent still lives, when there is nothing to sample."""

_MEMORY_STEP_BYTES = 256 * 1024
"""By how much the resident size must have moved before the memory is read again."""

_CENSUS_INTERVAL_NS = 250_000_000
"""How often it looks for new children and counts context switches of threads that may end."""


class Allowance:
    """CPU time that may be spent, which grows with the time that passes; knows what one reading has cost lately."""

    def __init__(self, share: float, now_ns: int) -> None:
        self._share = share
        self._began_ns = now_ns
        self.spent_ns = 0
        self._costs_ns: dict[str, int] = {}

    def due_in_s(self, kind: str, now_ns: int) -> float:
        """When it will have grown enough for another reading of that kind; 0 or less when it has."""
        wanted_ns = self.spent_ns + self._costs_ns.get(kind, 0)
        return (wanted_ns / self._share - (now_ns - self._began_ns)) / 1e9

    def charge(self, kind: str, cost_ns: int) -> None:
        """Takes off what a reading has cost; the next one is expected to cost about as much."""
        self.spent_ns += cost_ns
        before_ns = self._costs_ns.get(kind, cost_ns)
        self._costs_ns[kind] = max(cost_ns, (before_ns + cost_ns) // 2)


class Round:
    """One accounting round: its census, how much may be spent on it, what was spent."""

    def __init__(self, census: Census, interval_s: float) -> None:
        began_cpu_ns = time.process_time_ns()
        census.begin()
        self._census = census
        self._interval_s = interval_s
        self._bracket_ns = time.process_time_ns() - began_cpu_ns
        self._began_ns = time.perf_counter_ns()
        self._began_cpu_ns = self._counted_cpu_ns = time.process_time_ns()
        # Half each, so that neither the glances nor the dear readings can starve the other.
        self._glances = Allowance(_SHARE_OF_A_CORE / 2, self._began_ns)
        self._readings = Allowance(_SHARE_OF_A_CORE / 2, self._began_ns)
        self._looked_around_ns = self._began_ns
        self._samples = self._memory_readings = 0

    def pause_s(self) -> float:
        """How long to wait before the next sample."""
        return max(self._interval_s, self._glances.due_in_s("glance", time.perf_counter_ns()))

    def sample(self) -> None:
        """A glance at every process, then as many dear readings as may be afforded."""
        self._census.glance()
        self._samples += 1
        self._glances.charge("glance", self._cpu_since_ns())
        for kind, read in self._wanted():
            if self._readings.due_in_s(kind, time.perf_counter_ns()) > 0:
                break
            read()
            self._memory_readings += kind == "memory"
            self._readings.charge(kind, self._cpu_since_ns())

    def finish(self) -> Accounting:
        """Reads everything once more and adds it up."""
        wall_ns = time.perf_counter_ns() - self._began_ns
        cpu_ns = time.process_time_ns() - self._began_cpu_ns
        roles = self._census.finish()
        self._bracket_ns += time.process_time_ns() - self._began_cpu_ns - cpu_ns
        cost = SamplerCost(
            cpu_s=cpu_ns / 1e9,
            core_share=cpu_ns / wall_ns,
            bracket_cpu_s=self._bracket_ns / 1e9,
            samples=self._samples,
            memory_readings=self._memory_readings,
        )
        return Accounting(wall_ns / 1e9, roles, cost, tuple(self._census.notes))

    def _cpu_since_ns(self) -> int:
        """CPU time since the last call, waiting and waking included."""
        now_ns = time.process_time_ns()
        spent_ns, self._counted_cpu_ns = now_ns - self._counted_cpu_ns, now_ns
        return spent_ns

    def _wanted(self) -> Iterator[tuple[str, Callable[[], None]]]:
        census = self._census
        for each in sorted(census.alive, key=lambda one: -one.memory_is_stale_by_bytes):
            if each.memory_is_stale_by_bytes > _MEMORY_STEP_BYTES:
                yield "memory", partial(census.read_memory, each)
        for each in census.alive:
            if each.sockets_are_stale:
                yield "sockets", partial(census.count_sockets, each)
        if time.perf_counter_ns() - self._looked_around_ns > _CENSUS_INTERVAL_NS:
            self._looked_around_ns = time.perf_counter_ns()
            yield "children", census.discover
            for each in census.alive:
                yield "switches", partial(census.count_switches, each)


class SamplerProcess:
    """Answers each command with one line of JSON: ``watch``, ``start`` and ``stop``."""

    def __init__(self, parent_pid: int) -> None:
        self._parent_pid = parent_pid
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._census = Census(open_table(), os.getpid())
        self._round: Round | None = None

    def serve(self) -> None:
        """Until the parent closes the pipe or is gone."""
        threading.Thread(target=self._listen, name="commands", daemon=True).start()
        _say({"ok": None})
        while self._parent_lives():
            try:
                line = self._lines.get(timeout=_LOOK_UP_S if self._round is None else self._round.pause_s())
            except Empty:
                if self._round is not None:
                    self._round.sample()
                continue
            if not line:
                return
            _say(self._answer(json.loads(line)))

    def _listen(self) -> None:
        while line := sys.stdin.buffer.readline():
            self._lines.put(line)
        self._lines.put(b"")

    def _parent_lives(self) -> bool:
        # A child that the parent has forked may hold the pipe open after its death.
        return sys.platform == "win32" or os.getppid() == self._parent_pid

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"ok": getattr(self, f"_{command.pop('do')}")(**command)}
        except (TimetrialError, OSError) as error:
            return {"error": str(error)}

    def _watch(self, pids: list[int], role: str) -> None:
        for pid in pids:
            self._census.tell(pid, role)

    def _start(self, interval_s: float) -> None:
        gc.collect()
        gc.freeze()
        self._round = Round(self._census, interval_s)

    def _stop(self) -> dict[str, Any]:
        if self._round is None:
            raise AccountingError("the sampler was stopped before it was started; call start() first")
        finished, self._round = self._round, None
        return finished.finish().as_dict()


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(parent_pid: int) -> None:
    """What the process runs; says so on its standard output where it can't."""
    try:
        process = SamplerProcess(parent_pid)
    except TimetrialError as error:
        _say({"error": str(error)})
        return
    process.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
