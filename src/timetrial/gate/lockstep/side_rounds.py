"""The rounds of one benchmark on one side: waits until the gate orders one, and reports how long it took."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import Any, Self

import pytest

from timetrial.errors import VoidTrialError
from timetrial.gate.lockstep.channel import Channel, ChannelClosedError
from timetrial.gate.lockstep.extra_work import ExtraWork
from timetrial.gate.lockstep.round_settings import RoundSettings
from timetrial.system.affinity import pin, usable_cpus
from timetrial.system.clocks import clocks


def receive_order(channel: Channel) -> dict[str, Any]:
    """What the gate wants next; ends this pytest when the gate is gone."""
    try:
        return channel.receive()
    except ChannelClosedError:
        pytest.exit("the gate that started this run is gone", returncode=3)


class SideRounds:
    """Lasts for the rounds of one benchmark.

    ::

        with rounds:
            while executions := rounds.next_round():
                rounds.report(seconds_of(executions))

    Says "ready" on entering. On leaving it undoes the pinning, and tells the gate of an exception.
    """

    def __init__(
        self, channel: Channel, name: str, settings: RoundSettings, *, workers: bool, servers: Sequence[int]
    ) -> None:
        self._channel = channel
        self._name = name
        self._settings = settings
        self._workers = workers
        self._servers = servers
        self._cpus = usable_cpus()
        self._extra = ExtraWork(0.0)
        self._used_s = 0.0
        self._began_s = 0.0
        self.finished = False
        """Whether the gate had all the rounds that it wanted."""

    def __enter__(self) -> Self:
        settings = self._settings
        self._channel.send(
            kind="ready",
            name=self._name,
            workers=self._workers,
            server=bool(self._servers),
            timer=settings.other_timer,
            least_s=settings.least_s,
            least_rounds=settings.least_rounds,
            untimed=settings.untimed,
        )
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        pin([os.getpid(), *self._servers], self._cpus)
        if isinstance(error, Exception):
            kind, reason = trouble_of(error)
            self._channel.send(kind="trouble", name=self._name, trouble=kind, reason=reason)

    def next_round(self) -> int:
        """Blocks until a round is due; returns how many executions it has, 0 when the gate has had enough."""
        while True:
            order = receive_order(self._channel)
            if order["do"] == "round":
                self._used_s, self._began_s = _cpu_s(), clocks.perf_counter()
                return int(order["executions"])
            if order["do"] == "done":
                self.finished = True
                return 0
            self._obey(order)

    def report(self, duration_s: float) -> None:
        """Says how long the round took, extra work included, the processor time it used, and by whom else.

        ``wall_s`` is all that passed meanwhile, with what belongs to no round: set-ups and proofs.
        """
        used_s = _cpu_s() - self._used_s
        whole_s = duration_s + self._extra.after(duration_s)
        wall_s = clocks.perf_counter() - self._began_s
        self._channel.send(kind="round", s=whole_s, cpu_s=used_s, workers=_has_children(), wall_s=wall_s)

    def _obey(self, order: dict[str, Any]) -> None:
        if order["do"] == "pin":
            pin([os.getpid()], order["cpus"])
            pin(self._servers, order["server_cpus"])
        elif order["do"] == "extra":
            self._extra = ExtraWork(order["share"])
        else:
            pytest.skip(f"not measured: {order['reason']}")
        self._channel.send(kind="obeyed")


def _cpu_s() -> float:
    """Processor time of this process and of those that it has started and waited for."""
    if sys.platform == "win32":
        return time.process_time()
    import resource

    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _has_children() -> bool:
    """Whether a pool of processes is at work, as far as multiprocessing knows."""
    loaded = sys.modules.get("multiprocessing")
    return loaded is not None and bool(loaded.active_children())


def trouble_of(error: BaseException) -> tuple[str, str]:
    """What kept a benchmark from being measured: its kind, and the error in one line."""
    kind = "void" if isinstance(error, VoidTrialError) else "failed"
    return kind, " ".join(f"{type(error).__name__}: {error}".split())[:500]
