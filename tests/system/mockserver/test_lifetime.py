"""The server lives as long as its parent, whatever happens to that parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from tests.system.mockserver.plainclient import PlainClient
from tests.waiting import comes_true, still_run
from timetrial.errors import MockServerError
from timetrial.mockserver import MockServer, route

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGKILL nor fork")
GONE_WITHIN_S = 1.0

PARENT = """
    import sys, time
    from timetrial.mockserver import MockServer
    server = MockServer.start()
    print(server.port, *server.pids, flush=True)
    time.sleep(600)
"""
FORKING_PARENT = """
    import os, sys, time
    from timetrial.mockserver import MockServer
    server = MockServer.start()
    child = os.fork()
    if child == 0:
        time.sleep(600)
    print(server.port, *server.pids, child, flush=True)
    time.sleep(600)
"""


def parent(code: str) -> tuple[subprocess.Popen[str], list[int]]:
    """A process that starts a server and tells its port and process id, as code says."""
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as told:
        return process, [int(word) for word in told.readline().split()]


def is_free(port: int) -> bool:
    """Whether the port could be had."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_gone(pid: int) -> bool:
    """Whether there is no such process any more, or only what its parent has not yet read of it."""
    return not still_run([pid])


@ON_POSIX
def test_a_killed_parent_takes_its_server_along_twenty_times() -> None:
    """SIGKILL: the server is gone within a second, and the port is free."""
    parents = [parent(PARENT) for _ in range(20)]
    for process, (port, pid) in parents:
        assert answers(port)
        process.kill()
        killed = time.monotonic()
        process.wait()
        assert comes_true(lambda pid=pid: is_gone(pid), GONE_WITHIN_S), f"{time.monotonic() - killed:.1f} s"  # type: ignore[misc] # mypy can't infer a lambda's default
        assert comes_true(lambda port=port: is_free(port), GONE_WITHIN_S)  # type: ignore[misc] # as above


@ON_POSIX
def test_a_parent_killed_while_the_server_starts_takes_it_along() -> None:
    """There is no moment in which the server could be orphaned."""
    psutil = pytest.importorskip("psutil")
    for pause_s in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3):
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(PARENT)], stdout=subprocess.DEVNULL)
        time.sleep(pause_s)
        children = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
        for child in children:
            assert comes_true(lambda child=child: is_gone(child.pid), GONE_WITHIN_S)  # type: ignore[misc] # as above


@ON_POSIX
def test_a_forked_copy_of_the_parent_does_not_keep_the_server_alive() -> None:
    """It holds the pipe open, so the server looks at who its parent is as well."""
    process, (_, pid, child) = parent(FORKING_PARENT)
    process.kill()
    process.wait()
    try:
        assert comes_true(lambda: is_gone(pid), GONE_WITHIN_S)
        assert not is_gone(child)
    finally:
        os.kill(child, signal.SIGKILL)


@ON_POSIX
def test_a_killed_parent_leaves_no_private_key_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server removes the folder that its parent made, also where there are several processes."""
    pytest.importorskip("trustme", reason="trustme is not installed here; install timetrial[tls]")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for options in ('tls="trusted"', 'tls="trusted", processes=2'):
        process, (_, *pids) = parent(PARENT.replace("start()", f"start({options})"))
        assert [file.name for file in tmp_path.glob("timetrial-*/server.pem")] == ["server.pem"]
        process.kill()
        process.wait()
        for pid in pids:
            assert comes_true(lambda pid=pid: is_gone(pid), GONE_WITHIN_S)  # type: ignore[misc] # as above
        assert list(tmp_path.iterdir()) == []


@ON_POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_whole_group_leaves_no_private_key_behind(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a terminal that is closed, or ``timeout``, sends it: the server ends by it, and takes the folder along."""
    pytest.importorskip("trustme", reason="trustme is not installed here; install timetrial[tls]")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process, (_, pid) = parent(PARENT.replace("start()", 'start(tls="trusted")'))
    for each in (pid, process.pid):  # the server first: its parent can't be the one that cleans up
        os.kill(each, number)
    process.wait()
    assert comes_true(lambda: is_gone(pid), GONE_WITHIN_S)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_closed_leaves_no_private_key_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever of the two removes the folder."""
    pytest.importorskip("trustme", reason="trustme is not installed here; install timetrial[tls]")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with MockServer.start(tls="trusted") as server:
        assert server.ca_file.exists()
    assert list(tmp_path.iterdir()) == []


HANGING_PARENT = """
    import os, socket, sys, time
    from timetrial.mockserver import MockServer, channel
    hanging = "import sys, time; from timetrial.mockserver.server import process, targets; "
    hanging += "targets._KINDS['page'] = lambda *_: time.sleep(600); process.main(sys.argv[1:])"
    channel._command = lambda: [sys.executable, "-P", "-c", hanging, str(os.getpid())]
    server = MockServer.start()
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(f"GET {server.page()} HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n".encode())
    time.sleep(0.3)
    print(server.port, *server.pids, flush=True)
    time.sleep(600)
