"""A Dask cluster of any size as a queueing network: what client, scheduler, network, workers and a server do in turn.

Each part handles one thing at a time, for as long as was measured that it takes. What can't be had here, machines by
the thousand, is then a matter of arithmetic: which of the parts is busy all the time.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Final

import simpy

Steps = Generator[Any, Any, None]

_HEARTBEATS_PER_S: Final = 200
"""Workers of a large cluster report more seldom, so that the scheduler hears no more than this."""

_SHORTEST_HEARTBEATS_S: Final = ((10, 0.5), (50, 1.0), (200, 2.0))
"""Up to how many workers they report how often."""

_AHEAD: Final = 2
"""Tasks that a worker of one thread has at once: one that runs, one that waits (worker-saturation 1.1, rounded up)."""

_TOGETHER_S: Final = 0.002
"""What one process has to tell another within this time goes in one message."""


@dataclass(frozen=True)
class Costs:
    """What was measured: seconds of CPU time, of one process each.

    - ``client_s_per_task``: to submit a task and to take its result; ``client_s_per_message``: to hear of the end of
      tasks, however many of them a message tells of.
    - ``scheduler_s_per_arrival``: to take a task in; ``scheduler_s_per_task``: to hand it out and to hear of its end;
      ``scheduler_s_per_message``: of a worker's.
    - ``scheduler_s_per_heartbeat``: to hear that a worker is there.
    - ``worker_s_per_task``: at the worker, beside the task itself; ``worker_s_per_message``: to send one and to get
      the answer; ``worker_s_per_s``: of a worker that waits in a task, whatever else it does.
    - ``run_s``: what a run takes beyond its tasks, whatever their number; ``run_s_per_worker``: to fetch from each
      worker, at the end, what it has.
    """

    client_s_per_task: float = 0.0
    client_s_per_message: float = 0.0
    scheduler_s_per_arrival: float = 0.0
    scheduler_s_per_task: float = 0.0
    scheduler_s_per_message: float = 0.0
    scheduler_s_per_heartbeat: float = 0.0
    worker_s_per_task: float = 0.0
    worker_s_per_message: float = 0.0
    worker_s_per_s: float = 0.0
    run_s: float = 0.0
    run_s_per_worker: float = 0.0


@dataclass(frozen=True)
class Setting:
    """What runs where.

    - ``workers``: processes of one thread; ``tasks``: how many; ``task_s``: how long each waits or computes.
    - ``cores``: how many all processes share, as in a benchmark on one machine; None where each has one of its own.
    - ``bytes_per_task`` pass the scheduler's link, which carries ``link_bytes_per_s``.
    - ``requests_per_task`` go to a server that answers ``server_requests_per_s``.
    """

    workers: int
    tasks: int
    task_s: float
    cores: int | None = None
    bytes_per_task: float = 0.0
    link_bytes_per_s: float = 125_000_000.0  # a gigabit
    requests_per_task: int = 0
    server_requests_per_s: float = 10_000.0


@dataclass
class Outcome:
    """How long it took, and the share of that time in which each part was busy."""

    duration_s: float = 0.0
    busy_s: dict[str, float] = field(default_factory=dict)

    def share(self, part: str) -> float:
        """Between 0 and 1; 0 for a part that had nothing to do."""
        return self.busy_s.get(part, 0.0) / self.duration_s if self.duration_s else 0.0

    @property
    def bottleneck(self) -> str:
        """The part that was busiest: scheduler, client, network, server, cores or workers."""
        return max(self.busy_s, key=self.share)


def heartbeats_per_s(workers: int) -> float:
    """As many as Dask's workers send together."""
    for most, interval_s in _SHORTEST_HEARTBEATS_S:
        if workers < most:
            return workers / interval_s
    return workers / (workers / _HEARTBEATS_PER_S + 1)


def simulate(costs: Costs, setting: Setting) -> Outcome:
    """One run from the client's first step to its last result."""
    cluster = _Cluster(costs, setting)
    cluster.env.run(cluster.env.process(cluster.client()))
    cluster.outcome.duration_s = cluster.env.now
    cluster.outcome.busy_s["workers"] /= setting.workers
    if setting.cores is not None:
        cluster.outcome.busy_s["cores"] /= setting.cores
    return cluster.outcome


