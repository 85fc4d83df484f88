"""The bookkeeping of an accounting round counts every CPU second once, whoever ends when."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from timetrial.errors import AccountingError
from timetrial.measure.processes.process_tree import ProcessTree
from timetrial.measure.processes.readings import CpuReading, Glance, Memory, Switches
from timetrial.measure.processes.sampler_process import Allowance
from timetrial.measure.processes.table import descendants, is_helper, open_table
from timetrial.measure.processes.usage import Accounting, RoleUsage, SamplerCost

S = 1_000_000_000
CLIENT, WORKER, CHILD, SAMPLER = 10, 20, 30, 99


def cpu(user_s: float, system_s: float = 0.0) -> CpuReading:
    """A reading of exact seconds."""
    return CpuReading(round((user_s + system_s) * S), round(user_s * S), round(system_s * S))


class FakeTable:
    """Processes that use what a test says they use."""

    def __init__(self) -> None:
        self.processes: dict[int, Glance] = {}
        self.thread_switches: dict[int, dict[int, tuple[int, int]]] = {}
        self.memory_bytes: dict[int, int] = {}

    def run(self, pid: int, parent: int, user_s: float, system_s: float = 0.0, reaped_s: float = 0.0) -> None:
        """From now on the process has used this much."""
        self.processes[pid] = Glance(parent, pid, cpu(user_s, system_s), cpu(reaped_s), 1, 0, None)

    def end(self, pid: int) -> None:
        """From now on the process is gone."""
        del self.processes[pid]

    def glance(self, pid: int) -> Glance:
        """As ProcessTable.glance."""
        if pid not in self.processes:
            raise ProcessLookupError(pid)
        return self.processes[pid]

    def memory(self, pid: int) -> Memory:
        """As ProcessTable.memory."""
        self.glance(pid)
        return Memory(self.memory_bytes.get(pid, 0), "pss")

    def sockets(self, pid: int) -> int:
        """Two for every process."""
        self.glance(pid)
        return 2

    def switches(self, pid: int) -> Switches:
        """As ProcessTable.switches."""
        self.glance(pid)
        return dict(self.thread_switches.get(pid, {}))

    def parents(self) -> Mapping[int, int]:
        """As ProcessTable.parents."""
        return {pid: glance.parent_pid for pid, glance in self.processes.items()}

    def command(self, pid: int) -> str:
        """The same for every process."""
        self.glance(pid)
        return "work"


@pytest.fixture
def table() -> FakeTable:
    """A client and its worker, some seconds old."""
    table = FakeTable()
    table.run(CLIENT, 1, user_s=5)
    table.run(WORKER, CLIENT, user_s=3)
    return table


@pytest.fixture
def tree(table: FakeTable) -> ProcessTree:
    """A tree that was told of both."""
    tree = ProcessTree(table, SAMPLER)
    tree.tell(CLIENT, "client")
    tree.tell(WORKER, "worker")
    return tree


def test_only_what_was_used_during_the_round_counts(table: FakeTable, tree: ProcessTree) -> None:
    """The seconds before it are taken off, user and system apart."""
    tree.begin()
    table.run(CLIENT, 1, user_s=5, system_s=0.5)
    table.run(WORKER, CLIENT, user_s=4)
    usage = tree.finish()
    assert (usage["client"].cpu_user_s, usage["client"].cpu_system_s) == (0, 0.5)
    assert (usage["worker"].cpu_user_s, usage["worker"].cpu_system_s) == (1, 0)


def test_a_worker_that_ended_is_not_counted_with_its_parent_as_well(table: FakeTable, tree: ProcessTree) -> None:
    """Its parent is credited with its whole life, of which only the unseen rest stays there."""
    tree.begin()
    table.run(WORKER, CLIENT, user_s=4)
    tree.glance()
    table.end(WORKER)
    table.run(CLIENT, 1, user_s=5, reaped_s=4.25)
    usage = tree.finish()
    assert usage["worker"].cpu_s == pytest.approx(1)
    assert usage["client"].cpu_s == pytest.approx(0.25)
    assert tree.notes == ["worker process 20 ended during the round; its last sample counts"]


def test_a_child_that_nobody_told_of_counts_with_its_parent(table: FakeTable, tree: ProcessTree) -> None:
    """From its birth, if it was born during the round."""
    tree.begin()
    table.run(CHILD, WORKER, user_s=2)
    usage = tree.finish()
    assert usage["worker"].cpu_s == pytest.approx(2)
    assert usage["worker"].processes_max == 2


def test_a_child_that_came_and_went_unseen_counts_with_its_parent(table: FakeTable, tree: ProcessTree) -> None:
    """Since its parent waited for it."""
    tree.begin()
    table.run(WORKER, CLIENT, user_s=3, reaped_s=1.5)
    assert tree.finish()["worker"].cpu_s == pytest.approx(1.5)


def test_a_child_that_was_there_before_counts_from_the_start_of_the_round(table: FakeTable, tree: ProcessTree) -> None:
    """Even where it ends in the round and its parent is credited with its whole life."""
    table.run(CHILD, WORKER, user_s=2)
    tree.begin()
    table.run(CHILD, WORKER, user_s=2.5)
    tree.glance()
    table.end(CHILD)
    table.run(WORKER, CLIENT, user_s=3, reaped_s=2.5)
    assert tree.finish()["worker"].cpu_s == pytest.approx(0.5)
    assert tree.notes == []


def test_the_sampler_itself_is_left_out(table: FakeTable, tree: ProcessTree) -> None:
    """It is a child of the client, and no part of the work."""
    table.run(SAMPLER, CLIENT, user_s=1)
    tree.begin()
    table.run(SAMPLER, CLIENT, user_s=2)
    assert tree.finish()["client"].cpu_s == 0


def test_a_process_that_does_not_exist_is_noted_and_no_more(tree: ProcessTree) -> None:
    """The round goes on."""
    tree.tell(77, "server")
    tree.begin()
    assert tree.finish().keys() == {"client", "worker"}
    assert tree.notes == ["server process 77 had ended before it could be read"]


def test_a_process_id_that_is_used_again_is_another_process(table: FakeTable, tree: ProcessTree) -> None:
    """Told by its birth."""
    tree.begin()
    table.processes[WORKER] = table.processes[WORKER]._replace(born=1_000, cpu=cpu(100))
    usage = tree.finish()
    assert usage["worker"].cpu_s < 1


def test_memory_peaks_are_of_the_role_as_a_whole(table: FakeTable, tree: ProcessTree) -> None:
    """The highest sum, and the sum at the start."""
    tree.begin()
    table.memory_bytes = {CLIENT: 10, WORKER: 1_000}
    for each in tree.alive:
        tree.read_memory(each)
    tree.glance()
    table.memory_bytes = {}
    usage = tree.finish()
    assert (usage["worker"].memory_start_bytes, usage["worker"].memory_peak_bytes) == (0, 1_000)
    assert usage["worker"].memory_kind == "pss"
    assert usage["worker"].sockets_max == 2


def test_how_far_the_peak_of_memory_varies_is_told_by_the_stretch_where_it_was_lowest(
    table: FakeTable, tree: ProcessTree
) -> None:
    """What was held before the rounds is no stretch, and neither is what is read after the last one."""
    tree.begin()
    for held, ends in ((9_000, True), (7_000, False), (6_000, True), (8_000, True), (1_000, False)):
        table.memory_bytes = {WORKER: held}
        for each in tree.alive:
            tree.read_memory(each)
        tree.glance()
        if ends:
            tree.end_stretch()
    usage = tree.finish()["worker"]
    assert (usage.memory_low_bytes, usage.memory_peak_bytes) == (7_000, 9_000)


def test_between_two_readings_memory_moves_with_the_resident_size(table: FakeTable, tree: ProcessTree) -> None:
    """Which is looked at at every glance, while the memory itself is dear to read."""
    table.memory_bytes = {WORKER: 1_000}
    tree.begin()
    born = table.processes[WORKER]
    table.processes[WORKER] = born._replace(rss_bytes=born.rss_bytes + 5_000)
    tree.glance()
    table.processes[WORKER] = born
    usage = tree.finish()["worker"]
    assert (usage.memory_start_bytes, usage.memory_peak_bytes) == (1_000, 6_000)


def test_context_switches_of_threads_that_ended_still_count(table: FakeTable, tree: ProcessTree) -> None:
    """As they were when last seen."""
    table.thread_switches[WORKER] = {1: (5, 1)}
    tree.begin()
    table.thread_switches[WORKER] = {1: (6, 1), 2: (10, 3)}
    for each in tree.alive:
        tree.count_switches(each)
    table.thread_switches[WORKER] = {1: (7, 1)}
    usage = tree.finish()["worker"]
    assert (usage.switches_voluntary, usage.switches_involuntary) == (12, 3)


def test_descendants_are_found_through_processes_in_between() -> None:
    """A worker behind a fork server belongs to who started that; a cycle of stale ids does no harm."""
    parents = {2: 1, 3: 2, 4: 3, 5: 3, 7: 8, 8: 7}
    assert descendants(parents, {2: None, 5: None}) == {3: 2, 4: 2}


def test_the_helpers_that_stay_by_design_are_known() -> None:
    """By their command lines."""
    assert is_helper("python -c from multiprocessing.forkserver import main; main(3)")
    assert not is_helper("python -m http.server")


def test_an_allowance_lets_readings_wait_until_they_are_affordable() -> None:
    """At 1 % of a core, a second reading of 1 ms may come 250 ms after the start: it might cost half as much more."""
    allowance = Allowance(0.01, now_ns=0)
    assert allowance.due_in_s(0, now_ns=0) == 0
    allowance.charge(1_000_000)
    assert allowance.due_in_s(1_000_000, now_ns=0) == pytest.approx(0.25)
    assert allowance.due_in_s(1_000_000, now_ns=250_000_000) <= 0


def test_what_a_reading_costs_is_known_before_the_round_begins(tree: ProcessTree) -> None:
    """So that the first one in a short round is no surprise; memory is expected to cost more once there is more."""
    tree.begin()
    assert tree.costs["glance"] > 0
    assert tree.costs["children"] > 0
    for each in tree.alive:
        assert each.costs["memory"] > 0
        assert each.costs["sockets"] > 0
        assert each.costs["switches"] > 0
        before_ns = each.memory_cost_ns
        each.rss_at_memory_bytes, each.last = 100, each.last._replace(rss_bytes=300)
        assert each.memory_cost_ns == pytest.approx(3 * before_ns, abs=2)


def test_accounting_survives_its_json_form() -> None:
    """as_dict and from_dict are each other's opposite."""
    usage = RoleUsage(1.0, 0.5, 1, 2, 2, "pss", 1, 2, 3, 4, 5)
    accounting = Accounting(1.0, {"client": usage}, SamplerCost(0.01, 0.01, 0.0, 3, 1), ("a note",))
    assert Accounting.from_dict(accounting.as_dict()) == accounting
    assert accounting.cpu_s == 1.5


def test_without_psutil_another_system_gets_the_extra_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux nothing is needed."""
    monkeypatch.setattr("sys.platform", "plan9")
    monkeypatch.setitem(__import__("sys").modules, "psutil", None)
    monkeypatch.delitem(__import__("sys").modules, "timetrial.measure.processes.psutil_table", raising=False)
    with pytest.raises(AccountingError, match=r"timetrial\[accounting\]"):
        open_table()
