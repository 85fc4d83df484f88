"""Tests that several of these files run, and how they read what came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from timetrial import models

Suite = Callable[..., pytest.RunResult]
Stored = Callable[[], dict[str, Any]]
ONE = """
    @pytest.mark.workload(DOUBLE)
    def test_one(trial):
        trial([1, 2, 3] * 200, concurrency=2)  # fewer are too short for the clock
"""
OVER_CONCURRENCIES = """
    @pytest.mark.workload(DOUBLE, models=["serial", "threads"])
    @pytest.mark.parametrize("concurrency", [1, 2])
    def test_one(trial, concurrency):
        trial([1, 2, 3] * 200, concurrency=concurrency)
"""
IDS = [*models.NAMES, "serial[other]", "threads[other]", "processes[other]"]


def names(result: pytest.RunResult) -> list[str]:
    """The tests that passed, in their order."""
    return [
        line.split("::")[1].partition(" ")[0] for line in result.outlines if "::" in line and line.find(" PASSED") > 0
    ]
