"""One request on its way to its end: which program answers it, and how its end is counted, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from time import monotonic

from timetrial.mockserver.combinations import IN_A_BODY, OF_A_BODY
from timetrial.mockserver.server.faults import COMPLETE, PROGRAMS
from timetrial.mockserver.server.messages import Reply, Request, text_reply
from timetrial.mockserver.server.plans import Plan
from timetrial.mockserver.server.replies import looped, made
from timetrial.mockserver.server.services import Services
from timetrial.mockserver.server.slots import ServiceQueue
from timetrial.mockserver.server.steps import Step, Turn, Wire, paced, plain
from timetrial.mockserver.server.targets import Target

# A reply and the fault that is done to it, as timetrial.mockserver.server.replies.made makes one.
_Making = Generator[None, None, tuple[Reply, str]]


class Exchange:
    """A request between its arrival and its end."""

    __slots__ = (
        "began", "bytes_out", "client", "close", "counted", "delay_s", "fault", "linger", "plan", "program", "reply",
        "request", "resume", "reused", "services", "status", "target",
    )  # fmt: skip

    def __init__(self, services: Services, target: Target, request: Request, client: str, *, reused: bool) -> None:
        self.services = services
        self.target = target
        self.request = request
        self.client = client
        self.reused = reused
        self.began = monotonic()
        self.bytes_out = 0
        self.delay_s = 0.0
        self.status = 0
        self.fault = ""
        self.close = not request.keep_alive
        self.linger = False
        self.counted = True
        self.plan: Plan | None = None
        self.reply: Reply | None = None
        self.resume: Callable[[], None] = _nothing
        self.program: Iterator[Step] = iter(())

    def prepare(self) -> None:
        """Decides on the program that answers; the request's body has arrived."""
        target, how = self.target, self.target.how
        number = target.take_number()
        if self.plan is not None:
            self.status = self.plan.reply.status
            self.program = iter((self.plan.sent(self.services.clock),))
        else:
            self._answer_properly()
        if how.rate_bytes_per_s:
            self.program = paced(self.program, how.rate_bytes_per_s)
        if how.slots:
            self.program = self._queued(number)
        if how.delay_ms is not None:
            self.program = self._delayed(how.delay_ms.sample_s(target.delay_seed, number), self.program)

    def _answer_properly(self) -> None:
        """Makes the reply, and the program with it: at once, or as a program of its own where that takes a while."""
        making = self._disturbed_reply()
        try:
            next(making)
        except StopIteration as ready:
            self.program = self.answer(*ready.value)
        else:
            self.program = self._answer_in_turns(making)

    def _answer_in_turns(self, making: _Making) -> Iterator[Step]:
        reply, fault = yield from _in_turns(making, self.services.turns.wait)
        yield from self.answer(reply, fault)

    def _disturbed_reply(self) -> _Making:
        """The reply, and the fault that is done to it, if it can be.

        Where it can't, as a body's where there is no body, the request is none of those that a limit counts.
        """
        target, services = self.target, self.services
        fault = target.fault
        if (fault in OF_A_BODY or fault == "close_on_reuse") and not target.how.status:
            reply = yield from made(target, self.request, services)
            hit = self._may_have(fault, reply) and self._is_hit()
            return reply, fault if hit else ""
        if not self._is_hit():
            return (yield from made(target, self.request, services)), ""
        if fault == "redirect_loop":
            return (yield from looped(target, self.request, services)), fault
        reply = yield from made(target, self.request, services, target.how.status)
        return reply, fault if self._may_have(fault, reply) else ""

    def _is_hit(self) -> bool:
        target = self.target
        return target.always or target.hit(self._client(), self.services.tries)

    def _may_have(self, fault: str, reply: Reply) -> bool:
        """Whether the fault can be done to this reply; if not, it isn't one of the requests that are hit."""
        if fault == "close_on_reuse":
            return self.reused
        if fault not in OF_A_BODY:
            return True
        with_body = self._wire(reply).with_body
        return with_body and (fault not in IN_A_BODY or reply.size_bytes > 0)

    def _client(self) -> str:
        """Whose first tries are counted."""
        per = self.target.how.per
        named = None if per in ("address", "connection") else self.request.header(per.encode())
        return self.client if named is None else f"named {named}"

    def _wire(self, reply: Reply) -> Wire:
        return Wire(reply, self.request, self.target.how, self.services.clock.date, self.reused)

    def answer(self, reply: Reply, fault: str = "") -> Iterator[Step]:
        """The program for this reply, which is the one that is counted."""
        reply.close = self.close = self.close or reply.close
        self.reply = reply
        self.fault = fault
        self.status = reply.status
        return PROGRAMS[fault](self._wire(reply)) if fault else plain(self._wire(reply))

    def refuse(self, status: int, text: str) -> None:
        """Answers with an error at once and ends the connection, gently, so that a client still sending sees it."""
        self.linger = True
        self.program = self.answer(text_reply(status, text, close=True))

    def _delayed(self, delay_s: float, steps: Iterator[Step]) -> Iterator[Step]:
        self.delay_s = delay_s
        due = self.began + delay_s
        counts = self.target.counts
        counts.delay_s += delay_s
        early_s = self.services.timers_early_s
        while (left := due - monotonic()) > 0:
            yield left + early_s
        counts.delay_late_s += max(monotonic() - due, 0.0)
        yield from steps

    def _queued(self, number: int) -> Iterator[Step]:
        """The program behind its queue; or a refusal, where URLs of one queue disagree about its slots."""
        how, queue = self.target.how, self.services.queue(self.target)
        if queue.slots != how.slots:
            return self.answer(text_reply(400, f"queue {how.queue!r} has slots={queue.slots} here, not {how.slots}"))
        service_s = how.service_ms.sample_s(self.target.service_seed, number) if how.service_ms else 0.0
        return self._served(queue, service_s, self.program)

    def _served(self, queue: ServiceQueue, service_s: float, steps: Iterator[Step]) -> Iterator[Step]:
        resume = self.resume
        try:
            yield queue.enter
            due = monotonic() + service_s
            while (left := due - monotonic()) > 0:
                yield left + self.services.timers_early_s
        finally:
            queue.leave(resume)
        yield from steps

    def drop(self) -> None:
        """Lets the program clean up after itself where it will not run to its end."""
        if isinstance(self.program, Generator):
            self.program.close()

    def release(self) -> None:
        """Lets go of what would otherwise be a ring of references, which the garbage collector stops all to find."""
        self.resume = _nothing
        self.program = iter(())

    def end(self, *, whole: bool) -> None:
        """Counts how it ended; ``whole``: its program ran to its end."""
        if not self.counted:
            return
        counts = self.target.counts
        counts.bytes_out += self.bytes_out
        status = 0
        if self.fault and self.fault not in COMPLETE:
            counts.faulted += 1
        elif whole:
            counts.completed += 1
            status = self.status
        else:
            counts.abandoned += 1
        counts.count(self.target.path, status)
        if self.fault:
            counts.faults[self.fault] += 1


def _in_turns(making: _Making, turn: Turn) -> Generator[Step, None, tuple[Reply, str]]:
    """What is made, once it is, with a turn for others before each piece of the work."""
    while True:
        yield turn
        try:
            next(making)
        except StopIteration as ready:
            made_at_last: tuple[Reply, str] = ready.value
            return made_at_last


def _nothing() -> None:
    """What resumes an exchange that has not begun."""
