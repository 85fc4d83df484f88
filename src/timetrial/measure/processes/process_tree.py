"""The bookkeeping of an accounting round: which processes belong to which role, what each used, the peaks."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager

from timetrial.measure.processes.readings import CpuReading, ProcessTable
from timetrial.measure.processes.table import descendants, is_helper
from timetrial.measure.processes.tracked import Costs, Tracked
from timetrial.measure.processes.usage import RoleUsage

_NO_CPU = CpuReading(0, 0, 0)


class ProcessTree:
    """All processes of one round. ``begin`` and ``finish`` read everything; in between each reading is asked for."""

    def __init__(self, table: ProcessTable, own_pid: int) -> None:
        self.notes: list[str] = []
        self.costs = Costs()
        self._table = table
        self._own_pid = own_pid
        self._told: dict[int, str] = {}
        self._tracked: dict[int, Tracked] = {}
        self._ended: list[Tracked] = []
        self._begun = False
        self._peaks: dict[str, dict[str, int]] = {}
        self._memory_start: dict[str, int] = {}
        self._stretch: dict[str, int] = {}
        self._memory_low: dict[str, int] = {}

    @property
    def alive(self) -> Iterable[Tracked]:
        """The processes that are read, as they are known now."""
        return list(self._tracked.values())

    def tell(self, pid: int, role: str) -> None:
        """From now on that process and its descendants are counted under the role."""
        self._told[pid] = role
        if self._begun:
            self._add(pid, role)

    def begin(self) -> None:
        """Forgets the round before, and reads every process as it is before the round."""
        self.notes, self._ended, self._peaks = [], [], {}
        self._tracked = {}
        self._begun = True
        for pid, role in list(self._told.items()):
            self._add(pid, role)
        self.discover(began_before=True)
        self.glance()
        self._memory_start = {role: peaks["memory"] for role, peaks in self._peaks.items()}
        self._stretch, self._memory_low = {}, {}

    def end_stretch(self) -> None:
        """The peaks of memory since the last stretch are those of one stretch; where nothing was read, it goes on."""
        for role, peak in self._stretch.items():
            self._memory_low[role] = min(peak, self._memory_low.get(role, peak))
        self._stretch = {}

    def finish(self) -> dict[str, RoleUsage]:
        """Reads every process once more; what each role used since begin."""
        self.discover()
        self.glance()
        for each in self.alive:
            self._read_rest(each)
        self._note_peaks()
        self._begun = False
        return {role: self._usage(role) for role in sorted(self._peaks)}

    def glance(self) -> None:
        """Reads of every process what is cheap to read."""
        with self.costs.noting("glance"):
            for each in self.alive:
                self._glance_at(each)
            self._note_peaks()

    def discover(self, *, began_before: bool = False) -> None:
        """Finds children that nobody has told of; unless they began before the round, all they use counts."""
        with self.costs.noting("children"):
            parents = self._table.parents()
        for pid, ancestor in descendants(parents, self._tracked).items():
            above = self._tracked.get(ancestor)
            if above is None or pid == self._own_pid or self._is_helper(pid):
                continue
            self._add(pid, above.role, born_of=None if began_before else above)

    def read_memory(self, each: Tracked) -> None:
        """Reads the process's memory, which is dear: about 0.2 ms for a small one."""
        with self._reading(each, "memory"):
            each.memory = self._table.memory(each.pid)
        rss_bytes = each.memory.rss_bytes
        each.rss_at_memory_bytes = each.last.rss_bytes if rss_bytes is None else rss_bytes

    def count_sockets(self, each: Tracked) -> None:
        """Counts the process's sockets, which is dear where there are many."""
        with self._reading(each, "sockets"):
            each.sockets = self._table.sockets(each.pid)
        each.files_at_sockets = each.last.files

    def count_switches(self, each: Tracked) -> None:
        """Counts the context switches of the process's threads, which is dear where there are many."""
        with self._reading(each, "switches"):
            each.switches.update(self._table.switches(each.pid))

    @contextmanager
    def _reading(self, each: Tracked, kind: str) -> Generator[None]:
        try:
            with each.costs.noting(kind):
                yield
        except ProcessLookupError:
            self._lose(each)

    def _glance_at(self, each: Tracked) -> None:
        try:
            now = self._table.glance(each.pid)
        except ProcessLookupError:
            self._lose(each)
            return
        if now.born != each.base.born:
            self._lose(each)
        else:
            each.last = now

    def _add(self, pid: int, role: str, *, born_of: Tracked | None = None) -> None:
        """Begins to count a process; one that was born in the round counts from its birth, and is read later."""
        if pid in self._tracked and self._tracked[pid].role == role:
            return
        try:
            now = self._table.glance(pid)
        except ProcessLookupError:
            if born_of is None:
                self.notes.append(f"{role} process {pid} had ended before it could be read")
            return
        if born_of is not None:
            base = now._replace(cpu=_NO_CPU, reaped=_NO_CPU)
            self._tracked[pid] = Tracked(pid, role, base, now, costs=born_of.costs.copy())
            return
        each = self._tracked[pid] = Tracked(pid, role, now, now)
        self._read_rest(each)
        each.switches_base = dict(each.switches)

    def _read_rest(self, each: Tracked) -> None:
        self.read_memory(each)
        self.count_sockets(each)
        self.count_switches(each)

    def _lose(self, each: Tracked) -> None:
        if each.gone:
            return
        each.gone = True
        del self._tracked[each.pid]
        self._ended.append(each)
        if each.pid in self._told:
            del self._told[each.pid]
            self.notes.append(f"{each.role} process {each.pid} ended during the round; its last sample counts")

    def _is_helper(self, pid: int) -> bool:
        try:
            return is_helper(self._table.command(pid))
        except (ProcessLookupError, PermissionError):
            return True  # gone, or not ours to read

    def _note_peaks(self) -> None:
        now: dict[str, dict[str, int]] = {}
        for each in self._tracked.values():
            sums = now.setdefault(each.role, dict.fromkeys(("memory", "processes", "threads", "sockets"), 0))
            sums["memory"] += each.memory_bytes
            sums["processes"] += each.last.threads > 0
            sums["threads"] += each.last.threads
            sums["sockets"] += each.sockets
        for role, sums in now.items():
            self._stretch[role] = max(self._stretch.get(role, 0), sums["memory"])
            peaks = self._peaks.setdefault(role, sums)
            for name, value in sums.items():
                peaks[name] = max(peaks[name], value)

    def _usage(self, role: str) -> RoleUsage:
        members = [each for each in (*self._tracked.values(), *self._ended) if each.role == role]
        user_s, system_s = cpu_by_role([*self._tracked.values(), *self._ended])[role]
        switches = [_switches_since_base(member) for member in members]
        peaks = self._peaks[role]
        return RoleUsage(
            cpu_user_s=user_s,
            cpu_system_s=system_s,
            memory_start_bytes=self._memory_start.get(role, 0),
            memory_peak_bytes=peaks["memory"],
            memory_low_bytes=self._memory_low.get(role, peaks["memory"]),
            memory_kind="+".join(sorted({member.memory.kind for member in members if member.memory.kind})),
            processes_max=peaks["processes"],
            threads_max=peaks["threads"],
            sockets_max=peaks["sockets"],
            switches_voluntary=sum(voluntary for voluntary, _ in switches),
            switches_involuntary=sum(involuntary for _, involuntary in switches),
        )


