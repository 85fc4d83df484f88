"""Models that take turns: every turn has one round of each, and one that fails does not stop the others."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.fakes import FakeModel, plan_for, square
from timetrial import Workload
from timetrial.errors import VoidTrialError
from timetrial.trial.interleave import FEWEST_TURNS, Races, run_race
from timetrial.trial.items_key import key_of
from timetrial.trial.plan import RoundsPolicy, TrialPlan

NO_TIME = RoundsPolicy(min_rounds=1, max_time_s=0.0)


def racers(**work: Any) -> tuple[list[TrialPlan], list[str]]:
    """A plan for each name, and the order in which their rounds came."""
    order: list[str] = []

    def noting(name: str, run: Any) -> Any:
        def rounds(items: Sequence[Any]) -> list[Any]:
            order.append(name)
            results: list[Any] = run(items)
            return results

        return rounds

    plans: list[TrialPlan] = [
        plan_for(FakeModel(work=noting(name, run), name=name), model_id=name, policy=NO_TIME)
        for name, run in work.items()
    ]
    return plans, order


def right(items: Sequence[int]) -> list[int]:
    """The expected work."""
    return [square(each) for each in items]


def test_every_turn_has_one_round_of_each_model() -> None:
    """So the n-th rounds of two models were taken side by side."""
    plans, order = racers(threads=right, coroutines=right, processes=right)
    result = run_race(plans, seed=1)
    timed = order[3:]  # the first three prove the work
    turns = [timed[start : start + 3] for start in range(0, len(timed), 3)]
    assert all(sorted(turn) == ["coroutines", "processes", "threads"] for turn in turns)
    assert {len(each.durations_s) for each in result.measurements.values()} == {FEWEST_TURNS}


def test_the_order_within_a_turn_is_drawn_anew() -> None:
    """No model always profits from running behind another one."""
    plans, order = racers(threads=right, coroutines=right)
    run_race(plans, seed=1)
    assert len({tuple(order[start : start + 2]) for start in range(2, len(order), 2)}) == 2


def test_a_model_that_fails_leaves_the_race_and_the_others_go_on() -> None:
    """Its error is kept for its own test."""
    plans, _ = racers(threads=right, coroutines=lambda _items: [0, 0, 0])
    result = run_race(plans)
    assert list(result.measurements) == ["threads"]
    assert isinstance(result.errors["coroutines"], VoidTrialError)


class BadlyEnding(FakeModel):
    """A model whose end fails."""

    @contextmanager
    def open(self, workload: Workload, concurrency: int) -> Generator[FakeModel]:
        """As any other, until it is closed."""
        with super().open(workload, concurrency):
            yield self
        raise OSError("it would not end")


def test_a_model_whose_closing_fails_does_so_alone() -> None:
    """The others are closed and have their measurements."""
    good = [FakeModel(work=right, name=name) for name in ("threads", "processes")]
    models = [good[0], BadlyEnding(work=right, name="coroutines"), good[1]]
    result = run_race([plan_for(each, model_id=each.name, policy=NO_TIME) for each in models])
    assert list(result.measurements) == ["threads", "processes"]
    assert str(result.errors["coroutines"]) == "it would not end"
    assert all("closed" in each.journal for each in good)


def test_ctrl_c_closes_all_and_is_not_swallowed() -> None:
    """Also where a closing fails on the way out."""

    def interrupted(_rounds: int, _last_s: float) -> None:
        raise KeyboardInterrupt

    models = [FakeModel(work=right), BadlyEnding(work=right, name="coroutines")]
    plans: list[TrialPlan] = [plan_for(each, model_id=each.name, policy=NO_TIME) for each in models]
    plans[0] = replace(plans[0], settings=replace(plans[0].settings, on_round=interrupted))
    with pytest.raises(KeyboardInterrupt):
        run_race(plans)
    assert all("closed" in each.journal for each in models)


def test_a_race_is_run_once_and_each_test_gets_its_part() -> None:
    """The second test finds its rounds already run."""
    plans, order = racers(threads=right, coroutines=right)
    races, rivals = Races(), ["threads", "coroutines"]
    races.run("race", rivals, plans[0])
    count = len(order)
    part = races.run("race", rivals, plans[1])
    assert part is not None
    assert part.model == "coroutines"
    assert len(order) == count


def test_a_race_is_let_go_when_everybody_has_their_part() -> None:
    """Its results may be megabytes, which later trials would show as their own."""
    plans, _ = racers(threads=right, coroutines=right)
    races, rivals = Races(), ["threads", "coroutines"]
    parts = [races.run("race", rivals, each) for each in plans]
    assert all(each is not None and each.results for each in parts)
    assert not races._raced


def test_an_error_of_the_race_is_raised_in_the_test_it_belongs_to() -> None:
    """As if the trial had been run alone."""
    plans, _ = racers(threads=lambda _items: [0, 0, 0])
    with pytest.raises(VoidTrialError):
        Races().run("race", ["threads"], plans[0])


def test_a_test_that_asks_for_something_else_than_its_rivals_has_no_part() -> None:
    """Rounds of unequal work can't be paired."""
    plans, _ = racers(threads=right, coroutines=right)
    races, rivals = Races(), ["threads", "coroutines"]
    races.run("race", rivals, plans[0])
    assert races.run("race", rivals, replace(plans[1], concurrency=99)) is None
    assert not races._raced


def test_the_same_items_at_another_address_are_the_same_work() -> None:
    """Though their results may name that address: each test may have a part of the server for itself."""
    plans, _ = racers(threads=right, coroutines=right)
    races, rivals = Races(), ["threads", "coroutines"]
    there, elsewhere, other = (
        replace(plans[0], items_key=key_of([f"{url}/{page}"], SimpleNamespace(url=url)))
        for url, page in (("http://a", 1), ("http://b", 1), ("http://b", 2))
    )
    races.run("race", rivals, there)
    expected = replace(plans[1].expected, digests=(b"another address",))
    assert races.run("race", ["others"], replace(other, model_id="others", expected=expected)) is None
    part = races.run("race", rivals, replace(elsewhere, model_id="coroutines", expected=expected))
    assert part is not None
    assert part.model == "coroutines"


@pytest.mark.parametrize("end", [SystemExit(3), CancelledError(), pytest.skip.Exception("no library")], ids=repr)
def test_a_skip_or_an_exit_ends_only_the_trial_that_it_belongs_to(end: BaseException) -> None:
    """Raised again in that model's own test."""

    def ends(items: Sequence[int]) -> list[int]:
        del items
        raise end

    plans, _ = racers(threads=right, coroutines=ends, processes=right)
    result = run_race(plans)
    assert result.errors == {"coroutines": end}
    assert set(result.measurements) == {"threads", "processes"}


def test_ctrl_c_ends_the_whole_race() -> None:
    """It is meant for the run."""

    def interrupted(items: Sequence[int]) -> list[int]:
        del items
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_race(racers(threads=right, coroutines=interrupted)[0])
