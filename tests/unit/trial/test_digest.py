"""Digests: equal values have equal digests, wherever and however they came to be."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import math
import os
import pathlib
import pickle
import socket
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timetrial.errors import WorkloadError
from timetrial.trial.digest import combine, digest, forms

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
HASHABLE = st.recursive(SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4), max_leaves=8)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.sets(HASHABLE, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


class Plain:
    """An object with a state of its own."""

    def __init__(self, **state: Any) -> None:
        self.__dict__.update(state)


@dataclasses.dataclass
class Page:
    """A result as people write them; when it was fetched is no part of what it is."""

    url: str
    length: int
    fetched_s: float = dataclasses.field(default=0.0, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """A frozen result with slots."""

    x: int
    y: int


class Colour(enum.Enum):
    """An enumeration."""

    RED = 1


Pair = collections.namedtuple("Pair", "left right")

# What is fed to another interpreter as source; sets and dicts come out in another order there.
MANY_KINDS = """{
    'set': {'a', 'b', 'c', 'dd', 'ee'}, 'frozen': frozenset(range(20)), 'dict': {'x': 1, 'y': [2.5, None]},
    'bytes': b'abc', 'nested': [({'k': {'p', 'q'}}, -0.5), (1+2j, float('nan'))], 'text': 'ä€', 'true': True,
    'name': len, 'type': int, 'decimal': __import__('decimal').Decimal('1.50'),
    'date': __import__('datetime').date(2020, 1, 2),
    'objects': [__import__('types').SimpleNamespace(a=1, b={'u', 'v'}), __import__('collections').deque([1, 2])],
}"""


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_a_digest_is_the_same_in_another_process_with_another_hash_seed(hash_seed: str) -> None:
    """Worker processes and later runs agree with this one."""
    program = f"from timetrial.trial.digest import digest; print(digest({MANY_KINDS}).hex())"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    there = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == digest(eval(MANY_KINDS)).hex()


@given(VALUES)
def test_a_value_and_its_pickled_copy_have_one_digest(value: object) -> None:
    """A result does not change by travelling from a worker process."""
    assert digest(pickle.loads(pickle.dumps(value))) == digest(value)


@given(VALUES, VALUES)
def test_unequal_values_have_unequal_digests(one: object, other: object) -> None:
    """And what looks the same is the same."""
    assert (digest(one) == digest(other)) == (_shape(one) == _shape(other))


def _shape(value: object) -> object:
    """The value as text, types kept and the order of sets and dicts forgotten."""
    if isinstance(value, dict):
        return "dict", frozenset((_shape(key), _shape(each)) for key, each in value.items())
    if isinstance(value, set | frozenset):
        return type(value).__name__, frozenset(collections.Counter(map(_shape, value)).items())
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(map(_shape, value))
    return type(value).__name__, repr(value)


@given(st.dictionaries(HASHABLE, SCALARS))
def test_the_order_of_a_dict_does_not_matter(value: dict[object, object]) -> None:
    """Two models may fill it in another order."""
    assert digest(dict(reversed(value.items()))) == digest(value)


@given(st.lists(st.integers(), min_size=2, unique=True))
def test_the_order_of_a_list_matters(value: list[int]) -> None:
    """Results in another order are other results."""
    assert digest(value[::-1]) != digest(value)


def test_one_and_one_point_nought_and_true_are_three_results() -> None:
    """Python calls them equal; a model that gives another type did other work."""
    assert len({digest(each) for each in (1, 1.0, True, "1", b"1", None, [1], (1,), {1}, 1 + 0j)}) == 10


def test_nan_is_equal_to_itself() -> None:
    """A result that has no number is the same result every time."""
    assert digest(math.nan) == digest(float("nan")) == digest(-math.nan)
    assert digest([math.nan]) == digest([float("nan")])


def test_neighbours_are_not_run_together() -> None:
    """Where one part ends and the next begins is part of the digest."""
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest([[1], 2]) != digest([[1, 2]])
    assert digest([b"1", b""]) != digest([b"", b"1"])
    assert digest({"a": ("b", "c")}) != digest({"a": ("bc",)})


def test_the_kinds_of_bytes_are_one_result() -> None:
    """A client may hand out bytes, another a bytearray or a view."""
    assert digest(b"page") == digest(bytearray(b"page")) == digest(memoryview(b"page"))
    assert digest(memoryview(b"p-a-g-e-")[::2]) == digest(b"page")


def test_dataclasses_are_compared_by_their_fields() -> None:
    """Equal fields, equal digest; another class is another result."""
    assert digest(Page("/", 5)) == digest(Page("/", 5))
    assert digest(Page("/", 5)) != digest(Page("/", 6))
    assert digest(Point(1, 2)) == digest(Point(1, 2)) != digest(Point(2, 1))
    assert digest(Point(1, 2)) != digest((1, 2))


def test_a_field_that_the_dataclass_does_not_compare_does_not_count() -> None:
    """field(compare=False) says so: such results are equal, and so are their digests."""
    assert Page("/", 5, fetched_s=1.0) == Page("/", 5, fetched_s=2.0)
    assert digest(Page("/", 5, fetched_s=1.0)) == digest(Page("/", 5, fetched_s=2.0))


def test_objects_are_compared_by_their_state_and_not_by_identity() -> None:
    """Two objects made alike are one result."""
    assert digest(Plain(a=1, b=[2])) == digest(Plain(b=[2], a=1))
    assert digest(Plain(a=1)) != digest(Plain(a=2))


def test_an_object_that_is_shared_is_the_same_as_two_that_are_equal() -> None:
    """Pickling across a batch keeps identities that pickling one by one does not."""
    shared = [1, 2]
    assert digest([shared, shared]) == digest([[1, 2], [1, 2]])


@pytest.mark.parametrize(
    "value",
    [
        decimal.Decimal("1.5"), fractions.Fraction(1, 3), dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
        pathlib.PurePosixPath("a/b"), Colour.RED, Pair(1, {2}), range(3), collections.deque([1, 2]),
        collections.Counter("abca"), collections.defaultdict(list, a=[1]), collections.OrderedDict(b=1, a=2),
        ValueError("bad", 3), slice(1, 2), 10**5000, -(10**5000), "\ud800",
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_results_of_the_standard_library_can_be_compared(value: object) -> None:
    """What tasks give back in practice, after a trip through pickle too."""
    assert digest(pickle.loads(pickle.dumps(value))) == digest(value)


def test_an_iterator_is_not_used_up_by_looking_at_it() -> None:
    """The digest must not eat a result that the test still wants to read."""
    result = iter([1, 2, 3])
    digest(result)
    assert list(result) == [1, 2, 3]


def test_what_cannot_be_taken_apart_is_an_error_that_names_the_way_out() -> None:
    """A socket, a lock: the message says to use comparable=."""
    with socket.socket() as open_socket:
        for value in (open_socket, threading.Lock(), [threading.Lock()]):
            with pytest.raises(WorkloadError, match=r"can't be compared.*give the workload comparable="):
                digest(value)


def test_what_is_still_to_be_computed_is_not_to_be_made_comparable() -> None:
    """That would do the work in the comparison, outside of the clock."""
    with pytest.raises(WorkloadError, match=r"a generator, and nothing was computed: return list") as caught:
        digest(each for each in "ab")
    assert "comparable=" not in str(caught.value)


def test_what_contains_itself_is_an_error() -> None:
    """A list in itself, an object that knows itself."""
    in_itself: list[object] = []
    in_itself.append(in_itself)
    known = Plain()
    known.me = known  # type: ignore[attr-defined]  # a cycle on purpose
    for value in (in_itself, known, {"x": in_itself}):
        with pytest.raises(WorkloadError, match="contains itself, or nests too deeply"):
            digest(value)


def test_what_nests_too_deeply_is_an_error_too() -> None:
    """Even where its own repr would not come to an end."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(WorkloadError, match="contains itself, or nests too deeply"):
        digest(deep)
    while deep:  # taken down by hand: freeing it in one go would nest as deeply
        deep = deep.pop()  # type: ignore[assignment]  # it holds lists alone


