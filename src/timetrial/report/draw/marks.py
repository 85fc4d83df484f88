"""How each model looks: a colour by its class, a mark, and a dash for its variants, so that no two need the colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_KNOWN: Final = {
    "serial": "serial",
    "threads": "threads",
    "processes": "processes",
    "coroutines": "coroutines",
    "processes+coroutines": "hybrid",
    "threads+coroutines": "mixed",
    "interpreters": "interpreters",
    "dask": "dask",
}
# Each within 4 pixels of the origin, relative to it.
_MARKS: Final = {
    "serial": "m-4-1h8v2h-8z",
    "threads": "m0-3.5a3.5 3.5 0 1 1-.1 0z",
    "processes": "m-3.2-3.2h6.4v6.4h-6.4z",
    "coroutines": "m0-4l4 7h-8z",
    "hybrid": "m0-4.4l4.2 4.4l-4.2 4.4l-4.2-4.4z",
    "mixed": "m0 4l4-7h-8z",
    "interpreters": "m-1.2-4h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8z",
    "dask": "m-4-4h2l2 2.6l2-2.6h2l-3 4l3 4h-2l-2-2.6l-2 2.6h-2l3-4z",
    "other": "m-2.2-3.8h4.4l2.2 3.8l-2.2 3.8h-4.4l-2.2-3.8z",
}
_DASHES: Final = (None, "6 3", "2 3", "9 3 2 3", "1 4", "12 4")


_STRIPES: Final = (
    '<pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="5" height="5" style="fill:var(--paper)"/>'
    '<rect width="2.6" height="5" style="fill:var(--processes)"/></pattern>'
)
"""What fills the part of a bar that stands for workers."""


def _marker(name: str, kind: str, class_: str) -> str:
    data = f"M0 0{_MARKS[name]}"
    about = 'overflow="visible" markerUnits="userSpaceOnUse"'
    code = name[0]
    return f'<marker id="{kind}-{code}" {about}><path class="{class_}-{code}" d="{data}"/></marker>'


PATTERNS: Final = _STRIPES + "".join(
    _marker(name, kind, class_) for name in _MARKS for kind, class_ in (("m", "f"), ("v", "hollow c"))
)
"""What pictures refer to, in a document's definitions: ``m-t`` is the mark of threads, ``v-t`` the same hollow."""


@dataclass(frozen=True)
class Look:
    """A model's looks: its class's name, and the dash of its line."""

    name: str
    dash: str | None = None

    @property
    def fill(self) -> str:
        """The class of what is filled with its colour: a page has it a thousand times, so it is short."""
        return f"f-{self.name[0]}"

    @property
    def stroke(self) -> str:
        """The class of what is drawn in its colour."""
        return f"c-{self.name[0]}"

    def marks(self, *, hollow: bool = False) -> str:
        """The classes of a path that has a mark at each of its points."""
        return f"void v-{self.name[0]}" if hollow else f"mark m-{self.name[0]}"


def look_of(model: str, variant: int = 0) -> Look:
    """Of a model's id; ``variant`` counts those of the same model that one chart shows."""
    name = _KNOWN.get(model.partition("[")[0], "other")
    dash = "3 3" if name == "serial" and not variant else _DASHES[variant % len(_DASHES)]
    return Look(name, dash)


def looks_of(models: list[str]) -> dict[str, Look]:
    """Looks for the models of one chart: a plain model has the whole line, its variants dashes."""
    seen: dict[str, int] = {}
    looks: dict[str, Look] = {}
    for model in sorted(models):
        base = model.partition("[")[0]
        looks[model] = look_of(model, seen.get(base, 0))
        seen[base] = seen.get(base, 0) + 1
    return looks
