"""Who is served when: a queue with k slots, which plays a back end that saturates, and turns for long work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class ServiceQueue:
    """At most ``slots`` requests are served at once; the others wait their turn, first come first served.

    ``free`` is how many slots are. ``soon`` is called with what resumes a request whose turn has come.
    """

    def __init__(self, slots: int, soon: Callable[[Callable[[], None]], object]) -> None:
        self.slots = self.free = slots
        self.soon = soon
        self.waiting: deque[Callable[[], None]] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody is served or waits."""
        return self.free == self.slots

    def enter(self, resume: Callable[[], None]) -> bool:
        """Takes a slot and says True, or waits; a waiting one is resumed with the slot already its own."""
        if self.free:
            self.free -= 1
            return True
        self.waiting.append(resume)
        return False

    def leave(self, resume: Callable[[], None]) -> None:
        """Gives up a slot, or the place in the queue where it is still waiting."""
        if resume in self.waiting:
            self.waiting.remove(resume)
        elif self.waiting:
            self.soon(self.waiting.popleft())
        else:
            self.free += 1


class Turns:
    """Work that takes a while is done piece by piece, one piece in each turn of the event loop, whoever wants it."""

    def __init__(self, soon: Callable[[Callable[[], None]], object]) -> None:
        self.soon = soon
        self.waiting: deque[Callable[[], None]] = deque()

    def wait(self, resume: Callable[[], None]) -> bool:
        """Always says False; the waiting one is resumed in a turn of its own."""
        self.waiting.append(resume)
        if len(self.waiting) == 1:
            self.soon(self._next)
        return False

    def _next(self) -> None:
        resume = self.waiting.popleft()
        if self.waiting:
            self.soon(self._next)
        resume()
