"""The pipe to the server's process: whatever interrupts it, each question gets its own answer."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.errors import MockServerError
from timetrial.mockserver import MockServer, channel, route
from timetrial.mockserver.channel import Channel
from timetrial.mockserver.server.control import Answers

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows can't stop a process or set an alarm")
PIPE_BYTES = 65_536


@contextmanager
def interrupted(after_s: float, how: type[BaseException] = KeyboardInterrupt) -> Iterator[None]:
    """What runs in the block is interrupted, as by Ctrl-C or a test's own alarm."""

    def interrupt(*_: object) -> None:
        raise how

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        with pytest.raises(how):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process stands still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def ask_for_many_pages(server: MockServer, pages: int) -> None:
    """Requests for so many paths, over one connection."""
    client = PlainClient(server.port)
    for start in range(0, pages, 50):
        for key in range(start, start + 50):
            client.ask(server.page(1, key=key))
        for _ in range(50):
            assert client.answer().status == 200
    client.close()


@ON_POSIX
def test_an_interrupted_question_leaves_its_answer_to_nobody() -> None:
    """The next one gets its own, however often that happens."""
    with MockServer.start() as server:
        for how in (KeyboardInterrupt, TimeoutError, KeyboardInterrupt):
            with stopped(server.pids[0]), interrupted(0.05, how):
                server.journal()
        assert server.counters().requests_arrived == 0
        assert server.journal().by_path == {}


@ON_POSIX
def test_a_question_that_was_half_written_does_no_harm() -> None:
    """One larger than the pipe, to a server that stands still."""
    with MockServer.start() as server:
        with stopped(server.pids[0]), interrupted(0.1):
            server._channels[0].ask("counters", "x" * 20 * PIPE_BYTES)
        assert server.counters().requests_arrived == 0


@ON_POSIX
def test_large_answers_and_small_ones_never_mix() -> None:
    """Also where the large one was interrupted while it was being read or written."""
    with MockServer.start() as server:
        ask_for_many_pages(server, 4000)
        for after_s in (0.002, 0.004, 0.008, 0.016):
            with stopped(server.pids[0]), interrupted(after_s):
                server.journal()
            assert server.counters().requests_completed == 4000
        assert len(server.journal().by_path) == 4000


def test_an_answer_may_be_larger_than_a_pipe() -> None:
    """A journal of thousands of paths."""
    with MockServer.start() as server:
        ask_for_many_pages(server, 5000)
        journal = server.journal()
        assert len(str(journal.by_path)) > PIPE_BYTES
        assert set(journal.by_path.values()) == {1}


def test_answers_leave_in_order_whatever_their_size() -> None:
    """A small one waits for the large one before it, which the reader takes its time with."""
    out, into = os.pipe()
    answers = Answers(into)
    large = "x" * 5 * PIPE_BYTES
    for message in (1, large, 2, 3):
        answers.put(message)
    data = b""
    while data.count(b"\n") < 4:
        data += os.read(out, 4096)
    assert data.decode() == f'1\n"{large}"\n2\n3\n'
    os.close(out)
    os.close(into)


def test_settings_may_be_larger_than_a_pipe() -> None:
    """Megabytes of declared bodies."""
    body = os.urandom(3_000_000)
    with MockServer.start(site=[route("/large", body=body)]) as server:
        client = PlainClient(server.port)
        assert client.get(server.at("/large")).body == body
        client.close()


@ON_POSIX
def test_a_server_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says that, and no more than that; later questions say it too."""
    monkeypatch.setattr(channel, "_ANSWER_S", 0.2)
    with MockServer.start() as server, stopped(server.pids[0]):
        for _ in range(2):
            with pytest.raises(MockServerError) as caught:
                server.counters()
            assert str(caught.value) == "the mock server's process did not answer within 0.2 s and was ended"


def in_its_stead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Another program is started instead of the server."""
    monkeypatch.setattr(channel, "_command", lambda: [sys.executable, "-c", code])


def test_large_settings_to_a_server_that_hangs_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing has the same time-out as reading."""
    in_its_stead(monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr(channel, "_START_S", 0.5)
    with pytest.raises(MockServerError, match=r"did not answer within 0\.5 s and was ended"):
        MockServer.start(site=[route("/large", body=b"x" * 20 * PIPE_BYTES)])


def test_a_server_that_crashes_at_once_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its status, and without a time-out that it never came to."""
    in_its_stead(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(MockServerError) as caught:
        MockServer.start()
    assert str(caught.value) == (
        "the mock server's process ended with status 3 instead of answering; its standard error says why"
    )


def test_a_mistake_in_the_server_leaves_its_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    """Next to the error here: settings that nobody checked are a crash, and no port that is taken."""
    settings = {"loop": "asyncio", "port": 0, "shared": False, "certificate": "", "folder": "", "routes": []}
    settings |= {"address": "127.0.0.1", "prefix": ""}
    with pytest.raises(MockServerError, match="process says: TypeError: "):
        Channel({**settings, "limits": {"nothing": 1}})
    assert "Traceback" in capfd.readouterr().err


def test_a_server_that_closes_its_pipe_and_goes_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for its end has an end too."""
    in_its_stead(monkeypatch, "import os, time; os.close(1); time.sleep(600)")
    monkeypatch.setattr(channel, "_END_S", 0.2)
    with pytest.raises(MockServerError, match="closed its pipe without ending, and was ended"):
        MockServer.start()
