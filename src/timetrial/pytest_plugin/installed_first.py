"""A run that measures imports the project from where it is installed, and not from the checkout that it runs in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from timetrial.environment.installed_finder import install, note_test_file
from timetrial.environment.installed_modules import InstalledProject, installed_project
from timetrial.errors import GateError
from timetrial.gate.sides.requirements import requirements_of

PROJECT = pytest.StashKey[InstalledProject]()
"""In a run that measures, what has to be imported from where it is installed."""

_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


class CollectedTests:
    """A pytest plugin that notes which files are tests: within a package, their names need not tell."""

    def __init__(self, project: InstalledProject) -> None:
        self._project = project

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path) -> None:
        """Before it is imported."""
        note_test_file(self._project, module_path)


def import_installed(config: pytest.Config, folder: Path) -> InstalledProject:
    """Settles it for this process and those that it starts; call it before conftests are loaded.

    ``folder`` also gets its place on ``sys.path``, as ``python -m pytest`` gives it: tests import their helpers.
    """
    project = _project_of(folder)
    install(project)
    config.stash[PROJECT] = project
    config.pluginmanager.register(CollectedTests(project))
    if sys.flags.safe_path and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return project


def _project_of(folder: Path) -> InstalledProject:
    around = (folder, *folder.parents)
    root = next((each for each in around if any((each / file).is_file() for file in _PROJECT_FILES)), folder)
    top = next((each for each in around if (each / ".git").exists()), root)
    try:
        name = requirements_of(root).project
    except GateError:  # whoever installs says what is wrong with its files
        name = None
    return installed_project(root, name, top)
