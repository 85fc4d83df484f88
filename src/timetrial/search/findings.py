"""What a search has found so far, put together from its events: whole at any moment, wherever it breaks off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from timetrial.languages import Text, text, unpacked
from timetrial.results.ways import Rounds, Way
from timetrial.search.notes import Note


class SearchMistakeError(Exception):
    """Timetrial's own code raised in the process that tries things out; the message is its traceback."""


@dataclass
class Failure:
    """Why there is no answer, or none of a way.

    ``kind``: ``function`` (theirs raised, ended or hung), ``refused`` (wrong usage), ``no_answer``; of a way ``void``
    or ``error``. ``traceback`` is theirs alone.
    """

    kind: str
    reason: str
    traceback: str = ""
    notes: Sequence[str] = ()


_STARTING: Final = Text("starting", "启动时")


@dataclass
class Findings:
    """What is said, here and in its notes and failures, is a Text wherever it is ours.

    ``target``, ``probed``, ``profile`` and ``loop`` are the events' own figures, None until they came.

    ``left_out`` says of models, and ``failed`` of ways, why they have no rounds. ``doing`` is what went on last, in
    words for people, with the item or the way that it was about.
    """

    target: dict[str, Any] | None = None
    probed: dict[str, Any] | None = None
    profile: dict[str, Any] | None = None
    loop: dict[str, Any] | None = None
    reference: Way | None = None
    rounds: Rounds = field(default_factory=Rounds)
    startup_s: dict[Way, float] = field(default_factory=dict)
    teardown_s: dict[Way, float] = field(default_factory=dict)
    items_per_round: dict[Way, int] = field(default_factory=dict)
    details: dict[Way, dict[str, Any]] = field(default_factory=dict)
    costs: dict[Way, dict[str, Any]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    failed: dict[Way, Failure] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    failure: Failure | None = None
    interrupted: Text | None = None
    disturbance: str | None = None
    environment: dict[str, Any] | None = None
    complete: bool = False
    doing: Text = _STARTING
    doing_way: Way | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        """Takes in one event."""
        figures = {name: _figure(name, value) for name, value in event.items() if name != "event"}
        getattr(self, f"_on_{event['event']}")(**figures)

    def _on_importing(self) -> None:
        self.doing = Text("importing it", "导入时")

    def _on_found(self, **figures: Any) -> None:
        self.target = figures

    def _on_item(self, index: int, shown: str) -> None:
        self.doing = Text(f"calling it with item {index}, {shown}", f"以第 {index} 项 {shown} 调用时")

    def _on_probed(self, notes: list[dict[str, Any]], **figures: Any) -> None:
        self.probed = figures
        self.notes += map(Note.of, notes)

    def _on_profiling(self) -> None:
        self.doing = Text("looking at where its time goes", "查看时间去向时")

    def _on_profile(self, **figures: Any) -> None:
        self.profile = figures

    def _on_looking_at_the_loop(self) -> None:
        self.doing = Text("running several items in one event loop", "在同一个事件循环中运行多项时")

    def _on_loop(self, **figures: Any) -> None:
        self.loop = figures

    def _on_left_out(self, model: str, reason: str) -> None:
        if self.left_out.get(model) != reason:  # what the parent said of it has both languages
            self.left_out[model] = reason

    def _on_exploring(self, reference: Way) -> None:
        self.reference = reference

    def _on_opening(self, way: Way) -> None:
        self.doing, self.doing_way = Text(f"starting {way}", f"启动 {way} 时"), way

    def _on_opened(self, way: Way, startup_s: float, items_per_round: int, details: dict[str, Any]) -> None:
        self.startup_s[way], self.items_per_round[way], self.details[way] = startup_s, items_per_round, details

    def _on_round(self, way: Way) -> None:
        self.doing, self.doing_way = Text(f"running {way}", f"运行 {way} 时"), way

    def _on_turn(self, number: int, rounds: Sequence[tuple[Any, float]]) -> None:
        self.rounds.add(number, {Way(*way): seconds for way, seconds in rounds})

    def _on_failed_way(self, way: Way, kind: str, reason: str, notes: Sequence[str]) -> None:
        self.failed[way] = Failure(kind, reason, notes=notes)
        if kind == "void":  # what it timed was other work
            self.rounds.of.pop(way, None)

    def _on_explored(self, disturbance: str | None) -> None:
        """All rounds are there; what else is looked at is told as it comes."""
        self.disturbance, self.complete = disturbance, True

    def _on_closing(self, way: Way) -> None:
        self.doing, self.doing_way = Text(f"closing {way}", f"关闭 {way} 时"), way

    def _on_closed(self, way: Way, teardown_s: float) -> None:
        self.teardown_s[way] = teardown_s

    def _on_costing(self, way: Way) -> None:
        self.doing, self.doing_way = Text(f"looking at what {way} costs", f"查看 {way} 的代价时"), way

    def _on_cost(self, way: Way, **figures: Any) -> None:
        self.costs[way] = figures

    def _on_no_answer(self, reason: str) -> None:
        self.failure = Failure("no_answer", reason)

    def _on_refused(self, reason: str) -> None:
        self.failure = Failure("refused", reason)

    def _on_function_failed(self, doing: str, traceback: str, error: str, notes: Sequence[str]) -> None:
        said = Text(f"{error}\nThe function failed, {doing}.", f"{error}\n{text(doing).zh}，函数抛出了异常。")
        self.failure = Failure("function", said, traceback, notes)

    def _on_environment(self, environment: dict[str, Any]) -> None:
        self.environment = environment

    def _on_mistake(self, traceback: str) -> None:
        raise SearchMistakeError(traceback)

    def _on_done(self) -> None:
        self.doing_way = None


_SAID: Final = ("reason", "doing", "disturbance")


def _figure(name: str, value: Any) -> Any:
    if name in _SAID:
        return unpacked(value)
    return Way(*value) if name in ("way", "reference") else value
