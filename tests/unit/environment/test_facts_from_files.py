"""What is read from /proc, /sys and the control groups, on made-up machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from timetrial.environment import cgroups, cpu, limits, machine

_V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
_V1_CPU_MOUNT = "33 31 0:30 {top} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct"
_V1_MEMORY_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"


def lay(root: Path, files: dict[str, str]) -> Path:
    """Writes made-up files below a folder that stands for /."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return root


def version_2(root: Path, group: str, files: dict[str, str]) -> Path:
    """A machine with control groups of version 2, whose process is in ``group``."""
    own = {"proc/self/cgroup": f"0::{group}", "proc/self/mountinfo": _V2_MOUNT}
    return lay(root, own | {f"sys/fs/cgroup/{name}": text for name, text in files.items()})


def test_a_quota_of_version_2_is_a_number_of_cores(tmp_path: Path) -> None:
    """150 ms in every 100 ms are one and a half cores."""
    root = version_2(tmp_path, "/job", {"job/cpu.max": "150000 100000"})
    assert cgroups.quota_cores(root) == 1.5


def test_the_tightest_of_all_groups_above_counts(tmp_path: Path) -> None:
    """A wide limit inside of a narrow one doesn't widen it."""
    files = {"a/b/cpu.max": "400000 100000", "a/cpu.max": "50000 100000", "a/b/memory.max": "max"}
    root = version_2(tmp_path, "/a/b", files | {"a/memory.max": "1073741824"})
    assert cgroups.quota_cores(root) == 0.5
    assert cgroups.memory_limit_bytes(root) == 2**30


def test_max_is_no_limit(tmp_path: Path) -> None:
    """None, for time, memory and processes."""
    files = {"job/cpu.max": "max 100000", "job/memory.max": "max", "job/pids.max": "max"}
    root = version_2(tmp_path, "/job", files)
    assert (cgroups.quota_cores(root), cgroups.memory_limit_bytes(root), cgroups.process_limit(root)) == (None,) * 3


def test_in_a_container_the_mounts_top_is_our_group(tmp_path: Path) -> None:
    """With a namespace of its own the group reads /, and its limits lie at the top."""
    root = version_2(tmp_path, "/", {"cpu.max": "200000 100000", "pids.max": "512"})
    assert cgroups.quota_cores(root) == 2.0
    assert cgroups.process_limit(root) == 512


def test_a_quota_of_version_1_is_found_through_a_part_of_the_tree(tmp_path: Path) -> None:
    """A container without a namespace mounts its own group as the top and sees the whole path."""
    files = {
        "proc/self/cgroup": "4:memory:/docker/c0ffee\n2:cpu,cpuacct:/docker/c0ffee",
        "proc/self/mountinfo": _V1_CPU_MOUNT.format(top="/docker/c0ffee") + "\n" + _V1_MEMORY_MOUNT,
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "75000",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/memory/docker/c0ffee/memory.limit_in_bytes": "536870912",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    }
    root = lay(tmp_path, files)
    assert cgroups.quota_cores(root) == 0.75
    assert cgroups.memory_limit_bytes(root) == 512 * 2**20


def test_no_quota_of_version_1_reads_minus_one(tmp_path: Path) -> None:
    """None, and a memory limit of nearly 2**63 bytes is none either."""
    files = {
        "proc/self/cgroup": "4:memory:/\n2:cpu,cpuacct:/",
        "proc/self/mountinfo": _V1_CPU_MOUNT.format(top="/") + "\n" + _V1_MEMORY_MOUNT,
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    }
    root = lay(tmp_path, files)
    assert cgroups.quota_cores(root) is None
    assert cgroups.memory_limit_bytes(root) is None


def test_usable_cores_are_the_least_of_affinity_and_quota() -> None:
    """Whichever is known and smaller."""
    assert cpu.usable_cores(8, 2.5) == 2.5
    assert cpu.usable_cores(2, 4.0) == 2.0
    assert cpu.usable_cores(4, None) == 4.0
    assert cpu.usable_cores(None, None) is None


@pytest.mark.parametrize(
    ("cpuinfo", "model", "stepping"),
    [
        (
            "processor\t: 0\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nstepping\t: 1",
            "AMD EPYC",
            "cpu family 25, model 17, stepping 1",
        ),
        (
            "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c",
            None,
            "cpu implementer 0x41, cpu part 0xd0c",
        ),
        ("processor\t: 0\nHardware\t: BCM2835", "BCM2835", None),
    ],
)
def test_a_processor_is_told_by_its_name_and_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpuinfo: str, model: str | None, stepping: str | None
) -> None:
    """One name can stand for several generations, and ARM has numbers only."""
    monkeypatch.setattr("sys.platform", "linux")
    root = lay(tmp_path, {"proc/cpuinfo": cpuinfo})
    assert cpu.cpu_model(root) == model
    assert cpu.cpu_stepping(root) == stepping


