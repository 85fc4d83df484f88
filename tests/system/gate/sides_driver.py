"""A gate's preparation in a process of its own, to be ended by signals: says when the sides stand, then waits.

``python -m tests.system.gate.sides_driver ROOT REF INSTALL_WORD...``
"""

from __future__ import annotations

import sys
from pathlib import Path

from timetrial.gate.policy import GatePolicy
from timetrial.gate.sides import environments
from timetrial.gate.sides.make import sides_of_ref


def main(root: str, ref: str, *install: str) -> None:
    """Holds the two sides until standard input ends."""
    environments.Installer.needs_pip = False  # type: ignore[assignment,method-assign]  # saves five seconds a side
    with sides_of_ref(Path(root), ref, GatePolicy(install=install), lambda _line: None) as (base, _candidate):
        print(base.worktree, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
