"""Imported first in a fork server: takes over the import path of the process that started it."""

from __future__ import annotations

import json
import os
import sys

VARIABLE = "TIMETRIAL_FORKSERVER_PATH"

_path = os.environ.pop(VARIABLE, None)
if _path is not None and "multiprocessing.forkserver" in sys.modules:
    sys.path[:] = json.loads(_path)
