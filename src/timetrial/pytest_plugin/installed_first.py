"""A run that measures imports the project from where it is installed, and not from the checkout that it runs in."""

from __future__ import annotations

import sys
from pathlib import Path

from timetrial.environment.installed_modules import InstalledProject, install, installed_project
from timetrial.errors import GateError
from timetrial.gate.sides.requirements import requirements_of

_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def import_installed(folder: Path) -> InstalledProject:
    """Settles it for this process and those that it starts; call it before conftests are loaded.

    ``folder`` also gets its place on ``sys.path``, as ``python -m pytest`` gives it: tests import their helpers.
    """
    project = _project_of(folder)
    install(project)
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
