"""Where a piece of work's time goes, by loads that are known; a busy machine makes it say how unsure it is."""

from __future__ import annotations

import hashlib
import time

import pytest

from timetrial.measure.time_shares import TimeShares, time_shares

_BLOCK = bytes(1_000_000)
_LIMIT_S = 0.6


def _wait() -> None:
    time.sleep(0.01)


def _hold() -> None:
    until_s = time.thread_time() + 0.01
    while time.thread_time() < until_s:
        pass


def _free() -> None:
    until_s = time.thread_time() + 0.01
    while time.thread_time() < until_s:
        hashlib.sha256(_BLOCK).digest()


def _hold_and_wait() -> None:
    _hold()
    _wait()


def _all() -> None:
    _hold()
    _free()
    _wait()


@pytest.mark.parametrize(
    ("work", "waiting", "with_gil"),
    [(_wait, 1.0, 0.0), (_hold, 0.0, 1.0), (_free, 0.0, 0.0), (_hold_and_wait, 0.5, 0.5), (_all, 1 / 3, 1 / 3)],
    ids=["waits", "holds", "frees", "holds and waits", "all three"],
)
def test_known_loads_have_their_known_shares(work: object, waiting: float, with_gil: float) -> None:
    """Within five points; the two kinds of computing where the look itself says that it could tell them apart."""
    assert callable(work)
    shares = time_shares(work, _LIMIT_S)
    assert shares.waiting == pytest.approx(waiting, abs=0.05)
    assert shares.with_gil is not None
    assert shares.without_gil is not None
    assert shares.waiting + shares.with_gil + shares.without_gil == pytest.approx(1)
    if shares.gil and shares.uncertain <= 0.02:
        assert shares.with_gil == pytest.approx(with_gil, abs=0.07)


def test_what_is_uncertain_is_never_more_than_what_holds_the_gil() -> None:
    """It is the part of that which may need none."""
    shares = time_shares(_free, _LIMIT_S)
    assert shares.with_gil is not None
    assert 0 <= shares.uncertain <= shares.with_gil + 0.01


def test_threads_of_its_own_are_seen() -> None:
    """As computing beside the calling thread."""
    from concurrent.futures import ThreadPoolExecutor

    def work() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_free).result()

    shares = time_shares(work, _LIMIT_S)
    assert isinstance(shares, TimeShares)
    assert shares.beside > 0.1
