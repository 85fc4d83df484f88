"""The client's end of the sampler: starts its process, tells it whom to watch, gets the accounting back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Self

from timetrial.errors import AccountingError
from timetrial.measure.processes.usage import ROLES, Accounting, Role
from timetrial.system import own_package
from timetrial.system.json_lines import LateError, Lines, Message, line_of, message_in

# Generous, for machines that are busy with something else; a healthy sampler needs a tenth of a second.
_ANSWER_S = 60.0
_END_S = 5.0

# Written so that a module in the current directory is never taken for one of the standard library, and so that the
# process finds this package wherever its parent has it from.
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[2]); "
    "import timetrial.measure.processes.sampler_process as s; s.main(int(sys.argv[1]))"
)


class Sampler:
    """Samples from outside, in a process of its own, what the processes of an accounting round use.

    As in::

        with Sampler() as sampler:
            sampler.watch([os.getpid()], "client")
            sampler.watch(executor.worker_pids(), "worker")
            sampler.start()
            executor.run(items)
            accounting = sampler.stop()

    It looks every ``interval_s``, and less often where that would cost it 2 % of a core. Processes that a watched
    one starts are counted with it; a process that is told twice belongs to the role told last. It can be started
    again for another round, and ends with its with block or with the process that began it.
    """

    def __init__(self, *, interval_s: float = 0.010) -> None:
        self._interval_s = interval_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The sampler's own process; raises AccountingError where it is not running."""
        return self._running().pid

    def __enter__(self) -> Self:
        root = str(own_package.FOLDER.parent)
        command = [sys.executable, "-P", "-c", _PROGRAM, str(os.getpid()), root]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._lines = Lines(self._process)
        try:
            self._exchange(None)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def watch(self, pids: Iterable[int], role: Role) -> None:
        """Counts these processes under the role: from the next start, or from now on while a round is running.

        Raises AccountingError for another role than client, worker and server, and where the sampler is gone.
        """
        if role not in ROLES:
            raise AccountingError(f"there is no role {role!r}; a process is one of: {', '.join(ROLES)}")
        self._ask({"do": "watch", "pids": list(pids), "role": role})

    def start(self) -> None:
        """Reads everything once and begins to sample; when it returns, the round may begin. Raises AccountingError."""
        self._ask({"do": "start", "interval_s": self._interval_s})

    def end_stretch(self) -> None:
        """Between two rounds: what follows has a peak of memory of its own. Raises AccountingError."""
        self._ask({"do": "end_stretch"})

    def stop(self) -> Accounting:
        """Reads everything once more; raises AccountingError where nothing was started, or the sampler is gone."""
        return Accounting.from_dict(self._ask({"do": "stop"}))

    def close(self) -> None:
        """Ends the sampler; may be called again."""
        process, self._process = self._process, None
        if process is None or process.stdin is None or process.stdout is None:
            return
        with suppress(BrokenPipeError):  # it may have ended already
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise AccountingError("this sampler is not running; use it inside its with block")
        return self._process

    def _ask(self, message: Message) -> Any:
        self._running()
        return self._exchange(message)

    def _exchange(self, message: Message | None) -> Any:
        """The answer to a message, or what the process says first."""
        try:
            with self._lines.patience(_ANSWER_S):
                if message is not None:
                    self._lines.send(line_of(message))
                answer = message_in(self._lines.receive())
        except TimeoutError:
            raise  # not the pipe's, but of an alarm that the test has set
        except (OSError, LateError) as error:
            raise AccountingError(self._gone()) from error
        if "error" in answer:
            raise AccountingError(f"the sampler's process says: {answer['error']}")
        return answer["ok"]

    def _gone(self) -> str:
        process = self._running()
        process.kill()  # one that has closed its pipes or is silent is of no use any more
        return (
            f"the sampler's process {process.pid} ended with exit code {process.wait()} or did not answer for "
            f"{_ANSWER_S:.0f} s; what it wrote to standard error says why, so run the round again without other load"
        )
