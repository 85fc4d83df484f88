"""The serve workload: every answer is proved, a call that fails is named, and the load generator drives honestly."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from benchmarks.test_serve import SERVE
from fixtures import load_generator
from fixtures.children import Child
from fixtures.service import BACKLOG, Call, call_of, response
from tests.system.workloads.proving import notes_of, prove
from timetrial import models
from timetrial.errors import VoidTrialError, WorkerDiedError

pytestmark = pytest.mark.timeout(120)

MODELS = models.model_ids(SERVE)
CALLS = [Call(key, 1, 100) for key in range(6)]


@pytest.mark.parametrize("model", MODELS)
def test_a_wrong_answer_voids_the_trial(model: str) -> None:
    """The digest is of the bodies, in the calls' order; how long they took may differ."""
    prove(SERVE, model, CALLS)
    with pytest.raises(VoidTrialError, match="the result of item 5"):
        prove(SERVE, model, CALLS, done=[*CALLS[:5], Call(5, 1, 99)])


@pytest.mark.parametrize("model", MODELS)
def test_a_call_that_fails_is_named(model: str) -> None:
    """With what the service said of it."""
    wrong = Call(9, burn_iterations="many")  # type: ignore[arg-type]
    with pytest.raises(Exception, match="answered 500") as failure:
        prove(SERVE, model, CALLS, done=[*CALLS[:5], wrong])
    assert repr(wrong) in notes_of(failure.value)
    assert f"under {models.split(model)[0]!r}" in notes_of(failure.value)


@pytest.mark.parametrize("model", MODELS)
def test_the_processes_that_serve_are_named(model: str) -> None:
    """For the accounting round, which else would take the service for costing nothing; the load generator is none."""
    name, variant = models.split(model)
    with models.get(name).open(SERVE.variant(variant), 4) as executor:
        others = [pid for pid in executor.worker_pids() if pid != os.getpid()]
        assert len(others) == executor.details["workers"]


@pytest.mark.parametrize("model", [each for each in MODELS if each != "serial"])
def test_connections_are_served_at_once(model: str) -> None:
    """Eight calls that wait take far less than eight waits; one after the other takes them all."""
    name, variant = models.split(model)
    with models.get(name).open(SERVE.variant(variant), 8) as executor:
        executor.run([Call(0)])
        began_s = time.perf_counter()
        executor.run([Call(key, 200) for key in range(8)])
    assert time.perf_counter() - began_s < 8 * 0.2 * 0.75


def test_a_server_that_dies_is_an_error() -> None:
    """It names the process, and nobody waits for its answers."""
    with pytest.raises(WorkerDiedError, match=r"worker process \d+ of 'threads' ended .* while serving"):
        kill_the_server_while_it_serves()


def kill_the_server_while_it_serves() -> None:
    """In the middle of a round."""
    with models.get("threads").open(SERVE, 4) as executor:
        pid = next(pid for pid in executor.worker_pids() if pid != os.getpid())
        threading.Timer(0.2, os.kill, (pid, getattr(signal, "SIGKILL", signal.SIGTERM))).start()
        executor.run([Call(key, 20) for key in range(500)])


def test_a_call_is_what_its_path_says() -> None:
    """There and back."""
    call = Call(12, 0.5, 3000)
    assert call_of(call.path) == call


@contextmanager
def serving(answer: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers each request by this function; gives its port, and what each connection asked."""
    asked: list[bytes] = []

    def converse(client: socket.socket) -> None:
        with client:
            while head := client.recv(65_536):
                asked.append(head)
                answer(client, head)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], asked
        with suppress(OSError):  # not every system ends a listener so; closing it does
            listener.shutdown(socket.SHUT_RDWR)


def test_the_generator_puts_answers_together_and_keeps_their_order() -> None:
    """However they arrive, and whoever is first."""

    def in_pieces(client: socket.socket, head: bytes) -> None:
        path = head.split(b" ")[1]
        if path == b"/0":
            time.sleep(0.1)
        for piece in (b"HTTP/1.1 201 Created\r\ncontent-le", b"ngth: 4\r\n\r\n", path + b"--"):
            client.sendall(piece)
            time.sleep(0.01)

    paths = [f"/{number}" for number in range(6)]
    with serving(in_pieces) as (port, asked), Child("load", load_generator.serve, [port], 3) as generator:
        for _ in range(2):
            load = generator.ask(paths)
            assert [(each.status, each.body) for each in load.responses] == [(201, f"{p}--".encode()) for p in paths]
            assert load.responses[0].latency_s > 0.1
            assert 0 < load.cpu_s < load.wall_s
    assert len(asked) == 12


def test_the_generator_shares_its_connections_out_to_all_ports() -> None:
    """As a load balancer would: with as many on each."""

    def answer(client: socket.socket, _head: bytes) -> None:
        time.sleep(0.05)
        client.sendall(response("200 OK", b""))

    with serving(answer) as (one, asked_of_one), serving(answer) as (other, asked_of_other):
        with Child("load", load_generator.serve, [one, other], 4) as generator:
            generator.ask(["/"] * 4)
        assert (len(asked_of_one), len(asked_of_other)) == (2, 2)


def test_a_lost_connection_is_no_answer_and_no_wait_without_end() -> None:
    """The others take over what is left to ask; where nobody is left, what wasn't answered says so."""

    def answer(client: socket.socket, head: bytes) -> None:
        if b"/close" in head:
            client.shutdown(socket.SHUT_RDWR)
        else:
            client.sendall(response("200 OK", b"."))

    with serving(answer) as (port, _), Child("load", load_generator.serve, [port], 2) as generator:
        assert [each.status for each in generator.ask(["/close", "/", "/", "/"]).responses] == [0, 200, 200, 200]
        assert [each.status for each in generator.ask(["/", "/close", "/"]).responses] == [200, 0, 0]
