"""What a list of items is known by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from timetrial.trial import items_key
from timetrial.trial.items_key import key_of


def test_equal_items_have_equal_keys() -> None:
    """An equal list made anew is the same work; another one isn't."""
    assert key_of([1, "two"]).before == key_of([1, "two"]).before != key_of([1, "three"]).before


def test_a_server_s_address_is_no_part_of_the_work() -> None:
    """It may be another one for each model of a test, in tuples and lists too."""
    one, other = "http://127.0.0.1:80", "http://127.0.0.1:54321"
    keys = [key_of([(f"{url}/a", [f"{url}/b"])], SimpleNamespace(url=url)) for url in (one, other)]
    assert keys[0].without_url == keys[1].without_url
    assert keys[0].before != keys[1].before


def test_items_that_cannot_be_pickled_have_no_key_and_never_changed() -> None:
    """Nothing is held against a task for what can't be told."""
    key = key_of([lambda: None], SimpleNamespace(url="http://127.0.0.1:80"))
    assert (key.before, key.without_url, key.changed()) == (None, None, False)


def test_a_task_that_changes_its_items_is_found_out() -> None:
    """A list that was sorted in place is another one."""
    items = [[3, 1, 2]]
    key = key_of(items)
    assert not key.changed()
    items[0].sort()
    assert key.changed()


def test_items_are_pickled_once_for_each_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large items would weigh on every trial."""
    pickled: list[object] = []

    def counting(items: object) -> bytes:
        pickled.append(items)
        return b"digest"

    monkeypatch.setattr(items_key, "digest_of_items", counting)
    key = key_of([1], SimpleNamespace(url="http://127.0.0.1:80"))
    assert key.before == key.without_url == key.without_url
    assert len(pickled) == 2
    plain = key_of([1])
    assert plain.before == plain.without_url
    assert len(pickled) == 3
