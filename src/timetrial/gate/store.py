"""A gate's raw data as a file: whole at every moment, and enough to compute any verdict again."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

from timetrial.environment.identity import PythonIdentity, baseline_lines, python_of
from timetrial.environment.record import Environment, environment
from timetrial.errors import NoRoomError, ResultsError
from timetrial.gate.allotment import Allotment
from timetrial.gate.policy import GatePolicy, policy_of
from timetrial.gate.record import BenchmarkRecord, LaunchPair, Phase, SameCode, SideName, Trouble
from timetrial.gate.sides.make import Side
from timetrial.languages import Text
from timetrial.results.read import not_whole, read_json
from timetrial.results.runfile import make_folder
from timetrial.results.wellformed import NUMBER, OBJECT, SECONDS, TEXT, a, every, fields, or_none
from timetrial.system.credentials import masked, words_without_secrets
from timetrial.system.files import replace_file, writing
from timetrial.system.strict_json import dumps

_KEY: Final = "timetrial_gate"
# 1: schema_version, complete, created, seconds, policy, about (sides, selection, seed, environment, …), benchmarks.
# 2: launches have a number, and the phase "family"; about.asked: settings that were asked for where others are used.
# 3: benchmarks have same_code: what it rests on that both sides run the same; null where they may not. Since then also,
#    where it is known: launches have took_s, and a shard's about has dealt.
# 4: launches have the machine that they ran on, where there were several; about.machines: the environment of each.
SCHEMA_VERSION: Final = 4
_READ: Final = (1, 2, 3, SCHEMA_VERSION)
_ADVICE: Final = (
    "make room or permit it, or choose another directory with --results=DIR "
    "(what was written before is still there, and whole)"
)
_MOST_EXECUTIONS: Final = 10**9
_FLAG: Final = a("true or false", lambda value: isinstance(value, bool))
_COUNT: Final = a("whole number from 1 on", lambda value: type(value) is int and 0 < value <= _MOST_EXECUTIONS)
_RULE: Final = ("margin", "detect", "alpha", "flag", "screen_launches", "confirm_launches")
_SIDE: Final = fields({"label": TEXT})
_ABOUT: Final = fields(
    {"base": _SIDE, "candidate": _SIDE, "notes": every(TEXT), "selection": every(TEXT), "asked": OBJECT}
)
_LAUNCH: Final = fields(
    {
        "base_s": SECONDS,
        "candidate_s": SECONDS,
        "candidate_first": every(_FLAG),
        "executions_per_round": _COUNT,
        "number": or_none(_COUNT),
        "took_s": or_none(NUMBER),
        "machine": or_none(TEXT),
    }
)
_SAME: Final = fields({"digest": TEXT, "drawn": _FLAG, "files": every(TEXT), "variables": every(TEXT)})
_RECORD: Final = fields(
    {
        "name": TEXT,
        "launches": every(_LAUNCH),
        "trouble": or_none(fields({"kind": TEXT, "reason": TEXT})),
        "same_code": or_none(_SAME),
    }
)
_GATE: Final = fields(
    {"complete": _FLAG, "seconds": NUMBER, "policy": fields({}, _RULE), "about": _ABOUT, "benchmarks": every(_RECORD)}
)


class AboutSide(TypedDict):
    """One of the two that were compared."""

    label: str
    """As verdicts name it."""
    python: str
    """The path of its interpreter."""
    revision: str | None
    """The full commit, with "+dirty" where files differ from it; None outside git."""
    identity: NotRequired[dict[str, Any]]
    """Which Python that is, as ``PythonIdentity.as_dict``; later than the rest."""
    modules: NotRequired[dict[str, str]]
    """The file that each of the project's modules was imported from, by its name."""


class About(TypedDict, total=False):
    """A gate's circumstances, as its file keeps them."""

    base: AboutSide
    candidate: AboutSide
    selection: list[str]
    """What pytest was told."""
    environment: Environment
    kind: str
    """gate, bisect or self-test."""
    seed: int
    """Of the random order."""
    kept_awake: bool
    """Whether spinners kept processors from halting."""
    notes: list[str]
    """Lines about the gate that a reader of its verdicts has to know."""
    asked: dict[str, Any]
    """The settings of the policy that was asked for, where the gate's time allowed others."""
    shard: list[int]
    """Which share of the benchmarks it measured, and of how many."""
    dealt: str
    """Of a shard: a digest of all benchmarks and their expected times, by which they were dealt."""
    machines: dict[str, Any]
    """The environment of each machine, by its name, where launches ran on several."""
    injected: bool
    """In a self-test: whether benchmarks of the candidate were slowed down."""


