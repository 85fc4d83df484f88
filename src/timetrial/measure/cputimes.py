"""What Linux counts about its cores and processes since it started, parsed into seconds."""

from __future__ import annotations

import gzip
import os
import platform
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from timetrial.environment.facts import ROOT, text_of

_TICKS_PER_S: Final = 100  # the unit of /proc on every architecture that is in use; asked all the same


@dataclass(frozen=True)
class CoreTimes:
    """One core's time so far, in seconds; ``busy_s`` is sampled at every tick, the idle time is exact."""

    busy_s: float
    idle_s: float
    """Idle, waiting for disks included."""
    interrupts_s: float
    """Serving interrupts, hard and soft."""
    stolen_s: float
    """Taken by the host for other guests."""

    def since(self, earlier: CoreTimes) -> CoreTimes:
        """What was added; never negative, though the kernel lets idle time step back a little."""
        return CoreTimes(
            max(0.0, self.busy_s - earlier.busy_s),
            max(0.0, self.idle_s - earlier.idle_s),
            max(0.0, self.interrupts_s - earlier.interrupts_s),
            max(0.0, self.stolen_s - earlier.stolen_s),
        )


def ticks_per_s() -> int:
    """The unit in which /proc counts time."""
    return os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else _TICKS_PER_S


def core_times(stat: str, ticks: int) -> dict[int, CoreTimes]:
    """Every core's times out of the text of /proc/stat."""
    found = {}
    for line in stat.splitlines():
        name, *counts = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, idle, waiting, hard, soft, stolen = (int(count) / ticks for count in counts[:8])
            found[int(name[3:])] = CoreTimes(user + nice + system, idle + waiting, hard + soft, stolen)
    return found


def pressure_s(text: str | None) -> float | None:
    """How long some process has waited for a core so far, out of the text of /proc/pressure/cpu."""
    found = re.search(r"^some .*total=(\d+)", text or "", re.MULTILINE)
    return int(found[1]) / 1e6 if found else None


def tree_cpu_s(pid: int, root: Path = ROOT) -> float | None:
    """CPU seconds of a process and all below it, so far; None where /proc doesn't tell.

    What ended children used counts with the parent that waited for them, so nothing is lost when a worker ends.
    """
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in (root / "proc").glob("[0-9]*"):
        fields = (text_of(folder / "stat") or "").rpartition(")")[2].split()
        if fields:
            each = int(folder.name)
            parents[each] = int(fields[1])
            used[each] = sum(map(int, fields[11:15])) / ticks_per_s()
    return sum(used[each] for each in _tree(pid, parents)) if pid in used else None


def interrupts_apart(root: Path = ROOT) -> bool:
    """Whether the kernel counts interrupts apart from the processes that they interrupt.

    Where its configuration can't be read, the answer is yes, as most distributions build it.
    """
    configuration = _kernel_configuration(root)
    return configuration is None or "CONFIG_IRQ_TIME_ACCOUNTING=y" in configuration.splitlines()


def _kernel_configuration(root: Path) -> str | None:
    try:
        return gzip.decompress((root / "proc/config.gz").read_bytes()).decode()
    except OSError:
        return text_of(root / f"boot/config-{platform.release()}")


def _tree(top: int, parents: Mapping[int, int]) -> Collection[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found = [top]
    for pid in found:  # grows as it is walked
        found.extend(children.get(pid, ()))
    return found
