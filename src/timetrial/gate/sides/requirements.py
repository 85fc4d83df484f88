"""What has to be installed to run a project's benchmarks: what it offers by the usual names, and what it is told to."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from timetrial.errors import GateError
from timetrial.gate.sides.offers import Offers, group_lines, name_in_setup_cfg, offers_of

# The names that projects give to the extras, groups and files that a benchmark run needs.
_FOR_RUNS: Final = ("bench", "benchmark", "benchmarks", "perf", "performance", "test", "tests", "testing")
_OTHERWISE: Final = ("dev", "develop", "development")


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for by name, besides what is found: ``extras``, ``groups`` and ``requirements`` files."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Requirements:
    """What a project's folder needs: ``project`` is its name, None where there is nothing to install.

    ``groups`` are names of dependency groups (PEP 735), ``grouped`` what they hold, ``files`` requirements files, and
    ``lines`` requirements from tables that installers don't read, such as Poetry's.
    """

    project: str | None
    extras: tuple[str, ...] = ()
    """Names of extras, as the project writes them."""
    groups: tuple[str, ...] = ()
    grouped: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def is_timetrial(self) -> bool:
        """Whether the project is timetrial itself, and so brings its own."""
        return self.project == "timetrial"


def requirements_of(root: Path, otherwise: Wanted | None = None) -> Requirements:
    """Reads what the project in ``root`` says of itself; raises GateError for what can't be read, or isn't there.

    What its own [tool.timetrial.gate] names comes along; ``otherwise`` is for a project that names nothing.
    """
    content = _pyproject(root)
    offers = offers_of(root, content, (*_FOR_RUNS, *_OTHERWISE))
    named = _named(content) or _only_offered(otherwise or Wanted(), offers, root)
    usual = _usual(offers.names())
    extras = _chosen(offers.extras, usual, named.extras)
    groups = _chosen(offers.groups, usual, named.groups)
    lists = _chosen(offers.lists, usual, named.groups)
    _refuse_unknown(named, offers, root)
    return Requirements(
        project=_project_name(content, root),
        extras=tuple(dict.fromkeys((*extras, *named.extras))),
        groups=tuple(groups),
        grouped=tuple(group_lines(content.get("dependency-groups", {}), tuple(groups), root)) if groups else (),
        files=_files_of(root, content, offers, usual, named),
        lines=tuple(dict.fromkeys(line for name in lists for line in offers.lists[name])),
    )


def wanted_in(content: Mapping[str, Any]) -> Wanted:
    """What a pyproject.toml's [tool.timetrial.gate] names; the policy's reader says what is mistyped."""
    section: Any = content
    for key in ("tool", "timetrial", "gate"):
        section = section.get(key, {}) if isinstance(section, Mapping) else {}
    found = {name: section.get(name, ()) if isinstance(section, Mapping) else () for name in vars(Wanted())}
    return Wanted(**{name: tuple(map(str, each)) for name, each in found.items() if isinstance(each, list | tuple)})


def _named(content: Mapping[str, Any]) -> Wanted | None:
    wanted = wanted_in(content)
    return wanted if wanted != Wanted() else None


def _only_offered(wanted: Wanted, offers: Offers, root: Path) -> Wanted:
    """What a command line names is for both sides, and one of them may not have it yet."""
    return Wanted(
        tuple(_matching(offers.extras, wanted.extras)),
        tuple(_matching((*offers.groups, *offers.lists), wanted.groups)),
        tuple(file for file in wanted.requirements if (root / file).is_file()),
    )


def _refuse_unknown(named: Wanted, offers: Offers, root: Path) -> None:
    known = {canonicalize_name(name) for name in (*offers.groups, *offers.lists)}
    for group in named.groups:
        if canonicalize_name(group) not in known:
            there = ", ".join(sorted(known)) or "none"
            raise GateError(
                f"{root / 'pyproject.toml'}: [tool.timetrial.gate] groups has {group!r}; there are: {there}"
            )
    for file in named.requirements:
        if not (root / file).is_file():
            raise GateError(f"[tool.timetrial.gate] requirements has {file!r}, and there is no such file in {root}")


def _chosen(offered: Iterable[str], usual: Set[str], named: Iterable[str]) -> list[str]:
    names = {canonicalize_name(each) for each in named}
    return [each for each in offered if canonicalize_name(each) in usual | names]


def _matching(offered: Iterable[str], names: Iterable[str]) -> list[str]:
    return _chosen(offered, set(), names)


def _usual(offered: Set[str]) -> Set[str]:
    return offered & {*_FOR_RUNS} or offered & {*_OTHERWISE}


def _files_of(
    root: Path, content: Mapping[str, Any], offers: Offers, usual: Set[str], named: Wanted
) -> tuple[Path, ...]:
    """The plain file where no [project] says what is needed, those of a usual name, and those that are named."""
    purposes = ["", *usual] if not content.get("project") else sorted(usual)
    found = [file for purpose in purposes for file in offers.files.get(purpose, ())]
    return tuple(dict.fromkeys([*found, *(root / each for each in named.requirements)]))


def _pyproject(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GateError(f"can't read {path}: {error}; mend it, or if that is the base's, take another base") from error


def _project_name(content: Mapping[str, Any], root: Path) -> str | None:
    """A pyproject.toml that only configures tools describes no project."""
    poetry = content.get("tool", {}).get("poetry", {})
    name = content.get("project", {}).get("name") or poetry.get("name") or name_in_setup_cfg(root)
    if name is not None:
        return canonicalize_name(str(name))
    return root.name if "build-system" in content or (root / "setup.py").is_file() else None


def what_brings(module: str, root: Path) -> str:
    """Advice for a module that is missing: what of the project would bring it, and the line to add."""
    content = _pyproject(root)
    offers = offers_of(root, content, (*_FOR_RUNS, *_OTHERWISE))
    for setting, offered in (("extras", offers.extras), ("groups", {**offers.lists, **offers.groups})):
        for name, lines in offered.items():
            if _bring(module, lines):
                return f'{_ONE_OF[setting]} {name!r} brings it: {setting} = ["{name}"] in [tool.timetrial.gate]'
    for file in sorted({*root.glob("*requirements*.txt"), *root.glob("requirements/*.txt")}):
        if _bring(module, file.read_text(encoding="utf-8", errors="replace").splitlines()):
            shown = file.relative_to(root).as_posix()
            return f'the requirements file {shown} brings it: requirements = ["{shown}"] in [tool.timetrial.gate]'
    project = '"{root}", ' if _project_name(content, root) else ""
    package = _KNOWN.get(module, module.replace("_", "-"))
    return (
        f"no extra, group or requirements file of the project brings it; to install it all the same: "
        f'install = ["{{python}}", "-m", "pip", "install", {project}"pytest-benchmark", "{package}"] in '
        f"[tool.timetrial.gate]"
    )


_ONE_OF: Final = {"extras": "the project's extra", "groups": "the project's group"}
# Distributions whose modules have quite another name.
_KNOWN: Final = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "Crypto": "pycryptodome",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "google": "protobuf",
    "jwt": "pyjwt",
    "PIL": "pillow",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}


def _bring(module: str, lines: Iterable[str]) -> bool:
    wanted = canonicalize_name(module)
    names = {
        wanted,
        canonicalize_name(_KNOWN.get(module, module)),
        f"python-{wanted}",
        f"py{wanted}",
        f"{wanted}-python",
    }
    return any(canonicalize_name(_name_in(line)) in names for line in lines)


def _name_in(line: str) -> str:
    """The distribution that a requirement names."""
    end = next((index for index, letter in enumerate(line) if not (letter.isalnum() or letter in "._-")), len(line))
    return line[:end]
