"""What a gate asks for: how large a change may be, how sure it must be, how long it may take, what may be missing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from timetrial.errors import GateError, shorten

_SECTION: Final = "tool.timetrial.gate"
# What lies beyond can't be meant. The launches are counted exactly, in time that grows with their fourth power.
_SMALLEST_ALPHA: Final = 1e-9
_LARGEST_CHANGE: Final = 100.0
_LONGEST_S: Final = 30 * 86_400.0
_COUNTS: Final = {
    "screen_launches": (2, 200),
    "confirm_launches": (6, 200),
    "pairs_per_launch": (4, 10_000),
    "warmup_rounds": (1, 10_000),
}


_LISTS: Final = ("may_be_missing", "extras", "groups", "requirements", "install")


@dataclass(frozen=True)
class GatePolicy:
    """The gate's settings; ratios are fractions, so 0.01 is 1 %.

    ``margin``: a slowdown up to this much is nobody's business; more than this, proved, is a regression.
    ``detect``: the gate has to be able to see a slowdown of this size; a benchmark counts as unchanged only when its
    interval lies within plus or minus this, and as inconclusive otherwise.
    ``alpha``: the chance of one false alarm in a whole gate.
    ``flag``: an effect past this in the screening is looked at again, with fresh launches: at most
    ``confirm_launches``, fewer where fewer settle it. Seven in the screening, since an interval of six has to be wider.
    ``budget_s``: no new launch begins after this many seconds.
    ``patience_s``: a side that says nothing for this long is taken for hung; no round may last longer.
    ``keep_awake``: spin at the lowest priority on the processor that a benchmark is pinned to, so that it does not halt
    (Linux).
    ``may_be_missing``: patterns (as in ``fnmatch``) of benchmarks that may be missing, skipped or void.
    ``extras``, ``groups``, ``requirements``: what a side installs besides what has a usual name.
    ``install``: how an environment for another revision is made (see docs/gate.md); None: from the project's files.
    """

    margin: float = 0.01
    detect: float = 0.05
    alpha: float = 0.01
    flag: float = 0.015
    screen_launches: int = 7
    """Launches of all benchmarks, before any is looked at again."""
    confirm_launches: int = 60
    pairs_per_launch: int = 30
    """Paired rounds of a benchmark in one launch; fewer where they are long."""
    warmup_rounds: int = 3
    """Rounds of either side before the first that counts."""
    budget_s: float = 600.0
    patience_s: float = 300.0
    keep_awake: bool = False
    pin: bool = True
    may_be_missing: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    install: tuple[str, ...] | None = None
    measure_all: bool = False
    """Measure benchmarks too that run the same code on both sides."""

    def __post_init__(self) -> None:
        if not 0 <= self.margin < self.detect <= _LARGEST_CHANGE:
            raise GateError(
                f"[{_SECTION}] margin ({self.margin}) must be at least 0 and below detect ({self.detect}), and detect "
                f"at most {_LARGEST_CHANGE:g}"
            )
        if not _SMALLEST_ALPHA <= self.alpha < 0.5:
            raise GateError(
                f"[{_SECTION}] alpha is a chance between {_SMALLEST_ALPHA:g} and 0.5, such as 0.01, not {self.alpha}"
            )
        for name, most in {"flag": _LARGEST_CHANGE, "budget_s": _LONGEST_S, "patience_s": _LONGEST_S}.items():
            value = getattr(self, name)
            if not value > 0:
                raise GateError(f"[{_SECTION}] {name} must be above 0, not {value}")
            if value > most:
                raise GateError(f"[{_SECTION}] {name} must be at most {most:g}, not {value}")
        for name, (least, most) in _COUNTS.items():
            value = getattr(self, name)
            if value < least:
                raise GateError(f"[{_SECTION}] {name} must be at least {least}, not {value}")
            if value > most:
                raise GateError(f"[{_SECTION}] {name} must be at most {most}, not {shorten(value)}")


def read_policy(root: Path) -> GatePolicy:
    """The policy in the pyproject.toml of this folder or the nearest one above it that has one, or the default one.

    Raises GateError for what can't be meant.
    """
    files = (folder / "pyproject.toml" for folder in (root.absolute(), *root.absolute().parents))
    path = next((file for file in files if file.is_file()), None)
    return GatePolicy() if path is None else policy_in(path)


def policy_in(path: Path) -> GatePolicy:
    """The policy in this TOML file; raises GateError for a file that can't be read, or means nothing."""
    try:
        if path.exists() and not path.is_file():
            raise GateError(f"can't read the gate's policy from {path}: it is no plain file")
        return policy_from(path.read_bytes(), str(path))
    except OSError as error:
        raise GateError(f"can't read the gate's policy from {path}: {error.strerror or error}") from error


def policy_from(content: bytes, where: str) -> GatePolicy:
    """The policy in the content of a pyproject.toml; ``where`` names it in errors, which are GateErrors."""
    import tomllib

    try:
        section: Any = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise GateError(f"can't read the gate's policy from {where}: {error}") from error
    for key in ("tool", "timetrial", "gate"):
        section = section.get(key, {}) if isinstance(section, dict) else section
    if not isinstance(section, dict):
        raise GateError(f"{where}: [{_SECTION}] is no table of settings")
    return policy_of(section, where)


def policy_of(section: dict[str, Any], where: str) -> GatePolicy:
    """The policy that a table of settings describes; raises GateError that names an unknown or mistyped one."""
    known = {each.name: each.default for each in fields(GatePolicy)}
    for name, value in section.items():
        if name not in known:
            raise GateError(f"{where}: [{_SECTION}] knows no {name!r}; there are: {', '.join(known)}")
        if not _suits(value, known[name], name):
            raise GateError(
                f"{where}: [{_SECTION}] {name} = {shorten(value)} is not what it takes, such as {_example(name)}"
            )
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in section.items()
    }
    try:
        return GatePolicy(**settings)
    except GateError as error:
        raise GateError(f"{where}: {error}") from error


def _suits(value: object, default: object, name: str) -> bool:
    if name in _LISTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, int):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _example(name: str) -> str:
    examples = {
        "may_be_missing": '["test_legacy*"]',
        "extras": '["speed"]',
        "groups": '["ci"]',
        "requirements": '["ci/requirements.txt"]',
        "install": '["pip", "install", "-e", ".[bench]"]',
    }
    return examples.get(name, repr(getattr(GatePolicy(), name)).lower())
