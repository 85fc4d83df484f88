"""Where modules are that sys.path does not lead to, as pytest's --import-mode=importlib makes them; workers are told.

A task is pickled as its module and its name, so a worker has to import the module by the name that it has here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from timetrial.environment.installed_finder import install_as_told

Place = tuple[str | None, list[str] | None]
"""A module's file, and the folders of its submodules if it is a package. pytest makes up packages that have neither."""

Places = dict[str, Place]

_EVERY_PROCESS_HAS_ITS_OWN = ("__main__", "__mp_main__")


def places_of(modules: Iterable[str]) -> Places:
    """Where these modules and the packages they are in are, of those that an import would not find there."""
    places: dict[str, Place | None] = {}
    for module in modules:
        if module not in _EVERY_PROCESS_HAS_ITS_OWN and _file(_spec(module)) is not None:
            for name in _with_parents(module):
                if name not in places:
                    places[name] = _place_if_unfindable(name)
    return {name: place for name, place in places.items() if place is not None}


def install(places: Places) -> None:
    """Has this process import these modules from there, even where it has found others of their names already."""
    install_as_told()
    if not places:
        return
    for name, (file, _) in places.items():
        if name in sys.modules and _file(_spec(name)) != file:
            del sys.modules[name]
    sys.meta_path.insert(0, _Finder(places))


class _Finder(MetaPathFinder):
    """Goes first: another package may have the name that pytest gives to a folder, as ``tests`` in site-packages."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """As every finder's."""
        del path, target
        if fullname not in self._places:
            return None
        file, folders = self._places[fullname]
        if file is not None:
            return spec_from_file_location(fullname, file, submodule_search_locations=folders)
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = folders or []
        return spec


def _with_parents(module: str) -> list[str]:
    """``a``, ``a.b`` and ``a.b.c`` for ``a.b.c``."""
    parts = module.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _place_if_unfindable(name: str) -> Place | None:
    module = sys.modules.get(name)
    if module is None:
        return None
    file, folders = _file(_spec(name)), _folders(getattr(module, "__path__", None))
    found = _found(name)
    if file is not None:  # its folders may have changed since, and will change again when it is imported
        is_found = file == _file(found)
    else:
        is_found = found is not None and folders == _folders(found.submodule_search_locations)
    return None if is_found else (file, folders)


def _found(name: str) -> ModuleSpec | None:
    """What an import of the module would find, without importing anything."""
    parent = name.rpartition(".")[0]
    path = list(getattr(sys.modules.get(parent), "__path__", ())) if parent else None
    for finder in sys.meta_path:
        with suppress(Exception):  # a finder of somebody else's
            if spec := finder.find_spec(name, path):
                return spec
    return None


def _spec(name: str) -> ModuleSpec | None:
    """How the module was found that is loaded under this name."""
    return getattr(sys.modules.get(name), "__spec__", None)


def _file(spec: ModuleSpec | None) -> str | None:
    """The file it is loaded from; pytest also calls a folder without __init__.py the origin of its package."""
    if spec is None or not spec.has_location or spec.origin is None or not Path(spec.origin).is_file():
        return None
    return spec.origin


def _folders(path: Iterable[str] | None) -> list[str] | None:
    return None if path is None else [str(folder) for folder in path]
