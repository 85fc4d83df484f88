"""What ``import timetrial`` gives: the names that users write, and nothing that costs a run that doesn't use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import timetrial
from timetrial.errors import VoidTrialError
from timetrial.models.base import AsyncExecutor, Executor
from timetrial.trial.measurement import Measurement


def test_every_name_that_is_promised_is_there() -> None:
    """``__all__`` is true, in order, and what a prompt offers."""
    assert all(getattr(timetrial, name) is not None for name in timetrial.__all__)
    assert timetrial.__all__ == sorted(set(timetrial.__all__))
    assert set(timetrial.__all__) <= set(dir(timetrial))


def test_what_implementations_and_their_callers_are_typed_with_is_public() -> None:
    """A context manager around an Executor, the Measurement of a trial and the error of a void one have names."""
    assert (timetrial.Executor, timetrial.AsyncExecutor) == (Executor, AsyncExecutor)
    assert (timetrial.Measurement, timetrial.VoidTrialError) == (Measurement, VoidTrialError)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Threads'"):
        _ = timetrial.Threads


def test_importing_the_package_loads_nothing_else() -> None:
    """Every pytest run imports it."""
    code = "import sys, timetrial; print(sorted(each for each in sys.modules if each.startswith('timetrial')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['timetrial']"
