"""The client's end of a server process: starts it, sends commands over its pipe, ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import threading
from itertools import count
from typing import Any

from timetrial.errors import MockServerError
from timetrial.system.json_lines import LateError, Lines

# Generous, for machines that are busy with something else; a healthy server needs a tenth of a second.
_START_S = 60.0
_ANSWER_S = 60.0
_END_S = 5.0


class Channel:
    """One server process and the pipe to it, which nothing else can reach and no request passes through.

    Questions are numbered and answers carry the number, so that an answer which nobody waited for (the question was
    interrupted) is never taken for the next one's.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._end = ""  # why there is no server any more, once that is known
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
        self._process = subprocess.Popen(_command(), env=_environment(), **pipes)
        self._lines = Lines(self._process)
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

    def check_open(self) -> None:
        """Raises MockServerError once the server is closed, and in a forked copy, which has no server."""
        if self._process.stdin is None or self._process.stdin.closed or os.getpid() != self._owner_pid:
            raise MockServerError(
                "this mock server is closed, or was started by another process; use it inside its with block"
            )

    def _ask(self, message: dict[str, Any], patience_s: float) -> Any:
        self.check_open()
        with self._lock:
            number = next(self._numbers)
            answer = self._exchange({**message, "n": number}, number, patience_s)
        if "error" in answer:
            raise MockServerError(f"the mock server's process says: {answer['error']}")
        return answer["ok"]

    def _exchange(self, message: dict[str, Any], number: int, patience_s: float) -> dict[str, Any]:
        try:
            with self._lines.patience(patience_s):
                # The first line end finishes what an interrupted question may have left half written.
                self._lines.send(b"\n" + json.dumps(message).encode() + b"\n")
                while True:
                    answer: dict[str, Any] = json.loads(self._lines.receive())
                    if answer["n"] == number:
                        return answer
        except LateError:
            self._end = f"did not answer within {patience_s:g} s and was ended"
        except TimeoutError:
            raise  # not the pipe's, but of an alarm that the test has set
        except OSError:
            self._end = self._end or self._how_it_ended()
        raise MockServerError(f"the mock server's process {self._end}")

    def _how_it_ended(self) -> str:
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return "closed its pipe without ending, and was ended"
        return f"ended with status {status} instead of answering; its standard error says why"

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


def _command() -> list[str]:
    # -P: a module in the current directory must not be taken for one of the standard library.
    return [sys.executable, "-P", "-m", "timetrial.mockserver", str(os.getpid())]


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    for name in ("PYTHONDEVMODE", "PYTHONASYNCIODEBUG"):
        environment.pop(name, None)  # they would make the instrument several times slower
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        environment["PYTHON_GIL"] = "1"  # one thread does the work here, and httptools wants the lock
    return environment
