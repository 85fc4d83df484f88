"""A model, a server and a clock that do as they are told, and write down in what order they were asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

from timetrial import Workload
from timetrial.models.base import AsyncExecutor, ConcurrencyModel
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import Expected, expected_of
from timetrial.trial.settings import RunSettings


def square(n: int) -> int:
    """The work of most of these tests."""
    return n * n


def squares(items: Sequence[int]) -> list[int]:
    """A round of it."""
    return [square(each) for each in items]


SQUARES = Workload("squares", task=square)


class FakeClock:
    """Nanoseconds that pass only when somebody says so."""

    def __init__(self, journal: list[str]) -> None:
        self.now_ns = 0
        self._journal = journal

    def __call__(self) -> int:
        """The time; each reading is written down."""
        self._journal.append("clock")
        return self.now_ns


@dataclass
class FakeCounters:
    """What a server would have counted."""

    requests_completed: int = 0
    connections_opened: int = 0
    bytes_out: int = 0


class FakeServer:
    """A server whose counters the test sets."""

    def __init__(self) -> None:
        self.now = FakeCounters()

    def counters(self) -> FakeCounters:
        """A snapshot, as a real server's is."""
        return replace(self.now)


@dataclass
class FakeModel:
    """A model and its executor in one; ``work`` is what each round does, and ``takes_ns`` how long.

    The one item that ends a timed trial's start-up is no round: ``first_work`` does it, in ``first_takes_ns``.
    """

    work: Callable[[Sequence[Any]], list[Any]] = squares
    first_work: Callable[[Sequence[Any]], list[Any]] = squares
    takes_ns: Sequence[int] = (1_000_000,)
    first_takes_ns: int = 0
    opens_in_ns: int = 0
    closes_in_ns: int = 0
    details: Mapping[str, object] = field(default_factory=dict)
    name: str = "threads"

    def __post_init__(self) -> None:
        self.journal: list[str] = []
        self.clock = FakeClock(self.journal)
        self.rounds = 0
        self.opened_with: tuple[Workload, int] | None = None

    def unavailable(self) -> str | None:
        """It can always run."""
        return None

    def suits(self, workload: Workload) -> bool:
        """It runs anything."""
        return bool(workload.name)

    @contextmanager
    def open(self, workload: Workload, concurrency: int) -> Generator[FakeModel]:
        """Writes down that it was opened and closed."""
        self.opened_with = (workload, concurrency)
        self.clock.now_ns += self.opens_in_ns
        self.journal.append("opened")
        try:
            yield self
        finally:
            self.clock.now_ns += self.closes_in_ns
            self.journal.append("closed")

    def run(self, items: Sequence[Any]) -> list[Any]:
        """One round, or what comes before the first."""
        if len(items) == 1 and not self.rounds:
            self.journal.append("first item")
            self.clock.now_ns += self.first_takes_ns
            return self.first_work(items)
        self.journal.append("round")
        self.clock.now_ns += self.takes_ns[min(self.rounds, len(self.takes_ns) - 1)]
        self.rounds += 1
        return self.work(items)

    def worker_pids(self) -> Sequence[int]:
        """It has none."""
        return ()


class FakeInLoopModel(FakeModel):
    """The same, able to join a running event loop."""

    def open_in_loop(self, workload: Workload, concurrency: int) -> AbstractAsyncContextManager[AsyncExecutor]:
        """As open, in the loop."""
        return self._opened(workload, concurrency)

    @asynccontextmanager
    async def _opened(self, workload: Workload, concurrency: int) -> AsyncGenerator[AsyncExecutor]:
        with self.open(workload, concurrency):
            yield _InLoop(self)


class _InLoop:
    def __init__(self, model: FakeModel) -> None:
        self._model = model

    @property
    def details(self) -> Mapping[str, object]:
        return self._model.details

    async def run(self, items: Sequence[Any]) -> list[Any]:
        return self._model.run(items)


@dataclass(frozen=True)
class FakePlan(TrialPlan):
    """A plan that runs under the fake model it is given."""

    fake: FakeModel = field(default_factory=FakeModel)

    def model(self) -> ConcurrencyModel:
        """The fake."""
        return self.fake


@dataclass(frozen=True)
class JournallingExpected(Expected):
    """The proof, which writes down when it is asked for."""

    journal: list[str] = field(default_factory=list)

    def verify(self, results: Sequence[Any], items: Sequence[Any], who: str) -> None:
        """As Expected.verify."""
        self.journal.append("proved")
        super().verify(results, items, who)


def plan_for(fake: FakeModel, items: Sequence[Any] = (1, 2, 3), **more: Any) -> FakePlan:
    """A plan for squares under the fake model, timed by the fake clock; ``more`` is of the plan or its settings."""
    own = {field.name for field in fields(RunSettings)} & more.keys()
    given: dict[str, Any] = {
        "workload": SQUARES,
        "model_id": "threads",
        "items": items,
        "concurrency": 8,
        "expected": expected_of(SQUARES, items, [square(each) for each in items]),
        "settings": RunSettings(**{"clock_ns": fake.clock, **{name: more.pop(name) for name in own}}),
        "fake": fake,
    }
    return FakePlan(**{**given, **more})


def proof_for(fake: FakeModel, items: Sequence[int] = (1, 2, 3)) -> Expected:
    """The expected squares, whose proofs go into the fake's journal."""
    digests = expected_of(SQUARES, items, [square(each) for each in items]).digests
    return JournallingExpected(digests, journal=fake.journal)