"""


@ON_POSIX
def test_a_server_that_is_busy_for_seconds_ends_with_its_parent_too() -> None:
    """Its event loop does something that takes for ever, and looks at nothing else."""
    process, (port, pid) = parent(HANGING_PARENT)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.3) as client:
            client.sendall(b"GET /page/1/0 HTTP/1.1\r\nHost: here\r\n\r\n")
            with pytest.raises(TimeoutError):
                client.recv(1)
    finally:
        process.kill()
        process.wait()
    assert comes_true(lambda: is_gone(pid), GONE_WITHIN_S)


@ON_POSIX
def test_ctrl_c_is_the_parents_to_handle() -> None:
    """A terminal sends it to the server as well, which goes on until its parent says so."""
    with MockServer.start() as server:
        os.kill(server.pids[0], signal.SIGINT)
        client = PlainClient(server.port)
        assert client.get(server.page(10)).status == 200
        client.close()


def test_a_closed_server_says_so() -> None:
    """Closing twice is allowed, asking afterwards is an error that names the cause."""
    server = MockServer.start()
    pid = server.pids[0]
    server.close()
    server.close()
    assert is_gone(pid)
    for ask in (server.counters, server.refused, server.scope().__enter__, server.refusing().__enter__):
        with pytest.raises(MockServerError, match="this mock server is closed"):
            ask()


def test_a_server_that_dies_is_reported() -> None:
    """Not waited for."""
    psutil = pytest.importorskip("psutil")
    with MockServer.start() as server:
        psutil.Process(server.pids[0]).kill()
        with pytest.raises(MockServerError, match="ended with status"):
            server.counters()


def test_what_cannot_be_started_says_why() -> None:
    """The port that is taken, the option that does not exist."""
    with MockServer.start() as server, pytest.raises(MockServerError, match=r"in use|10048|10013"):
        MockServer.start(port=server.port)
    with pytest.raises(MockServerError, match="no event loop 'trio'"):
        MockServer.start(loop="trio")  # type: ignore[arg-type] # the mistake that is tested
    with pytest.raises(MockServerError, match="no limit 'lines'"):
        MockServer.start(limits={"lines": 3})
    with pytest.raises(MockServerError, match="no tls='yes'"):
        MockServer.start(tls="yes")  # type: ignore[arg-type] # the mistake that is tested


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"limits": 5}, 'limits= takes a mapping such as {"head_bytes": 8192}, not 5'),
        ({"limits": {"head_bytes": 1.5}}, "head_bytes= takes an integer from 0 to 4398046511104, not 1.5"),
        ({"site": [1]}, "site= takes a TOML file or a list of route(), not 1"),
        ({"site": 5}, "site= takes a TOML file or a list of route(), not 5"),
        (
            {"site": [route("/a"), route("/b*"), route("/a", methods=["POST"])]},
            "route /a is declared twice; a path has one route, for all of its methods",
        ),
        ({"port": "80"}, "port= takes an integer from 0 to 65535, not '80'"),
        ({"processes": True}, "processes= takes an integer from 1 to 256, not True"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    """With what they take, and before any process is started."""
    with pytest.raises(MockServerError) as caught:
        MockServer.start(**settings)
    assert str(caught.value) == message


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux spreads connections over the sockets of one port")
def test_several_processes_share_one_port() -> None:
    """And are counted together."""
    with MockServer.start(processes=2) as server:
        with server.expect(requests_completed=40, connections_opened=40):
            for _ in range(40):
                client = PlainClient(server.port)
                client.get(server.page(10))
                client.close()
        assert len(server.pids) == 2
        assert server.counters().processes == 2
        per_process = [channel.ask("counters", None)["opened"] for channel in server._channels]
        assert min(per_process) > 0


def test_it_listens_on_loopback_only(server: MockServer) -> None:
    """Nobody else on the network can reach it."""
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(server.pids[0])
    listening = [c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]
