"""The sampler's process: takes commands on its standard input, samples in between, ends when its parent does."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from timetrial.errors import AccountingError, TimetrialError
from timetrial.measure.processes.process_tree import ProcessTree
from timetrial.measure.processes.table import open_table
from timetrial.measure.processes.usage import PROMISED_SHARE, Accounting, SamplerCost
from timetrial.system.json_lines import Message, line_of, message_in

_SHARE_OF_A_CORE = 0.014
"""What it allows itself, to stay under PROMISED_SHARE."""

_CAUTION = 1.5
"""A reading may cost so many times what it cost before, where caches are cold or processes have become more."""

_WAKE_COST_NS = 100_000
"""What a glance costs beside its readings: waiting, waking, taking turns."""

_LOOK_UP_S = 0.25
"""How often it looks whether its parent still lives, when there is nothing to sample."""

_MEMORY_STEP_BYTES = 256 * 1024
"""By how much the resident size must have moved before the memory is read again."""

_DISCOVERY_INTERVAL_NS = 250_000_000
"""How often it looks for new children and counts context switches of threads that may end."""


class Allowance:
    """CPU time that may be spent, which grows with the time that passes."""

    def __init__(self, share: float, now_ns: int) -> None:
        self._share = share
        self._began_ns = now_ns
        self.spent_ns = 0

    def due_in_s(self, cost_ns: int, now_ns: int) -> float:
        """When it will have grown enough for a reading that takes so much; 0 or less when it has."""
        wanted_ns = self.spent_ns + cost_ns * _CAUTION
        return (wanted_ns / self._share - (now_ns - self._began_ns)) / 1e9

    def charge(self, cost_ns: int) -> None:
        """Takes off what a reading has cost."""
        self.spent_ns += cost_ns


class Wanted(NamedTuple):
    """A dear reading that is wanted: what it read last time tells what it will cost."""

    kind: str
    """memory, sockets, children or switches."""
    cost_ns: int
    """CPU nanoseconds that it took last time."""
    read: Callable[[], None]
    """Does it."""


class Round:
    """One accounting round: its tree, how much may be spent on it, what was spent.

    Nothing is read in it before the allowance covers what the same reading took before the round.
    """

    def __init__(self, tree: ProcessTree, interval_s: float) -> None:
        began_cpu_ns = time.process_time_ns()
        tree.begin()
        self._tree = tree
        self._interval_s = interval_s
        self._glance_cost_ns = tree.costs["glance"] + _WAKE_COST_NS
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
        return max(self._interval_s, self._glances.due_in_s(self._glance_cost_ns, time.perf_counter_ns()))

    def sample(self) -> None:
        """A glance at every process, then as many dear readings as may be afforded."""
        self._tree.glance()
        self._samples += 1
        cost_ns = self._cpu_since_ns()
        self._glances.charge(cost_ns)
        self._glance_cost_ns = max(cost_ns, (self._glance_cost_ns + cost_ns) // 2)
        for wanted in self._wanted():
            if self._readings.due_in_s(wanted.cost_ns, time.perf_counter_ns()) > 0:
                break
            wanted.read()
            self._memory_readings += wanted.kind == "memory"
            self._readings.charge(self._cpu_since_ns())

    def end_stretch(self) -> None:
        """What was seen since the last stretch is one of its own; nothing is read."""
        self._tree.end_stretch()

    def finish(self) -> Accounting:
        """Reads everything once more and adds it up."""
        wall_ns = time.perf_counter_ns() - self._began_ns
        cpu_ns = time.process_time_ns() - self._began_cpu_ns
        roles = self._tree.finish()
        self._bracket_ns += time.process_time_ns() - self._began_cpu_ns - cpu_ns
        cost = SamplerCost(
            cpu_s=cpu_ns / 1e9,
            core_share=cpu_ns / wall_ns,
            bracket_cpu_s=self._bracket_ns / 1e9,
            samples=self._samples,
            memory_readings=self._memory_readings,
        )
        return Accounting(wall_ns / 1e9, roles, cost, (*self._tree.notes, *_too_dear(cost)))

    def _cpu_since_ns(self) -> int:
        """CPU time since the last call, waiting and waking included."""
        now_ns = time.process_time_ns()
        spent_ns, self._counted_cpu_ns = now_ns - self._counted_cpu_ns, now_ns
        return spent_ns

    def _wanted(self) -> Iterator[Wanted]:
        tree = self._tree
        for each in sorted(tree.alive, key=lambda one: -one.memory_is_stale_by_bytes):
            if each.memory_is_stale_by_bytes > _MEMORY_STEP_BYTES:
                yield Wanted("memory", each.memory_cost_ns, partial(tree.read_memory, each))
        for each in tree.alive:
            if each.sockets_are_stale:
                yield Wanted("sockets", each.costs["sockets"], partial(tree.count_sockets, each))
        if time.perf_counter_ns() - self._looked_around_ns > _DISCOVERY_INTERVAL_NS:
            self._looked_around_ns = time.perf_counter_ns()
            yield Wanted("children", tree.costs["children"], tree.discover)
            for each in tree.alive:
                yield Wanted("switches", each.costs["switches"], partial(tree.count_switches, each))


def _too_dear(cost: SamplerCost) -> list[str]:
    if cost.core_share < PROMISED_SHARE:
        return []
    return [
        f"the sampler took {cost.core_share:.1%} of a core, more than the {PROMISED_SHARE:.0%} that it promises: "
        f"have it watch something that lasts {cost.cpu_s / PROMISED_SHARE:.2f} s or longer"
    ]


class SamplerProcess:
    """Answers each command with one line of JSON: ``watch``, ``start`` and ``stop``."""

    def __init__(self, parent_pid: int) -> None:
        self._parent_pid = parent_pid
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._tree = ProcessTree(open_table(), os.getpid())
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
            _say(self._answer(message_in(line)))

    def _listen(self) -> None:
        while line := sys.stdin.buffer.readline():
            self._lines.put(line)
        self._lines.put(b"")

    def _parent_lives(self) -> bool:
        # A child that the parent has forked may hold the pipe open after its death.
        return sys.platform == "win32" or os.getppid() == self._parent_pid

    def _answer(self, command: Message) -> Message:
        try:
            return {"ok": getattr(self, f"_{command.pop('do')}")(**command)}
        except (TimetrialError, OSError) as error:
            return {"error": str(error)}

    def _watch(self, pids: list[int], role: str) -> None:
        for pid in pids:
            self._tree.tell(pid, role)

    def _start(self, interval_s: float) -> None:
        gc.collect()
        gc.freeze()
        self._round = Round(self._tree, interval_s)

    def _end_stretch(self) -> None:
        self._started().end_stretch()

    def _stop(self) -> dict[str, Any]:
        finished, self._round = self._started(), None
        return finished.finish().as_dict()

    def _started(self) -> Round:
        if self._round is None:
            raise AccountingError("the sampler was stopped before it was started; call start() first")
        return self._round


def _say(message: Message) -> None:
    sys.stdout.buffer.write(line_of(message))
    sys.stdout.buffer.flush()


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
