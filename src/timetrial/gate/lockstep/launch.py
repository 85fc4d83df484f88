"""One launch: two fresh interpreters on the same benchmarks, both alive, taking turns round by round."""

from __future__ import annotations

import hmac
import math
import random
import re
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from timetrial.errors import GateError, SideDownError, shorten
from timetrial.gate import NOTES_VARIABLE, PROTOCOL, VARIABLE
from timetrial.gate.lockstep.channel import Channel, Message
from timetrial.gate.lockstep.selection import selection_on
from timetrial.gate.lockstep.side_process import FAREWELL_S, SideProcess
from timetrial.gate.record import SideName
from timetrial.gate.sides.make import Side
from timetrial.gate.sides.requirements import what_brings
from timetrial.gate.sides.scratch import gate_folder
from timetrial.system.signals import undisturbed
from timetrial.system.strays import Stray, Strays, adopting

_NO_MODULE: Final = re.compile(r"No module named '([\w.]+)'")
_LOOK_AGAIN_S: Final = 0.1
_SHORTEST_WAIT_S: Final = 0.1
_SHORTEST_FAREWELL_S: Final = 1.0
_GREETING_S: Final = 5.0
_EARLY_END: Final = (
    "It never came to its benchmarks: does pytest run there by hand, with a timetrial that has the gate, and the same "
    "arguments?"
)


@dataclass(frozen=True)
class Offer:
    """A benchmark that a side has collected; ``skip`` is its marker's reason, if it has one."""

    name: str
    """pytest's node id."""
    skip: str | None


