"""Imported first in a fork server: takes over its parent's import path, and tidies up after a parent that is killed."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
from pathlib import Path

VARIABLE = "TIMETRIAL_FORKSERVER"


def describe_parent() -> str:
    """What a fork server is told about the process that starts it, in the environment variable VARIABLE."""
    from multiprocessing.util import get_temp_dir

    return json.dumps({"sys_path": sys.path, "parent": os.getpid(), "folder": get_temp_dir()})


def remove_folder_of_killed_parent(folder: str, parent: int, server: int) -> None:
    """Removes the folder with the fork server's socket, which only a parent that ends by itself removes.

    Workers inherit the call and do nothing in it.
    """
    if os.getpid() == server and os.getppid() != parent and Path(folder).name.startswith("pymp-"):
        shutil.rmtree(folder, ignore_errors=True)


_told = os.environ.pop(VARIABLE, None)
if _told is not None:
    _parent = json.loads(_told)
    sys.path[:] = _parent["sys_path"]
    atexit.register(remove_folder_of_killed_parent, _parent["folder"], _parent["parent"], os.getpid())
