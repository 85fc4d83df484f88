"""The expected results of a workload on its items, computed once and held against every model's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from timetrial import models
from timetrial.errors import NothingComputedError, WorkloadError, shorten
from timetrial.languages import Text
from timetrial.models.base import ConcurrencyModel, InLoopModel
from timetrial.models.uncomputed import uncomputed
from timetrial.trial.digest import combine, digest, forms
from timetrial.trial.items_key import ItemsKey, key_of
from timetrial.trial.void import Kind, Void
from timetrial.workload import Workload


@dataclass(frozen=True)
class Expected:
    """What every model must come to: the digest of each item's result, and how to make results comparable.

    ``travelled`` holds, by its index, the other digests of a result that has another state once it has been sent
    between processes; few have.
    """

    digests: tuple[bytes, ...]
    comparable: Callable[[Any], object] | None = None
    travelled: Mapping[int, frozenset[bytes]] = field(default_factory=dict, hash=False)

    @property
    def digest(self) -> str:
        """One digest for all results, equal wherever and whenever the same work was done."""
        return combine(self.digests)

    def verify(self, results: Sequence[Any], items: Sequence[Any], who: str) -> None:
        """Raises VoidTrialError that names the first item whose result differs from the reference."""
        if len(results) != len(self.digests):
            found, expected = len(results), len(self.digests)
            said = Text(f"{found} results for {expected} items", f"{expected} 项只应有同样多的结果，却得到 {found} 个")
            raise Void(Kind.RESULTS, said).error(who)
        for index, result in enumerate(results):
            if not self._is_right(index, result):
                item, got = shorten(items[index]), shorten(result)
                reason = Text(
                    f"the result of item {index}, {item}, differs from the serial reference: got {got}",
                    f"第 {index} 项 {item} 的结果与串行结果不同：得到 {got}",
                )
                raise Void(Kind.RESULTS, reason).error(who)

    def _is_right(self, index: int, result: Any) -> bool:
        """Whether it is the expected value, in the form in which it was made or in one that it has after a journey."""
        right = {self.digests[index], *self.travelled.get(index, ())}
        return any(form in right for form in forms(result, self.comparable))  # mostly the first, which is the cheapest


class References:
    """Computes each workload's expected results once for each list of items, and remembers them."""

    def __init__(self) -> None:
        # The workload and the items are kept beside their results: a key may rest on their identity.
        self._known: dict[Hashable, tuple[Expected, Workload, Sequence[Any]]] = {}

    def expected(
        self, workload: Workload, items: Sequence[Any], items_key: ItemsKey | None = None, *, of: Hashable = None
    ) -> Expected:
        """The expected results of these items: what the reference or, without one, the serial run gives.

        ``items_key`` is the items' own, where it is known already. ``of`` is what the trials share that are held
        against each other: with another test, other parameters or other fixtures, a task may do other work.
        """
        key = (_key_of(workload, items, items_key or key_of(items)), of)
        if key not in self._known:
            expected = expected_of(workload, items, serial_results(workload, items))
            self._known[key] = expected, workload, tuple(items)
        return self._known[key][0]

    async def expected_in_loop(
        self, workload: Workload, items: Sequence[Any], items_key: ItemsKey | None = None, *, of: Hashable = None
    ) -> Expected:
        """The same for an async test: what only an async_task can tell is asked in the running loop.

        What the test's async fixtures have opened belongs to that loop. Anything else runs in a thread of its own,
        since it may need a loop of its own.
        """
        key = (_key_of(workload, items, items_key or key_of(items)), of)
        if key not in self._known:
            way = None if workload.reference is not None else _serial_way(workload)
            if way is None or not isinstance(way[1], InLoopModel):
                return await asyncio.to_thread(self.expected, workload, items, items_key, of=of)
            async with way[1].open_in_loop(way[0], 1) as executor:
                results = await executor.run(items)
            self._known[key] = expected_of(workload, items, results), workload, tuple(items)
        return self._known[key][0]


def expected_of(workload: Workload, items: Sequence[Any], results: Sequence[Any]) -> Expected:
    """Turns reference results into what other models' results are held against."""
    if len(results) != len(items):
        raise WorkloadError(
            f"workload {workload.name!r}: its reference gave {len(results)} results for {len(items)} items"
        )
    for result in results:
        if (reason := uncomputed(result)) is not None:
            raise NothingComputedError(f"workload {workload.name!r}: a reference result is {reason}")
    found = [tuple(forms(each, workload.comparable)) for each in results]
    travelled = {index: frozenset(each[1:]) for index, each in enumerate(found) if {*each[1:]} - {each[0]}}
    return Expected(tuple(each[0] for each in found), workload.comparable, travelled)


def serial_results(workload: Workload, items: Sequence[Any]) -> Sequence[Any]:
    """The workload's results one item at a time, untimed, by the cheapest honest way it has."""
    if workload.reference is not None:
        return list(workload.reference(items))
    way, model = _serial_way(workload)
    with model.open(way, 1) as executor:
        return executor.run(items)


def _serial_way(workload: Workload) -> tuple[Workload, ConcurrencyModel]:
    """Which of its ways gives the results, and under which model."""
    for way in (workload, *workload.variants.values()):
        for name in ("serial", "coroutines"):
            model = models.get(name)
            if model.suits(way):
                return way, model
    raise WorkloadError(
        f"workload {workload.name!r} has no task, no async_task and no serial implementation to compare with: "
        f"give it reference=, a function from the items to their expected results"
    )


def _key_of(workload: Workload, items: Sequence[Any], items_key: ItemsKey) -> bytes:
    """Items that look alike but can't be pickled are told apart by identity: computed again, never mixed up."""
    which = items_key.before or digest([id(item) for item in items])
    return digest((workload.name, id(workload))) + which
