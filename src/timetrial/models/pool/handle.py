"""One worker process as its parent sees it: its pipe, its state, its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Protocol

from timetrial.errors import TimetrialError, WorkerDiedError, WorkloadError
from timetrial.models.pool import protocol
from timetrial.system.clocks import clocks
from timetrial.system.process_group import kill_group_of
from timetrial.system.signals import name_of

_EXIT_CODE_S = 2.0
"""How long the exit code of a process whose pipe has closed may take to arrive."""


class Named(Protocol):
    """What a worker's name and function come from."""

    @property
    def workload(self) -> str:
        """The workload's name."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    @property
    def serve(self) -> str:
        """The function that the worker runs, as ``module:function``."""
        ...


@dataclass(frozen=True)
class LastWords:
    """What a closing worker said: whether it was its last message, and what went wrong."""

    over: bool
    """Whether there is nothing more to come."""
    problem: BaseException | None = None
    """What closing raised, or why the message could not be read."""


@dataclass(eq=False)
class RemoteWorker:
    """A worker process and the parent's end of its pipe.

    ``ranges`` are the items that it was given in this round, ``batches`` how many batches it has not answered,
    ``delivered`` how many results it has sent back.
    """

    process: BaseProcess
    connection: Connection
    """The parent's end."""
    pid: int
    model: str
    """The name of the model that errors tell."""
    sentinel: int
    """Ready once the process has ended."""
    ranges: list[range] = field(default_factory=list)
    batches: int = 0
    delivered: int = 0
    is_lost: bool = False
    """It has died, or a message to it was broken off: there is nothing more to say to it."""
    is_over: bool = False
    """It has said its last message or closed its pipe, and ends by itself."""

    @classmethod
    def start(
        cls,
        context: BaseContext,
        job: Named,
        number: int,
        siblings: Sequence[RemoteWorker],
        main: Callable[..., None],
    ) -> RemoteWorker:
        """Starts the process, which waits for its setup; raises what the system says where it has no room for one."""
        ours, theirs = context.Pipe()
        if os.name != "nt":
            for end in (ours, theirs):
                os.set_blocking(end.fileno(), True)  # gevent's and eventlet's sockets are not
        inherited = [*(sibling.connection for sibling in siblings), ours]
        process: BaseProcess = context.Process(  # type: ignore[attr-defined]  # every concrete context has it
            target=main,
            args=(theirs, inherited if context.get_start_method() == "fork" else [], job.serve),
            name=f"timetrial-{job.workload}-{number}",
            daemon=True,
        )
        try:
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        if process.pid is None:
            raise TimetrialError(f"{process.name} was started and has no process id")
        return cls(process, ours, process.pid, job.model, _sentinel_of(process))

    def send(self, message: memoryview) -> None:
        """Sends one message; raises BrokenPipeError where nobody is there to read it."""
        self.is_lost = True  # until all of it is sent: Ctrl-C may break it off
        try:
            self.connection.send_bytes(message)
        except OSError as error:
            raise BrokenPipeError(str(error)) from error
        self.is_lost = False

    def set_up(self, message: memoryview) -> None:
        """Sends what to run; a worker that has died already is found by await_ready."""
        with suppress(BrokenPipeError):
            self.send(message)

    def await_ready(self) -> dict[str, object]:
        """What the worker reports once its resource is open; raises what kept it from that."""
        wait([self.connection, self.sentinel])
        try:
            message = self.connection.recv_bytes() if self.connection.poll() else b""
        except (EOFError, OSError):
            message = b""
        if not message:
            raise self.death("starting")
        if protocol.kind_of(message) == protocol.READY:
            facts: dict[str, object] = protocol.unpack(message)[0]
            return facts
        self.is_over = True
        raise protocol.unpack_failure(protocol.unpack(message)[1], WorkloadError)

    def death(self, doing: str = "") -> WorkerDiedError:
        """The error that says how this worker ended."""
        self.is_lost = True
        self._has_ended_within(_EXIT_CODE_S)
        when = f" while {doing}" if doing else ""
        return WorkerDiedError(
            f"worker process {self.pid} of {self.model!r} {_ending(self.process.exitcode)}{when}; look for os._exit, "
            f"a crash in an extension module, too little memory, or a script without `if __name__ == '__main__':`"
        )

    def ask_to_close(self) -> None:
        """Has the worker begin nothing more, close its resource and end."""
        if self.is_lost or self.is_over:
            return
        try:
            self.connection.send_bytes(protocol.pack(protocol.CANCEL))
            self.connection.send_bytes(protocol.pack(protocol.CLOSE))
        except OSError:
            self.is_over = True

    def last_words(self) -> LastWords:
        """Reads one message of a closing worker."""
        try:
            message = self.connection.recv_bytes()
        except (EOFError, OSError):
            return LastWords(over=True, problem=self.death("closing its resource"))
        if protocol.kind_of(message) == protocol.CLOSED:
            return LastWords(over=True)
        if protocol.kind_of(message) != protocol.FAILED:
            return LastWords(over=False)
        index, failure = protocol.unpack(message)
        if index is not None:
            return LastWords(over=False)
        return LastWords(over=True, problem=protocol.unpack_failure(failure, WorkloadError))

    def has_ended_by(self, deadline: float) -> bool:
        """Waits until then for the process to end."""
        return self._has_ended_within(0 if self.is_lost else max(0.0, deadline - clocks.monotonic()))

    def terminate_if_running(self) -> None:
        """Asks the system to end the process."""
        if not self._has_ended_within(0):
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Waits for the process until the deadline, kills it then with all it started, and gives back all it held."""
        if not self._has_ended_within(max(0.0, deadline - clocks.monotonic())):
            self.process.kill()
            self.process.join()
        kill_group_of(self.pid)
        self.connection.close()
        if self.sentinel != self.process.sentinel:
            os.close(self.sentinel)
        with suppress(ValueError):  # gevent's loop takes the exit status of every child, so this one seems to run on
            self.process.close()

    def _has_ended_within(self, seconds: float) -> bool:
        """Whether it has. The exit code of a fork server's process arrives a moment later, and is waited for."""
        ended = bool(wait([self.sentinel], seconds))
        if ended and self.process.is_alive():
            self.process.join(_EXIT_CODE_S)
        return ended or not self.process.is_alive()


def _sentinel_of(process: BaseProcess) -> int:
    """What is ready when the process itself has ended; multiprocessing's own may wait for those that it forked."""
    if hasattr(os, "pidfd_open") and process.pid is not None:
        with suppress(OSError):  # an older kernel, or gone already
            return os.pidfd_open(process.pid)
    return process.sentinel


def _ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "closed its pipe"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    return f"was killed by {name_of(-exit_code)}"
