"""The client's end of a server process: starts it, sends commands over its pipe, ends it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from timetrial.errors import MockServerError

# Generous, for machines that are busy with something else; a healthy server needs a tenth of a second.
_START_S = 60.0
_ANSWER_S = 60.0
_END_S = 5.0


class Channel:
    """One server process and the pipe to it, which nothing else can reach and no request passes through."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._lock = threading.Lock()
        # -P: a module in the current directory must not be taken for one of the standard library.
        command = [sys.executable, "-P", "-m", "timetrial.mockserver", str(os.getpid())]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment())
        self.pid = self._process.pid
        self._owner_pid = os.getpid()
        try:
            self.port: int = self._ask(settings, _START_S)["port"]
        except BaseException:
            self.close()
            raise

    def ask(self, command: str, *arguments: object) -> Any:
        """The server's answer to a command; raises MockServerError where there is none."""
        return self._ask({"do": command, "with": arguments}, _ANSWER_S)

    def _ask(self, message: object, patience_s: float) -> Any:
        if self._process.stdin is None or self._process.stdin.closed or os.getpid() != self._owner_pid:
            raise MockServerError(
                "this mock server is closed, or was started by another process; use it inside its with block"
            )
        with self._lock:
            answer = json.loads(self._exchange(json.dumps(message).encode() + b"\n", patience_s))
        if "error" in answer:
            raise MockServerError(f"the mock server's process says: {answer['error']}")
        return answer["ok"]

    def _exchange(self, line: bytes, patience_s: float) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answer = _read_line(self._process.stdout, patience_s, self._process.kill)
        except OSError:
            answer = b""
        if not answer:
            status = self._process.wait(_END_S)
            raise MockServerError(
                f"the mock server's process ended with status {status} instead of answering within "
                f"{patience_s:g} s; its standard error says why"
            )
        return answer

    def close(self) -> None:
        """Ends the process and waits for it; may be called again."""
        if os.getpid() != self._owner_pid:
            return  # a forked copy of this object: the server belongs to the original
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except OSError:
                    continue  # the process is gone, and so is what was still to be written to it
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _read_line(pipe: IO[bytes], patience_s: float, give_up: Callable[[], None]) -> bytes:
    """The next line, or nothing where the other end is gone; one that is not there in time is given up."""
    if sys.platform == "win32":  # where nothing can wait for a pipe with a time-out
        alarm = threading.Timer(patience_s, give_up)
        alarm.daemon = True
        alarm.start()
        try:
            return pipe.readline()
        finally:
            alarm.cancel()
    poll = select.poll()  # and no thread, which would still be ending while the next round is timed
    poll.register(pipe, select.POLLIN)
    line, end = b"", time.monotonic() + patience_s
    while not line.endswith(b"\n"):
        if not poll.poll(max(0.0, end - time.monotonic()) * 1e3):
            give_up()
            return b""
        more = os.read(pipe.fileno(), 1_048_576)
        if not more:
            return b""
        line += more
    return line


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    for name in ("PYTHONDEVMODE", "PYTHONASYNCIODEBUG"):
        environment.pop(name, None)  # they would make the instrument several times slower
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        environment["PYTHON_GIL"] = "1"  # one thread does the work here, and httptools wants the lock
    return environment