class Launch:
    """Starts both sides on entering, and leaves nothing of them behind.

    ``selection`` is what pytest is told beside what the gate itself tells it. ``patience_s`` bounds every wait, and
    ``ends_s``, by time.monotonic's clock, all of them together.
    With ``noting``, the sides note what their benchmarks run, and nothing is timed.
    Raises GateError for a side that can't collect, and SideDownError for one that ends or falls silent.
    """

    def __init__(
        self,
        base: Side,
        candidate: Side,
        selection: Sequence[str],
        *,
        patience_s: float,
        chance: random.Random,
        ends_s: float = math.inf,
        noting: bool = False,
    ) -> None:
        self._noting = noting
        self._sides = (base, candidate)
        self._selection = list(selection)
        self._patience_s = patience_s
        self._ends_s = ends_s
        self._hash_seed = str(chance.randrange(1, 2**32))
        self._tokens = {side: secrets.token_hex(16) for side in SideName}
        self._listener: socket.socket | None = None
        self._stack = ExitStack()
        self._processes: dict[SideName, SideProcess] = {}
        self._adopted: Strays | None = None
        self.offers: dict[SideName, list[Offer]] = {}
        self.modules: dict[SideName, dict[str, str]] = {side: {} for side in SideName}
        """The project's modules that each side has imported, and the file of each."""
        self.pythons: dict[SideName, Mapping[str, Any]] = {}
        """What each side says of its Python, as ``PythonIdentity.as_dict``."""
        self.uncollected: dict[SideName, dict[str, str]] = {}
        """Files of tests that a side could not import, and why, by their node ids."""
        self._unknown: dict[SideName, list[str]] = {}
        self.orders: dict[SideName, str] = {}
        """What each side waits for: "run", or "note" where its timetrial knows how to note."""
        self.remarks: dict[str, None] = {}
        """What the sides say of themselves, once where both say it."""
        self.strays: list[Stray] = []
        """Processes that had left their side's group, and were ended with it."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = stack.enter_context(gate_folder())
            self._adopted = stack.enter_context(adopting())
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=8))
            self._listener = listener
            stack.callback(self._end)
            for side in self._sides:
                self._processes[side.name] = self._start(side, listener, folder)
            self._join(listener)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure: Any) -> None:
        self._stack.__exit__(*failure)

    def __getitem__(self, side: SideName) -> SideProcess:
        return self._processes[side]

    @property
    def both(self) -> tuple[SideProcess, SideProcess]:
        """Base and candidate."""
        return self._processes[SideName.BASE], self._processes[SideName.CANDIDATE]

    def choose(self, names: Sequence[str]) -> None:
        """Tells both sides which benchmarks to run, in this order."""
        for process in self.both:
            process.say(run=list(names))

    def keep_facts(self, closed: Mapping[SideName, Message]) -> None:
        """Notes which of the project's modules a benchmark brought in, and the Python; an older one doesn't tell."""
        for side, message in closed.items():
            if "python" in message:
                self.pythons[side] = message["python"]
            self.modules[side].update(message.get("modules") or {})

    def hear(self, side: SideName) -> Message:
        """A side's next message."""
        return self._processes[side].hear(self._left_s())

    def ask_both(self, **message: Any) -> dict[SideName, Message]:
        """Says the same to both at once, and waits for both answers."""
        for process in self.both:
            process.say(**message)
        return {name: process.hear(self._left_s()) for name, process in self._processes.items()}

    def ask(self, side: SideName, **message: Any) -> Message:
        """Says something to one side, while the other keeps still, and waits for the answer."""
        return self._processes[side].ask(self._left_s(), **message)

    def _left_s(self) -> float:
        """How long to wait for an answer, at the most."""
        return min(self._patience_s, max(_SHORTEST_WAIT_S, self._ends_s - time.monotonic()))

    def _start(self, side: Side, listener: socket.socket, folder: Path) -> SideProcess:
        host, port = listener.getsockname()[:2]
        own = folder / side.name
        own.mkdir()
        command = [
            *("-P", "-m", "pytest", "--benchmark-only", "--trial-scale=gate", "--trial-results="),
            *(f"--benchmark-storage={own}", "-o", f"cache_dir={own / 'cache'}"),
            *((f"--basetemp={own / 'temporary'}",) if self._noting else ()),
            *(("--continue-on-collection-errors",) if side.borrowed_tests else ()),
            *selection_on(side.root, self._other(side).root, self._selection, nothing=own),
        ]
        # One seed for both: sets and dictionaries of texts then lie alike on both sides, and anew in each launch.
        # Of one length for both: where a stack begins depends on how large the environment is.
        door = f"{host} {port} {self._tokens[side.name]} {side.name:{max(map(len, SideName))}}"
        environment = {VARIABLE: door, "PYTHONHASHSEED": self._hash_seed}
        if self._noting:
            environment[NOTES_VARIABLE] = "1"
        return SideProcess(side, command, environment, folder / f"{side.name}.log")

    def _other(self, side: Side) -> Side:
        return next(each for each in self._sides if each.name is not side.name)

    def _join(self, listener: socket.socket) -> None:
        """Waits until both are connected and have collected."""
        deadline_s = time.monotonic() + self._patience_s
        waiting = set(self._processes)
        while waiting:
            for name in waiting:
                self._look_after(self._processes[name], deadline_s)
            connection = _accept(listener, _LOOK_AGAIN_S)
            if connection is not None:
                waiting -= self._greet(Channel(connection, "a process that joins the gate"))
        for process in self.both:
            self._take_offers(process)
        self._refuse_unknown()

    def _refuse_unknown(self) -> None:
        """Raises GateError for tests that are named, and are on neither side."""
        unknown = [name for name in self._unknown[SideName.BASE] if name in self._unknown[SideName.CANDIDATE]]
        if unknown:
            raise GateError(f"neither side has {shorten(unknown[0])}: look for the test's name in its file")

    def _look_after(self, process: SideProcess, deadline_s: float) -> None:
        if process.ended:
            raise _early_end(process)
        if time.monotonic() > deadline_s:
            raise GateError(f"the {process.side.name} side has not started after {self._patience_s:.0f} s")

    def refuse_late_joins(self) -> None:
        """Raises GateError if another process has joined as a side since; to be asked once the rounds are over."""
        assert self._listener is not None
        while (connection := _accept(self._listener, 0.0)) is not None:
            self._greet(Channel(connection, "a process that joins the gate late"))

    def _greet(self, channel: Channel) -> set[SideName]:
        """Takes in a side, and says which it is; a stranger on the port is sent away.

        Raises GateError for a process that joins in another one's place.
        """
        try:
            message = channel.receive(_GREETING_S)
        except (GateError, TimeoutError):
            message = {}
        token = str(message.get("token")).encode(errors="replace")
        name = next((side for side, own in self._tokens.items() if hmac.compare_digest(token, own.encode())), None)
        if name is None:
            channel.close()
            return set()
        try:
            self._refuse_impostor(name, message)
        except GateError:
            channel.close()
            raise
        if message.get("protocol") != PROTOCOL:
            raise GateError(
                f"the {name} side's timetrial speaks version {shorten(message.get('protocol'))} of the gate's "
                f"protocol, this one version {PROTOCOL}: install the same timetrial on both sides"
            )
        channel.peer = f"the {name} side"
        self._processes[name].connect(channel)
        return {name}

    def _refuse_impostor(self, name: SideName, message: Message) -> None:
        if message.get("side") != name:
            raise GateError(
                f"a process of the {name} side joins as {shorten(message.get('side'))}: does a conftest or plugin "
                f"there use the gate's variable, {VARIABLE}?"
            )
        if self._processes[name].joined:
            raise GateError(
                f"a second process joins as the {name} side: does a conftest or plugin there start another pytest "
                f"with {VARIABLE} in its environment?"
            )

    def _take_offers(self, process: SideProcess) -> None:
        name, deadline_s = process.side.name, time.monotonic() + self._patience_s
        while not process.has_news(_LOOK_AGAIN_S) and time.monotonic() < deadline_s:
            self.refuse_late_joins()  # what has joined may not be the side, and the side itself joins now
        try:
            hello = process.hear(self._patience_s)
        except SideDownError as error:
            raise _early_end(process, error) from error
        if hello["kind"] != "hello":
            raise GateError(f"the {name} side says {hello['kind']} where it should say what it has collected")
        self.uncollected[name] = {each["file"]: each["reason"] for each in hello.get("uncollected", ())}
        if hello["collection_errors"] and not (process.side.borrowed_tests and self.uncollected[name]):
            said = str(process.down())
            raise GateError(f"the {name} side can't collect its tests: {said}{_missing(said, process.side)}")
        self.orders[name] = hello.get("order", "run")
        self._unknown[process.side.name] = hello.get("unknown", [])
        self.remarks.update(dict.fromkeys(hello.get("remarks", ())))
        self.offers[name] = [Offer(benchmark["name"], benchmark["skip"]) for benchmark in hello["benchmarks"]]

    def _end(self) -> None:
        with undisturbed():  # a second Ctrl-C meanwhile would leave a side that is busy alone
            for process in self._processes.values():
                process.hang_up()
            now_s = time.monotonic()
            until_s = now_s + min(FAREWELL_S, max(_SHORTEST_FAREWELL_S, self._ends_s - now_s))
            for process in self._processes.values():
                process.end(until_s)
            if self._adopted is not None:
                self.strays = self._adopted.end()


def _early_end(process: SideProcess, error: SideDownError | None = None) -> GateError:
    said = str(error or process.down())
    return GateError(f"{said}\n{_EARLY_END}{_missing(said, process.side)}")


def _missing(said: str, side: Side) -> str:
    """What to do about a module that a side lacks, from what it said at its end; nothing where it lacks none."""
    found = _NO_MODULE.search(said)
    if found is None:
        return ""
    module = found[1].partition(".")[0]
    return f"\n{module!r} is not installed on the {side.name} side: {what_brings(module, side.project)}"


def _accept(listener: socket.socket, patience_s: float) -> socket.socket | None:
    listener.settimeout(patience_s)
    try:
        return listener.accept()[0]
    except (TimeoutError, BlockingIOError):
        return None
