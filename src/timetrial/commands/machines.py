"""``--on dask``: launches on the machines of a cluster, said the same way to every command that launches."""

from __future__ import annotations

import argparse
from typing import Final

from timetrial.errors import GateError

_WHY_ONE_IS_NEEDED: Final = (
    "--on dask needs --dask-scheduler=tcp://HOST:PORT: launches go to other machines, one at a time on each, and a "
    "cluster that was started here would have none (docs/cluster.md has the commands)"
)


def add_machines(parser: argparse.ArgumentParser) -> None:
    """The arguments that say where launches run."""
    parser.add_argument("--on", choices=["dask"], help="spread the launches over the machines of a Dask cluster")
    parser.add_argument(
        "--dask-scheduler", metavar="ADDRESS", help="its scheduler, such as tcp://10.0.0.5:8786; for --on dask"
    )


def require_scheduler(options: argparse.Namespace) -> None:
    """Raises GateError where one of the two arguments is there without the other."""
    if options.on and not options.dask_scheduler:
        raise GateError(_WHY_ONE_IS_NEEDED)
    if options.dask_scheduler and not options.on:
        raise GateError(f"--dask-scheduler={options.dask_scheduler} has no use without --on dask")
