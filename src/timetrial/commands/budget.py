"""``--budget``: a length of time as people write it, the same in every subcommand."""

from __future__ import annotations

import re
from typing import Final

from timetrial.errors import TimetrialError

_UNITS_S: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_TIME: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)")


def seconds_of(text: str) -> float:
    """The seconds of ``90``, ``90s``, ``1.5min``, ``10m`` or ``1h``; more than 0 and less than infinite.

    Raises TimetrialError for anything else, with what it takes.
    """
    found = _TIME.fullmatch(text.strip().lower())
    if found is not None and found[2] in _UNITS_S:
        seconds = float(found[1]) * _UNITS_S[found[2]]
        if 0 < seconds < float("inf"):
            return seconds
    raise TimetrialError(f"--budget {text}: a time such as 90s, 10min or 1h")