def cpu_by_role(processes: Iterable[Tracked]) -> dict[str, tuple[float, float]]:
    """User and system seconds of each role since its processes' bases, nothing counted twice.

    A process's parent is credited with all that it ever used once it has ended and was waited for. Where both are
    known, that is taken off the parent again, up to the last reading: that part is the process's own.
    """
    everyone = list(processes)
    by_pid = {each.pid: each for each in everyone if not each.gone}
    reaped = {each.pid: _since(each.base.reaped, each.last.reaped) for each in everyone}
    totals = {each.role: (0.0, 0.0) for each in everyone}
    for each in everyone:
        parent = by_pid.get(each.last.parent_pid) if each.gone else None
        if parent is not None:
            reaped[parent.pid] = _less(reaped[parent.pid], _lifetime(each))
    for each in everyone:
        own = _since(each.base.cpu, each.last.cpu)
        totals[each.role] = _added(totals[each.role], _added(own, reaped[each.pid]))
    return totals


def _since(before: CpuReading, after: CpuReading) -> tuple[float, float]:
    """User and system seconds between two readings: the exact total, divided as the kernel's ticks were."""
    total_s = (after.total_ns - before.total_ns) / 1e9
    user, system = after.user_ns - before.user_ns, after.system_ns - before.system_ns
    if user + system <= 0:
        user, system = after.user_ns, after.system_ns
    share = user / (user + system) if user + system > 0 else 1.0
    return total_s * share, total_s * (1 - share)


def _lifetime(each: Tracked) -> tuple[float, float]:
    return _added(_since(_NO_CPU, each.last.cpu), _since(_NO_CPU, each.last.reaped))


def _added(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


def _less(whole: tuple[float, float], part: tuple[float, float]) -> tuple[float, float]:
    return max(0.0, whole[0] - part[0]), max(0.0, whole[1] - part[1])


def _switches_since_base(each: Tracked) -> tuple[int, int]:
    voluntary = involuntary = 0
    for thread_id, (now_voluntary, now_involuntary) in each.switches.items():
        base: Mapping[int, tuple[int, int]] = each.switches_base
        began_at = base.get(thread_id, (0, 0))
        voluntary += now_voluntary - began_at[0]
        involuntary += now_involuntary - began_at[1]
    return voluntary, involuntary
