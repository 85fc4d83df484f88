"""The items come as people have them: a number, a glob, a file, a function, standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetrial.errors import TargetError, TargetFailedError
from timetrial.target.items import Items, items_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with all sorts of items in it."""
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("b.jpg").write_text("")
    tmp_path.joinpath("a.jpg").write_text("")
    tmp_path.joinpath("urls.txt").write_text("one\n\ntwo\n")
    tmp_path.joinpath("items.json").write_text('[{"a": 1}, {"a": 2}]')
    tmp_path.joinpath("items.jsonl").write_text("[1, 2]\n[3, 4]\n")
    tmp_path.joinpath("object.json").write_text('{"a": 1}')
    tmp_path.joinpath("broken.json").write_text("[1,")
    tmp_path.joinpath("items_jobs.py").write_text(
        "MADE = [1, 2]\nNONE = []\nNUMBER = 3\ndef make(): return (n for n in range(3))\ndef fail(): return 1 / 0\n"
    )
    path, modules = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def _items(spelled: str, given: str = "") -> Items:
    return items_of(spelled, lambda: given)


@pytest.mark.parametrize(
    ("spelled", "values"),
    [
        ("3", [0, 1, 2]),
        ("1_000", list(range(1000))),
        ("*.jpg", ["a.jpg", "b.jpg"]),
        ("@urls.txt", ["one", "two"]),
        ("@items.json", [{"a": 1}, {"a": 2}]),
        ("@items.jsonl", [[1, 2], [3, 4]]),
        ("items_jobs.py:make", [0, 1, 2]),
        ("items_jobs.py:MADE", [1, 2]),
        ("-", ["x", "y"]),
    ],
)
def test_every_way_of_giving_items_gives_them_and_the_code_that_makes_them(spelled: str, values: list[object]) -> None:
    """The code, run in the same folder, makes the very same items."""
    found = _items(spelled, "x\ny\n")
    assert list(found.values) == values
    if spelled != "-":
        names: dict[str, object] = {}
        exec("\n".join(found.imports), names)  # noqa: S102 - what a person would run
        assert list(eval(found.code, names)) == values


@pytest.mark.parametrize(
    ("spelled", "told"),
    [
        ("0", "at least one item"),
        ("-3", "at least one item"),
        ("*.png", "no file matches"),
        ("@nothing.txt", "can't read it"),
        ("@broken.json", "it is not JSON"),
        ("@object.json", "it holds no list but a dict"),
        ("urls.txt", "write --items @urls.txt"),
        ("what", "write a number (200), a glob"),
        ("items_jobs.py:NONE", "it gives no items"),
        ("items_jobs.py:NUMBER", "it is a int"),
        ("9_999_999", "a sample of them tells as much"),
    ],
)
def test_items_that_are_none_say_what_to_write(spelled: str, told: str) -> None:
    """In one sentence."""
    with pytest.raises(TargetError) as caught:
        _items(spelled)
    assert told in str(caught.value)


def test_a_function_that_fails_to_make_items_is_the_users_failure() -> None:
    """Its error is the cause."""
    with pytest.raises(TargetFailedError) as caught:
        _items("items_jobs.py:fail")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