def test_what_refuses_to_be_pickled_is_an_error_whatever_it_raises() -> None:
    """Objects refuse with all kinds of exceptions."""

    class Stubborn:
        def __reduce_ex__(self, protocol: Any) -> str:
            raise pickle.PicklingError(f"not under protocol {protocol}")

    with pytest.raises(WorkloadError, match=r"not under protocol 4.*comparable="):
        digest(Stubborn())


def test_digests_combine_in_their_order() -> None:
    """One text for a list of results: 32 hexadecimal digits."""
    one, two = digest(1), digest(2)
    assert combine([one, two]) != combine([two, one])
    assert len(combine([])) == 32


class Reading:
    """A measured value that works out its text once it is asked for."""

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    @functools.cached_property
    def text(self) -> str:
        """For people."""
        return f"{self.degrees:.1f} °C"


class KeptByOthers:
    """What other libraries' cached properties come to: a descriptor that writes into the object's own dictionary."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        instance.__dict__[self._function.__name__] = value = self._function(instance)
        return value


class Area:
    """One with such a property."""

    def __init__(self, side: int) -> None:
        self.side = side

    @KeptByOthers
    def size(self) -> int:
        """Worked out when it is asked for."""
        return self.side**2


@pytest.mark.parametrize(("make", "ask"), [(Reading, "text"), (Area, "size")])
def test_a_cached_property_does_not_count_whether_it_is_filled_or_not(make: Any, ask: str) -> None:
    """It says nothing that the rest does not say; what it was computed from still counts."""
    filled = make(3)
    getattr(filled, ask)
    assert ask in vars(filled)
    assert digest(filled) == digest(make(3)) != digest(make(4))


def test_an_attribute_that_stands_before_a_method_counts() -> None:
    """It was put there, and is no cache."""
    patched = Area(2)
    patched.double = 5  # type: ignore[attr-defined]  # as a test double has it
    assert digest(patched) != digest(Area(2))


def test_plain_data_has_one_form() -> None:
    """It is the same wherever it goes, so nobody sends it anywhere to see."""
    assert list(forms({"a": [1, 2.5, b"c"], "d": ("e", {1}, None)})) == [
        digest({"a": [1, 2.5, b"c"], "d": ("e", {1}, None)})
    ]


def test_what_cannot_be_sent_has_one_form() -> None:
    """As an object of a class that was made in a function."""

    class Local:
        pass

    assert list(forms([Local])) == [digest([Local])]


def test_a_masked_array_has_another_form_once_it_was_sent() -> None:
    """Nobody asked for its fill value; numpy sets one when it makes the copy."""
    masked = np.ma.masked_greater([1.0, 2.0, 3.0], 2.0)
    made, sent, *_ = forms(masked)
    assert made != sent == digest(pickle.loads(pickle.dumps(masked)))
