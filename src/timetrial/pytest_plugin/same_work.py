"""Which trials of a run do the same work, and so may be held against each other."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

from timetrial.languages import NOTHING, Text, joined
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.void import Kind, Void

_MOST_NAMED: Final = 3


class WorkNames:
    """Names the work of each test that shares a family, so that only the same work is held against each other.

    Tests may share a workload and its parameters, and give it other items. A test's own trials always do the same
    work, whatever their items look like: a test may make new URLs or new files for each of its models. Those of two
    tests do so where their items are equal.
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


class RequestComparison:
    """Holds what each model's rounds ask a server for against those of the first model of the same test.

    The count may be right and the requests others. Only where the models' items are the same too, as far as that can
    be told: a test may make new URLs for each of its models.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[str, Mapping[str, int]]] = {}

    def differs(self, test: Hashable, plan: TrialPlan, measurement: Measurement) -> Void | None:
        """Why this plan's model did other work than the first one of that test, or None."""
        paths = measurement.paths_per_round
        items = plan.items_key.without_url if plan.items_key and paths else None
        if items is None:
            return None
        first, expected = self._known.setdefault((test, items), (plan.model_id, paths))
        wrong = sorted(path for path in {**expected, **paths} if expected.get(path, 0) != paths.get(path, 0))
        if not wrong:
            return None
        named = joined((_asked(path, paths, first, expected) for path in wrong[:_MOST_NAMED]), "; ", "；")
        rest = len(wrong) - _MOST_NAMED
        more = Text(f", and {rest} more paths", f"，另有 {rest} 个路径不同") if rest > 0 else NOTHING
        return Void(
            Kind.REQUESTS, Text(f"a round asked for {named.en}{more.en}", f"每轮的请求不同：{named.zh}{more.zh}")
        )


def _asked(path: str, paths: Mapping[str, int], first: str, expected: Mapping[str, int]) -> Text:
    own, others = paths.get(path, 0), expected.get(path, 0)
    return Text(f"{path} {own} time(s), {first} {others}", f"{path} 请求了 {own} 次，{first} 为 {others} 次")


def _new_name(test: str, tests: Mapping[str, str]) -> str:
    if not tests:
        return ""
    short = f" ({test.rpartition('::')[2]})"
    return short if short not in tests.values() else f" ({test})"
