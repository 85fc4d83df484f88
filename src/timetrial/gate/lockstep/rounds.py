"""One benchmark in one launch: the sides warm up, are pinned, and take turns, in random order within each pair."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Final

from timetrial.errors import GateError
from timetrial.gate.allotment import Pace
from timetrial.gate.lockstep.channel import Message
from timetrial.gate.lockstep.keep_awake import Spinners
from timetrial.gate.lockstep.launch import Launch
from timetrial.gate.lockstep.plausible import Round, stood_still, too_long, two_timers, unexplained
from timetrial.gate.lockstep.sizes import Sizes
from timetrial.gate.policy import GatePolicy
from timetrial.gate.record import LaunchPair, Phase, SideName, Trouble
from timetrial.system.affinity import usable_cpus
from timetrial.system.credentials import without_secrets

_SHORTEST_SEEN_S: Final = 0.001  # below this, a round says too little about how many executions fill a longer one
_MOST_EXECUTIONS: Final = 10_000_000
_ROUNDS_TO_MAKE_SURE: Final = 8
_RAISE: Final = "measuring it takes more than its share of the gate's time: raise budget_s, or give it less to do"
_MORE_THAN_ONE_CPU: Final = 1.15  # processor time per second from which a benchmark uses several


class SideTroubleError(Exception):
    """A benchmark failed on one side in the middle of its rounds."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


class GivenUpError(SideTroubleError):
    """The gate wants no more rounds of a benchmark, for which both sides still wait."""


