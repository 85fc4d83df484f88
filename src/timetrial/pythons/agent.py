"""The process of one Python in a launch: opens ways of running the function, and gives a round when it is due.

It is told its plan in the first line of its standard input, and an order in each later one; it answers each with a
line of JSON on what was its standard output. What the function prints goes to a file.
"""

from __future__ import annotations

import math
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from timetrial import models
from timetrial.environment.identity import this_python
from timetrial.errors import TargetFailedError, TimetrialError
from timetrial.models.pool.start_methods import preload
from timetrial.results.ways import Way
from timetrial.search.arena import LiveArena
from timetrial.search.course import load_models, reference_of, round_size
from timetrial.search.own_process import described, end_with_all, keep_apart
from timetrial.search.plan import SearchPlan, plan_in
from timetrial.search.probe import Probed, probe
from timetrial.search.proof import Proof
from timetrial.system.json_lines import Message, line_of, message_in
from timetrial.system.signals import endings_unwind
from timetrial.target.target import Target, target_of


def main(output: str) -> int:
    """Runs the plan's function as it is told to; ``output`` is the file for what that prints."""
    plan, orders = plan_in(sys.stdin.buffer.readline()), queue.SimpleQueue[Message]()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    listening = os.fdopen(os.dup(0), "rb")
    keep_apart(output)
    threading.Thread(target=_listen, args=(listening, orders), daemon=True).start()

    def answer(kind: str, **figures: Any) -> None:
        try:
            answers.write(line_of({"kind": kind, **figures}))
        except OSError:
            end_with_all()

    with endings_unwind():
        try:
            _Agent(plan, orders.get, answer).run()
        except TargetFailedError as error:
            answer("trouble", reason=f"{error}: {described(error.__cause__ or error)['error']}")
        except TimetrialError as error:
            answer("trouble", reason=str(error))
        except Exception:  # noqa: BLE001 - a mistake of ours; the parent says so
            answer("mistake", traceback=traceback.format_exc())
    return 0


def _listen(orders_from: Any, orders: queue.SimpleQueue[Message]) -> None:
    """Hands orders over; where they end, the parent is gone."""
    with suppress(OSError, ValueError):
        for line in orders_from:
            orders.put(message_in(line))
    end_with_all()


class _Agent:
    """One launch under this Python."""

    def __init__(self, plan: SearchPlan, next_order: Callable[[], Message], answer: Callable[..., None]) -> None:
        self._plan = plan
        self._next_order = next_order
        self._answer = answer
        self._failure = ""

    def run(self) -> None:
        """Proves the work, then obeys until it is told to end."""
        load_models(self._plan.models or ())
        target = target_of(self._plan.request, lambda: self._plan.standard_input)
        preload(target.workload.modules())
        probed = self._probe(target)
        self._answer("ready", digests=[each.hex() for each in probed.digests], of=probed.of)
        proof = Proof(probed.digests, probed.items, target.workload.comparable)
        size = round_size(probed, self._plan.budget_s)
        arena = LiveArena(target.workload, probed.items, proof, size, self._note)
        try:
            while (order := self._next_order())["do"] != "end":
                self._obey(order, arena)
        finally:
            for way in list(arena.open_now):
                arena.close(way)
        self._answer("ended", python=this_python().as_dict())

    def _probe(self, target: Target) -> Probed:
        workload = target.workload
        name, way = models.resolve(reference_of(workload).model, workload)
        is_async, sample = workload.task is None, self._plan.sample
        try:
            with models.get(name).open(way, 1) as executor:
                return probe(
                    executor,
                    target.items.values,
                    workload.comparable,
                    math.inf,
                    lambda _index, _item: None,
                    is_async=is_async,
                    sample=sample,
                )
        except (TimetrialError, KeyboardInterrupt):
            raise
        except (Exception, SystemExit) as error:
            raise TargetFailedError("called one item at a time") from error

    def _obey(self, order: Message, arena: LiveArena) -> None:
        way = Way(order["model"], order["concurrency"])
        self._failure = ""
        if order["do"] == "open" and arena.open(way):
            self._answer("opened")
        elif order["do"] == "round" and way in arena.open_now and (seconds := arena.turn([way])):
            self._answer("round", s_per_item=seconds[way])
        else:
            self._answer("failed", reason=self._failure or "it isn't open")

    def _note(self, event: str, **figures: Any) -> None:
        if event == "failed_way":
            self._failure = figures["reason"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
