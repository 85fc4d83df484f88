"""What a trial's rounds ask a server for: all of them together where nobody comes between, else the first by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.fakes import FakeModel, FakeServer, plan_for, squares
from timetrial.trial.interleave import run_race
from timetrial.trial.paths_asked import paths_asked
from timetrial.trial.plan import RoundsPolicy


@pytest.mark.parametrize("turns", [False, True], ids=["in a row", "in turns"])
def test_rounds_that_ask_for_the_same_are_told_by_one_of_them(turns: bool) -> None:
    """What was asked for before the first is none of theirs."""
    server = Counter(a=7, b=1)
    paths = paths_asked(lambda: dict(server), turns=turns)
    for _ in range(4):
        paths.before_round()
        server.update(a=1, c=2)
        paths.after_round()
    paths.end()
    assert paths.per_round() == {"a": 1, "c": 2}


@pytest.mark.parametrize("turns", [False, True], ids=["in a row", "in turns"])
def test_rounds_that_ask_for_other_paths_tell_nothing(turns: bool) -> None:
    """A task may choose a new path each time."""
    server: Counter[str] = Counter()
    paths = paths_asked(lambda: dict(server), turns=turns)
    for number in range(4):
        paths.before_round()
        server.update([f"/{number}"])
        paths.after_round()
    paths.end()
    assert paths.per_round() == {}


def test_in_turns_what_others_ask_for_between_two_rounds_is_not_counted() -> None:
    """Each of the first three rounds is looked at just before and just after it, and then nobody is asked any more."""
    server: Counter[str] = Counter()
    looks = []

    def look() -> dict[str, int]:
        looks.append(1)
        return dict(server)

    paths = paths_asked(look, turns=True)
    for _ in range(9):
        server.update(another_model_s=1)
        paths.before_round()
        server.update(own=2)
        paths.after_round()
    assert paths.per_round() == {"own": 2}
    assert len(looks) == 6


def test_fewer_rounds_than_are_looked_at_prove_nothing() -> None:
    """A trial that failed on the way."""
    paths = paths_asked(lambda: {"a": 1}, turns=True)
    paths.before_round()
    paths.after_round()
    assert paths.per_round() == {}


class TellingServer(FakeServer):
    """A server that tells paths."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def paths_asked(self) -> dict[str, int]:
        """So far."""
        return dict(self.asked)


def test_models_that_take_turns_on_one_server_are_told_apart() -> None:
    """Each by what its own rounds asked for."""
    server = TellingServer()

    def asking(name: str) -> FakeModel:
        def work(items: Sequence[int]) -> list[int]:
            server.asked.update(f"/{name}/{each}" for each in items)
            server.now.requests_completed += len(items)
            return squares(items)

        return FakeModel(work=work, name=name)

    plans = [
        replace(plan_for(asking(name), model_id=name, server=server), policy=RoundsPolicy(min_rounds=1, max_time_s=0.0))
        for name in ("threads", "coroutines")
    ]
    found = run_race(plans).measurements
    assert {name: set(each.paths_per_round) for name, each in found.items()} == {
        plan.model_id: {f"/{plan.model_id}/{item}" for item in plan.items} for plan in plans
    }