@dataclass(frozen=True)
class StoredGate:
    """What a gate's file holds."""

    path: Path
    """Where it is."""
    complete: bool
    """Whether the gate came to its end."""
    seconds: float
    """How long it had taken when the file was written."""
    policy: GatePolicy
    """The settings that it was measured under, and is judged by."""
    about: Mapping[str, Any]
    """Who was compared on what and where, as About; read from a file, so nothing in it is sure."""
    records: Sequence[BenchmarkRecord]
    """All that was measured, by benchmark."""

    @property
    def asked(self) -> GatePolicy:
        """The settings that were asked for; others than ``policy`` where the time was too short for them."""
        asked: Mapping[str, Any] = self.about.get("asked", {})
        used = {name: list(each) if isinstance(each, tuple) else each for name, each in asdict(self.policy).items()}
        return policy_of({**_without_none(used), **asked}, str(self.path))

    @property
    def notes(self) -> Sequence[str]:
        """Lines about the gate that a reader of its verdicts has to know."""
        notes: Sequence[str] = self.about.get("notes", ())
        return notes

    def python_of(self, side: SideName) -> PythonIdentity | None:
        """Which Python a side ran on; None where the file doesn't say."""
        told = self.about.get(side.value)
        found = told.get("identity") if isinstance(told, dict) else None
        return python_of(found) if isinstance(found, dict) else None

    def python_lines(self) -> list[str]:
        """Sides that are no fair baseline."""
        pythons = {side: self.python_of(side) for side in SideName}
        return [f"the {side}'s {line}" for side, python in pythons.items() if python for line in baseline_lines(python)]


class GateFile:
    """The file of one gate, written anew after each launch; its name sorts by time."""

    def __init__(self, directory: Path, policy: GatePolicy, about: About) -> None:
        now = datetime.now(UTC)
        self._began_s = time.monotonic()
        self.path = directory / f"{now:%Y_%m_%d-%H%M%S}-gate-{secrets.token_hex(3)}.json"
        self._about: About = masked({**about})
        self._asked = policy
        self._head = {
            "schema_version": SCHEMA_VERSION,
            "created": now.isoformat(timespec="seconds"),
            "policy": _stored_policy(policy),
            "about": self._about,
        }

    def note_allotment(self, allotted: Allotment) -> None:
        """By which policy the gate is judged, where its time is too short for the one that was asked for, and why."""
        self._head["policy"] = _stored_policy(allotted.policy)
        asked, used = asdict(self._asked), asdict(allotted.policy)
        if other := {name: value for name, value in asked.items() if used[name] != value}:
            self._about["asked"] = other
        self._about["notes"] = [*self._about.get("notes", []), *allotted.lines]

    def note_modules(self, side: SideName, modules: Mapping[str, str]) -> None:
        """Which of the project's modules a side imported, and from where: what was measured, by name."""
        about = self._about["base"] if side is SideName.BASE else self._about["candidate"]
        about["modules"] = {**about.get("modules", {}), **modules}

    def note_dealt(self, dealt: str) -> None:
        """By what the benchmarks were dealt to shards: those of one gate have the same."""
        self._about["dealt"] = dealt

    def note_python(self, side: SideName, python: Mapping[str, Any]) -> None:
        """Which Python a side ran on, once its imports are done."""
        about = self._about["base"] if side is SideName.BASE else self._about["candidate"]
        about["identity"] = dict(python)

    def write(self, records: Sequence[BenchmarkRecord], *, complete: bool = False, took_s: float | None = None) -> None:
        """Replaces the file in one step; raises NoRoomError where that fails. ``took_s``: None for the time since."""
        took_s = time.monotonic() - self._began_s if took_s is None else took_s
        progress = {"complete": complete, "seconds": round(took_s, 3)}
        content = {_KEY: {**self._head, **progress, "benchmarks": [asdict(record) for record in records]}}
        with writing(self.path, _ADVICE, error=NoRoomError):
            make_folder(self.path.parent)
            replace_file(self.path, dumps(content).encode(), durable=complete)


