"""How often a round runs its items, so that the clock can tell how long it took: once, but for very short ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

STEPS: Final = 400
"""A round is made to last so many steps of the clock at least: four times what one must have to be timed at all, since
the rounds of other models, which run their items as often, may be shorter."""

_MOST: Final = 100_000


@dataclass
class Executions:
    """The number for all trials that are compared with each other: the first of them settles it, by its own pace."""

    count: int | None = None

    def settle(self, execution_ns: float, clock_step_ns: int) -> None:
        """Settles the number, by how long one execution takes."""
        wanted = STEPS * clock_step_ns / max(execution_ns, 1.0)
        self.count = max(1, min(_MOST, math.ceil(wanted)))