class BenchmarkRounds:
    """The rounds of ``name`` in ``launch``, at this ``pace``; ``extra_share`` makes the candidate do more work.

    ``longest_pair_s``: where one execution on both sides takes longer, the benchmark is given up, for the others' sake.

    ``spinners`` keep a benchmark's processor awake where it has one for itself. Beside worker processes they do harm
    (docs/gate.md): a scheduler that sees no processor idle may let two workers share one.
    """

    def __init__(
        self,
        launch: Launch,
        name: str,
        policy: GatePolicy,
        sizes: Sizes,
        chance: random.Random,
        spinners: Spinners,
        extra_share: float = 0.0,
        *,
        pace: Pace | None = None,
        longest_pair_s: float = math.inf,
    ) -> None:
        self._launch = launch
        self._name = name
        self._policy = policy
        self._sizes = sizes
        self._chance = chance
        self._spinners = spinners
        self._extra_share = extra_share
        self._pace = pace or Pace(pairs=policy.pairs_per_launch)
        self._longest_pair_s = longest_pair_s
        self._timers: dict[
            SideName, str | None
        ] = {}  # the name of a timer that is not perf_counter, where a side tells
        self._timed_whole: set[SideName] = set()  # the sides that time all of a round, with no set-up between

    def measure(self, phase: Phase) -> LaunchPair | Trouble:
        """Waits until both sides are ready, and takes turns; a trouble on one side releases the other."""
        trouble = self._wait_until_ready()
        if trouble is not None:
            return trouble
        try:
            return self._measured(phase)
        except GivenUpError as error:
            for side in SideName:  # both still wait for their next round
                self._launch[side].say(do="abandon", reason=error.trouble.reason)
            return error.trouble
        except SideTroubleError as error:
            self._release(error.trouble)
            return error.trouble

    def _wait_until_ready(self) -> Trouble | None:
        messages = self._about_this({side: self._launch.hear(side) for side in SideName}, "ready")
        for kind, known in (("workers", self._sizes.workers), ("server", self._sizes.servers)):
            if any(message.get(kind) for message in messages.values()):
                known.add(self._name)
        for side, message in messages.items():
            self._keep_wishes(message)
            if "timer" in message:
                self._timers[side] = message["timer"]
            if message.get("untimed") is False:
                self._timed_whole.add(side)
        troubles = _troubles_in(messages)
        if len(troubles) == 1:
            self._release(troubles[0])
        return _together(troubles)

    def _keep_wishes(self, message: Message) -> None:
        """Both sides have the same rounds, so the larger wish counts."""
        name, sizes = self._name, self._sizes
        sizes.least_s[name] = max(sizes.least_s.get(name, 0.0), message.get("least_s", 0.0))
        sizes.least_rounds[name] = max(sizes.least_rounds.get(name, 0), message.get("least_rounds", 0))

    def _about_this(self, messages: Mapping[SideName, Message], kind: str) -> Mapping[SideName, Message]:
        """The same, once it is sure that they are about this benchmark: others' must never be taken for its own."""
        for side, message in messages.items():
            if message.get("name") != self._name or message.get("kind") not in (kind, "trouble"):
                raise GateError(
                    f"the {side} side speaks of {message.get('kind')} {message.get('name')} where {self._name} is to "
                    f"be {kind}; does a plugin there run tests in another order, or more than once?"
                )
        return messages

    def _release(self, trouble: Trouble) -> None:
        """Lets the side that is well go on to its next benchmark."""
        (well,) = (side for side in SideName if side is not trouble.side)
        self._launch[well].say(do="abandon", reason=f"{trouble.kind} on the {trouble.side} side")

    @property
    def _own_timer(self) -> bool:
        """Whether seconds are the benchmark's own clock's, and may be any share of those here."""
        return any(self._timers.values())

    def _measured(self, phase: Phase) -> LaunchPair | Trouble:
        self._give_up_on(two_timers(self._timers))
        executions = self._sizes.executions.get(self._name) or self._find_size()
        cpus = self._settle_processors(executions)
        with self._spinners.spinning(cpus if len(cpus) == 1 else ()):
            pairs = self._timed(executions)
        closed = self._about_this(self._launch.ask_both(do="done"), "closed")
        self._launch.keep_facts(closed)
        return _together(_troubles_in(closed)) or LaunchPair(
            phase=phase,
            base_s=tuple(pair[SideName.BASE].s for _, pair in pairs),
            candidate_s=tuple(pair[SideName.CANDIDATE].s for _, pair in pairs),
            candidate_first=tuple(first for first, _ in pairs),
            executions_per_round=executions,
            cpus=cpus,
        )

    def _timed(self, executions: int) -> list[tuple[bool, dict[SideName, Round]]]:
        """Warms up, and takes the pairs, each with whether the candidate went first."""
        if self._extra_share:
            self._launch.ask(SideName.CANDIDATE, do="extra", share=self._extra_share)
        seen = [self._pair(executions) for _ in range(max(1, self._policy.warmup_rounds - 1))]
        firsts = [self._chance.random() < 0.5 for _ in range(self._pairs(seen))]
        pairs = [(first, self._pair(executions, candidate_first=first)) for first in firsts]
        self._refuse_implausible([pair for _, pair in pairs], executions)
        return pairs

    def _refuse_implausible(self, pairs: list[dict[SideName, Round]], executions: int) -> None:
        """Raises GivenUpError for what can't be in these rounds, and still can't with some more."""
        if self._implausible(pairs) is None:
            return
        self._give_up_on(self._implausible(pairs + [self._pair(executions) for _ in range(_ROUNDS_TO_MAKE_SURE)]))

    def _implausible(self, pairs: Sequence[Mapping[SideName, Round]]) -> Trouble | None:
        return stood_still(pairs) or unexplained(pairs, self._told_s)

    def _told_s(self, side: SideName, timed: Round) -> float:
        return timed.s if side in self._timed_whole and not self._own_timer else timed.wall_s

    @staticmethod
    def _give_up_on(trouble: Trouble | None) -> None:
        if trouble is not None:
            raise GivenUpError(trouble)

    def _find_size(self) -> int:
        """How many executions fill a round of the pace's length, or of what the benchmark asks for."""
        executions = 1
        while (longest_s := _longest(self._pair(executions))) < _SHORTEST_SEEN_S and executions < _MOST_EXECUTIONS:
            executions *= 10
        if 2 * longest_s > self._longest_pair_s:
            raise GivenUpError(Trouble("slow", None, f"an execution takes {longest_s:.3g} s; {_RAISE}"))
        longest_s = min(longest_s, _longest(self._pair(executions)))  # the first one may have been cold
        wanted_s = max(self._pace.round_s, self._sizes.least_s.get(self._name, 0.0))
        executions = max(1, min(_MOST_EXECUTIONS, round(executions * wanted_s / max(longest_s, 1e-9))))
        self._sizes.executions[self._name] = executions
        return executions

    def _settle_processors(self, executions: int) -> tuple[int, ...]:
        """Pins both sides to the same processors, drawn by lot, and their servers to the others.

        A benchmark that uses one processor gets one, so that both sides see the same one's moods. One that uses
        several gets all; all but one, if it has a server, which gets that one. Worker processes always get all.
        """
        pair = self._pair(executions)
        if any(each.cpu_s > _MORE_THAN_ONE_CPU * each.s for each in pair.values()):
            self._sizes.several_cpus.add(self._name)
        if any(each.workers for each in pair.values()):
            self._sizes.workers.add(self._name)
        cpus = usable_cpus()
        several, server = self._name in self._sizes.several_cpus, self._name in self._sizes.servers
        if not self._policy.pin or len(cpus) < 2 or self._name in self._sizes.workers or (several and not server):
            return ()
        drawn = self._chance.choice(cpus)
        others = [cpu for cpu in cpus if cpu != drawn]
        ours, the_servers = (others, [drawn]) if several else ([drawn], others)
        self._launch.ask_both(do="pin", cpus=ours, server_cpus=the_servers)
        return tuple(ours)

    def _pairs(self, seen: Sequence[dict[SideName, Round]]) -> int:
        """As many as the policy says; fewer where rounds are long, but as many as the benchmark asks for."""
        pair_s = statistics.median(sum(each.size_s for each in pair.values()) for pair in seen)
        fitting = int(self._pace.turns_s / max(pair_s, 1e-9))
        pairs = min(self._pace.pairs, max(self._pace.fewest_pairs, fitting))
        return max(pairs, self._sizes.least_rounds.get(self._name, 0))

    def _pair(self, executions: int, *, candidate_first: bool = False) -> dict[SideName, Round]:
        order = (SideName.BASE, SideName.CANDIDATE)
        return {side: self._round(side, executions) for side in (order[::-1] if candidate_first else order)}

    def _round(self, side: SideName, executions: int) -> Round:
        began_s = time.perf_counter()
        answer = self._launch.ask(side, do="round", executions=executions)
        waited_s = time.perf_counter() - began_s
        if answer["kind"] == "trouble":
            raise SideTroubleError(Trouble(answer["trouble"], side, without_secrets(answer["reason"])))
        if answer["kind"] != "round":
            raise GateError(f"the {side} side says {answer['kind']} where a round of {self._name} is due")
        wall_s = answer.get("wall_s", waited_s)  # an older timetrial tells no wall time
        said_s = (wall_s,) if self._own_timer else (wall_s, answer["s"])
        self._give_up_on(too_long(side, said_s, waited_s))
        return Round(answer["s"], answer["cpu_s"], answer["workers"], wall_s, waited_s)


def _troubles_in(messages: Mapping[SideName, Message]) -> list[Trouble]:
    """What the sides say is wrong."""
    return [
        Trouble(message["trouble"], side, without_secrets(message.get("reason", "")))
        for side, message in messages.items()
        if message.get("trouble")
    ]


def _together(troubles: Sequence[Trouble]) -> Trouble | None:
    """One trouble: without a side where both have the same, and never only a skip where one did worse."""
    if len({trouble.kind for trouble in troubles}) == 1 and len(troubles) > 1:
        return Trouble(troubles[0].kind, None, troubles[0].reason)
    return min(troubles, key=lambda each: each.kind == "skipped", default=None)


def _longest(pair: dict[SideName, Round]) -> float:
    return max(each.size_s for each in pair.values())
