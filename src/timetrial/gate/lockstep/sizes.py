"""What a gate remembers of each benchmark from launch to launch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Sizes:
    """What the first launch finds out about each benchmark and all others keep to, so that they compare."""

    executions: dict[str, int] = field(default_factory=dict)
    """How many executions a round has, by the benchmark's name."""
    several_cpus: set[str] = field(default_factory=set)
    """Benchmarks that use more than one processor at a time."""
    workers: set[str] = field(default_factory=set)
    """Those with worker processes."""
    servers: set[str] = field(default_factory=set)
    """Those with a server of their own."""
    least_s: dict[str, float] = field(default_factory=dict)
    """The shortest round that each asks for, in seconds."""
    least_rounds: dict[str, int] = field(default_factory=dict)
    """The fewest rounds in a launch that each asks for."""
