"""A real scheduler and two worker processes, started by the commands of docs/cluster.md."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

pytest.importorskip("distributed", reason="Dask is not installed: timetrial[dask]")

import dask
from distributed import Client

from tests.system.clusters import HERE, ROOT, WAIT_S, cluster, documented, free_port, running, shell_block
from tests.unit.models import jobs
from tests.waiting import wait_for
from timetrial import models
from timetrial.errors import ClusterError
from timetrial.mockserver import MockServer
from timetrial.models.base import TellsOverhead
from timetrial.workload import Workload

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands of docs/cluster.md are a shell's")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One for these tests."""
    with cluster(HERE, tmp_path_factory.mktemp("dask")) as address:
        yield address


def test_the_docs_start_a_scheduler_and_two_workers() -> None:
    """What the other tests run."""
    assert (len(documented("dask scheduler")), len(documented("dask worker"))) == (1, 2)


def test_a_test_runs_unchanged_on_a_cluster(scheduler: str, pytester: pytest.Pytester) -> None:
    """By one option; a concurrency that the cluster can't have is skipped with the reason."""
    pytester.makepyfile(
        """
        import pytest
        from tests.unit.models.jobs import SQUARE

        @pytest.mark.workload(SQUARE, models=["dask"])
        @pytest.mark.parametrize("concurrency", [2, 64])
        def test_squares(trial, concurrency):
            trial(range(20), concurrency=concurrency)
        """
    )
    found = pytester.runpytest_subprocess(
        "--benchmark-only",
        "--trial-scale=quick",
        f"--trial-dask-scheduler={scheduler}",
        "-rs",
        "-p",
        "no:xdist",
        f"--rootdir={pytester.path}",
        "-o",
        f"pythonpath={ROOT}",
    )
    found.assert_outcomes(passed=1, skipped=1)
    found.stdout.fnmatch_lines(["*can't have exactly 64 items in flight: its 2 workers have 2 threads*"])


def test_a_worker_that_is_killed_costs_nothing_but_time(scheduler: str, tmp_path: Path) -> None:
    """Results are complete and in order, the loss is counted, and the next round has both workers again."""
    journal = jobs.Journal(tmp_path / "journal")
    items = [(number, 0) for number in range(40)]
    with models.get("dask", scheduler=scheduler).open(jobs.slowly_journaled_workload(journal.path), 2) as executor:
        pids = executor.worker_pids()
        assert len(pids) == 2

        def kill_one_in_the_middle() -> None:
            wait_for(lambda: journal.count("begin") >= 6, WAIT_S)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_one_in_the_middle)
        killer.start()
        assert executor.run(items) == [number * number for number, _ in items]
        killer.join()
        details = executor.details
        assert details["workers_lost"] == 1
        assert 1 <= int(str(details["items_run_again"])) < len(items)
        with Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=WAIT_S)
        assert executor.run(items[:8]) == [number * number for number, _ in items[:8]]
        assert len(executor.worker_pids()) == 2
        assert pids[0] not in executor.worker_pids()
    opened = [line[1] for line in journal.lines() if line[0] == "open"]
    closed = [line[1] for line in journal.lines() if line[0] == "close"]
    assert len(opened) == len(set(opened)) == 3
    assert {*opened} - {*closed} == {each for each in opened if each.startswith(f"{pids[0]}-")}


