"""Programs that end with this one, even when it is killed: a small process waits for its end, and ends them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

OWNER: Final = "TIMETRIAL_OWNER"
"""The environment variable by which a program, and all that it starts, is known as ours."""

# Told of groups, "+PID" and "-PID", and at last "end"; without that word it has been left alone, and ends what there
# is. A process that left its group is found by its environment, where the system shows it (Linux).
_WARDEN: Final = """
import os, signal, sys
def end(ender, pid):
    try:
        ender(pid, getattr(signal, "SIGKILL", 9))
    except OSError:
        pass
def owned(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read().split(b"\\0")
    except OSError:
        return False
mark, groups = sys.argv[1].encode(), set()
for line in sys.stdin.buffer:
    if line == b"end\\n":
        sys.exit()
    (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
for _ in range(3):
    for group in groups:
        end(getattr(os, "killpg", os.kill), group)
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if name.isdigit() and owned(name):
            end(os.kill, int(name))
"""


class _Warden:
    def __init__(self) -> None:
        self._owner = secrets.token_hex(8)
        variables = {name: value for name, value in os.environ.items() if name != OWNER}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WARDEN, f"{OWNER}={self._owner}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=variables,
            start_new_session=True,
        )

    def marked(self, variables: Mapping[str, str]) -> dict[str, str]:
        return {**variables, OWNER: self._owner}

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # somebody ended it
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def dismiss(self) -> None:
        self.tell("end")
        self._process.communicate()

    def end_all(self) -> None:
        """Has it do what it does when its owner is killed; returns once that is done."""
        self._process.communicate()


_present: _Warden | None = None


@contextmanager
def warden() -> Iterator[None]:
    """Within, what ``start`` starts ends with this process, whatever ends it."""
    global _present
    if _present is not None:
        yield
        return
    _present = _Warden()
    try:
        yield
    except BaseException:
        _present.end_all()
        raise
    else:
        _present.dismiss()
    finally:
        _present = None


def start(command: list[str], *, env: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[Any]:
    """``Popen`` in a session of its own; within ``warden()`` it ends with this process. ``gone`` has to follow."""
    variables = os.environ if env is None else env
    if _present is None:
        return subprocess.Popen(command, env=dict(variables), start_new_session=True, **how)
    process = subprocess.Popen(command, env=_present.marked(variables), start_new_session=True, **how)
    _present.tell(f"+{process.pid}")
    return process


def gone(process: subprocess.Popen[Any]) -> None:
    """Its group has ended, and its number may be another's from now on."""
    if _present is not None:
        _present.tell(f"-{process.pid}")
