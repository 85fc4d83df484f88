"""How long the server waits before it answers: a constant, a distribution, or a recorded list; with a seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from timetrial.errors import MockServerError
from timetrial.mockserver.draws import draw

LONGEST_MS = 3_600_000.0


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist  # only where it is used: it costs a start-up several milliseconds

    return NormalDist().inv_cdf(share)


def _lognormal(share: float, median: float, sigma: float) -> float:
    return median * math.exp(min(sigma * _normal_quantile(share), 700.0))


def _pareto(share: float, smallest: float, alpha: float) -> float:
    return float(smallest * (1.0 - share) ** (-1.0 / alpha))


# name: (what it needs, in words; how many numbers; from a share of the distribution to milliseconds)
_KINDS: dict[str, tuple[str, int, Callable[..., float]]] = {
    "constant": ("constant:MS", 1, lambda _share, ms: ms),
    "uniform": ("uniform:LOW,HIGH", 2, lambda share, low, high: low + (high - low) * share),
    "normal": ("normal:MEAN,DEVIATION", 2, lambda share, mean, sd: mean + sd * _normal_quantile(share)),
    "lognormal": ("lognormal:MEDIAN,SIGMA", 2, _lognormal),
    "pareto": ("pareto:SMALLEST,ALPHA", 2, _pareto),
    "recorded": ("recorded:MS,MS,…", 0, lambda share, *recorded: recorded[int(share * len(recorded))]),
}


@dataclass(frozen=True)
class Delay:
    """A delay in milliseconds, to be sampled once for each request; samples are cut to 0 … one hour."""

    kind: str
    numbers: tuple[float, ...]

    def sample_s(self, seed: int, index: int) -> float:
        """The delay of the request with this number, in seconds."""
        if self.kind == "constant":
            return self.numbers[0] / 1e3
        ms = _KINDS[self.kind][2](draw(seed, index), *self.numbers)
        return min(max(ms, 0.0), LONGEST_MS) / 1e3

    def __str__(self) -> str:
        return f"{self.kind}:{','.join(f'{number:g}' for number in self.numbers)}"


def parse_delay(value: object) -> Delay:
    """A delay from a number of milliseconds, a text such as ``lognormal:20,0.5``, or a list of recorded ones."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _checked("constant", (float(value),), value)
    if isinstance(value, str):
        kind, colon, numbers = value.partition(":")
        return _from_text(kind, numbers, value) if colon else _from_text("constant", value, value)
    if isinstance(value, Sequence) and value:
        return _from_text("recorded", ",".join(map(str, value)), value)
    raise _unreadable(value)


def _from_text(kind: str, numbers: str, value: object) -> Delay:
    try:
        return _checked(kind, tuple(float(number) for number in numbers.split(",")), value)
    except ValueError:
        raise _unreadable(value) from None


def _checked(kind: str, numbers: tuple[float, ...], value: object) -> Delay:
    if kind not in _KINDS or len(numbers) != (_KINDS[kind][1] or len(numbers)):
        raise _unreadable(value)
    if any(not 0 <= number <= LONGEST_MS for number in numbers) or (kind == "pareto" and not numbers[1]):
        raise MockServerError(f"delay_ms={value!r}: its numbers lie between 0 and {LONGEST_MS:g} (one hour)")
    return Delay(kind, numbers)


def _unreadable(value: object) -> MockServerError:
    forms = ", ".join(form for form, _, _ in _KINDS.values())
    return MockServerError(f"delay_ms={value!r} is not a delay; give milliseconds or one of {forms}")
