"""What an accounting round found out: figures for each role, what the sampler cost, and what has to be noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, get_args

Role = Literal["client", "worker", "server"]
ROLES: tuple[str, ...] = get_args(Role)

PROMISED_SHARE: Final = 0.02
"""How much of a core the sampler takes at most."""


@dataclass(frozen=True)
class RoleUsage:
    """What the processes of one role used during the round, their own children included.

    The CPU seconds are differences between a reading before the round and one after it. Memory, threads, sockets
    and processes are each the highest sum that was seen, not necessarily at the same moment. A context switch in a
    thread that began and ended between two samples is missed.

    ``memory_kind`` says what the bytes are: ``pss`` (shared pages divided among those who share them), ``uss``
    (only what is the process's own), ``footprint``, or ``rss`` (shared pages counted once for every process);
    several joined by ``+`` where the processes differ.
    """

    cpu_user_s: float
    """CPU seconds in the processes' own code."""
    cpu_system_s: float
    """CPU seconds in the kernel on their behalf."""
    memory_start_bytes: int
    """The sum before the round."""
    memory_peak_bytes: int
    """The highest sum, the one before the round included."""
    memory_low_bytes: int
    """The highest sum in that stretch of rounds where it was lowest: how far the peak varies."""
    memory_kind: str
    processes_max: int
    """Most at one moment, as the next two."""
    threads_max: int
    sockets_max: int
    switches_voluntary: int
    """Context switches of all threads: a thread waited."""
    switches_involuntary: int
    """Context switches of all threads: a thread was made to wait."""

    @property
    def cpu_s(self) -> float:
        """User and system together."""
        return self.cpu_user_s + self.cpu_system_s


@dataclass(frozen=True)
class SamplerCost:
    """What the sampler itself took: CPU seconds during the round, as a share of one core, over how many samples.

    ``bracket_cpu_s`` is what its two full readings took, which lie before and after the round.
    """

    cpu_s: float
    core_share: float
    """CPU seconds a second: 0.02 is 2 % of one core."""
    bracket_cpu_s: float
    samples: int
    memory_readings: int
    """How many of the dear readings of memory could be afforded."""


@dataclass(frozen=True)
class Accounting:
    """One accounting round: ``wall_s`` from its first to its last reading, and what each role used in it."""

    wall_s: float
    roles: Mapping[str, RoleUsage]
    """By role: client, worker, server; those that had no process are left out."""
    sampler: SamplerCost
    """What the looking itself took."""
    notes: tuple[str, ...] = field(default=())
    """What a reader of the figures has to know, in sentences."""

    @property
    def cpu_s(self) -> float:
        """All roles together, the sampler left out."""
        return sum(usage.cpu_s for usage in self.roles.values())

    def as_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries, lists and numbers, for JSON."""
        return {**asdict(self), "notes": list(self.notes)}

    def without_cpu_of(self, role: str, cpu_s: float) -> Accounting:
        """The same but for CPU seconds that a role spent on something else; off its user time first."""
        usage = self.roles[role]
        user_s = max(0.0, usage.cpu_user_s - cpu_s)
        system_s = max(0.0, usage.cpu_s - cpu_s - user_s)
        return replace(self, roles={**self.roles, role: replace(usage, cpu_user_s=user_s, cpu_system_s=system_s)})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Accounting:
        """What as_dict gave."""
        return cls(
            wall_s=data["wall_s"],
            roles={role: RoleUsage(**usage) for role, usage in data["roles"].items()},
            sampler=SamplerCost(**data["sampler"]),
            notes=tuple(data["notes"]),
        )