def test_clock_rates_and_shared_cores_are_read_where_the_kernel_shows_them(tmp_path: Path) -> None:
    """Governors that differ are all named."""
    folder = "sys/devices/system/cpu"
    files = {
        f"{folder}/smt/active": "1",
        f"{folder}/intel_pstate/no_turbo": "1",
        f"{folder}/cpu0/cpufreq/scaling_governor": "performance",
        f"{folder}/cpu1/cpufreq/scaling_governor": "powersave",
    }
    root = lay(tmp_path, files)
    assert cpu.smt_active(root) is True
    assert cpu.turbo_enabled(root) is False
    assert cpu.governor(root) == "performance, powersave"


def test_boost_is_turbo_by_another_name(tmp_path: Path) -> None:
    """AMD's switch counts the other way round."""
    assert cpu.turbo_enabled(lay(tmp_path, {"sys/devices/system/cpu/cpufreq/boost": "1"})) is True


def test_memory_is_read_in_bytes(tmp_path: Path) -> None:
    """The kernel's kB are 1,024 bytes."""
    assert machine.total_memory_bytes(lay(tmp_path, {"proc/meminfo": "MemTotal:    2048 kB\nMemFree: 5 kB"})) == 2**21


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"proc/cpuinfo": "flags\t: fpu hypervisor sse2"}, "hypervisor"),
        (
            {"sys/class/dmi/id/sys_vendor": "QEMU", "sys/class/dmi/id/product_name": "Standard PC"},
            "hypervisor (QEMU Standard PC)",
        ),
        ({"proc/cpuinfo": "flags\t: fpu sse2", "sys/class/dmi/id/sys_vendor": "Dell Inc."}, "none seen"),
        ({"proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2"}, "wsl"),
    ],
)
def test_a_guest_is_told_by_its_traces(tmp_path: Path, files: dict[str, str], told: str) -> None:
    """The processor's flag, the board's maker or the kernel's name."""
    assert machine.virtualisation(lay(tmp_path, files)) == told


def test_a_container_is_told_by_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, docker's file, podman's file."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert machine.container(tmp_path) is None
    assert machine.container(lay(tmp_path, {".dockerenv": ""})) == "docker"
    assert machine.container(lay(tmp_path, {"run/.containerenv": ""})) == "podman"


def test_ports_and_waiting_connections_are_numbers(tmp_path: Path) -> None:
    """As the kernel writes them, tabs and all."""
    files = {"proc/sys/net/ipv4/ip_local_port_range": "32768\t60999", "proc/sys/net/core/somaxconn": "4096"}
    root = lay(tmp_path, files)
    assert limits.ephemeral_ports(root) == [32768, 60999]
    assert limits.waiting_connections(root) == 4096


_V1_OWN = {"proc/self/cgroup": "2:cpu,cpuacct:/job", "proc/self/mountinfo": _V1_CPU_MOUNT.format(top="/")}


@pytest.mark.parametrize(
    ("own", "file", "before", "after"),
    [
        (
            {"proc/self/cgroup": "0::/job", "proc/self/mountinfo": _V2_MOUNT},
            "sys/fs/cgroup/job/cpu.stat",
            "usage_usec 5\nnr_periods 10\nnr_throttled 3\nthrottled_usec 100000",
            "usage_usec 9\nnr_periods 20\nnr_throttled 7\nthrottled_usec 350000",
        ),
        (
            _V1_OWN,
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.stat",
            "nr_periods 10\nnr_throttled 3\nthrottled_time 100000000",
            "nr_periods 20\nnr_throttled 7\nthrottled_time 350000000",
        ),
    ],
    ids=["version 2", "version 1"],
)
def test_what_a_quota_stopped_is_the_difference_of_its_counters(
    tmp_path: Path, own: dict[str, str], file: str, before: str, after: str
) -> None:
    """In periods and in seconds."""
    root = lay(tmp_path, own | {file: before})
    then = cgroups.throttling(root)
    assert cgroups.throttled_since(then, root) == cgroups.Throttling(0, 0.0)
    lay(tmp_path, {file: after})
    found = cgroups.throttled_since(then, root)
    assert (found.periods, round(found.seconds, 6)) == (4, 0.25)


def test_of_several_groups_the_one_that_was_stopped_longest_counts(tmp_path: Path) -> None:
    """A quota above stops those below as well."""
    stat = "nr_throttled {}\nthrottled_usec {}"
    root = version_2(tmp_path, "/a/b", {"a/b/cpu.stat": stat.format(0, 0), "a/cpu.stat": stat.format(5, 1000)})
    then = cgroups.throttling(root)
    version_2(tmp_path, "/a/b", {"a/b/cpu.stat": stat.format(1, 9000), "a/cpu.stat": stat.format(9, 50_000)})
    assert cgroups.throttled_since(then, root).periods == 4


def test_without_counters_nothing_was_stopped(tmp_path: Path) -> None:
    """As outside of Linux, or in a group without a quota."""
    root = version_2(tmp_path, "/job", {"job/cpu.stat": "usage_usec 5"})
    assert cgroups.throttling(root) == {}
    assert cgroups.throttled_since({}, root) == cgroups.Throttling()
