"""One Python in a launch, seen from outside: a fresh process, what it is told, and its end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from timetrial.pythons.interpreter import Interpreter
from timetrial.results.ways import Way
from timetrial.search.findings import SearchMistakeError
from timetrial.search.plan import SearchPlan
from timetrial.system.json_lines import LateError, Lines, Message, NoMessageError, message_in
from timetrial.system.process_group import end_group
from timetrial.system.signals import deferred
from timetrial.system.warden import start

_ENDING_S: Final = 2.0


class SideLostError(Exception):
    """A Python can't go on in this launch; the message says why, as the rest of a sentence that names it."""


class WayFailedError(Exception):
    """One way failed under a Python, which goes on without it; the message says why."""


class PythonSide:
    """Starts the process when it is entered, and leaves nothing of it behind.

    ``hash_seed`` is one for all Pythons of a launch: sets of texts lie alike in all, and anew in each launch.
    """

    def __init__(self, interpreter: Interpreter, plan: SearchPlan, hash_seed: int, output: Path) -> None:
        self.interpreter = interpreter
        self._plan = plan
        self._hash_seed = hash_seed
        self._output = output
        self._stack = contextlib.ExitStack()
        self.python: dict[str, Any] | None = None
        """What it said of itself at its end, as ``PythonIdentity.as_dict``."""

    def __enter__(self) -> PythonSide:
        complaints = self._stack.enter_context(self._output.open("ab"))
        with deferred():
            self._process: subprocess.Popen[bytes] = self._start(complaints)
            self._stack.callback(self._end)
        self._lines = Lines(self._process)
        return self

    def __exit__(self, *_failure: object) -> None:
        self._stack.close()

    def prove(self, patience_s: float) -> list[str]:
        """Has it import the function and call it for the sample; returns each result's digest.

        Raises SideLostError where that can't be.
        """
        line = json.dumps(asdict(self._plan)).encode() + b"\n"
        digests: list[str] = self._ask(line, patience_s, "was importing and calling the function")["digests"]
        return digests

    def open(self, way: Way, patience_s: float) -> None:
        """Starts a way, proves its work and warms it up; raises WayFailedError and SideLostError."""
        self._tell("open", way, patience_s, f"was starting {way}")

    def round(self, way: Way, patience_s: float) -> float:
        """One round, in seconds an item; raises WayFailedError and SideLostError."""
        s_per_item: float = self._tell("round", way, patience_s, f"was running {way}")["s_per_item"]
        return s_per_item

    def close(self, patience_s: float) -> None:
        """Ends what it opened, and hears which Python it was; one that can't say so is ended all the same."""
        with contextlib.suppress(SideLostError):
            self.python = self._ask(b'{"do": "end"}\n', patience_s, "was ending")["python"]

    def _tell(self, do: str, way: Way, patience_s: float, doing: str) -> Message:
        order = {"do": do, "model": way.model, "concurrency": way.concurrency}
        answer = self._ask(json.dumps(order).encode() + b"\n", patience_s, doing)
        if answer["kind"] == "failed":
            raise WayFailedError(answer["reason"])
        return answer

    def _ask(self, line: bytes, patience_s: float, doing: str) -> Message:
        try:
            with self._lines.patience(patience_s):
                self._lines.send(line)
                answer = message_in(self._lines.receive())
        except LateError:
            raise SideLostError(f"hadn't answered after {patience_s:.0f} s, while it {doing}") from None
        except (OSError, NoMessageError):
            raise SideLostError(f"ended while it {doing}{self._last_words()}") from None
        if answer.get("kind") == "trouble":
            raise SideLostError(answer["reason"])
        if answer.get("kind") == "mistake":
            raise SearchMistakeError(answer["traceback"])
        return answer

    def _start(self, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
        return start(
            [str(self.interpreter.path), "-P", "-m", "timetrial.pythons.agent", str(self._output)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            bufsize=0,
            env={**os.environ, "PYTHONHASHSEED": str(self._hash_seed)},
        )

    def _end(self) -> None:
        end_group(self._process, _ENDING_S, ask=self._process.terminate)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._output.read_text(errors="replace").strip().splitlines()
            if lines:
                return f"; the last that it printed: {lines[-1][:200]}"
        return ""
