"""How orders are shared out among machines, and what becomes of those that are lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from timetrial.errors import ClusterError
from timetrial.machines.cluster import LostError, Machine, Team, WorkerFacts, named
from timetrial.machines.orders import Bench, Refusal


@dataclass(frozen=True)
class Number:
    """An order that comes to its number."""

    number: int

    def carry_out(self, bench: Bench) -> Any:
        """As in Order."""
        del bench
        return self.number


@dataclass
class MadeUpTasks:
    """Machines on which each order takes one look; ``fate(machine, number)`` is what an order comes to, or its loss."""

    fate: Callable[[str, int], Any] = lambda _machine, number: number
    gone: set[str] = field(default_factory=set)
    """The addresses of workers that are there no more."""
    given: list[tuple[str, int]] = field(default_factory=list)
    most_at_once: int = 0
    dropped: list[Any] = field(default_factory=list)

    def open(self, machine: Machine) -> Any:
        """As in Tasks."""
        return f"place on {machine.name}"

    def give(self, place: Any, machine: Machine, order: Any) -> Any:
        """As in Tasks."""
        assert place == f"place on {machine.name}"
        self.given.append((machine.name, order.number))
        return len(self.given) - 1

    def first_done(self, tasks: Sequence[Any], patience_s: float) -> Sequence[Any]:
        """As in Tasks."""
        del patience_s
        machines = [self.given[task][0] for task in tasks]
        assert len(machines) == len(set(machines)), "two at a time on one machine"
        self.most_at_once = max(self.most_at_once, len(tasks))
        return [task for task in tasks if f"tcp://{self.given[task][0]}" not in self.gone][:1]

    def result(self, task: Any) -> Any:
        """As in Tasks."""
        value = self.fate(*self.given[task])
        if isinstance(value, LostError):
            raise value
        return value

    def present(self) -> Sequence[str]:
        """As in Tasks."""
        return [f"tcp://{name}" for name in "abc" if f"tcp://{name}" not in self.gone]

    def drop(self, task: Any) -> None:
        """As in Tasks."""
        self.dropped.append(task)


def opened(tasks: MadeUpTasks, said: list[str] | None = None, names: str = "abc") -> Team:
    """Machines a, b and c."""
    machines = [Machine(name, f"tcp://{name}") for name in names]
    found = Team(tasks, machines, (said if said is not None else []).append)
    found.open()
    return found


def test_as_many_orders_run_at_once_as_there_are_machines_and_one_on_each() -> None:
    """And every answer says where it is from."""
    tasks = MadeUpTasks()
    answers = list(opened(tasks).share_out([Number(each) for each in range(7)]))
    assert sorted(answer.value for answer in answers) == list(range(7))
    assert all(answer.value == answer.order for answer in answers)
    assert tasks.most_at_once == 3
    assert {answer.machine.name for answer in answers} == {*"abc"}


def test_the_order_of_a_worker_that_is_gone_is_done_again_elsewhere_and_counted() -> None:
    """And its machine gets no other."""
    said: list[str] = []
    tasks = MadeUpTasks(gone={"tcp://b"})
    machines = opened(tasks, said)
    assert sorted(answer.value for answer in machines.share_out([Number(each) for each in range(4)])) == [0, 1, 2, 3]
    assert machines.lost == 1
    assert [name for name, _ in tasks.given].count("b") == 1
    assert "place on b" in tasks.dropped
    assert said == [
        "a launch on b was lost, and is done again on another machine",
        "b is left out from here on: its worker is gone",
    ]


def test_a_bench_that_ended_by_itself_loses_its_machine_too() -> None:
    """As where its memory ran out."""

    def fate(machine: str, number: int) -> Any:
        return LostError("its process ended with status -9") if machine == "a" else number

    machines = opened(MadeUpTasks(fate))
    assert sorted(answer.value for answer in machines.share_out([Number(each) for each in range(3)])) == [0, 1, 2]
    assert [each.name for each in machines.machines] == ["b", "c"]


def test_once_no_machine_is_left_it_is_told() -> None:
    """With the last of them, and why."""
    machines = opened(MadeUpTasks(gone={"tcp://a"}), names="a")
    with pytest.raises(
        ClusterError, match=r"all machines were lost, the last of them a \(its worker is gone, tcp://a\)"
    ):
        list(machines.share_out([Number(0)]))


def test_what_a_machine_refuses_is_told_with_its_name_and_the_others_are_called_off() -> None:
    """Nobody measures for nobody."""
    tasks = MadeUpTasks(lambda machine, number: Refusal("there is no compiler") if machine == "a" else number)
    machines = opened(tasks)
    with pytest.raises(
        ClusterError, match=r"on a: there is no compiler\nMend that there, or stop its worker \(tcp://a\)"
    ):
        list(machines.share_out([Number(each) for each in range(3)]))
    assert set(tasks.dropped) == {1, 2}


def test_every_machine_gets_an_order_for_all_of_them() -> None:
    """One that is lost meanwhile has no answer."""
    machines = opened(MadeUpTasks(gone={"tcp://c"}))
    assert machines.on_each(lambda _machine: Number(5)) == {"a": 5, "b": 5}
    assert [each.name for each in machines.machines] == ["a", "b"]


def worker(number: int, cpus: tuple[int, ...] = (0, 1), host: str = "one") -> WorkerFacts:
    """A worker on a host."""
    return WorkerFacts(f"tcp://{number}", host, host, cpus)


def test_a_worker_on_each_host_is_a_machine_by_the_hosts_name() -> None:
    """However many processors it has."""
    found = named([worker(1), worker(2, host="two")], lambda _line: None)
    assert [(each.name, each.address) for each in found] == [("one", "tcp://1"), ("two", "tcp://2")]


def test_workers_of_one_host_with_processors_of_their_own_are_machines() -> None:
    """Named by them."""
    found = named([worker(1, (0, 1)), worker(2, (2, 3))], lambda _line: None)
    assert [each.name for each in found] == ["one (cpus 0,1)", "one (cpus 2,3)"]


@pytest.mark.parametrize("cpus", [(1, 2), ()])
def test_of_workers_that_share_processors_one_is_taken(cpus: tuple[int, ...]) -> None:
    """Or launches would disturb each other; also where nobody knows who has which."""
    said: list[str] = []
    assert [each.address for each in named([worker(1), worker(2, cpus)], said.append)] == ["tcp://1"]
    assert said == ["tcp://2 is left out: it would share processors of one with tcp://1"]
