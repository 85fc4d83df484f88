"""The clocks as they really go, also while a test has frozen or moved the time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any


def _real(name: str) -> Any:
    """The function of the module time; where freezegun holds it already, the one that freezegun has put aside."""
    frozen: Any = sys.modules.get("freezegun.api")
    return getattr(frozen, f"real_{name}", None) or getattr(time, name)


class Clocks:
    """As the functions of the module time. In an object: freezegun replaces them in every module that has them."""

    def __init__(self) -> None:
        self.monotonic: Callable[[], float] = _real("monotonic")
        self.perf_counter: Callable[[], float] = _real("perf_counter")
        self.perf_counter_ns: Callable[[], int] = _real("perf_counter_ns")
        escape: Any = getattr(sys.modules.get("time_machine"), "escape_hatch", None)
        began_s = (escape.time.time if escape and escape.is_travelling() else _real("time"))()
        self._began = datetime.fromtimestamp(began_s, UTC)
        self._began_s = self.monotonic()

    def utc_now(self) -> datetime:
        """The date, by what has passed since this was made: no test had moved the time by then."""
        return self._began + timedelta(seconds=self.monotonic() - self._began_s)


clocks = Clocks()
"""The ones of this process."""
