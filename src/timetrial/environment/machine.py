"""The machine around the processors: its system, its memory, and whether it is a guest of another."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Final, TypedDict

from timetrial.environment import cgroups
from timetrial.environment.cpu import cpuinfo
from timetrial.environment.facts import ROOT, known, sysctl, text_of

NO_VIRTUALISATION_SEEN: Final = "none seen"
"""Written where a guest would show itself, and nothing does."""

_MAKERS_OF_GUESTS: Final = re.compile(
    r"qemu|kvm|vmware|virtualbox|xen|bochs|amazon ec2|google|hyper-v|openstack", re.IGNORECASE
)


class SystemFacts(TypedDict):
    """The section ``system``; None is what can't be known here, or isn't there."""

    name: str | None
    """Linux, Darwin or Windows."""
    release: str | None
    version: str | None
    """The kernel's, both."""
    distribution: str | None
    libc: str | None
    """Name and version."""
    architecture: str | None
    virtualisation: str | None
    """What the machine is a guest of, as far as it shows."""
    container: str | None
    """docker, podman or kubernetes."""
    hostname: str | None


class MemoryFacts(TypedDict):
    """The section ``memory``, in bytes."""

    total_bytes: int | None
    """The machine's."""
    limit_bytes: int | None
    """What the control group grants; None without a limit."""


def system_facts(root: Path = ROOT) -> SystemFacts:
    """The operating system and what it runs on."""
    return {
        "name": platform.system() or None,
        "release": platform.release() or None,
        "version": platform.version() or None,
        "distribution": known(_distribution),
        "libc": known(_libc),
        "architecture": platform.machine() or None,
        "virtualisation": known(lambda: virtualisation(root)),
        "container": known(lambda: container(root)),
        "hostname": platform.node() or None,
    }


def memory_facts(root: Path = ROOT) -> MemoryFacts:
    """The memory that is there and the part of it that this process may use, in bytes."""
    return {
        "total_bytes": known(lambda: total_memory_bytes(root)),
        "limit_bytes": known(lambda: cgroups.memory_limit_bytes(root)),
    }


def total_memory_bytes(root: Path = ROOT) -> int | None:
    """The machine's memory; on Windows only psutil can tell."""
    found = re.search(r"^MemTotal:\s+(\d+) kB", text_of(root / "proc/meminfo") or "", re.MULTILINE)
    if found:
        return int(found[1]) * 1024
    on_macos = sysctl("hw.memsize")
    return int(on_macos) if on_macos else known(_memory_by_psutil)


def virtualisation(root: Path = ROOT) -> str | None:
    """What the machine is a guest of, as far as it shows; a hint, since a guest need not be told."""
    release = (text_of(root / "proc/sys/kernel/osrelease") or "").lower()
    if "microsoft" in release:
        return "wsl"
    product = " ".join(
        filter(None, (text_of(root / f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name")))
    )
    flags = cpuinfo(root).get("flags")
    if (flags and "hypervisor" in flags.split()) or _MAKERS_OF_GUESTS.search(product):
        return f"hypervisor ({product})" if product else "hypervisor"
    told = sysctl("kern.hv_vmm_present")
    if told is not None:
        return "hypervisor" if told == "1" else NO_VIRTUALISATION_SEEN
    return NO_VIRTUALISATION_SEEN if flags else None


def container(root: Path = ROOT) -> str | None:
    """The kind of container that this process runs in, where it leaves a mark; None where none is seen."""
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / ".dockerenv").exists():
        return "docker"
    return "kubernetes" if "KUBERNETES_SERVICE_HOST" in os.environ else None


def _distribution() -> str | None:
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return platform.freedesktop_os_release().get("PRETTY_NAME")


def _libc() -> str | None:
    return " ".join(filter(None, platform.libc_ver())) or None


def _memory_by_psutil() -> int:
    import psutil

    return int(psutil.virtual_memory().total)
