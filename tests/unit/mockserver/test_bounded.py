"""A memory with a bound in bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from timetrial.mockserver.bounded import Bounded


def test_the_oldest_is_forgotten_first() -> None:
    """As many of them as the new one needs the room of."""
    gone: list[str] = []
    memory: Bounded[str, str] = Bounded(10, gone.append)
    for name in "abcde":
        memory.keep(name, name.upper(), 2)
    memory.keep("f", "F", 3)
    assert (gone, list(memory.values)) == (["A", "B"], ["c", "d", "e", "f"])
    assert (memory.get("a"), memory.get("f")) == (None, "F")


def test_what_is_kept_again_is_the_newest() -> None:
    """And the value before it is forgotten."""
    gone: list[int] = []
    memory: Bounded[str, int] = Bounded(4, gone.append)
    for name, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        memory.keep(name, value, 2)
    assert (gone, dict(memory.values)) == ([1, 2], {"a": 3, "c": 4})


def test_what_is_larger_than_all_is_not_kept() -> None:
    """It would drive everything else out."""
    memory: Bounded[str, int] = Bounded(4)
    memory.keep("a", 1, 4)
    memory.keep("b", 2, 5)
    assert dict(memory.values) == {"a": 1}


@given(st.lists(st.tuples(st.sampled_from(["keep", "drop"]), st.integers(0, 5), st.integers(0, 6))))
def test_its_size_is_that_of_its_values_and_never_beyond_the_bound(calls: list[tuple[str, int, int]]) -> None:
    """Whatever is kept and dropped in whatever order; each value is forgotten once."""
    gone: list[int] = []
    memory: Bounded[int, int] = Bounded(10, gone.append)
    sizes: dict[int, int] = {}
    for number, (call, key, size_bytes) in enumerate(calls):
        if call == "keep":
            memory.keep(key, number, size_bytes)
            sizes[number] = size_bytes
        else:
            memory.drop(key)
        assert memory.size_bytes == sum(sizes[value] for value in memory.values.values()) <= 10
    memory.clear()
    assert sorted(gone) == sorted(sizes)
    assert (memory.size_bytes, len(memory.values)) == (0, 0)
