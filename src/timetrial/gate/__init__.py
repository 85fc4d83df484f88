"""The gate: two versions of the code in lock-step, and whether one of them got slower."""

from __future__ import annotations

from typing import Final

# Set for a pytest that is one side of a gate: "host port token side".
VARIABLE: Final = "TIMETRIAL_GATE"
NOTES_VARIABLE: Final = "TIMETRIAL_GATE_NOTES"
"""Set beside it for one that notes what its benchmarks run, and times nothing."""
# 1: join, hello, run; ready or trouble; round, pin, extra, abandon, done. 2: closed after done; workers in a round.
# Added since: order in hello, and note, common, noted, where both sides have that order.
PROTOCOL: Final = 2
AGENT: Final = "timetrial-gate-agent"  # the name under which that pytest's plugin is registered