def _stored_policy(policy: GatePolicy) -> dict[str, Any]:
    return {**asdict(policy), "install": words_without_secrets(policy.install) if policy.install else None}


def about_sides(base: Side, candidate: Side, selection: Sequence[str]) -> About:
    """What a gate's file says of its circumstances, so far: who was compared, on what, and where."""
    return {
        "base": _about_side(base),
        "candidate": _about_side(candidate),
        "selection": words_without_secrets(selection),
        "environment": environment(),
    }


def _about_side(side: Side) -> AboutSide:
    return {"label": str(side), "python": str(side.python), "revision": side.revision}


def is_gate(content: object) -> bool:
    """Whether a JSON file's content is that of a gate's file, whole or not."""
    return isinstance(content, dict) and _KEY in content


def read_gate(path: Path) -> StoredGate:
    """A gate's file as it was written; raises ResultsError that names a file which is cut off or something else."""
    content = read_json(path)
    gate = content.get(_KEY) if isinstance(content, dict) else None
    if not isinstance(gate, dict):
        raise ResultsError(
            Text(
                f"{path} is no gate's file: those are in results/gate/, written by timetrial gate",
                f"{path} 不是性能门禁的文件：它们由 timetrial gate 写在 results/gate/ 中",
            )
        )
    if gate.get("schema_version") not in _READ:
        version = gate.get("schema_version")
        raise ResultsError(
            Text(
                f"{path} has version {version} of the gate's schema, this timetrial reads versions up to "
                f"{SCHEMA_VERSION}: replay it with the timetrial that wrote it",
                f"{path} 的门禁格式是第 {version} 版，而这个 timetrial 只读到第 {SCHEMA_VERSION} 版："
                f"请用写它的 timetrial 回放",
            )
        )
    wrong = _GATE(gate, _KEY)
    if wrong:
        raise not_whole(path, wrong)
    try:
        stored = StoredGate(
            path=path,
            complete=gate["complete"],
            seconds=gate["seconds"],
            policy=policy_of(_without_none(gate["policy"]), str(path)),
            about=gate["about"],
            records=[_record_of(benchmark) for benchmark in gate["benchmarks"]],
        )
        _refuse_what_no_gate_writes(stored)
        return stored
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise not_whole(path, f"{type(error).__name__}: {error}") from error


def _refuse_what_no_gate_writes(stored: StoredGate) -> None:
    """Raises ValueError for records that would hide others, or take for ever to judge."""
    names = {Phase.SCREEN: "screen_launches", Phase.CONFIRM: "confirm_launches", Phase.FAMILY: "confirm_launches"}
    for name, times in Counter(record.name for record in stored.records).items():
        if times > 1:
            raise ValueError(f"{name} is in it {times} times")
    for record in stored.records:
        for phase, name in names.items():
            if len(record.of(phase)) > (allowed := getattr(stored.policy, name)):
                raise ValueError(f"{record.name} has more launches than {name}, {allowed}")
        if record.trouble and record.trouble.kind == "new" and record.launches:
            raise ValueError(f"{record.name} is new, and has launches all the same")


def _record_of(stored: Mapping[str, Any]) -> BenchmarkRecord:
    trouble, same = stored["trouble"], stored.get("same_code")
    return BenchmarkRecord(
        name=stored["name"],
        launches=[_launch_of(launch) for launch in stored["launches"]],
        trouble=_trouble_of(trouble) if trouble else None,
        same_code=_same_code_of(same) if same else None,
    )


def _same_code_of(stored: Mapping[str, Any]) -> SameCode:
    return SameCode(**{**stored, "files": tuple(stored["files"]), "variables": tuple(stored["variables"])})


def _trouble_of(stored: Mapping[str, Any]) -> Trouble:
    side = stored["side"]
    return Trouble(stored["kind"], SideName(side) if side else None, stored["reason"])


def _launch_of(stored: Mapping[str, Any]) -> LaunchPair:
    return LaunchPair(
        phase=Phase(stored["phase"]),
        base_s=tuple(stored["base_s"]),
        candidate_s=tuple(stored["candidate_s"]),
        candidate_first=tuple(stored["candidate_first"]),
        executions_per_round=stored["executions_per_round"],
        cpus=tuple(stored["cpus"]),
        number=stored.get("number"),
        took_s=stored.get("took_s"),
        machine=stored.get("machine"),
    )


def _without_none(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
