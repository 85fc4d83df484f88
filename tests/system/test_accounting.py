"""The accounting round on known loads: what real processes were told to use is what comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from timetrial.errors import AccountingError
from timetrial.measure.processes.sampler import Sampler
from timetrial.measure.processes.usage import Accounting, RoleUsage

MB = 1_000_000
BURN_S = 0.6

PRELUDE = """
import os, socket, subprocess, sys, threading, time

def say(word):
    print(word, flush=True)
    sys.stdin.readline()

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

say("ready")
"""


class Load:
    """A process that does what its script says between two lines from its standard input."""

    def __init__(self, script: str) -> None:
        code = PRELUDE + textwrap.dedent(script) + "\nsay('done')\n"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.expect("ready")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def expect(self, word: str) -> None:
        """Waits until it says that word."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == word

    def go(self) -> None:
        """Lets it go on to its next word."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Kills it and takes back all it held."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Callable[[str], Load]]:
    """Starts loads, and ends them with the test."""
    with ExitStack() as stack:

        def start(script: str) -> Load:
            load = Load(script)
            stack.callback(load.end)
            return load

        yield start


def account(*loads: Load) -> Accounting:
    """Runs the loads at once, as workers."""
    with Sampler() as sampler:
        sampler.watch([load.pid for load in loads], "worker")
        sampler.start()
        for load in loads:
            load.go()
        for load in loads:
            load.expect("done")
        return sampler.stop()


def usage_of(*loads: Load) -> RoleUsage:
    """What the loads used, all together."""
    return account(*loads).roles["worker"]


def test_a_known_cpu_time_comes_back_within_5_percent(start: Callable[[str], Load]) -> None:
    """However busy the machine is: CPU time is the process's own."""
    assert usage_of(start(f"burn({BURN_S})")).cpu_s == pytest.approx(BURN_S, rel=0.05)


def test_the_cpu_time_of_threads_comes_back_too(start: Callable[[str], Load]) -> None:
    """Also of a thread that has ended by then."""
    load = start(f"thread = threading.Thread(target=burn, args=({BURN_S},)); thread.start(); thread.join()")
    usage = usage_of(load)
    assert usage.cpu_s == pytest.approx(BURN_S, rel=0.05)
    assert usage.threads_max >= 1


def test_the_cpu_time_of_a_child_process_comes_back_too(start: Callable[[str], Load]) -> None:
    """Whether it still lives or was waited for; here it was. A Python that starts costs some CPU time of its own."""
    code = f"import time\nwhile time.process_time() < {BURN_S}: pass"
    usage = usage_of(start(f"subprocess.run([sys.executable, '-S', '-c', {code!r}], check=True)"))
    assert BURN_S * 0.95 <= usage.cpu_s <= BURN_S * 1.05 + 0.1


def test_known_memory_comes_back_within_2_mb(start: Callable[[str], Load]) -> None:
    """50 MB, each page touched, and the kind of figure is told."""
    usage = usage_of(start(f"block = bytearray({50 * MB}); block[::1024] = b'x' * len(block[::1024])"))
    assert usage.memory_peak_bytes - usage.memory_start_bytes == pytest.approx(50 * MB, abs=2 * MB)
    assert usage.memory_kind == ("pss" if sys.platform == "linux" else "uss")


def test_memory_that_is_given_back_before_the_end_is_seen_at_its_peak(start: Callable[[str], Load]) -> None:
    """It is held for as long as a sampler that keeps to its allowance needs to see it."""
    load = start(
        f"""
        block = bytearray({50 * MB}); block[::1024] = b'x' * len(block[::1024])
        time.sleep(0.5)
        del block
        """
    )
    usage = usage_of(load)
    assert usage.memory_peak_bytes - usage.memory_start_bytes == pytest.approx(50 * MB, abs=2 * MB)


def test_sleep_costs_next_to_no_cpu_time(start: Callable[[str], Load]) -> None:
    """And its waits are voluntary context switches."""
    usage = usage_of(start("for _ in range(25): time.sleep(0.01)"))
    assert usage.cpu_s < 0.05
    assert 25 <= usage.switches_voluntary < 100


def test_threads_sockets_and_processes_are_counted(start: Callable[[str], Load]) -> None:
    """Four more threads, three sockets, one more process, all there at the end of the round."""
    load = start(
        """
        for _ in range(4): threading.Thread(target=threading.Event().wait, daemon=True).start()
        sockets = [socket.socket() for _ in range(3)]
        for each in sockets: each.bind(("127.0.0.1", 0)); each.listen()
        child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
        """
    )
    usage = usage_of(load)
    assert (usage.threads_max, usage.sockets_max, usage.processes_max) == (6, 3, 2)


def test_roles_are_kept_apart(start: Callable[[str], Load]) -> None:
    """A busy server is not taken for a busy worker, nor is the client that started both."""
    worker, server = start("pass"), start(f"burn({BURN_S})")
    with Sampler() as sampler:
        sampler.watch([os.getpid()], "client")
        sampler.watch([worker.pid], "worker")
        sampler.watch([server.pid], "server")
        sampler.start()
        for load in (worker, server):
            load.go()
            load.expect("done")
        roles = sampler.stop().roles
    assert roles["server"].cpu_s == pytest.approx(BURN_S, rel=0.05)
    assert roles["worker"].cpu_s < 0.05
    assert roles["client"].cpu_s < 0.2
    assert roles["server"].processes_max == roles["worker"].processes_max == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there the sampler's pipe takes a thread to wait for")
