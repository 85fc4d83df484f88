"""What the control groups of this process allow it: processor time, memory and processes, by version 2 or 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from timetrial.environment.facts import ROOT, number_in, text_of

# Version 1 says "no limit" by the largest multiple of a page that fits a signed 64-bit number.
_NO_LIMIT_BYTES: Final = 1 << 60


@dataclass(frozen=True)
class _Mount:
    """One mounted hierarchy: where it is, which group is its top, and its controllers (none: version 2)."""

    folder: Path
    top: str
    controllers: frozenset[str]


def quota_cores(root: Path = ROOT) -> float | None:
    """How many cores' worth of time the tightest quota allows; None where there is no quota."""
    return min((quota for group in _groups("cpu", root) if (quota := _quota(group)) is not None), default=None)


@dataclass(frozen=True)
class Throttling:
    """How often a quota has stopped a group's processes so far, and for how many seconds of all cores together."""

    periods: int = 0
    seconds: float = 0.0


def throttling(root: Path = ROOT) -> dict[Path, Throttling]:
    """Of each group with a quota that can stop this process; empty where there is none."""
    return {group: found for group in _groups("cpu", root) if (found := _throttling(group)) is not None}


def throttled_since(before: Mapping[Path, Throttling], root: Path = ROOT) -> Throttling:
    """What was added since: that of the group that was stopped for longest."""
    added = [
        Throttling(now.periods - then.periods, now.seconds - then.seconds)
        for group, now in throttling(root).items()
        if (then := before.get(group)) is not None
    ]
    return max(added, key=lambda each: (each.seconds, each.periods), default=Throttling())


def memory_limit_bytes(root: Path = ROOT) -> int | None:
    """The tightest memory limit in bytes; None where there is none."""
    limits = _limits("memory", ("memory.max", "memory.limit_in_bytes"), root)
    return min((limit for limit in limits if limit < _NO_LIMIT_BYTES), default=None)


def process_limit(root: Path = ROOT) -> int | None:
    """How many processes and threads together the tightest limit allows; None where there is none."""
    return min(_limits("pids", ("pids.max",), root), default=None)


def _limits(controller: str, names: tuple[str, ...], root: Path) -> Iterator[int]:
    for group in _groups(controller, root):
        for name in names:
            limit = number_in(group / name)
            if limit is not None:
                yield limit


def _quota(group: Path) -> float | None:
    """One group's own quota in cores: ``cpu.max`` holds quota and period, version 1 has a file for each."""
    together = text_of(group / "cpu.max")
    if together is not None:
        quota, _, period = together.partition(" ")
        return int(quota) / int(period or 100_000) if quota.isdigit() else None
    quota_us, period_us = number_in(group / "cpu.cfs_quota_us"), number_in(group / "cpu.cfs_period_us")
    return quota_us / period_us if quota_us and period_us and quota_us > 0 else None


def _throttling(group: Path) -> Throttling | None:
    """By ``cpu.stat``, whose time is in microseconds in version 2 and in nanoseconds in version 1."""
    pairs = (line.split() for line in (text_of(group / "cpu.stat") or "").splitlines())
    counts = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
    if "nr_throttled" not in counts:
        return None
    seconds = counts.get("throttled_usec", 0) / 1e6 + counts.get("throttled_time", 0) / 1e9
    return Throttling(counts["nr_throttled"], seconds)


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """The folders that can limit this process: its own group's and those above it, up to the mount's top."""
    mounts = list(_mounts(root))
    for line in (text_of(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, group = line.split(":", 2)
        for mount in mounts:
            same = controller in mount.controllers if controllers else not mount.controllers
            if same and (not controllers or controller in controllers.split(",")):
                yield from _upwards(mount, group)


def _upwards(mount: _Mount, group: str) -> Iterator[Path]:
    own, top = PurePosixPath(group), PurePosixPath(mount.top)
    # A group outside of what is mounted here is another namespace's; then the mount's top is ours.
    inside = own.relative_to(top) if own.is_relative_to(top) else PurePosixPath()
    for part in (inside, *inside.parents):
        yield mount.folder / part


def _mounts(root: Path) -> Iterator[_Mount]:
    for line in (text_of(root / "proc/self/mountinfo") or "").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.partition(" ")
        if kind in ("cgroup", "cgroup2"):
            top, folder = before.split()[3:5]
            controllers = options.split()[-1].split(",") if kind == "cgroup" else []
            yield _Mount(root / folder.lstrip("/"), top, frozenset(controllers))
