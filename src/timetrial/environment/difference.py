"""Two environments set side by side: what differs, and whether it matters when timings are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MATTERS: Final[Mapping[str, str]] = {
    "schema_version": "the records were written by different versions of timetrial, and fields may mean other things",
    "cpu": "without a record of the processors, nobody knows that they are the same",
    "cpu.model": "another processor runs the same work at another speed",
    "cpu.stepping": "the same name can stand for another generation of the processor",
    "cpu.logical_cores": "the number of cores decides which model wins",
    "cpu.affinity_cores": "the cores that may be used decide which model wins",
    "cpu.quota_cores": "a quota halts a process that has used it up until the next period",
    "cpu.usable_cores": "the cores that may be used decide which model wins",
    "cpu.python_counts_cores": "pools size themselves by this count unless they are told",
    "cpu.smt": "two workers on one physical core run slower than on two",
    "cpu.turbo": "with turbo, the clock depends on how many cores are busy",
    "cpu.governor": "the governor sets the clock rate",
    "memory.limit_bytes": "near its limit a process reclaims memory or is killed",
    "memory.total_bytes": "what fits in the file cache of one machine may not fit in another's",
    "system.name": "processes, sockets and sleeps cost different times on different systems",
    "system.release": "another kernel schedules, starts processes and passes messages at another cost",
    "system.libc": "the C library brings the memory allocator",
    "system.architecture": "another architecture runs other machine code",
    "system.virtualisation": "a guest's cores are shared with others, and its interrupts cost more",
    "python": "without a record of the interpreter, nobody knows that it is the same",
    "python.version": "every release of Python changes speeds, a patch release too",
    "python.implementation": "another implementation is another machine",
    "python.build": "two builds of one version can be compiled differently",
    "python.compiler": "the compiler decides how fast the interpreter's loop is",
    "python.profile_guided": "a build tuned by a profile runs the same code faster",
    "python.debug_build": "a debug build checks itself all the time and is slower",
    "python.pointer_bits": "32-bit objects are smaller and arithmetic is slower",
    "python.free_threaded_build": "a free-threaded build runs threads in parallel and one thread slower",
    "python.gil_enabled": "with the GIL, threads take turns at Python code",
    "python.jit_available": "a build with the just-in-time compiler has another interpreter loop",
    "python.jit_enabled": "the just-in-time compiler changes the speed of loops",
    "python.optimisation_level": "assertions cost time unless they are compiled away",
    "python.dev_mode": "development mode checks memory and warns, at a cost",
    "python.x_options.*": "options given with -X change how Python runs",
    "python.default_start_method": "pools that aren't told start their processes this way",
    "variables.*": "this variable changes how fast Python or a library runs, or how many threads it computes in",
    "libraries.*": "another version of a library does other work",
    "concurrency.event_loop": "event loops differ in the cost of every callback and socket",
    "concurrency.event_loop_version": "another version of the event loop does other work",
    "concurrency.start_method": "fork, forkserver and spawn differ in start-up time and in shared memory",
    "timer.implementation": "another clock has another resolution and cost",
    "timer.clocksource": "some clock sources cost a system call per reading",
    "limits.open_files": "a run that reaches the limit fails or waits",
    "limits.processes": "a run that reaches the limit fails",
    "limits.processes_of_cgroup": "a run that reaches the limit fails",
    "limits.ephemeral_ports": "new connections run out of ports",
    "limits.waiting_connections": "connections beyond it are dropped and tried again a second later",
}
"""The fields that matter when timings are compared, and why; ``name.*`` stands for every field below ``name``."""

DOES_NOT_MATTER: Final[Mapping[str, str]] = {
    "recorded_at": "when it ran does not change what it measured",
    "load": "an average over minutes from before the run; the disturbance of each trial is measured by itself",
    "system.hostname": "a name changes no timing",
    "system.version": "the kernel's release is compared by itself",
    "system.distribution": "its parts that matter are compared by themselves",
    "system.container": "the limits that a container sets are compared by themselves",
    "python.version_text": "its parts are compared by themselves",
    "installed.*": "nobody knows which of these the benchmarks use; look here when a figure moved",
    "timer.declared_resolution_ns": "the measured step says more",
    "timer.measured_resolution_ns": "it varies from call to call, and rounds that are too short for it are void",
    "limits.open_files_ceiling": "only the limit in force can be run into",
}
"""The fields that don't, and why not."""

_NEW_FIELD: Final = "this version of timetrial does not know the field"
_ONLY_ONE: Final = "; only one of the two records says what it is"


@dataclass(frozen=True)
class Difference:
    """One field in which two environments differ; a value of None is unknown, not set or not recorded."""

    path: str
    """The field in its section, such as ``cpu.model``."""
    one: Any
    other: Any
    """The two values, of the first and of the second environment."""
    matters: bool
    """Whether it decides what timings mean."""
    why: str
    """The reason why it matters, in words; empty where it does not."""

    def __str__(self) -> str:
        """The difference as a line for people."""
        return f"{self.path}: {self.one!r} against {self.other!r} ({self.why})"


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    """Every field in which two records of ``environment()`` differ: first those that matter, each with its reason."""
    left, right = dict(_fields(one)), dict(_fields(other))
    paths = [path for path in {**left, **right} if left.get(path) != right.get(path)]
    found = [_difference(path, left.get(path), right.get(path)) for path in paths]
    return sorted(found, key=lambda difference: not difference.matters)


def paths_of(record: Mapping[str, Any]) -> list[str]:
    """The names of all fields of a record, such as ``cpu.model``."""
    return [path for path, _ in _fields(record)]


def told_by_neither(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The fields that matter and that neither record knows, so that they may differ unseen."""
    left, right = dict(_fields(one)), dict(_fields(other))
    named = [path for path in MATTERS if "." in path and not path.endswith("*") and path not in _NONE_IS_AN_ANSWER]
    return [path for path in named if left.get(path) is None and right.get(path) is None]


# Here it says that it is not set or not installed, which is an answer too.
_NONE_IS_NOT_THERE: Final = ("variables.", "libraries.", "installed.")

# Here None says that no such limit is set, so two of them are the same.
_NONE_IS_AN_ANSWER: Final = frozenset({"cpu.quota_cores", "memory.limit_bytes", "limits.processes_of_cgroup"})


def why_it_matters(path: str) -> str | None:
    """Why a field matters when timings are compared, or None if it doesn't."""
    return _named(path, MATTERS)


def _named(path: str, table: Mapping[str, str]) -> str | None:
    section, _, _ = path.partition(".")
    folder, _, _ = path.rpartition(".")
    return table.get(path) or table.get(f"{folder}.*") or table.get(f"{section}.*")


def _difference(path: str, one: Any, other: Any) -> Difference:
    why = why_it_matters(path)
    reason = why or _named(path, DOES_NOT_MATTER) or _NEW_FIELD
    if None in (one, other) and path not in _NONE_IS_AN_ANSWER and not path.startswith(_NONE_IS_NOT_THERE):
        reason += _ONLY_ONE
    return Difference(path, one, other, why is not None, reason)


def _fields(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The record's leaves with their paths; a list is one value, and JSON's lists equal our tuples."""
    for name, value in record.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _fields(value, f"{path}.")
        else:
            yield path, list(value) if isinstance(value, tuple) else value