class _Cluster:
    def __init__(self, costs: Costs, setting: Setting) -> None:
        self.env = simpy.Environment()
        self.outcome = Outcome(busy_s={"workers": 0.0})
        self._costs = costs
        self._setting = setting
        self._parts = {name: simpy.Resource(self.env) for name in ("client", "scheduler", "network", "server")}
        self._cores = simpy.Resource(self.env, setting.cores) if setting.cores is not None else None
        self._inboxes = [simpy.Store(self.env) for _ in range(setting.workers)]
        self._sent_s: dict[int | str, float] = {}
        self._waiting = setting.tasks
        self._unfinished = setting.tasks
        self._all_done = self.env.event()
        taken = costs.worker_s_per_s * (1 if setting.cores is None else setting.workers / setting.cores)
        self._stretched = 1 / (1 - min(0.95, taken))
        # Heartbeats come all the time, so that everything else takes the scheduler longer.
        spent = min(0.95, heartbeats_per_s(setting.workers) * costs.scheduler_s_per_heartbeat)
        self._slower = 1 / (1 - spent)

    def client(self) -> Steps:
        """Submits all tasks at once, waits, and takes the results."""
        costs, tasks = self._costs, self._setting.tasks
        for number in range(self._setting.workers):
            self.env.process(self._worker(number))
        yield self.env.timeout(costs.run_s + costs.run_s_per_worker * self._setting.workers)
        yield from self._use("client", tasks * costs.client_s_per_task / 2)
        yield from self._use("scheduler", tasks * costs.scheduler_s_per_arrival * self._slower)
        for _ in range(_AHEAD):
            for number in range(self._setting.workers):
                self.env.process(self._hand_out(number))
        yield self._all_done
        yield from self._use("client", tasks * costs.client_s_per_task / 2)

    def _hand_out(self, number: int) -> Steps:
        if self._waiting:
            self._waiting -= 1
            yield from self._use("scheduler", self._costs.scheduler_s_per_task / 2 * self._slower)
            self._inboxes[number].put(None)

    def _worker(self, number: int) -> Steps:
        setting, costs = self._setting, self._costs
        while True:
            yield self._inboxes[number].get()
            began_s = self.env.now
            yield from self._compute(costs.worker_s_per_task)
            yield self.env.timeout(setting.task_s)
            for _ in range(setting.requests_per_task):
                yield from self._use("server", 1 / setting.server_requests_per_s, computes=False)
            apart = self._is_apart(number)
            if apart:
                yield from self._compute(costs.worker_s_per_message)
            self.outcome.busy_s["workers"] += self.env.now - began_s
            self.env.process(self._finish(number, apart=apart))

    def _finish(self, number: int, *, apart: bool) -> Steps:
        setting, costs = self._setting, self._costs
        yield from self._use("network", setting.bytes_per_task / setting.link_bytes_per_s, computes=False)
        hearing_s = costs.scheduler_s_per_task / 2 + (costs.scheduler_s_per_message if apart else 0.0)
        yield from self._use("scheduler", hearing_s * self._slower)
        if self._is_apart("client"):
            self.env.process(self._use("client", costs.client_s_per_message))
        self._unfinished -= 1
        if not self._unfinished:
            self._all_done.succeed()
        yield from self._hand_out(number)

    def _is_apart(self, whose: int | str) -> bool:
        """Whether what is to be told by a worker, or to the client, takes a message of its own."""
        if self.env.now < self._sent_s.get(whose, -_TOGETHER_S) + _TOGETHER_S:
            return False
        self._sent_s[whose] = self.env.now
        return True

    def _use(self, part: str, seconds: float, *, computes: bool = True) -> Steps:
        """Waits for its turn at a part, and keeps it busy."""
        if not seconds:
            return
        with self._parts[part].request() as turn:
            yield turn
            self.outcome.busy_s[part] = self.outcome.busy_s.get(part, 0.0) + seconds
            if computes:
                yield from self._compute(seconds)
            else:
                yield self.env.timeout(seconds)

    def _compute(self, seconds: float) -> Steps:
        """On a core of its own, or on one that is free; workers take their share of these all the time."""
        seconds *= self._stretched
        if self._cores is None:
            yield self.env.timeout(seconds)
            return
        with self._cores.request() as turn:
            yield turn
            self.outcome.busy_s["cores"] = self.outcome.busy_s.get("cores", 0.0) + seconds
            yield self.env.timeout(seconds)
