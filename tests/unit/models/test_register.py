"""The register of models, a workload's own implementations, the in-loop face, and the event loop that was asked for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from timetrial import Workload, models
from timetrial.errors import ModelUnavailableError, WorkloadError
from timetrial.models import eventloops
from timetrial.models.base import AsyncExecutor, Executor, InLoopModel
from timetrial.models.shares import share_out


def double(item: int) -> int:
    """A task."""
    return 2 * item


async def double_later(item: int) -> int:
    """An async task."""
    await asyncio.sleep(0)
    return 2 * item


@asynccontextmanager
async def timeout(_concurrency: int) -> AsyncGenerator[None]:
    """A resource that only asyncio can open."""
    async with asyncio.timeout(10):
        yield


async def double_in_asyncio(item: int) -> int:
    """An async task that only asyncio can run."""
    await asyncio.get_running_loop().create_future()
    return item


BOTH = Workload("doubling", task=double, async_task=double_later)


def test_a_workload_runs_under_the_models_that_suit_it() -> None:
    """A task suits three of them, an async task the other two."""
    assert models.model_ids(Workload("sync", task=double)) == ["serial", "threads", "processes"]
    assert models.model_ids(Workload("async", async_task=double_later)) == ["coroutines", "processes+coroutines"]
    assert models.model_ids(BOTH) == list(models.NAMES)


def test_a_variant_stands_beside_its_workload_under_the_model_s_name() -> None:
    """threads[other], after the workload's own models."""
    ids = models.model_ids(Workload("sync", task=double, variants={"other": Workload("o", async_task=double_later)}))
    assert ids == ["serial", "threads", "processes", "coroutines[other]", "processes+coroutines[other]"]


@pytest.mark.parametrize(
    ("model_id", "parts"),
    [
        ("threads", ("threads", None)),
        ("threads[http.client]", ("threads", "http.client")),
        ("processes[spawn][http.client]", ("processes", "http.client")),
    ],
)
def test_a_model_s_id_is_its_name_and_its_variant(model_id: str, parts: tuple[str, str | None]) -> None:
    """As test ids and --trial-models write it."""
    assert models.split(model_id) == parts


@pytest.mark.parametrize("spelled", ["threads[", "threads[]", "threads[a]b", "threads[a][b][c]", "[a]", "threads[[a]]"])
def test_what_is_no_id_is_told_how_to_be_written(spelled: str) -> None:
    """All three forms."""
    with pytest.raises(WorkloadError, match=r"as threads, as threads\[variant\], or, .* as threads\[pool\]\[variant\]"):
        models.split(spelled)


def test_a_variant_of_a_model_is_joined_with_each_of_the_workload_s_that_suits_it() -> None:
    """Only when the model's is asked for, by itself or joined with one."""
    later = Workload("l", async_task=double_later)
    workload = Workload("fetch", variants={"one": Workload("o", task=double), "later": later})
    assert models.model_ids(workload, also=["processes[spawn]"]) == [
        "serial[one]",
        "threads[one]",
        "processes[one]",
        "processes[spawn][one]",
        "coroutines[later]",
        "processes+coroutines[later]",
    ]
    assert "coroutines[eager][later]" in models.model_ids(workload, also=["coroutines[eager][later]"])
    assert "][" not in "".join(models.model_ids(workload))
    assert models.resolve("coroutines[eager][later]", workload) == ("coroutines[eager]", later)
    assert models.model_part("processes[spawn][one]") == "processes[spawn]"
    with pytest.raises(WorkloadError, match="has no variant 'nope'; it has: one, later"):
        models.resolve("processes[spawn][nope]", workload)
    with pytest.raises(WorkloadError, match=r"there is no concurrency model 'threads\[nope\]'"):
        models.resolve("threads[nope][one]", workload)


def test_a_variant_leaves_the_proof_to_its_workload() -> None:
    """It does the same work, so a reference or a comparable of its own would be ignored: it is refused."""
    with pytest.raises(WorkloadError, match="variant 'other' does the same work"):
        Workload("sync", task=double, variants={"other": Workload("o", task=double, comparable=str)})


