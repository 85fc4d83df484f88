"""One side's pytest, seen from the gate: a process, its conversation, and its end."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from timetrial.errors import SideDownError
from timetrial.gate.lockstep.channel import Channel, ChannelClosedError, Message
from timetrial.gate.lockstep.heard import understood
from timetrial.gate.sides.git import failure
from timetrial.gate.sides.make import Side
from timetrial.system.credentials import without_secrets
from timetrial.system.process_group import kill_group
from timetrial.system.signals import name_of
from timetrial.system.warden import start

FAREWELL_S: Final = 5.0  # for pytest to close its fixtures once the gate has hung up
_TAIL_LINES: Final = 15


class SideProcess:
    """A fresh interpreter that runs pytest for one side; what it prints goes to ``log``."""

    def __init__(self, side: Side, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.side = side
        self._log = log
        self._listens = True
        self._channel: Channel | None = None
        try:
            with log.open("wb") as output:
                # A group of its own: Ctrl-C reaches the gate alone, and the group can be ended as a whole.
                self._process = start(
                    [str(side.python), *command],
                    cwd=side.root,
                    env={**side.variables(), **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
        except OSError as error:
            said = error.strerror or str(error)
            raise failure(f"can't start the {side.name} side, {side.python}: {said}", said) from error

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    @property
    def joined(self) -> bool:
        """Whether it has been heard of."""
        return self._channel is not None

    def has_news(self, timeout_s: float) -> bool:
        """Whether it has said something, or gone, at the latest after this time."""
        assert self._channel is not None
        return self._channel.has_news(timeout_s)

    def connect(self, channel: Channel) -> None:
        """The conversation with this process."""
        self._channel = channel

    def ask(self, timeout_s: float, **message: Any) -> Message:
        """Says something and waits for the answer; raises SideDownError without one."""
        self.say(**message)
        return self.hear(timeout_s)

    def say(self, **message: Any) -> None:
        """Says something; raises SideDownError if nobody is there."""
        assert self._channel is not None
        try:
            self._channel.send(**message)
        except ChannelClosedError as error:
            raise self.down() from error

    def hear(self, timeout_s: float) -> Message:
        """The next message; raises SideDownError where none comes in time, and GateError for one that means nothing."""
        assert self._channel is not None
        try:
            return understood(self._channel.receive(timeout_s), f"the {self.side.name} side")
        except TimeoutError:
            name = self.side.name
            self._listens = False
            raise SideDownError(name, f"the {name} side said nothing for {timeout_s:.0f} s (patience_s)") from None
        except ChannelClosedError as error:
            raise self.down() from error

    def down(self) -> SideDownError:
        """The error that tells how this process ended, with the last that it printed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(FAREWELL_S)
        return SideDownError(self.side.name, f"the {self.side.name} side {self._how_it_ended()}{self._last_words()}")

    def hang_up(self) -> None:
        """Ends the conversation, at which the process ends by itself."""
        if self._channel is not None:
            self._channel.close()

    def end(self, until_s: float) -> None:
        """Waits for the process until then, by time.monotonic's clock, and ends it with all that it started."""
        if self._channel is not None and self._listens:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, until_s - time.monotonic()))
        kill_group(self._process)
        self._process.wait()

    def _how_it_ended(self) -> str:
        status = self._process.poll()
        if status is None:
            return "hung up"
        if status < 0:
            return f"was ended by {name_of(-status)}"
        return f"ended with status {status}"

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = without_secrets(self._log.read_text(errors="replace")).rstrip().splitlines()[-_TAIL_LINES:]
            if lines:
                return "; the last that it printed:\n" + "\n".join(f"    {line}" for line in lines)
        return ""
