"""Where a piece of work's time goes, by loads that are known."""

from __future__ import annotations

import hashlib
import time

import pytest

from timetrial.measure.time_shares import Stretch, TimeShares, middle, time_shares, waiting_s

_BLOCK = bytes(1_000_000)
_LIMIT_S = 0.9


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


def _stretch(wall_s: float, cpu_s: float, *, waited: bool = True) -> Stretch:
    return Stretch(wall_s, cpu_s, waited)


def test_what_the_machine_takes_away_is_not_waiting() -> None:
    """A tenth of all computing is lost beside, so of 21 ms with 10 ms of computing 10 were waiting."""
    known = [_stretch(0.0055, 0.005, waited=False)] * 6
    assert waiting_s([_stretch(0.021, 0.010)] * 10, known) == pytest.approx(0.1)


def test_work_that_never_gave_its_core_away_has_not_waited() -> None:
    """However long it took."""
    assert waiting_s([_stretch(0.02, 0.01, waited=False)] * 3, []) == 0


def test_one_long_stall_is_not_taken_for_what_is_always_lost() -> None:
    """It would take waiting away from all the others."""
    known = [_stretch(0.005, 0.005, waited=False)] * 4 + [_stretch(0.1, 0.005, waited=False)]
    assert waiting_s([_stretch(0.02, 0.01)] * 4, known) == pytest.approx(0.04)


def test_a_stall_in_one_third_of_the_runs_is_not_waiting() -> None:
    """The machine stood still for 130 ms while an event loop ran; the other thirds know nothing of it."""
    known = [_stretch(0.005, 0.005, waited=False)] * 10
    calm, stalled = [_stretch(0.1, 0.1)], [_stretch(0.23, 0.1)]
    assert middle([calm, stalled, calm], known).waiting == 0
    assert middle([calm, calm, calm, calm, stalled], known).waiting == 0


def test_a_long_wait_now_and_then_is_waiting() -> None:
    """One run in four waits 40 ms, the others don't wait: half of the time, in every third."""
    runs = [[_stretch(0.05, 0.01)], *[[_stretch(0.01, 0.01)]] * 3] * 6
    assert middle(runs, []).waiting == pytest.approx(0.5)


def test_two_runs_are_taken_together() -> None:
    """They have no middle."""
    assert middle([[_stretch(0.03, 0.01)], [_stretch(0.01, 0.01)]], []).waiting == pytest.approx(0.5)


@pytest.mark.skipif("hasattr(config, 'workerinput')", reason="it takes a machine to itself: tox run -e known")
@pytest.mark.parametrize(
    ("work", "waiting", "with_gil"),
    [(_wait, 1.0, 0.0), (_hold, 0.0, 1.0), (_free, 0.0, 0.0), (_hold_and_wait, 0.5, 0.5), (_all, 1 / 3, 1 / 3)],
    ids=["waits", "holds", "frees", "holds and waits", "all three"],
)
def test_known_loads_have_their_known_shares(work: object, waiting: float, with_gil: float) -> None:
    """Within five points, and what chance may have moved by the look's own word."""
    assert callable(work)
    shares = time_shares([work], _LIMIT_S)
    assert shares.waiting == pytest.approx(waiting, abs=0.05)
    assert shares.with_gil is not None
    assert shares.without_gil is not None
    assert shares.waiting + shares.with_gil + shares.without_gil == pytest.approx(1)
    if shares.gil:
        assert shares.with_gil == pytest.approx(with_gil, abs=max(0.05, shares.uncertain))


def test_threads_of_its_own_are_seen() -> None:
    """As computing beside the calling thread."""
    from concurrent.futures import ThreadPoolExecutor

    def work() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_free).result()

    shares = time_shares([work], _LIMIT_S)
    assert isinstance(shares, TimeShares)
    assert shares.beside > 0.1
