"""One finding of each kind, and what they were made from."""

from __future__ import annotations

from typing import Final

from timetrial.gate.findings import Finding, Verdict
from timetrial.gate.policy import GatePolicy
from timetrial.report.gate.table import GateHeader

POLICY: Final = GatePolicy()
HEADER: Final = GateHeader("origin/main (25c68cc)", "the working tree", took_s=312.0, record="results/gate.json")


def measured(name: str, verdict: Verdict, effect: float, reason: str | None = None) -> Finding:
    """A finding with an interval of 2 % to either side."""
    return Finding(name, verdict, effect, effect - 0.02, effect + 0.02, 0.953, 12, 0.010, 0.010 * (1 + effect), reason)


REGRESSED: Final = measured("suite/a.py::test_slow[threads-8]", Verdict.REGRESSED, 0.082)
WORSE: Final = measured("suite/a.py::test_slower", Verdict.REGRESSED, 0.31)
IMPROVED: Final = measured("suite/a.py::test_fast", Verdict.IMPROVED, -0.12)
UNCHANGED: Final = measured("suite/b.py::test_same[serial]", Verdict.UNCHANGED, -0.001)
OPEN: Final = measured("suite/b.py::test_wild", Verdict.INCONCLUSIVE, 0.04, "its launches scatter by 9.0%")
NEW: Final = Finding("suite/c.py::test_new", Verdict.NEW, reason="the base has no such benchmark")
EXCUSED: Final = Finding("suite/c.py::test_old", Verdict.EXCUSED, reason="missing on the candidate side: gone")
ALL: Final = (UNCHANGED, REGRESSED, OPEN, IMPROVED, NEW, EXCUSED, WORSE)
