"""The launch in which both sides note, untimed, what their benchmarks run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from timetrial.errors import GateError
from timetrial.gate.lockstep.channel import Message
from timetrial.gate.lockstep.launch import Launch
from timetrial.gate.record import SideName
from timetrial.gate.same_code.agreement import Noted, SideNoted, difference


def notes_of(launch: Launch, names: Sequence[str], within_s: float) -> dict[SideName, SideNoted]:
    """Has both sides note these benchmarks, and begin none after this time; they do so at once, each for itself.

    None is noted where what is common to all differs already. Raises GateError for a side that says something else,
    SideDownError for one that ends.
    """
    for side in SideName:
        launch[side].say(note=list(names), within_s=within_s)
    common = {side: _noted(launch.hear(side), "common") for side in SideName}
    found: dict[SideName, dict[str, Noted]] = {side: {} for side in SideName}
    differs = difference(common[SideName.BASE], common[SideName.CANDIDATE]) is not None
    for side in () if differs else SideName:
        launch[side].say(do="note")
    for name in () if differs else names:
        for side in SideName:
            message = launch.hear(side)
            found[side][name] = _noted(message, "noted", name)
    return {side: SideNoted(common[side], found[side]) for side in SideName}


def can_note(launch: Launch) -> bool:
    """Whether both sides' timetrial knows how."""
    return all(launch.orders.get(side) == "note" for side in SideName)


def _noted(message: Message, kind: str, name: str | None = None) -> Noted:
    if message["kind"] != kind or message.get("name") != name:
        raise GateError(f"a side says {message['kind']} {message.get('name')} where it should tell what {name} runs")
    facts: Mapping[str, str] = message["facts"]
    return Noted(facts, message["unseen"])
