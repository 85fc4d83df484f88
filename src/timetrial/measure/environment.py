"""Where a trial ran, as far as it decides what its figures mean."""

from __future__ import annotations

import platform
import sys
import sysconfig


def gil_enabled() -> bool:
    """Whether this interpreter holds a GIL now; asked late, since an import can switch it on again."""
    asked = getattr(sys, "_is_gil_enabled", None)
    return True if asked is None else bool(asked())


def free_threaded_build() -> bool:
    """Whether this Python was built to run without a GIL."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def python_label() -> str:
    """Short and fit for a file name: ``cpython3.13``, ``cpython3.14t``."""
    suffix = "t" if free_threaded_build() else ""
    return f"{sys.implementation.name}{sys.version_info.major}.{sys.version_info.minor}{suffix}"


def python_facts() -> dict[str, object]:
    """The interpreter: its version in full, its build, and whether it holds a GIL now."""
    return {
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "free_threaded_build": free_threaded_build(),
        "gil_enabled": gil_enabled(),
    }
