"""Imported first in a fork server: takes over its parent's import path, and tidies up after a parent that is killed."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import time
from pathlib import Path

from timetrial.models import modulefiles

VARIABLE = "TIMETRIAL_FORKSERVER"
_DYING_S = 0.5

_MOST_CHARACTERS = 60_000
"""How much is told of where modules are: Linux has room for 128 KiB in a variable. Workers are told the rest."""


def describe_parent(places: modulefiles.Places) -> str:
    """What a fork server is told about the process that starts it, in the environment variable VARIABLE."""
    from multiprocessing.util import get_temp_dir

    told = places if len(json.dumps(places)) <= _MOST_CHARACTERS else {}
    return json.dumps({"sys_path": sys.path, "parent": os.getpid(), "folder": get_temp_dir(), "places": told})


def remove_folder_of_killed_parent(folder: str, parent: int, server: int) -> None:
    """Removes the folder with the fork server's socket, which only a parent that ends by itself removes.

    Workers inherit the call and do nothing in it.
    """
    if os.getpid() == server and Path(folder).name.startswith("pymp-") and _is_orphaned(parent):
        shutil.rmtree(folder, ignore_errors=True)


def _is_orphaned(parent: int) -> bool:
    """Whether the parent is gone. It hangs up on the fork server a moment before it is, so this waits that moment."""
    deadline_s = time.monotonic() + _DYING_S
    while os.getppid() == parent and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return os.getppid() != parent


_told = os.environ.pop(VARIABLE, None)
if _told is not None:
    _parent = json.loads(_told)
    sys.path[:] = _parent["sys_path"]
    modulefiles.install(_parent["places"])
    atexit.register(remove_folder_of_killed_parent, _parent["folder"], _parent["parent"], os.getpid())
