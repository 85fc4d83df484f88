"""What there is to measure, by what both sides offer; and what keeps the rest from being measured, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from timetrial.gate.lockstep.launch import Offer
from timetrial.gate.record import SideName, Trouble
from timetrial.gate.shards import Shard
from timetrial.gate.stock import lacking, records_of


def launch(base: Sequence[str], candidate: Sequence[str], uncollected: Mapping[str, str] | None = None) -> Any:
    """What a launch knows once both sides have collected."""
    sides = {SideName.BASE: base, SideName.CANDIDATE: candidate}
    return SimpleNamespace(
        offers={side: [Offer(name, None) for name in names] for side, names in sides.items()},
        uncollected={SideName.BASE: uncollected or {}},
    )


def test_what_the_base_could_not_import_is_new_with_its_error() -> None:
    """A benchmark of another file is just new."""
    made = launch(["a.py::test_x"], ["a.py::test_x", "b.py::test_y", "c.py::test_z"], {"b.py": "ImportError: no y"})
    found = {each.name: each.trouble for each in records_of(made, None)}
    assert found == {
        "a.py::test_x": None,
        "b.py::test_y": Trouble(
            "new", SideName.BASE, "the base's package lacks what the test needs: ImportError: no y"
        ),
        "c.py::test_z": Trouble("new", SideName.BASE, "the base doesn't have it yet"),
    }


def test_a_shard_has_records_for_its_part_alone_missing_ones_too() -> None:
    """Together the shards have each benchmark of either side once."""
    made = launch([f"t.py::test_{each}" for each in "abcx"], [f"t.py::test_{each}" for each in "abcd"])
    shares = [[record.name for record in records_of(made, Shard(number, 2))] for number in (1, 2)]
    assert sorted(name for share in shares for name in share) == [f"t.py::test_{each}" for each in "abcdx"]


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble("failed", SideName.BASE, "AttributeError: module 'a' has no attribute 'b'"), "new"),
        (Trouble("failed", SideName.BASE, "AssertionError: wrong"), "failed"),
        (Trouble("failed", SideName.CANDIDATE, "ImportError: no b"), "failed"),
        (Trouble("failed", None, "ImportError: no b"), "failed"),
    ],
)
def test_a_borrowed_test_that_fails_for_what_the_base_lacks_is_new(trouble: Trouble, kind: str) -> None:
    """Any other failure stays one."""
    assert lacking(trouble).kind == kind
