"""What a bare ``tox run -e bench`` runs: enough of the default suite to see what it is about, in four minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pytest

MARK: Final = "first_look"
HOW_TO_RUN_ALL: Final = "tox run -e bench -- benchmarks"

_CHOICE: Final[dict[str, Mapping[str, Any]]] = {
    "test_sum_of_squares": {"concurrency": 4},
    "test_download": {},
    "test_fetch_pages": {"pages": 60, "latency_ms": 20},
    "test_crawl": {"parse_ms": 1},
    "test_images": {},
    "test_counter": {},
    "test_event_loop": {"kind": "wait"},
    "test_waiting_beside_work": {"switch_interval_ms": 5.0},
    "test_serve": {"cpu_ms": 1},
}
"""By test, the points that are looked at: those whose parameters have these values."""


def mark(items: Iterable[pytest.Item]) -> None:
    """Puts the mark on the chosen trials."""
    for item in items:
        chosen = _CHOICE.get(getattr(item, "originalname", item.name))
        callspec = getattr(item, "callspec", None)
        if chosen is not None and callspec is not None and chosen.items() <= callspec.params.items():
            item.add_marker(MARK)


def is_in_the_suite(item: pytest.Item) -> bool:
    """Whether it runs without --trial-sweep."""
    swept, at_points = (item.get_closest_marker(name) is not None for name in ("trial_sweep", "trial_points"))
    return at_points or not swept


def line(total: int, chosen: int) -> str:
    """What is said at the end."""
    return (
        f"This was a first look: {chosen} of the suite's {total} trials. All of them, in ten minutes: {HOW_TO_RUN_ALL}"
    )
