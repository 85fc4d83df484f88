"""The machines of a Dask cluster that have room for launches, and how orders are shared out among them.

A machine is a worker with the resource ``timetrial``, of which each order takes one, whoever gives it: so launches of
two commands don't meet there either. Workers of one host are several machines if each has processors for itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from timetrial.errors import ClusterError
from timetrial.machines.orders import Order, Refusal

RESOURCE: Final = "timetrial"
_LOOK_S: Final = 1.0


@dataclass(frozen=True)
class Machine:
    """Where one launch at a time runs."""

    name: str
    """Its host's, with its processors where that host has several machines."""
    address: str
    """Its worker's."""


@dataclass(frozen=True)
class WorkerFacts:
    """What is asked of each worker."""

    address: str
    host: str
    node: str
    """Of its host, for people."""
    cpus: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """What came of an order."""

    order: int
    """Which it was, from 0."""
    machine: Machine
    value: Any


class Tasks(Protocol):
    """What the machines are asked by: Dask in earnest, and something simpler where only the sharing out is tested."""

    def open(self, machine: Machine) -> Any:
        """The task that opens a place there."""

    def give(self, place: Any, machine: Machine, order: Order) -> Any:
        """The task that carries out an order there."""

    def first_done(self, tasks: Sequence[Any], patience_s: float) -> Sequence[Any]:
        """Those that are done, after this time at most."""

    def result(self, task: Any) -> Any:
        """What a task that is done came to; raises LostError where it was lost with its machine."""

    def present(self) -> Sequence[str]:
        """The addresses of the workers that are there now."""

    def drop(self, task: Any) -> None:
        """Nobody wants it any more."""


class LostError(Exception):
    """A machine, or its bench, ended before it had answered."""


@dataclass
class Team:
    """Machines with a place on each; ``lost`` counts the launches that had to be done again elsewhere."""

    tasks: Tasks
    machines: list[Machine]
    say: Callable[[str], None]
    lost: int = 0
    _places: dict[str, Any] = field(default_factory=dict)

    def open(self) -> None:
        """Opens a place on each."""
        self._places = {machine.name: self.tasks.open(machine) for machine in self.machines}

    def on_each(self, order_for: Callable[[Machine], Order]) -> dict[str, Any]:
        """What its order comes to on every machine, by its name; raises ClusterError where one can't do it.

        A machine that is lost meanwhile has no answer.
        """
        running = {self._give(machine, order_for(machine)): machine for machine in self.machines}
        found: dict[str, Any] = {}
        try:
            while running:
                for task, machine in self._done(running):
                    del running[task]
                    try:
                        found[machine.name] = self._value(task, machine)
                    except LostError as error:
                        self._lose(machine, str(error))
                for task, machine in self._lost(running):
                    del running[task]
                    self._lose(machine, "its worker is gone")
        finally:
            for task in running:
                self.tasks.drop(task)
        return found

    def share_out(self, orders: Sequence[Order]) -> Iterator[Answer]:
        """Gives each order to a machine that is free, and yields the answers as they come.

        The order of a machine that is lost is given to another one. Raises ClusterError for what a machine refuses,
        and once no machine is left.
        """
        waiting = deque(enumerate(orders))
        running: dict[Any, tuple[int, Order, Machine]] = {}
        try:
            while waiting or running:
                self._fill(waiting, running)
                by_machine = {task: machine for task, (_, _, machine) in running.items()}
                for task, machine in self._done(by_machine):
                    number, order, _ = running.pop(task)
                    try:
                        value = self._value(task, machine)
                    except LostError as error:
                        self._do_again(waiting, number, order, machine, str(error))
                        continue
                    yield Answer(number, machine, value)
                for task, machine in self._lost({task: each[2] for task, each in running.items()}):
                    number, order, _ = running.pop(task)
                    self.tasks.drop(task)
                    self._do_again(waiting, number, order, machine, "its worker is gone")
        finally:
            for task in running:
                self.tasks.drop(task)

    def close(self) -> None:
        """Lets go of all places, at which each machine removes what was made there."""
        for place in self._places.values():
            self.tasks.drop(place)
        self._places.clear()

    def _fill(self, waiting: deque[tuple[int, Order]], running: dict[Any, tuple[int, Order, Machine]]) -> None:
        busy = {machine.name for _, _, machine in running.values()}
        for machine in [each for each in self.machines if each.name not in busy]:
            if waiting:
                number, order = waiting.popleft()
                running[self._give(machine, order)] = (number, order, machine)

    def _give(self, machine: Machine, order: Order) -> Any:
        return self.tasks.give(self._places[machine.name], machine, order)

    def _done(self, running: Mapping[Any, Machine]) -> list[tuple[Any, Machine]]:
        return [(task, running[task]) for task in self.tasks.first_done(list(running), _LOOK_S)] if running else []

    def _lost(self, running: Mapping[Any, Machine]) -> list[tuple[Any, Machine]]:
        """Tasks whose worker is not there any more."""
        if not running:
            return []
        present = set(self.tasks.present())
        return [(task, machine) for task, machine in running.items() if machine.address not in present]

    def _value(self, task: Any, machine: Machine) -> Any:
        value = self.tasks.result(task)
        if isinstance(value, Refusal):
            raise ClusterError(
                f"on {machine.name}: {value.text}\nMend that there, or stop its worker ({machine.address}) and do "
                f"without that machine"
            )
        return value

    def _do_again(
        self, waiting: deque[tuple[int, Order]], number: int, order: Order, machine: Machine, why: str
    ) -> None:
        self.lost += 1
        waiting.appendleft((number, order))
        self.say(f"a launch on {machine.name} was lost, and is done again on another machine")
        self._lose(machine, why)

    def _lose(self, machine: Machine, why: str) -> None:
        self.say(f"{machine.name} is left out from here on: {why}")
        self.machines.remove(machine)
        self.tasks.drop(self._places.pop(machine.name))
        if not self.machines:
            raise ClusterError(
                f"all machines were lost, the last of them {machine.name} ({why}, {machine.address}): see what its "
                f"worker printed, and whether its machine had memory left"
            )


def named(workers: Sequence[WorkerFacts], say: Callable[[str], None]) -> list[Machine]:
    """The machines of these workers: those of one host with processors in common are one machine, and one is taken."""
    machines: list[Machine] = []
    hosts: dict[str, list[WorkerFacts]] = {}
    for worker in sorted(workers, key=lambda each: each.address):
        others = hosts.setdefault(worker.host, [])
        if any(not worker.cpus or {*worker.cpus} & {*other.cpus} for other in others):
            say(f"{worker.address} is left out: it would share processors of {worker.node} with {others[0].address}")
            continue
        others.append(worker)
    for host in hosts.values():
        for worker in host:
            name = worker.node if len(host) == 1 else f"{worker.node} (cpus {','.join(map(str, worker.cpus))})"
            taken = name in {each.name for each in machines}  # two hosts may call themselves alike
            machines.append(Machine(f"{name} at {worker.address}" if taken else name, worker.address))
    return sorted(machines, key=lambda machine: machine.name)
