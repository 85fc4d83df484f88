"""The process in which a function is tried out: whatever it does, to itself or its surroundings, it does there.

It is told its plan in the first line of its standard input, which then stays open: its end is the parent's. It tells
what it finds as lines of JSON on what was its standard output; what the function prints goes to a file.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from timetrial import models
from timetrial.environment.record import environment
from timetrial.errors import NoAnswerError, TargetError, TargetFailedError, TimetrialError, shorten
from timetrial.languages import Text, message_of, packed
from timetrial.measure.disturbance import DisturbanceMeter
from timetrial.models.base import Executor
from timetrial.models.pool.start_methods import default, preload
from timetrial.results.ways import Way
from timetrial.search.arena import LiveArena
from timetrial.search.course import candidates_of, course_of, load_models, reference_of, round_size
from timetrial.search.explore import Explorer
from timetrial.search.loop_blocks import loop_blocks
from timetrial.search.own_process import described, end_with_all, keep_apart
from timetrial.search.plan import SearchPlan, plan_in
from timetrial.search.probe import Probed, probe
from timetrial.search.profile import profile_of
from timetrial.search.proof import Proof
from timetrial.system.signals import endings_unwind
from timetrial.target.target import Target, target_of
from timetrial.trial.digest import combine

_PROBE_SHARE = 1 / 60
_COSTS_SHARE = 0.12
"""How much of the budget each takes; the search has the rest."""


def main(output: str) -> int:
    """Runs the plan; ``output`` is the file for what the function prints."""
    plan = plan_in(sys.stdin.buffer.readline())
    events = os.fdopen(os.dup(1), "wb", buffering=0)
    keep_apart(output)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    tell = _Teller(events)
    with endings_unwind():
        try:
            _Search(plan, tell).run()
        except NoAnswerError as error:
            tell("no_answer", reason=message_of(error))
        except TargetError as error:
            tell("refused", reason=str(error))
        except TargetFailedError as error:
            tell("function_failed", doing=message_of(error), **described(error.__cause__ or error))
        except TimetrialError as error:
            tell("no_answer", reason=str(error))
        except Exception:  # noqa: BLE001 - a mistake of ours; the parent says so
            tell("mistake", traceback=traceback.format_exc())
    return 0


class _Teller:
    """Writes one event a line; a parent that is gone ends this process."""

    def __init__(self, events: BinaryIO) -> None:
        self._events = events

    def __call__(self, event: str, **figures: Any) -> None:
        told = {name: packed(value) for name, value in figures.items()}
        line = json.dumps({"event": event, **told}, default=_plain)
        try:
            self._events.write(line.encode("utf-8", "backslashreplace") + b"\n")
        except OSError:
            os._exit(1)


def _plain(value: object) -> object:
    return [value.model, value.concurrency] if isinstance(value, Way) else repr(value)


class _Search:
    """One search from top to bottom."""

    def __init__(self, plan: SearchPlan, tell: Callable[..., None]) -> None:
        self._plan = plan
        self._tell = tell
        self._began_s = time.monotonic()

    def run(self) -> None:
        self._tell("importing")
        load_models(self._plan.models or ())
        target = target_of(self._plan.request, lambda: self._plan.standard_input)
        self._tell("found", **_facts(target))
        preload(target.workload.modules())
        reference = reference_of(target.workload)
        with _opened(target, reference) as executor:
            probed = self._probe(target, executor)
            self._profile(target, executor, probed)
        self._tell("environment", environment=environment(event_loop="asyncio", start_method=default()))
        self._look_at_the_loop(target, probed)
        self._explore(target, probed)
        self._costs(target, probed)
        self._tell("done")

    def _probe(self, target: Target, executor: Executor) -> Probed:
        comparable, limit_s = target.workload.comparable, self._plan.budget_s * _PROBE_SHARE
        try:
            probed = probe(
                executor,
                target.items.values,
                comparable,
                limit_s,
                self._tell_item,
                is_async=target.workload.task is None,
                sample=self._plan.sample,
            )
        except (TimetrialError, KeyboardInterrupt):
            raise
        except (Exception, SystemExit) as error:
            raise TargetFailedError(Text("called one item at a time", "逐项调用时")) from error
        self._tell(
            "probed",
            s_per_item=probed.s_per_item,
            longest_s=probed.longest_s,
            items=len(probed.items),
            of=probed.of,
            result_bytes=probed.result_bytes,
            digest=combine(probed.digests),
            notes=[each.told() for each in probed.notes],
        )
        return probed

    def _tell_item(self, index: int, item: Any) -> None:
        self._tell("item", index=index, shown=shorten(item))

    def _profile(self, target: Target, executor: Executor, probed: Probed) -> None:
        self._tell("profiling")
        shares = profile_of(executor, probed, self._plan.budget_s, is_async=target.workload.task is None)
        self._tell("profile", **asdict(shares), items=len(probed.items))

    def _look_at_the_loop(self, target: Target, probed: Probed) -> None:
        if models.get("coroutines").suits(target.workload):
            self._tell("looking_at_the_loop")
            self._tell("loop", **asdict(loop_blocks(target.workload, probed.items)))

    def _explore(self, target: Target, probed: Probed) -> None:
        plan = self._plan
        course, left_out = course_of(target.workload, plan, probed, target.unpicklable)
        for model, reason in left_out.items():
            self._tell("left_out", model=model, reason=reason)
        proof = Proof(probed.digests, probed.items, target.workload.comparable)
        size = round_size(probed, plan.budget_s)
        arena = LiveArena(target.workload, probed.items, proof, size, self._tell)
        deadline_s = self._began_s + plan.budget_s * (1 - _COSTS_SHARE)
        self._tell("exploring", reference=course.reference)
        explorer = Explorer(course, arena, time.monotonic, deadline_s, on_turn=self._tell_turn)
        meter = DisturbanceMeter()
        meter.start()
        explorer.run()
        self._tell("explored", disturbance=meter.stop().disturbed())
        self._rounds = explorer.rounds

    def _tell_turn(self, turn: int, s_per_item: dict[Way, float]) -> None:
        self._tell("turn", number=turn, rounds=[[way, seconds] for way, seconds in s_per_item.items()])

    def _costs(self, target: Target, probed: Probed) -> None:
        """Of the reference, the fastest and the next ones, as long as there is time."""
        from timetrial.search.costs import cost_of

        ways = sorted(self._rounds.of, key=self._rounds.median_s)[:2]
        reference = reference_of(target.workload)
        for way in dict.fromkeys([*ways[:1], reference, *ways[1:]]):
            left_s = self._began_s + self._plan.budget_s - time.monotonic()
            if way in self._rounds.of and left_s > 1.5 * probed.s_per_item * len(probed.items):
                self._tell("costing", way=way)
                with suppress(Exception):
                    self._tell("cost", way=way, **asdict(cost_of(target.workload, way, probed)))


def _opened(target: Target, reference: Way) -> AbstractContextManager[Executor]:
    name, way = models.resolve(reference.model, target.workload)
    return models.get(name).open(way, 1)


def _facts(target: Target) -> dict[str, Any]:
    workload, items = target.workload, target.items
    return {
        "name": target.name,
        "workload": workload.name,
        "parts": {
            name: {
                "module": part.address.module,
                "name": part.address.name,
                "folder": _folder(part.address.folder),
                "how": part.how,
                "is_async": part.is_async,
                "resource": [part.resource.module, part.resource.name] if part.resource else None,
            }
            for name, part in target.parts.items()
        },
        "items": {
            "count": len(items.values),
            "described": items.described,
            "imports": list(items.imports),
            "code": items.code,
        },
        "unpicklable": target.unpicklable,
        "folder": next((str(part.address.folder) for part in target.parts.values() if part.address.folder), None),
        "models": candidates_of(workload),
    }


def _folder(folder: Path | None) -> str | None:
    """What a script has to put on the path; nothing for the folder that it is run in."""
    return None if folder is None or folder == Path.cwd().resolve() else str(folder)


def _end_with_the_parent() -> None:
    """The parent holds the other end of this process's standard input: where that is gone, so is the parent."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    end_with_all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