def test_executors_leave_somebody_s_workers_as_they_were(scheduler: str) -> None:
    """The same processes work for the next, and nothing of the last is kept."""
    pids = []
    for _ in range(2):
        with models.get("dask", scheduler=scheduler).open(jobs.SQUARE, 2) as executor:
            assert executor.run(range(10)) == [number * number for number in range(10)]
            assert isinstance(executor, TellsOverhead)
            assert set(executor.overhead_cpu_s_per_task()) == {"client", "scheduler", "workers"}
            pids.append(executor.worker_pids())
    assert pids[0] == pids[1]
    assert all(psutil.pid_exists(pid) for pid in pids[0])
    with Client(scheduler, set_as_default=False) as client:
        assert set(client.run(jobs.dask_jobs_kept).values()) == {0}


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with what the docs make by openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    made = subprocess.run(
        ["bash", "-ec", shell_block("openssl")], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    return tmp_path


@pytest.fixture
def tls_cluster(certificates: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A scheduler and a worker as the docs start them with TLS: the port, and what a client's environment has."""
    port, block = free_port(HERE), "--protocol tls"
    (variables,) = documented("export ", block)
    exported = dict(each.split("=") for each in shlex.split(variables)[1:])
    env = {name: str(certificates / value) if value.endswith(".pem") else value for name, value in exported.items()}
    with ExitStack() as stack:
        for command in (*documented("dask scheduler", block), *documented("dask worker", block)):
            stack.enter_context(running(command, HERE, port, certificates))
        with (
            dask.config.set({name.removeprefix("DASK_").lower().replace("__", "."): env[name] for name in env}),
            Client(f"tls://{HERE}:{port}", set_as_default=False, timeout=WAIT_S) as client,
        ):
            client.wait_for_workers(1, timeout=WAIT_S)
        yield port, env


def test_a_cluster_with_tls_serves_whoever_has_a_certificate(
    tls_cluster: tuple[int, dict[str, str]], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the documented commands, from the certificates on; without one, the error says what is missing and where."""
    port, env = tls_cluster
    with pytest.raises(ClusterError, match=r"as it is configured here .*docs/cluster\.md has how to name the cert"):
        models.get("dask", scheduler=f"tls://{HERE}:{port}").open(jobs.SQUARE, 1).__enter__()
    pytester.makepyfile(
        """
        import pytest
        from tests.unit.models.jobs import SQUARE

        @pytest.mark.workload(SQUARE)
        def test_squares(trial):
            trial(range(20), concurrency=1)
        """
    )
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    (command,) = documented("pytest ", "--protocol tls")
    words = shlex.split(command.replace("10.0.0.5", HERE).replace("8786", str(port)))[1:]
    here = ("-p", "no:xdist", f"--rootdir={pytester.path}", "-o", f"pythonpath={ROOT}", "--trial-scale=quick")
    pytester.runpytest_subprocess(*words, *here).assert_outcomes(passed=1)


@pytest.fixture
def other_host() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The address of this machine on a cable to another network namespace, and how to run a command there."""
    name = f"tt{os.getpid()}"
    network = f"10.213.{os.getpid() % 250}"
    lines = [
        f"ip netns add {name}",
        f"ip link add {name}a type veth peer name {name}b netns {name}",
        f"ip addr add {network}.1/24 dev {name}a",
        f"ip link set {name}a up",
        f"ip -n {name} addr add {network}.2/24 dev {name}b",
        f"ip -n {name} link set {name}b up",
        f"ip -n {name} link set lo up",
    ]
    try:
        for line in lines:
            try:
                subprocess.run(shlex.split(line), check=True, capture_output=True, text=True)
            except (OSError, subprocess.CalledProcessError) as error:
                why = getattr(error, "stderr", None) or str(error)
                pytest.skip(f"no network namespace can be made here ({line}: {why.strip()})")
        yield f"{network}.1", ("ip", "netns", "exec", name)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.mark.filterwarnings("ignore::timetrial.mockserver.MockServerWarning")
def test_workers_on_another_host_fetch_from_the_mock_server(
    other_host: tuple[str, tuple[str, ...]], tmp_path: Path
) -> None:
    """Two network namespaces are two hosts: only the server's own address and its token get there."""
    host, there = other_host
    with (
        MockServer.start(host=host, token=secrets.token_urlsafe()) as server,
        cluster(host, tmp_path, *there) as address,
        models.get("dask", scheduler=address).open(Workload("fetch", task=jobs.fetched_bytes), 2) as executor,
    ):
        assert executor.run([server.page(size) for size in (10, 20, 30, 40)]) == [10, 20, 30, 40]
        assert server.counters().requests_completed == 4
