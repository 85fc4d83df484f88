"""Small projects with benchmarks in them, for two real pytest processes to run in lock-step."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from timetrial.gate.plan import GatePlan
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import BenchmarkRecord, SideName
from timetrial.gate.run import run_gate
from timetrial.gate.sides.make import Side

SUITE = """
    import zlib
    import pytest
    from timetrial import Workload

    def squeeze(item):
        return zlib.compress(item)

    SQUEEZE = Workload("squeeze", task=squeeze)
    ITEMS = [bytes([number]) * 20_000 for number in range(8)]

    @pytest.mark.workload(SQUEEZE, models=["serial"])
    def test_squeeze(trial):
        trial(ITEMS)
"""

# Without the plugins that a side has no use for, it starts in half the time.
_INI = """[pytest]
asyncio_default_fixture_loop_scope = function
addopts = -p no:hypothesispytest -p no:xdist -p no:respx -p no:anyio -p no:timeout -p no:cacheprovider
"""

QUICK = GatePolicy(
    screen_launches=2, pairs_per_launch=4, warmup_rounds=2, budget_s=1.0, patience_s=60.0, measure_all=True
)

Measure = Callable[..., dict[str, BenchmarkRecord]]


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder with test_suite.py (``SUITE`` and what is added) in it."""

    def make(name: str, added: str = "", suite: str = SUITE) -> Path:
        root = tmp_path / name
        root.mkdir()
        (root / "test_suite.py").write_text(textwrap.dedent(suite) + textwrap.dedent(added))
        (root / "pytest.ini").write_text(_INI)
        return root

    return make


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Screens a base and a candidate folder, with this interpreter on both sides; by test function."""
    monkeypatch.setattr("timetrial.gate.run.open_for_confirmation", lambda *_given: [])

    def run(
        base: Path, candidate: Path, *selection: str, policy: GatePolicy = QUICK, **plan: object
    ) -> dict[str, BenchmarkRecord]:
        records = run_gate(
            GatePlan(
                Side(SideName.BASE, Path(sys.executable), base, None),
                Side(SideName.CANDIDATE, Path(sys.executable), candidate, None),
                policy,
                selection,
                **plan,  # type: ignore[arg-type]
            )
        )
        return by_test(records)

    return run


def by_test(records: Sequence[BenchmarkRecord]) -> dict[str, BenchmarkRecord]:
    """Records by what stands behind ``::`` in their names."""
    return {each.name.partition("::")[2]: each for each in records}