def test_the_instruments_are_not_counted_with_what_they_measure(start: Callable[[str], Load]) -> None:
    """A client that does nothing else has one thread and is one process, as it is without a sampler."""
    client = start(
        """
        from timetrial.measure.processes.sampler import Sampler
        with Sampler() as sampler:
            sampler.watch([os.getpid()], "client")
            sampler.start()
            usage = sampler.stop().roles["client"]
        print(usage.threads_max, usage.processes_max, flush=True)
        """
    )
    client.go()
    client.expect("1 1")


def test_a_process_can_be_told_of_while_the_round_runs(start: Callable[[str], Load]) -> None:
    """It counts from then on."""
    load = start(f"burn({BURN_S})")
    with Sampler() as sampler:
        sampler.watch([os.getpid()], "client")
        sampler.start()
        sampler.watch([load.pid], "worker")
        load.go()
        load.expect("done")
        assert sampler.stop().roles["worker"].cpu_s == pytest.approx(BURN_S, rel=0.05)


def test_one_sampler_serves_several_rounds(start: Callable[[str], Load]) -> None:
    """Each with figures of its own."""
    load = start(f"burn({BURN_S}); say('pause')")
    with Sampler() as sampler:
        sampler.watch([load.pid], "worker")
        sampler.start()
        load.go()
        load.expect("pause")
        assert sampler.stop().roles["worker"].cpu_s > BURN_S * 0.95
        sampler.start()
        load.go()
        load.expect("done")
        assert sampler.stop().roles["worker"].cpu_s < 0.05


def test_a_process_that_dies_in_the_round_is_noted(start: Callable[[str], Load]) -> None:
    """The figures of the others come back all the same."""
    load, victim = start(f"burn({BURN_S})"), start("os.kill(os.getpid(), 9)")
    with Sampler() as sampler:
        sampler.watch([load.pid, victim.pid], "worker")
        sampler.start()
        victim.go()
        victim.process.wait()
        load.go()
        load.expect("done")
        accounting = sampler.stop()
    assert accounting.notes == (f"worker process {victim.pid} ended during the round; its last sample counts",)
    assert accounting.roles["worker"].cpu_s == pytest.approx(BURN_S, rel=0.05)


@pytest.mark.parametrize("processes", [1, 16])
def test_the_sampler_stays_under_2_percent_of_a_core(start: Callable[[str], Load], processes: int) -> None:
    """By its own process's CPU clock, which the operating system keeps; it looks less often where that costs more."""
    accounting = account(*[start("time.sleep(1.5)") for _ in range(processes)])
    assert accounting.wall_s >= 1.5
    assert 0 < accounting.sampler.core_share < 0.02
    assert accounting.sampler.samples >= 2
    assert accounting.roles["worker"].processes_max == processes


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("fork", ["", "if os.fork() == 0: time.sleep(60); os._exit(0)"])
def test_the_sampler_ends_when_its_parent_is_killed(start: Callable[[str], Load], fork: str) -> None:
    """Even by kill -9, and even while a forked child of the parent holds the pipe open."""
    parent = start(
        f"""
        from timetrial.measure.processes.sampler import Sampler
        with Sampler() as sampler:
            sampler.watch([os.getpid()], "client")
            sampler.start()
            {fork}
            print(sampler.pid, flush=True)
            time.sleep(60)
        """
    )
    parent.go()
    assert parent.process.stdout is not None
    sampler_pid = int(parent.process.stdout.readline())
    others = children_of(parent.pid) - {sampler_pid}
    ended = when_ended(sampler_pid)
    try:
        parent.process.kill()
        assert ended.wait(timeout=10)
    finally:
        for pid in others:
            os.kill(pid, signal.SIGKILL)


def children_of(pid: int) -> set[int]:
    """The processes that this one has started."""
    from timetrial.measure.processes.table import open_table

    return {child for child, parent in open_table().parents().items() if parent == pid}


def when_ended(pid: int) -> threading.Event:
    """Set once that process, which is none of ours to wait for, is gone or a zombie; given up after 20 s."""
    from timetrial.measure.processes.table import open_table

    table, ended, pace = open_table(), threading.Event(), threading.Event()

    def look() -> None:
        for _ in range(2_000):
            try:
                if table.glance(pid).threads == 0:
                    break
            except ProcessLookupError:
                break
            pace.wait(0.01)
        else:
            return
        ended.set()

    threading.Thread(target=look, daemon=True).start()
    return ended


def test_a_sampler_that_was_never_started_says_so() -> None:
    """Instead of figures about nothing."""
    with Sampler() as sampler, pytest.raises(AccountingError, match=r"call start\(\) first"):
        sampler.stop()


def test_an_unknown_role_is_refused_by_name() -> None:
    """With the roles that there are."""
    with Sampler() as sampler, pytest.raises(AccountingError, match="client, worker, server"):
        sampler.watch([1], "boss")  # type: ignore[arg-type]  # the mistake under test


def test_a_sampler_that_was_killed_is_an_error_and_no_hang() -> None:
    """It names the exit."""
    with Sampler() as sampler:
        sampler.watch([os.getpid()], "client")
        sampler.start()
        os.kill(sampler.pid, signal.SIGTERM)
        with pytest.raises(AccountingError, match="exit code"):
            sampler.stop()


def test_outside_its_with_block_a_sampler_says_how_to_use_it() -> None:
    """Before it and after it."""
    with pytest.raises(AccountingError, match="inside its with block"):
        Sampler().start()
