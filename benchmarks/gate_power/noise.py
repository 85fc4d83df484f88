"""Made-up launches that err as measured ones do, for simulating a gate's rule thousands of times."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase


@dataclass(frozen=True)
class Noise:
    """How the effects of identical sides scatter from launch to launch.

    ``sd`` is the standard deviation of an ordinary launch; a share of ``wild`` launches has ``wild_factor`` times
    that. ``lag`` is the correlation of neighbouring launches. ``skewed`` launches err far to one side (1: the slow
    one) and a little to the other, about a mean of nothing. No rule here allows for either.
    """

    name: str
    sd: float
    wild: float = 0.1
    wild_factor: float = 3.0
    lag: float = 0.0
    skewed: int = 0

    def draw(self, rng: random.Random, count: int, effect: float = 0.0) -> list[float]:
        """The effects of so many launches, where the true effect is this."""
        drawn: list[float] = []
        error = self._one(rng)
        for _ in range(count):
            drawn.append(effect + error)
            error = self.lag * error + math.sqrt(1 - self.lag**2) * self._one(rng)
        return drawn

    def _one(self, rng: random.Random) -> float:
        sd = self.sd * (self.wild_factor if rng.random() < self.wild else 1.0)
        return sd * (self.skewed * (rng.expovariate(1) - 1) if self.skewed else rng.gauss(0, 1))


def rms(name: str, root_mean_square: float) -> Noise:
    """One launch in ten with three times the scatter, so that all together have this root mean square."""
    return Noise(name, root_mean_square / math.sqrt(0.9 + 0.1 * 9))


MEASURED: Final = (
    rms("serial", 0.028),
    rms("files", 0.023),
    rms("asyncio", 0.020),
    rms("hashing", 0.021),
    rms("http", 0.047),
    Noise("two processes", 0.033, wild_factor=6.2),
)
"""Six kinds of benchmark as they scattered on a shared two-core virtual machine (docs/gate.md, Statistics)."""


def launch(phase: Phase, effect: float) -> LaunchPair:
    """A launch pair of one round with this effect."""
    return LaunchPair(phase, (0.010,), (0.010 * math.exp(effect),), (False,))


def screened(name: str, effects: list[float]) -> BenchmarkRecord:
    """A benchmark that the screen has looked at."""
    return BenchmarkRecord(name, [launch(Phase.SCREEN, each) for each in effects])
