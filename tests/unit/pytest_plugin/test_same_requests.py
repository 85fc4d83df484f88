"""The models of one test ask for the same paths as often as each other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from timetrial.pytest_plugin.same_requests import Asked
from timetrial.trial.void import Kind

PATHS = {f"/page/1/{key}": 1 for key in range(6)}


def plan(model: str, *items: str, url: str = "http://127.0.0.1:1") -> Any:
    """A plan of that model for pages of a server there."""
    urls = [f"{url}{each}" for each in items or PATHS]
    return SimpleNamespace(model_id=model, items=urls, server=SimpleNamespace(url=url))


def test_who_asks_for_the_same_paths_as_often_did_the_same_work() -> None:
    """In whatever order, and wherever the server of each is."""
    asked = Asked()
    assert asked.differs("test", plan("serial"), PATHS) is None
    assert asked.differs("test", plan("threads"), dict(reversed(PATHS.items()))) is None
    assert asked.differs("test", plan("coroutines", url="http://127.0.0.1:23456"), PATHS) is None


def test_the_paths_that_differ_are_named_with_how_often() -> None:
    """Three of them, and how many more there are."""
    asked = Asked()
    asked.differs("test", plan("serial"), PATHS)
    void = asked.differs("test", plan("threads"), {"/page/1/0": 6})
    assert void is not None
    assert void.kind == Kind.REQUESTS
    assert void.reason == (
        "a round asked for /page/1/0 6 time(s), serial 1; /page/1/1 0 time(s), serial 1; "
        "/page/1/2 0 time(s), serial 1, and 3 more paths"
    )


def test_items_that_cannot_be_told_apart_are_not_compared() -> None:
    """Nothing is held against a model for them."""
    asked = Asked()
    for model, paths in (("serial", PATHS), ("threads", {"/other": 1})):
        lambdas = SimpleNamespace(model_id=model, items=[lambda: None], server=SimpleNamespace(url=""))
        assert asked.differs("test", lambdas, paths) is None  # type: ignore[arg-type]  # all that it looks at


def test_other_tests_and_other_items_are_not_compared() -> None:
    """They may ask for something else."""
    asked = Asked()
    asked.differs("test", plan("serial"), PATHS)
    assert asked.differs("another test", plan("threads"), {"/other": 1}) is None
    assert asked.differs("test", plan("threads", "/other"), {"/other": 1}) is None
