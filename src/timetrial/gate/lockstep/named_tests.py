"""Tests that are named one by one: a file that only the other side's test is in is no mistake in the command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


class NamedTests:
    """A pytest plugin that takes ``file.py::test`` for the file, and leaves out what nobody named.

    pytest itself ends where there is no such test. Here it may be new, or gone; ``unknown`` is what this side lacks.
    Words that name no file, and those of ``--pyargs``, are left to pytest.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.unknown: list[str] = []
        self._folder = config.invocation_params.dir
        self._named: dict[str, tuple[Path, str]] = {}
        if not config.getoption("pyargs"):
            self._named = {word: file_and_test for word in config.args if (file_and_test := self._test_in(word))}
        self._whole = [self._path_of(word) for word in config.args if word not in self._named]
        files = {word: str(file) for word, (file, _) in self._named.items()}
        config.args[:] = dict.fromkeys(files.get(word, word) for word in config.args)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Before -k and -m have their say, which leave out what is there."""
        files = {file for file, _ in self._named.values()}
        seen: set[str] = set()
        kept: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        for item in items:
            words = [word for word, (file, test) in self._named.items() if item.path == file and _is_in(item, test)]
            seen.update(words)
            wanted = words or item.path not in files or any(map(item.path.is_relative_to, self._whole))
            (kept if wanted else left_out).append(item)
        self.unknown = [word for word in self._named if word not in seen]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = kept

    def _test_in(self, word: str) -> tuple[Path, str] | None:
        file, _, test = word.partition("::")
        path = self._path_of(file)
        return (path, test) if test and path.is_file() else None

    def _path_of(self, word: str) -> Path:
        return Path(os.path.abspath(self._folder / word))  # noqa: PTH100 (as pytest makes its own: links stay)


def _is_in(item: pytest.Item, test: str) -> bool:
    """Whether an item is a test, one of its parametrisations, or one of its class."""
    own = item.nodeid.partition("::")[2]
    return own == test or own.startswith((f"{test}[", f"{test}::"))
