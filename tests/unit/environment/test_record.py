"""The environment of a run, on the machine that runs the tests."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from timetrial.environment import record as environment_module
from timetrial.environment.clock import smallest_step_ns
from timetrial.environment.difference import differences
from timetrial.environment.facts import known
from timetrial.environment.interpreter import jit_by_flags, library_versions, profile_guided, variables
from timetrial.environment.record import SCHEMA_VERSION, environment, event_loop_version

_OF_THREADS = (
    "BLIS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip


def test_the_record_survives_json() -> None:
    """What is written is what is read back, with its version."""
    record: Any = environment()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["schema_version"] == SCHEMA_VERSION


def test_it_says_which_python_ran() -> None:
    """Version, build and the state of the GIL, as the interpreter itself tells them."""
    record: Any = environment()
    python = record["python"]
    assert python["version"] == platform.python_version()
    assert python["build"] == list(platform.python_build())
    assert python["gil_enabled"] is getattr(sys, "_is_gil_enabled", lambda: True)()
    assert python["default_start_method"] in {"fork", "forkserver", "spawn"}


def test_it_says_what_may_be_used() -> None:
    """At least one core and one file, no more cores than there are."""
    record: Any = environment()
    assert 0 < record["cpu"]["usable_cores"] <= record["cpu"]["logical_cores"]
    assert record["timer"]["measured_resolution_ns"] > 0
    assert record["memory"]["total_bytes"] is None or record["memory"]["total_bytes"] > 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems leave some of these unknown")
def test_on_linux_nothing_important_is_unknown() -> None:
    """Processor, memory, limits and ports are found without psutil."""
    record: Any = environment()
    assert None not in (record["cpu"]["model"] or record["cpu"]["stepping"], record["memory"]["total_bytes"])
    assert None not in (record["limits"]["open_files"], record["limits"]["waiting_connections"])
    assert len(record["limits"]["ephemeral_ports"]) == 2
    assert len(record["load"]) == 3


def test_what_the_run_asked_for_is_recorded() -> None:
    """Event loop and start method come from the caller, who alone knows them."""
    concurrency = environment(event_loop="asyncio", start_method="spawn")["concurrency"]
    assert concurrency == {
        "event_loop": "asyncio",
        "event_loop_version": platform.python_version(),
        "start_method": "spawn",
    }


def test_an_event_loop_has_its_packages_version() -> None:
    """By the name of the loop or of its class; unknown where the package isn't installed."""
    assert event_loop_version("asyncio.unix_events._UnixSelectorEventLoop") == platform.python_version()
    assert event_loop_version("pytest.Loop") == pytest.__version__
    assert event_loop_version("no-such-package.Loop") is None


def test_on_a_machine_that_says_nothing_every_fact_is_none(tmp_path: Path) -> None:
    """An empty /proc and /sys cost no error."""
    record: Any = environment(root=tmp_path)
    assert json.dumps(record)
    assert record["cpu"]["quota_cores"] is None
    assert record["memory"]["limit_bytes"] is None
    assert record["cpu"]["governor"] is None


def test_a_fact_that_fails_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that breaks is None; the others are there."""

    def broken(root: Path) -> dict[str, object]:
        raise RuntimeError(f"no processors under {root}")

    monkeypatch.setattr(environment_module, "cpu_facts", broken)
    record: Any = environment()
    assert record["cpu"] is None
    assert record["python"]["version"] == platform.python_version()


def test_an_answer_that_fails_is_unknown() -> None:
    """None in place of the exception."""
    assert known(lambda: int("x")) is None
    assert known(lambda: 3) == 3


def test_libraries_are_looked_up_without_being_imported() -> None:
    """A version for what is installed, None for what is not, and no module loaded on the way."""
    code = (
        "import sys; from timetrial.environment.record import environment; found = environment()['libraries'];"
        "print(found['pytest']); print(sorted({'aiohttp', 'requests', 'httpx', 'psutil', 'pytest'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split("\n")[:2] == [pytest.__version__, "[]"]
    assert library_versions(["no-such-distribution"]) == {"no-such-distribution": None}


def test_importing_it_loads_nothing_heavy() -> None:
    """Every pytest run of an environment with timetrial in it pays for the import."""
    code = (
        "import sys; import timetrial.environment.record;"
        "print(sorted({'asyncio', 'multiprocessing', 'psutil', 'importlib.metadata'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"


def test_asking_does_not_settle_the_start_method() -> None:
    """A program can still choose its own afterwards."""
    code = (
        "import multiprocessing; from timetrial.environment.record import environment; environment();"
        "assert multiprocessing.get_start_method(allow_none=True) is None; multiprocessing.set_start_method('spawn')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("name", _OF_THREADS)
def test_the_variables_that_size_pools_of_threads_are_recorded_and_matter(name: str) -> None:
    """One thread against one for each core is the largest difference that two runs of numpy can have."""
    one, other = ({"variables": variables({name: count})} for count in ("1", "8"))
    (difference,) = differences(one, other)
    assert (difference.path, difference.matters) == (f"variables.{name}", True)


def test_variables_that_are_not_set_are_none() -> None:
    """So that two records always have the same fields."""
    found = variables({"PYTHON_GIL": "0", "HOME": "/somewhere"})
    assert found["PYTHON_GIL"] == "0"
    assert found["PYTHONHASHSEED"] is None
    assert "HOME" not in found


def test_no_variable_that_may_hold_a_secret_is_recorded() -> None:
    """Results are shared; paths, proxies and tokens stay out."""
    words = ("PATH", "PROXY", "TOKEN", "KEY", "PASSWORD", "HOME")
    assert not [name for name in variables() if any(word in name for word in words)]


@pytest.mark.parametrize(
    ("flags", "variable", "state"),
    [
        ("-O2 -D_Py_TIER2=1 -D_Py_JIT", None, (True, True)),
        ("-O2 -D_Py_TIER2=3 -D_Py_JIT", None, (True, False)),
        ("-O2 -D_Py_TIER2=3 -D_Py_JIT", "1", (True, True)),
        ("-O2 -D_Py_TIER2=1 -D_Py_JIT", "0", (True, False)),
        ("-O2", "1", (False, False)),
        (None, None, (None, None)),
    ],
)
def test_the_state_of_the_jit_is_read_from_the_builds_flags(
    flags: str | None, variable: str | None, state: tuple[bool | None, bool | None]
) -> None:
    """Built in or not, on or off by default, and PYTHON_JIT overrides the default."""
    assert jit_by_flags(flags, variable) == state


def test_a_build_tuned_by_a_profile_says_so() -> None:
    """As it was configured; unknown where the build doesn't tell."""
    assert profile_guided("'--prefix=/usr' '--enable-optimizations' '--with-lto'") is True
    assert profile_guided("'--prefix=/usr'") is False
    assert profile_guided(None) is None


def test_the_clocks_smallest_step_is_the_least_that_is_not_zero() -> None:
    """Readings that repeat say nothing about the step."""
    readings = iter([0, 0, 100, 100, 130, 200])
    assert smallest_step_ns(lambda: next(readings), readings=6) == 30


def test_a_clock_that_stands_has_no_step() -> None:
    """Unknown instead of zero."""
    assert smallest_step_ns(lambda: 7, readings=10) is None
