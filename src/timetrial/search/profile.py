"""Where the function's time goes: two looks at the items of a round, one at a time."""

from __future__ import annotations

from functools import partial
from typing import Final

from timetrial.measure.time_shares import TimeShares, time_shares
from timetrial.models.base import Executor
from timetrial.search.probe import Probed

_SHARE: Final = 1 / 20
_SHORT_BUDGETS_SHARE: Final = 1 / 8
_ENOUGH_S: Final = 0.6
_MOST_S: Final = 3.0
"""A twentieth of the budget; of a short one more, since a busy machine takes its time for a thousand samples; of a long
one less, since more of them tell nothing new."""

_PART_S: Final = 0.02
"""So often it is looked at what the machine takes away."""

_SHORTEST_PART_S: Final = 0.002
"""Looking takes some microseconds itself."""


def profile_of(executor: Executor, probed: Probed, budget_s: float, *, is_async: bool) -> TimeShares:
    """Runs the items again and again. An event loop keeps all of a round, since every start of one costs something."""
    items = list(probed.items)
    items *= max(1, round(_SHORTEST_PART_S / max(probed.s_per_item * len(items), 1e-9)))
    size = len(items) if is_async else max(1, round(_PART_S / max(probed.s_per_item, 1e-9)))
    parts = [partial(executor.run, items[at : at + size]) for at in range(0, len(items), size)]
    limit_s = max(budget_s * _SHARE, min(_ENOUGH_S, budget_s * _SHORT_BUDGETS_SHARE))
    return time_shares(parts, min(limit_s, _MOST_S))
