"""Limits of the system that a trial really runs into: open files, and ports to connect from."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from timetrial.environment.limits import count_open_files, raise_open_files

OPTIONS: Final = ("--benchmark-only", "--trial-scale=quick", "-p", "no:cacheprovider", "--trial-fail-on-void")

UNDER_A_LIMIT = """
    import socket
    import sys

    import pytest

    from timetrial import Workload


    def hold_many(item):
        held = []
        try:
            for _ in range(item):
                held.append(socket.socket())
        finally:
            for each in held:
                each.close()
        return len(held)


    @pytest.mark.workload(Workload("hold", task=hold_many, reference=list), models=MODELS)
    def test_hold(trial):
        trial([200] * 20, concurrency=2)
"""


@pytest.fixture
def under_a_limit(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a trial that needs 200 files at once, under these limits, in a process of its own."""

    def run(soft: int, hard: int, *models: str) -> subprocess.CompletedProcess[str]:
        source = textwrap.dedent(UNDER_A_LIMIT).replace("MODELS", repr(list(models)))
        tmp_path.joinpath("test_hold.py").write_text(source)
        limited = (
            f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
            f"import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
        )
        command = [sys.executable, "-c", limited, *OPTIONS]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
@pytest.mark.parametrize("model", ["threads", "processes"])
def test_a_limit_of_open_files_that_is_reached_is_named(under_a_limit: Any, model: str) -> None:
    """In the table and in the test's own error, from worker processes too."""
    result = under_a_limit(100, 100, model)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout + result.stderr
    assert f"void: hold, {model}: this process may open no more files (EMFILE)" in result.stdout
    assert "Too many open files" in result.stdout


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
def test_the_limit_of_open_files_is_raised_first_and_recorded(under_a_limit: Any, tmp_path: Path) -> None:
    """So that what is fine under the ceiling is not stopped below it; worker processes inherit it."""
    result = under_a_limit(100, 1000, "threads", "processes")
    assert result.returncode == 0, result.stdout + result.stderr
    (path,) = tmp_path.joinpath("results").glob("*.json")
    content = json.loads(path.read_text())
    for bench in content["benchmarks"]:
        limits = bench["extra_info"]["timetrial"]["fairness"]["limits"]
        assert (limits["found"], limits["allowed"]) == (100, 1000)
    assert content["timetrial"]["environment"]["limits"]["open_files"] == 1000


@pytest.mark.skipif(os.name != "posix", reason="POSIX limits")
def test_open_files_are_counted() -> None:
    """A socket more is a file more."""
    limit = raise_open_files()
    assert limit is not None
    before = count_open_files()
    assert before is not None
    with socket.socket():
        assert count_open_files() == before + 1


A_CONNECTION_EACH = """
    import http.client
    from urllib.parse import urlsplit

    import pytest

    from timetrial import Workload


    def fetch(url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        connection.request("GET", urlsplit(url).path)
        try:
            return len(connection.getresponse().read())
        finally:
            connection.close()


    @pytest.mark.workload(Workload("anew", task=fetch, reference=lambda urls: [64] * len(urls)), models=["threads"])
    def test_anew(trial, mock_server):
        trial([mock_server.page(size_bytes=64, key=key) for key in range(20)], concurrency=2, server=mock_server)
"""

WITH_FEW_PORTS = """
    import fcntl
    import socket
    import struct
    import sys
    from pathlib import Path

    import pytest

    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"40000 {40000 + int(sys.argv[1]) - 1}")
    with socket.socket() as any_socket:  # brings the loopback device up: SIOCSIFFLAGS with IFF_UP and IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1 | 64))
    sys.exit(pytest.main(sys.argv[2:]))
"""


@pytest.fixture
def with_few_ports(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs three rounds of a client that connects anew for each of 20 items, in a network with so few ports."""
    alone = [shutil.which("unshare") or "", "--map-root-user", "--net"]
    if not alone[0] or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user can't have a network of its own")

    def run(ports: int) -> subprocess.CompletedProcess[str]:
        tmp_path.joinpath("test_anew.py").write_text(textwrap.dedent(A_CONNECTION_EACH))
        rounds = ["--benchmark-min-rounds=3", "--benchmark-max-time=0.000001"]
        command = [*alone, sys.executable, "-c", textwrap.dedent(WITH_FEW_PORTS), str(ports), *OPTIONS, *rounds]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_running_out_of_ports_is_named(with_few_ports: Any) -> None:
    """In the table and in the test's own error: closed connections hold theirs for a minute."""
    result = with_few_ports(40)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout + result.stderr
    assert "void: anew, threads: there was no port left to connect from (EADDRNOTAVAIL)" in result.stdout
    assert "net.ipv4.ip_local_port_range" in result.stdout


def test_ports_that_just_sufficed_make_a_trial_void(with_few_ports: Any) -> None:
    """One connection for the first item, and one for each of 20 in the round that warms up and in three timed ones."""
    result = with_few_ports(84)
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout + result.stderr
    assert "void: anew, threads: 81 connections were opened, and there are 84 ports for them" in result.stdout
    assert "1 passed" in result.stdout


def test_ports_in_plenty_are_no_reason(with_few_ports: Any) -> None:
    """The same client, with twice as many."""
    result = with_few_ports(168)
    assert result.returncode == 0, result.stdout + result.stderr
