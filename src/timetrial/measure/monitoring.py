"""The tools that listen through ``sys.monitoring`` (Python 3.12 and newer), silenced for a while."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any, Final

_TOOL_IDS: Final = range(6)
LEFT_ALONE: Final[set[str]] = set()
"""Tools that go on: what is noted in an untimed pass is there to be noted."""
# Events whose callback may say "not here again"; from the others that would be an error in the code that runs.
_CAN_BE_DISABLED: Final = frozenset(
    {
        *("PY_START", "PY_RESUME", "PY_RETURN", "PY_YIELD", "CALL", "LINE", "INSTRUCTION", "JUMP"),
        *("BRANCH", "BRANCH_LEFT", "BRANCH_RIGHT", "STOP_ITERATION"),
    }
)


def hold_off_monitors(undo: ExitStack, held: list[str]) -> None:
    """Silences every tool until ``undo`` is closed, and adds its name to ``held``; before Python 3.12 there are none.

    The events of a whole interpreter are switched off. Those that a tool has set for single functions can't be
    listed: in place of the tool's callback, one of ours switches each of them off when it first comes, in the warm-up.
    """
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return
    for tool_id in _TOOL_IDS:
        name = monitoring.get_tool(tool_id)
        if name is not None and name not in LEFT_ALONE and _silence(monitoring, tool_id, undo):
            held.append(name.partition(".")[0])  # coverage calls itself "coverage.py" here


def _silence(monitoring: Any, tool_id: int, undo: ExitStack) -> bool:
    """Whether the tool had anything to silence."""
    events = monitoring.get_events(tool_id)
    listened = False
    undo.callback(monitoring.restart_events)  # the last to be undone: what ours switched off comes back
    for event_name, event in _events(monitoring).items():
        quiet = _switch_off if event_name in _CAN_BE_DISABLED else None
        callback = monitoring.register_callback(tool_id, event, quiet)
        if callback is None or callback is _switch_off:
            monitoring.register_callback(tool_id, event, callback)
        else:
            listened = True
            undo.callback(monitoring.register_callback, tool_id, event, callback)
    if events:
        monitoring.set_events(tool_id, 0)
        undo.callback(monitoring.set_events, tool_id, events)
    return listened or bool(events)


def _switch_off(*_where: object) -> Any:
    """A callback that is called once a place in the code, and never again until the pause is over."""
    return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]  # Python 3.12


def _events(monitoring: Any) -> dict[str, int]:
    """Each event with its number; where both directions of a branch are there, the older event for both is left out."""
    found = {name: value for name, value in vars(monitoring.events).items() if _is_event(name, value)}
    if "BRANCH_LEFT" in found:
        found.pop("BRANCH", None)
    return found


def _is_event(name: str, value: object) -> bool:
    return name.isupper() and isinstance(value, int) and value > 0
