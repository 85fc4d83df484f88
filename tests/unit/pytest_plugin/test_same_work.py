"""What is held against each other is the same work, however its tests are named and whatever they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from timetrial.pytest_plugin.same_work import RequestComparison, WorkNames
from timetrial.trial.items_key import key_of
from timetrial.trial.void import Kind

PATHS = {f"/page/1/{key}": 1 for key in range(6)}


def test_the_first_work_of_a_family_needs_no_name() -> None:
    """Most families have only one."""
    names = WorkNames()
    assert names.name("nap", "test_a.py::test_few", b"1") == ""
    assert names.name("walk", "test_a.py::test_many", b"2") == ""


def test_another_work_is_named_after_its_test() -> None:
    """By its short name, unless that is taken."""
    names = WorkNames()
    names.name("nap", "test_a.py::test_few", b"1")
    assert names.name("nap", "test_a.py::test_many", b"2") == " (test_many)"
    assert names.name("nap", "test_b.py::test_many", b"3") == " (test_b.py::test_many)"


def test_two_tests_with_equal_items_do_the_same_work() -> None:
    """An ordinary and an async test of one workload, say."""
    names = WorkNames()
    names.name("nap", "test_a.py::test_few", b"1")
    assert names.name("nap", "test_a.py::test_few_later", b"1") == ""


def test_a_test_does_the_same_work_with_new_items_for_each_model() -> None:
    """New files or URLs; and where nobody can tell what the items are."""
    names = WorkNames()
    names.name("nap", "test_a.py::test_few", b"1")
    assert names.name("nap", "test_a.py::test_few", b"2") == ""
    assert names.name("nap", "test_a.py::test_few", None) == ""
    assert names.name("nap", "test_a.py::test_many", None) == " (test_many)"


def plan(model: str, *items: str, url: str = "http://127.0.0.1:1") -> Any:
    """A plan of that model for pages of a server there."""
    urls = [f"{url}{path}" for path in items or PATHS]
    return SimpleNamespace(model_id=model, items_key=key_of(urls, SimpleNamespace(url=url)))


def asking(paths: Mapping[str, int]) -> Any:
    """A measurement whose rounds asked for these paths so often."""
    return SimpleNamespace(paths_per_round=paths)


def test_who_asks_for_the_same_paths_as_often_did_the_same_work() -> None:
    """In whatever order, and wherever the server of each is."""
    requests = RequestComparison()
    assert requests.differs("test", plan("serial"), asking(PATHS)) is None
    assert requests.differs("test", plan("threads"), asking(dict(reversed(PATHS.items())))) is None
    assert requests.differs("test", plan("coroutines", url="http://127.0.0.1:23456"), asking(PATHS)) is None


def test_the_paths_that_differ_are_named_with_how_often() -> None:
    """Three of them, and how many more there are."""
    requests = RequestComparison()
    requests.differs("test", plan("serial"), asking(PATHS))
    void = requests.differs("test", plan("threads"), asking({"/page/1/0": 6}))
    assert void is not None
    assert void.kind == Kind.REQUESTS
    assert void.reason == (
        "a round asked for /page/1/0 6 time(s), serial 1; /page/1/1 0 time(s), serial 1; "
        "/page/1/2 0 time(s), serial 1, and 3 more paths"
    )


def test_items_that_cannot_be_told_apart_are_not_compared() -> None:
    """Nothing is held against a model for them."""
    requests = RequestComparison()
    for model, paths in (("serial", PATHS), ("threads", {"/other": 1})):
        lambdas: Any = SimpleNamespace(model_id=model, items_key=key_of([lambda: None]))
        assert requests.differs("test", lambdas, asking(paths)) is None


def test_other_tests_and_other_items_are_not_compared() -> None:
    """They may ask for something else."""
    requests = RequestComparison()
    requests.differs("test", plan("serial"), asking(PATHS))
    assert requests.differs("another test", plan("threads"), asking({"/other": 1})) is None
    assert requests.differs("test", plan("threads", "/other"), asking({"/other": 1})) is None
