"""A run's trials as advice: for each group of models that were measured side by side, which to use."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from timetrial.advice.choice import Choice, choose
from timetrial.results.standings import Entry, Standings
from timetrial.results.ways import Rounds, Way


@dataclass(frozen=True)
class Placing:
    """A group's result: the trial that is advised, the choice behind it, and the best of the others.

    ``choice`` is None where nothing could be compared: the trial is alone, or the clock saw no time pass.
    """

    group: str
    advised: Entry
    choice: Choice | None
    next_best: Entry | None


def placings(standings: Standings) -> Iterator[Placing]:
    """One for each group with a trial that isn't void; serial stands in every group that it is the reference of."""
    fair = [entry for entry in standings.entries if not entry.void]
    for group in dict.fromkeys(entry.group for entry in fair):
        own = [entry for entry in fair if entry.group == group]
        yield _placing(group, own, standings)


def _placing(group: str, own: Sequence[Entry], standings: Standings) -> Placing:
    quickest = min(own, key=lambda entry: entry.s_per_item)
    serial = standings.serial_of(quickest)
    entries = {_way(entry): entry for entry in (*([serial] if serial else []), *own)}
    choice = _choice(entries, standings)
    if choice is None:
        others = [entry for entry in own if entry.measurement.model != quickest.measurement.model]
        return Placing(group, quickest, None, min(others, key=lambda entry: entry.s_per_item, default=None))
    rivals = [each.way for each in (*choice.tied, *([choice.next_best] if choice.next_best else []))]
    return Placing(group, entries[choice.advised], choice, entries[rivals[0]] if rivals else None)


def _choice(entries: Mapping[Way, Entry], standings: Standings) -> Choice | None:
    """Held against the serial trial that the advised one is to be compared with: its own variant's, if there is one."""
    rounds = rounds_of(list(entries.values()))
    choice = choose(rounds, None)
    if choice is None:
        return None
    serial = standings.serial_of(entries[choice.advised])
    return choice if serial is None or _way(serial) not in entries else choose(rounds, _way(serial))


def rounds_of(entries: Sequence[Entry]) -> Rounds:
    """Seconds an item by turn: trials of one race share their turns, all others have turns of their own."""
    rounds, races, used = Rounds(fewest=1), dict[Hashable, int](), 0
    for entry in entries:
        durations_s, items = entry.measurement.durations_s, max(1, entry.measurement.items)
        race = (entry.race, len(durations_s)) if entry.interleaved else id(entry)
        first = races.setdefault(race, used)
        used = max(used, first + len(durations_s))
        rounds.of[_way(entry)] = {first + turn: seconds / items for turn, seconds in enumerate(durations_s)}
    return rounds


def _way(entry: Entry) -> Way:
    return Way(entry.measurement.model, entry.measurement.concurrency)
