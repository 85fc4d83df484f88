"""Signals have names, and Ctrl-C while something is being started waits until it is known what to end."""

from __future__ import annotations

import signal

import pytest

from timetrial.system.signals import deferred, name_of


def interrupted(reached: list[str], error: Exception | None = None) -> None:
    """A block in the middle of which Ctrl-C comes."""
    with deferred():
        signal.raise_signal(signal.SIGINT)
        if error is not None:
            raise error
        reached.append("the end of the block")
    reached.append("what follows")


def test_ctrl_c_comes_at_the_end_of_the_block() -> None:
    """Not in its middle, where what was started would be nobody's; and it is never lost."""
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(reached)
    assert reached == ["the end of the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_the_block_s_own_goes_first() -> None:
    """It says more than the interruption that came with it."""
    with pytest.raises(OSError, match="no such program"):
        interrupted([], OSError("no such program"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_is_told_by_its_name_and_one_without_by_its_number() -> None:
    """Real-time signals have none."""
    assert name_of(signal.SIGTERM) == "SIGTERM"
    assert name_of(42) == "signal 42"
