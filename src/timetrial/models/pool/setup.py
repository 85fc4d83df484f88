"""What a worker process is told before it loads its task: the task itself, where modules are, and in which world."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from timetrial.errors import WorkloadError
from timetrial.measure.tracing import is_let_through
from timetrial.models.calling import name_of
from timetrial.models.pool import import_paths, parent_state, protocol, start_methods


@dataclass(frozen=True)
class Parts:
    """What is to be loaded in each worker, and how errors call it."""

    workload: str
    """Its name."""
    kind: str
    """task or async_task."""
    task: Callable[..., Any]
    resource: Callable[[int], Any] | None

    def modules(self) -> list[str]:
        """The modules that they are in, as far as they tell."""
        return [module for part in (self.task, self.resource) if (module := getattr(part, "__module__", None))]

    def inner_modules(self) -> set[str]:
        """The modules that they come from; a partial comes from where its function does."""
        modules = set()
        for part in (self.task, self.resource):
            inner: object = part
            while isinstance(inner, partial):
                inner = inner.func
            modules.add(getattr(inner, "__module__", None))
        return {module for module in modules if module is not None}

    def pickled(self, dumps: Callable[[Any], bytes] = pickle.dumps) -> bytes:
        """Both, as ``worker.load`` takes them; raises WorkloadError for the one that can't be pickled."""
        for kind, part in ((self.kind, self.task), (self.kind.replace("task", "resource"), self.resource)):
            try:
                dumps(part)
            except Exception as error:
                name = name_of(part) if part is not None else "None"
                raise WorkloadError(
                    f"workload {self.workload!r}: the {kind} {name} can't be sent to worker processes "
                    f"({type(error).__name__}: {error}); define it at the top level of a module"
                ) from error
        return protocol.SETUP + dumps((self.task, self.resource))


def prepare(parts: Parts, start_method: str) -> None:
    """Gets a fork server ready to start workers that load these, where that is the start method."""
    if start_method == "forkserver":
        start_methods.preload(parts.modules())
        start_methods.start_fork_server()


def setup_of(parts: Parts, payload: bytes, start_method: str, options: Sequence[tuple[str, object]] = ()) -> Any:
    """The setup that ``worker.load`` takes; ``options`` go along. Call it when all workers are about to be set up."""
    return {
        "payload": payload,
        "modules": parts.modules(),
        "places": import_paths.places_of(parts.inner_modules()),
        "kind": parts.kind,
        "forkserver": start_method == "forkserver",
        "imports": start_methods.world_of_imports(),
        "world": parent_state.look(),
        "traced": is_let_through(),
        **dict(options),
    }
