"""The gate: two versions of the code in lock-step, and whether one of them got slower."""

from __future__ import annotations

from typing import Final

# Set for a pytest that is one side of a gate: "host port token side".
VARIABLE: Final = "TIMETRIAL_GATE"
# 1: join, hello, run; ready or trouble; round, pin, extra, abandon, done. 2: closed after done; workers in a round.
PROTOCOL: Final = 2
AGENT: Final = "timetrial-gate-agent"  # the name under which that pytest's plugin is registered
