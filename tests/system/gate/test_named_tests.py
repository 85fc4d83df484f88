"""Tests that are named one by one, as a pull request's author does: what one side lacks is new, a typo is an error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.system.gate.conftest import Measure
from timetrial.errors import GateError

Project = Callable[..., Path]

OLD = """
    import pytest

    @pytest.mark.parametrize("size", [10, 20])
    def test_old(benchmark, size):
        benchmark(sum, range(size))

    def test_beside(benchmark):
        benchmark(sum, range(30))
"""
NEW = (
    OLD
    + """
    class TestNew:
        def test_new(self, benchmark):
            benchmark(sum, range(40))
"""
)


@pytest.mark.parametrize(
    ("selection", "measured"),
    [
        (["test_suite.py::TestNew::test_new"], []),
        (
            ["test_suite.py::TestNew", "test_suite.py::test_old[20]", "test_suite.py::test_old[20]"],
            ["test_old[20]"],
        ),
        (["test_suite.py::TestNew", "test_suite.py"], ["test_old[10]", "test_old[20]", "test_beside"]),
    ],
    ids=["alone", "beside a parametrised one", "beside its whole file"],
)
def test_a_test_that_the_base_lacks_is_new(
    selection: Sequence[str],
    measured: Sequence[str],
    project: Project,
    measure: Measure,
) -> None:
    """Its file is there, with other tests, which nobody asked for."""
    base, candidate = project("base", suite=OLD), project("candidate", suite=NEW)
    records = measure(base, candidate, *selection)
    new = {name for name, record in records.items() if record.trouble is not None}
    assert new == {"TestNew::test_new"}
    assert {name for name, record in records.items() if record.launches} == set(measured)


def test_a_test_that_the_candidate_lacks_is_missing(project: Project, measure: Measure) -> None:
    """It may have been renamed."""
    base, candidate = project("base", suite=NEW), project("candidate", suite=OLD)
    trouble = measure(base, candidate, "test_suite.py::TestNew")["TestNew::test_new"].trouble
    assert trouble is not None
    assert (trouble.kind, "candidate" in trouble.reason) == ("missing", True)


def test_a_test_on_neither_side_is_a_typo(project: Project, measure: Measure) -> None:
    """It is named; -k that leaves out a test is none."""
    root = project("here", suite=OLD)
    with pytest.raises(GateError, match=r"neither side has 'test_suite.py::test_odl'"):
        measure(root, root, "test_suite.py::test_old", "test_suite.py::test_odl")
    assert measure(root, root, "test_suite.py::test_old", "-k", "nothing") == {}
