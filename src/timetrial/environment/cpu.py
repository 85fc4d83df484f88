"""The processors: which they are, how many may be used, and what changes their speed."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Final, TypedDict

from timetrial.environment import cgroups
from timetrial.environment.facts import ROOT, known, number_in, sysctl, text_of
from timetrial.system.affinity import usable_cpus

# In this order: x86, MIPS and LoongArch, RISC-V, older ARM boards.
_MODEL_KEYS: Final = ("model name", "cpu model", "uarch", "hardware", "model")
_STEPPING_KEYS: Final = (
    "cpu family",
    "model",
    "stepping",
    "cpu implementer",
    "cpu part",
    "cpu variant",
    "cpu revision",
)


class CpuFacts(TypedDict):
    """The section ``cpu``; None is what can't be known here."""

    model: str | None
    """The name in its maker's words."""
    stepping: str | None
    """The numbers behind the name."""
    logical_cores: int | None
    """All that the machine has."""
    affinity_cores: int | None
    """Those that this process may be scheduled on."""
    quota_cores: float | None
    """The cores' worth of time that its control group grants; None without a quota."""
    usable_cores: float | None
    """The least of affinity and quota."""
    python_counts_cores: int | None
    """What Python sizes its own pools by."""
    smt: bool | None
    """Whether two logical cores share a physical one."""
    turbo: bool | None
    """Whether the clock may rise above its nominal rate."""
    governor: str | None
    """Who sets the clock rate."""


def cpu_facts(root: Path = ROOT) -> CpuFacts:
    """The processors as they bear on timings; ``usable_cores`` is the least of affinity and quota."""
    affinity = known(cores_by_affinity)
    quota = known(lambda: cgroups.quota_cores(root))
    return {
        "model": known(lambda: cpu_model(root)),
        "stepping": known(lambda: cpu_stepping(root)),
        "logical_cores": os.cpu_count(),
        "affinity_cores": affinity,
        "quota_cores": quota,
        "usable_cores": usable_cores(affinity, quota),
        "python_counts_cores": known(_cores_python_counts),
        "smt": known(lambda: smt_active(root)),
        "turbo": known(lambda: turbo_enabled(root)),
        "governor": known(lambda: governor(root)),
    }


def usable_cores(affinity: int | None, quota: float | None) -> float | None:
    """The cores' worth of time that this process may use; a quota need not be a whole number."""
    limits = [float(limit) for limit in (affinity, quota) if limit is not None]
    return min(limits, default=None)


def cores_by_affinity() -> int | None:
    """How many cores this process may be scheduled on; macOS has no affinity, so all of them there."""
    if sys.platform == "win32":
        return known(_affinity_by_psutil) or os.cpu_count()
    return len(usable_cpus()) or os.cpu_count()


def cpu_model(root: Path = ROOT) -> str | None:
    """The processor's name in its maker's words."""
    if sys.platform == "win32":
        return known(_model_by_registry) or platform.processor() or None
    facts = cpuinfo(root)
    named = next((facts[key] for key in _MODEL_KEYS if facts.get(key)), None)
    return named or sysctl("machdep.cpu.brand_string")


def cpu_stepping(root: Path = ROOT) -> str | None:
    """The numbers behind the name, since a cloud's "AMD EPYC" hides the generation."""
    facts = cpuinfo(root)
    return ", ".join(f"{key} {facts[key]}" for key in _STEPPING_KEYS if facts.get(key)) or None


def cpuinfo(root: Path = ROOT) -> dict[str, str]:
    """The first processor's part of /proc/cpuinfo, its keys in lower case; empty off Linux."""
    facts: dict[str, str] = {}
    for line in (text_of(root / "proc/cpuinfo") or "").splitlines():
        key, _, value = line.partition(":")
        facts.setdefault(key.strip().lower(), value.strip())
    return facts


def smt_active(root: Path = ROOT) -> bool | None:
    """Whether two logical cores share a physical one, as far as the kernel is told."""
    active = number_in(root / "sys/devices/system/cpu/smt/active")
    return None if active is None else bool(active)


def turbo_enabled(root: Path = ROOT) -> bool | None:
    """Whether the clock may rise above its nominal rate."""
    off = number_in(root / "sys/devices/system/cpu/intel_pstate/no_turbo")
    if off is not None:
        return not off
    boost = number_in(root / "sys/devices/system/cpu/cpufreq/boost")
    return None if boost is None else bool(boost)


def governor(root: Path = ROOT) -> str | None:
    """Who sets the clock rate: ``performance``; several, comma-separated, where cores differ."""
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    return ", ".join(sorted({name for file in files if (name := text_of(file))})) or None


def _cores_python_counts() -> int | None:
    """What Python sizes its own pools by; it heeds PYTHON_CPU_COUNT and, from 3.13, the affinity."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count()
    return os.cpu_count()


def _affinity_by_psutil() -> int | None:
    if sys.platform == "win32":
        import psutil

        return len(psutil.Process().cpu_affinity())
    return None


def _model_by_registry() -> str | None:
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    return None
