"""The beginning of a worker process whose standard library gevent patches before anything else is imported there."""

from __future__ import annotations

from typing import Any


def main(connection: Any, inherited: list[Any], serve: str) -> None:
    """As ``pool.worker.main``. The parent imports this module, and must not be patched: hence the imports in here."""
    import warnings
    from importlib import import_module

    monkey = import_module("gevent.monkey")
    with warnings.catch_warnings():  # the main module may have imported ssl, which is patched all the same
        warnings.simplefilter("ignore", monkey.MonkeyPatchWarning)
        monkey.patch_all()
    from timetrial.models.pool.worker import main as work

    work(connection, inherited, serve)
