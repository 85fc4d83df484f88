"""Which trials do the same work: tests may share a workload and its parameters, and give it other items."""

from __future__ import annotations

from collections.abc import Hashable, Mapping


class Works:
    """Names the work of each test that shares a family, so that only the same work is held against each other.

    A test's own trials always do the same work, whatever their items look like: a test may make new URLs or new files
    for each of its models. Those of two tests do so where their items are equal.
    """

    def __init__(self) -> None:
        self._of_tests: dict[str, dict[str, str]] = {}
        self._of_items: dict[str, dict[Hashable, str]] = {}

    def name(self, family: str, test: str, items: Hashable | None) -> str:
        """Nothing for the family's first work; for another one, the test that first did it, in brackets.

        ``test`` is the test's full name without parameters; ``items`` is equal for equal items of one workload, and
        None where that can't be told.
        """
        tests, known = self._of_tests.setdefault(family, {}), self._of_items.setdefault(family, {})
        if test not in tests:
            same = known.get(items) if items is not None else None
            tests[test] = _new_name(test, tests) if same is None else same
        if items is not None:
            known.setdefault(items, tests[test])
        return tests[test]


def _new_name(test: str, tests: Mapping[str, str]) -> str:
    if not tests:
        return ""
    short = f" ({test.rpartition('::')[2]})"
    return short if short not in tests.values() else f" ({test})"
