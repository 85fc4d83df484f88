"""Where the time of a function's items goes, as a search looks at it."""

from __future__ import annotations

from collections.abc import Sequence

from timetrial.models.serial import SerialExecutor
from timetrial.search.probe import Probed
from timetrial.search.profile import profile_of
from timetrial.workload import Workload


def _probed(items: Sequence[int], s_per_item: float) -> Probed:
    return Probed(items, [b""] * len(items), len(items), s_per_item, s_per_item, 8)


def test_items_that_take_no_time_compute_and_nobody_else_does() -> None:
    """What looking at them costs is neither their waiting nor another thread's work."""
    with SerialExecutor(Workload("tiny", task=abs)) as executor:
        shares = profile_of(executor, _probed(range(8), 1e-6), 1, is_async=False)
    assert shares.waiting == 0
    assert shares.beside < 0.1
