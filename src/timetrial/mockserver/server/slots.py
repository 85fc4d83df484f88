"""A queue with k service slots, so that the server can play a back end that saturates."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class ServiceQueue:
    """At most ``slots`` requests are served at once; the others wait their turn, first come first served."""

    def __init__(self, slots: int, soon: Callable[[Callable[[], None]], object]) -> None:
        self.free = slots
        self.soon = soon
        self.waiting: deque[Callable[[], None]] = deque()

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
