"""A run that is interrupted keeps what it measured."""

from __future__ import annotations

import pytest

from tests.plugin.suites import Stored, Suite


def test_ctrl_c_keeps_what_was_measured(suite: Suite, stored: Stored) -> None:
    """The file is there, valid, and marked as cut off."""
    tests = """
    @pytest.mark.workload(DOUBLE, models=["serial"])
    @pytest.mark.parametrize("size", [1, 2])
    def test_one(trial, size):
        if size == 2:
            raise KeyboardInterrupt
        trial([1] * size)
    """
    assert suite(tests, apart=True).ret == pytest.ExitCode.INTERRUPTED
    content = stored()
    assert [bench["name"] for bench in content["benchmarks"]] == ["test_one[serial-1]"]
    assert content["timetrial"]["complete"] is False
