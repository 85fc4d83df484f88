"""A Dask cluster to run on: one of our own on this machine, or one that is there, whose workers are looked over."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Final, cast

import dask
from distributed import Client, LocalCluster

from timetrial.errors import ClusterError, ModelUnavailableError
from timetrial.system.process_group import kill_group_of

EMBEDDED: Final = "embedded"
_CONNECT_S: Final = 10.0
_CLOSE_S: Final = 5.0


class EmbeddedCluster:
    """A LocalCluster of as many worker processes, of one thread each, on the loopback address.

    ``start_method`` is how they start; None leaves it to Dask, which spawns them unless it is configured otherwise.
    """

    name = EMBEDDED

    def __init__(self, workers: int, start_method: str | None) -> None:
        self._workers = workers
        self.start_method = start_method or str(dask.config.get("distributed.worker.multiprocessing-method"))
        self._stack = ExitStack()

    def open(self) -> tuple[Any, Mapping[str, int]]:
        """Starts it; returns the client and how many threads each worker has, by its address."""
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="timetrial-dask-"))
            stack.enter_context(dask.config.set(_settings(self.start_method, folder)))
            self._cluster = LocalCluster(
                n_workers=self._workers,
                threads_per_worker=1,
                processes=True,
                protocol="tcp",
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # its health page's, or it takes port 8787
                memory_limit=None,  # as little as the other models', whose workers nobody restarts for their memory
                local_directory=folder,
                silence_logs=logging.CRITICAL,  # what goes wrong comes out as an exception
            )
            stack.callback(self._cluster.close, timeout=_CLOSE_S)
            client = stack.enter_context(Client(self._cluster, set_as_default=False))
            client.wait_for_workers(self._workers)
            self._stack = stack.pop_all()
        return client, client.nthreads()

    def pin(self, workers: Mapping[str, int]) -> Sequence[str] | None:
        """The workers that batches may go to: all, those included that come in place of lost ones."""
        del workers
        return None

    def close(self, pids: Sequence[int], *, at_once: bool) -> None:
        """Ends it with all that its workers have started; ``at_once`` without waiting for what they are at."""
        if at_once:
            for nanny in self._cluster.workers.values():
                nanny.close_gracefully(reason="timetrial")  # or it starts another worker
            for pid in pids:
                with suppress(OSError):
                    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        try:
            self._stack.close()
        finally:
            for pid in pids:
                kill_group_of(pid)


class ExistingCluster:
    """Somebody's cluster behind a scheduler's address: some of its workers, which stay when we go.

    TLS and authentication are Dask's own: its configuration says with which certificates.
    """

    start_method = None

    def __init__(self, address: str, concurrency: int) -> None:
        self.name = address
        self._concurrency = concurrency

    def open(self) -> tuple[Any, Mapping[str, int]]:
        """Connects; as above, of the workers that will be used.

        Raises ClusterError where there is no scheduler or where something else is installed than here, and
        ModelUnavailableError where it has no such number of threads.
        """
        self._client = connected(self.name)
        try:
            return self._client, chosen(self._client.nthreads(), self._concurrency, self.name)
        except BaseException:
            self._client.close()
            raise

    def pin(self, workers: Mapping[str, int]) -> Sequence[str] | None:
        """The workers that batches may go to: no others than these, so that no more items are in flight."""
        return list(workers)

    def close(self, pids: Sequence[int], *, at_once: bool) -> None:
        """Leaves it."""
        del pids, at_once
        self._client.close(timeout=_CLOSE_S)


def connected(scheduler: str) -> Client:
    """A client of the scheduler at that address, to be closed.

    Raises ClusterError where there is none, and where it or a worker has something else installed than here.
    """
    try:
        client = Client(scheduler, set_as_default=False, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {scheduler} ({type(error).__name__}: {error}); "
            f"docs/cluster.md has how to start one"
        ) from error
    except (TypeError, RuntimeError) as error:  # what Dask says of a tls:// address or of another one then
        raise ClusterError(
            f"Dask can't connect to {scheduler} as it is configured here ({error}); docs/cluster.md has how to "
            f"name the certificates for TLS"
        ) from error
    try:
        found: Any = client.get_versions(packages=["timetrial"])  # a coroutine in a loop, and this is none
        if differing := differences(cast("Mapping[str, Any]", found)):
            raise ClusterError(f"{'; '.join(differing)}: install the same there as here")
    except BaseException:
        client.close()
        raise
    return client


def chosen(threads: Mapping[str, int], concurrency: int, scheduler: str) -> dict[str, int]:
    """Workers that have as many threads together as items are to be in flight; ``threads`` of each by its address.

    Raises ClusterError where there are no workers, and ModelUnavailableError where no choice comes to that number.
    """
    if not threads:
        raise ClusterError(f"the scheduler at {scheduler} has no workers; docs/cluster.md has how to start some")
    found: dict[str, int] = {}
    for address, count in sorted(threads.items(), key=lambda worker: (-worker[1], worker[0])):
        if sum(found.values()) + count <= concurrency:
            found[address] = count
    if sum(found.values()) != concurrency:
        raise ModelUnavailableError(
            f"the cluster at {scheduler} can't have exactly {concurrency} items in flight: its "
            f"{len(threads)} workers have {sum(threads.values())} threads together (most: {max(threads.values())} in "
            f"one); start them with --nthreads 1, at least {concurrency} of them"
        )
    return found


def differences(versions: Mapping[str, Any]) -> list[str]:
    """What is installed in another version at the scheduler or at a worker than here, in words, with the names.

    ``versions`` is what ``Client.get_versions(packages=["timetrial"])`` gives. What isn't installed here is nobody's
    concern, except for what Dask itself works with.
    """
    here = versions["client"]["packages"]
    places = {"the scheduler": versions["scheduler"], **dict(_by_address(versions["workers"]))}
    return [
        f"{place} has {package} {there or 'not at all'}, and here it is {here[package]}"
        for place, found in places.items()
        for package in here
        if here[package] and (there := found["packages"].get(package)) != here[package]
        if place != "the scheduler" or package in _OF_THE_SCHEDULER
    ]


_OF_THE_SCHEDULER: Final = ("python", "timetrial", "dask", "distributed", "cloudpickle", "tornado", "msgpack", "toolz")
"""What the scheduler loads too; the numpy of the workers isn't its concern."""


def _by_address(workers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((f"the worker {address}", found) for address, found in sorted(workers.items()))


def _settings(start_method: str, folder: str) -> dict[str, object]:
    return {
        "temporary-directory": folder,
        "distributed.worker.multiprocessing-method": start_method,
        "distributed.admin.large-graph-warning-threshold": "1 TiB",  # large items are the workload's own business
    }
