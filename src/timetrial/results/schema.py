"""The form of a file of results, told once: pytest-benchmark's JSON, as far as it is read, and what is added to it.

``wellformed`` makes its checks of these types, ``history`` its decoder. A field that a reader may miss is not
``Required``: files of pytest-benchmark alone lack most, and who needs one says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Required, TypedDict

KEY: Final = "timetrial"
"""Under which everything of ours is kept: in the file itself, and in each benchmark's ``extra_info``."""

SCHEMA_VERSION: Final = 2
"""Of a trial's figures. 1: startup_s ended with the first round's results. 2: it ends with the first item's."""

FILE_SCHEMA_VERSION: Final = 2
"""Of the file's own section. 1: environment, complete. 2: all that stands in About."""

Seconds = Annotated[list[float], "seconds"]
"""Durations of single rounds, each 0 or more."""

Object = Mapping[str, Any]
"""An object whose inside is told by who writes it."""


class VoidReason(TypedDict, total=False):
    """Why a timing means nothing."""

    kind: Required[str]
    """One of ``trial.void.Kind``."""
    reason: Required[str]
    """What happened, with its figures."""
    reason_zh: str
    """The same in Chinese."""
    fix: str
    """What to do about it."""


class RunVoid(VoidReason, total=False):
    """A void trial of the run, those that failed included, which have no benchmark."""

    group: str
    """pytest-benchmark's group: the workload with its parameters."""
    model: str
    """The model's id, such as ``threads[requests]``."""
    launch: int
    """Which launch of a merged file it was in, from 1."""


class Trouble(TypedDict, total=False):
    """Why a benchmark has no entry."""

    benchmark: Required[str]
    """Its full name, as pytest's node id."""
    kind: Required[str]
    """failed, void or skipped."""
    reason: Required[str]
    """What it ended with, or why it was skipped."""
    launch: int
    """Which launch of a merged file it was in, from 1."""


class Figures(TypedDict, total=False):
    """One trial, in its benchmark's ``extra_info``."""

    schema_version: int
    """SCHEMA_VERSION."""
    workload: str
    """Its name."""
    model: str
    """The model's id, such as ``threads[requests]``."""
    concurrency: int
    """Most items in flight at once."""
    items: float
    """Items a round: a whole number."""
    throughput_per_s: float | None
    """Items a second in the median round; None where the clock saw no time pass."""
    speedup: float | None
    """How many times as fast as ``speedup_against`` in the same run; None for a void trial, or without a serial one."""
    speedup_against: str | None
    """The id of the serial trial."""
    startup_s: float
    """From nothing to the first item's result."""
    teardown_s: float
    """Closing the model."""
    digest: str
    """Of the results, the same under every model."""
    server: Object | None
    """The mock server's counters of the timed rounds."""
    accounting: Object | None
    """What the accounting round found (``measure.processes.usage``), with latencies, loop lag and leftovers."""
    accounting_error: str | None
    """Why there is no accounting, where it was asked for and failed."""
    void: list[VoidReason]
    """Empty for a trial that is fair."""
    fairness: Object
    """What was seen of the conditions: disturbance, clock, limits."""
    open_loop: Object | None
    """Latencies under a fixed rate of arrivals."""
    open_loop_error: str | None
    """Why there is no open loop, where it was asked for and failed."""
    start_method: str | None
    """How worker processes were started; None without them."""
    event_loop: str | None
    """The loop that really ran, such as ``asyncio.SelectorEventLoop``; None without one."""
    executor: Object
    """What the executor says of itself, such as its number of workers."""
    python: Object
    """As in the environment, when this trial ended."""
    scale: str
    """quick, default, article or gate."""
    parameters: Object
    """The test's own parameters by name."""
    sweeps: list[str]
    """Those of the parameters along which this trial is a point of a curve."""
    turns: list[int]
    """Of ``timetrial run``: the turn in which each round was run; those of the same turn pair up."""
    interleaved: Object
    """Where models took turns: the ratio to the group's fastest over paired rounds, with its interval."""


class Stats(TypedDict, total=False):
    """pytest-benchmark's figures of a benchmark's rounds, those that are read here."""

    median: float
    """Seconds per iteration."""
    data: Seconds
    """One for each round."""


class ExtraInfo(TypedDict, total=False):
    """What else a benchmark keeps; other keys are the user's."""

    timetrial: Figures
    """Of a trial; plain benchmarks have none."""


class Benchmark(TypedDict, total=False):
    """One test's entry, those of pytest-benchmark's fields that are read here."""

    fullname: str
    """pytest's node id."""
    stats: Stats
    """Of its rounds."""
    extra_info: ExtraInfo
    """Whatever the test stored, and timetrial's figures."""


class Launch(TypedDict, total=False):
    """One fresh interpreter of several in a merged file."""

    recorded_at: str | None
    """ISO 8601."""
    complete: bool
    """Whether it came to its end."""
    seconds: Required[dict[str, Seconds]]
    """Each benchmark's rounds, by its full name."""
    void: dict[str, list[VoidReason]]
    """Why a benchmark was void in this launch, by its full name."""


class Memory(TypedDict, total=False):
    """The machine's memory, the field that is read here."""

    total_bytes: float | None
    """All of the machine's."""


class Environment(TypedDict, total=False):
    """Where the run took place (``environment.record``); a section of which nothing could be known is None."""

    cpu: Object | None
    """Model and cores."""
    system: Object | None
    """The operating system, its architecture, and what it is a guest of."""
    python: Object | None
    """Version, build, and whether the GIL was on."""
    memory: Memory | None
    """In bytes."""


class About(TypedDict, total=False):
    """The file's own section, which timetrial adds."""

    schema_version: int
    """FILE_SCHEMA_VERSION; 1 where it is missing."""
    environment: Environment | None
    """None in a file that does not say where it ran."""
    references: dict[str, str]
    """Which benchmark each is compared with, both by their full names."""
    troubles: list[Trouble]
    """In the order in which they came."""
    voids: list[RunVoid]
    """Every reason of every void trial."""
    launches: list[Launch] | None
    """In the file of a ``timetrial measure``."""
    gate: Object | None
    """After a gate: against which file, its exit status, each benchmark's verdict."""
    complete: bool
    """Whether the run came to its end."""


class CommitInfo(TypedDict, total=False):
    """pytest-benchmark's, of the project's repository."""

    id: str | None
    """The full hash."""
    dirty: bool | None
    """Whether files differed from it."""


class ResultsFile(TypedDict, total=False):
    """The whole file."""

    datetime: str
    """ISO 8601, UTC."""
    commit_info: CommitInfo
    """The state of the project's code."""
    benchmarks: list[Benchmark]
    """In the order in which they ran."""
    timetrial: About
    """What timetrial adds; missing in files of pytest-benchmark alone."""
