"""The order of one launch: random, but what belongs together stays together."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

from timetrial.pytest_plugin.launch_order import shuffled


def items() -> list[Any]:
    """Two modules with two functions of three models each."""
    return [SimpleNamespace(module=m, function=f"{m}{f}", name=f"{m}{f}{n}") for m in "ab" for f in "xy" for n in "123"]


def test_blocks_stay_together_and_all_orders_come_up() -> None:
    """Over many launches each test is first at times."""
    firsts = set()
    for seed in range(300):
        keys: Any = (lambda item: item.module, lambda item: item.function)
        order: list[Any] = shuffled(items(), keys, random.Random(seed))
        assert sorted(each.name for each in order) == sorted(each.name for each in items())
        functions = [each.function for each in order]
        assert functions == [each for each in dict.fromkeys(functions) for _ in range(3)]
        modules = [each.module for each in order]
        assert modules == [each for each in dict.fromkeys(modules) for _ in range(6)]
        firsts.add(order[0].name)
    assert len(firsts) == 12