def test_an_unknown_model_is_an_error_that_lists_the_known() -> None:
    """Not a model in its place."""
    with pytest.raises(WorkloadError, match=r"'fibres'.*serial, threads, processes"):
        models.get("fibres")


def test_the_register_loads_no_model_until_it_is_asked_for_one() -> None:
    """Every pytest run of an environment with timetrial in it would pay for it."""
    code = "import sys, timetrial.models; print({'asyncio', 'multiprocessing'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


class Recited:
    """An implementation that knows its results by heart."""

    def __init__(self, concurrency: int) -> None:
        self.details: Mapping[str, object] = {"own": concurrency}

    def run(self, items: Sequence[int]) -> list[int]:
        """Twice each."""
        return [2 * item for item in items]

    def worker_pids(self) -> Sequence[int]:
        """Nobody works."""
        return []


class RecitedLater:
    """The same for an event loop."""

    def __init__(self, concurrency: int) -> None:
        self.details: Mapping[str, object] = {"own": concurrency}

    async def run(self, items: Sequence[int]) -> list[int]:
        """Twice each."""
        return [2 * item for item in items]


@contextmanager
def recited(concurrency: int) -> Generator[Executor]:
    """Opens the implementation."""
    yield Recited(concurrency)


@asynccontextmanager
async def recited_later(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """Opens the implementation in a loop."""
    yield RecitedLater(concurrency)


@pytest.mark.parametrize("name", models.NAMES)
def test_a_workload_s_own_implementation_takes_the_generic_executor_s_place(name: str) -> None:
    """Under every model, and it is told the concurrency."""
    own: Any = recited_later if name == "coroutines" else recited
    workload = Workload("recited", implementations={name: own})
    assert models.model_ids(workload) == [name]
    with models.get(name).open(workload, 3) as executor:
        assert executor.run([1, 2, 3]) == [2, 4, 6]
        assert executor.details["own"] == (1 if name == "serial" else 3)


def test_coroutines_run_inside_a_loop_that_is_running_already() -> None:
    """As an async test needs it; the sync face would need a second loop, and says so."""

    async def check() -> list[int]:
        model = models.get("coroutines")
        assert isinstance(model, InLoopModel)
        with pytest.raises(WorkloadError, match="await"), model.open(BOTH, 2):
            pass
        async with model.open_in_loop(BOTH, 2) as executor:
            return await executor.run([1, 2, 3])

    assert asyncio.run(check()) == [2, 4, 6]


@pytest.mark.parametrize("name", ["coroutines", "processes+coroutines"])
def test_the_event_loop_that_was_asked_for_is_the_one_that_runs(name: str) -> None:
    """And its class is what the details name."""
    pytest.importorskip("uvloop", reason="uvloop is not installed")
    with models.get(name, event_loop="uvloop").open(BOTH, 2) as executor:
        assert executor.run([1, 2]) == [2, 4]
        assert "uvloop" in str(executor.details["event_loop"])


def test_an_event_loop_that_is_missing_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model says what to install instead."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    model = models.get("coroutines", event_loop="uvloop")
    assert "uvloop" in str(model.unavailable())
    with pytest.raises(ModelUnavailableError, match="uvloop"), model.open(BOTH, 2):
        pass
    assert eventloops.unavailable("asyncio") is None


@pytest.mark.parametrize(("concurrency", "processes", "shares"), [(7, 3, (3, 2, 2)), (64, 2, (32, 32)), (2, 2, (1, 1))])
def test_the_hybrid_divides_its_concurrency_to_the_last_item(
    concurrency: int, processes: int, shares: tuple[int, ...]
) -> None:
    """The sum is what was asked for, neither more nor less."""
    assert share_out(concurrency, processes) == shares


@pytest.mark.parametrize("name", ["processes+coroutines", "threads+coroutines"])
def test_the_number_of_event_loops_is_apart_from_the_items_in_flight(name: str) -> None:
    """Three loops, or as many as there are items in flight if these are fewer; none is refused."""
    for concurrency, workers in ((7, 3), (2, 2)):
        with models.get(name, workers=3).open(BOTH, concurrency) as executor:
            assert executor.details["workers"] == workers
            assert executor.run([1, 2, 3]) == [2, 4, 6]
    with pytest.raises(WorkloadError, match=r"workers is a whole number .* not 0"):
        models.get(name, workers=0).open(BOTH, 2)


def test_an_id_is_the_workload_s_variant_before_it_is_the_model_s() -> None:
    """Where the variant suits that model; else the id stands for the model, or for nothing."""
    pool = Workload("a pool", task=double)
    workload = Workload("sync", task=double, variants={"pool": pool, "later": Workload("l", async_task=double_later)})
    assert models.resolve("threads[pool]", workload) == ("threads", pool)
    assert models.resolve("processes[spawn]", workload) == ("processes[spawn]", workload)
    ids = models.model_ids(workload, also=["threads[pool]", "processes[spawn]", "threads+coroutines"])
    assert ids.count("threads[pool]") == 1
    assert {"processes[spawn]", "threads+coroutines[later]"} < {*ids}
    with pytest.raises(WorkloadError, match="no variant 'nope'"):
        models.resolve("threads[nope]", workload)


def test_a_name_says_more_than_what_is_asked_for() -> None:
    """processes[spawn] spawns and coroutines[uvloop] runs on uvloop, whatever the options are."""
    assert models.settings_of("processes[spawn]", start_method="fork").start_method == "spawn"
    assert models.settings_of("coroutines[uvloop]", event_loop="asyncio").event_loop == "uvloop"
    assert models.settings_of("processes", start_method="fork").start_method == "fork"


def test_an_eager_loop_is_left_as_it_was() -> None:
    """In an async test, the loop's own task factory comes back."""
    model = models.get("coroutines[eager]")
    if reason := model.unavailable():
        pytest.skip(reason)

    async def check() -> None:
        assert isinstance(model, InLoopModel)
        loop = asyncio.get_running_loop()
        async with model.open_in_loop(BOTH, 2) as executor:
            assert loop.get_task_factory() is not None
            assert await executor.run([1, 2, 3]) == [2, 4, 6]
        assert loop.get_task_factory() is None

    asyncio.run(check())


def test_a_workload_that_uses_asyncio_itself_can_not_run_under_trio() -> None:
    """Found out by its task or its resource: the model is unavailable for it, with the reason."""
    model = models.get("coroutines[trio]")
    if reason := model.unavailable():
        pytest.skip(reason)
    told = r"coroutines\[trio\]: the workload uses asyncio itself .*it may use anyio, or trio"
    for async_task in (double_in_asyncio, double_later):
        in_asyncio = model.open(Workload("a", async_task=async_task), 1)
        with in_asyncio as executor, pytest.raises(ModelUnavailableError, match=told):
            executor.run([1])
    with pytest.raises(ModelUnavailableError, match=told):
        model.open(Workload("a", async_task=double_later, async_resource=timeout), 1).__enter__()


def test_what_an_interpreter_can_not_import_makes_the_model_unavailable() -> None:
    """A second interpreter of a process can't load numpy; the error says that it is this."""
    model = models.get("interpreters")
    if reason := model.unavailable():
        pytest.skip(reason)
    numpy = pytest.importorskip("numpy")
    with pytest.raises(ModelUnavailableError, match=r"another interpreter .*numpy\S* does not support"):
        model.open(Workload("n", task=numpy.sum), 2).__enter__()


def test_an_interpreter_runs_what_the_main_module_defines(tmp_path: Path) -> None:
    """As a new process would: a script needs no module beside it."""
    if reason := models.get("interpreters").unavailable():
        pytest.skip(reason)
    script = tmp_path / "script.py"
    script.write_text(
        "from timetrial import Workload, models\n"
        "def double(item): return 2 * item\n"
        "if __name__ == '__main__':\n"
        "    with models.get('interpreters').open(Workload('d', task=double), 2) as executor:\n"
        "        print(executor.run([1, 2, 3]))\n"
    )
    assert subprocess.check_output([sys.executable, str(script)], text=True).strip() == "[2, 4, 6]"
