"""The default install, by the real installers: the project, what its benchmarks need, and the running timetrial."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

import timetrial
from timetrial.errors import GateError
from timetrial.gate.sides.environments import Installer, default_command, find_uv, make_environment, python_in
from timetrial.gate.sides.own_wheel import write_own_wheel
from timetrial.gate.sides.requirements import Requirements, requirements_of

# A project that brings its own build backend, so that building it takes no network.
_BACKEND = """
    import zipfile

    def build_wheel(folder, config_settings=None, metadata_directory=None):
        name = "spin-1-py3-none-any.whl"
        with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
            wheel.write("src/spin.py", "spin.py")
            wheel.writestr("spin-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: spin\\nVersion: 1\\n")
            about = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
            wheel.writestr("spin-1.dist-info/WHEEL", about)
            wheel.writestr("spin-1.dist-info/RECORD", "")
        return name
"""
_PYPROJECT = """
    [build-system]
    requires = []
    build-backend = "backend"
    backend-path = ["."]

    [project]
    name = "spin"
    version = "1"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project's folder."""
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "spin.py").write_text("")
    (root / "backend.py").write_text(textwrap.dedent(_BACKEND))
    (root / "pyproject.toml").write_text(textwrap.dedent(_PYPROJECT))
    return root


@pytest.mark.skipif(find_spec("ensurepip") is None, reason="this Python can make no environments")
@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_each_installer_brings_the_project_and_the_running_timetrial(
    root: Path, tool: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Into the environment, compiled, and not by a link to the folder; here without what they depend on."""
    uv = find_uv() if tool == "uv" else None
    if tool == "uv" and uv is None:
        pytest.skip("uv is not installed here")
    for name in ("PIP_NO_DEPS", "PIP_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.setenv(name, "1")
    installer = Installer(uv, None, write_own_wheel(tmp_path))
    if uv:  # it has no variable for this
        words = (*installer.command(Path("{python}"), Path("{environment}"), root), "--no-deps")
        installer = Installer(uv, words, installer.own_wheel)
    environment = tmp_path / "environment"
    make_environment(installer, environment, root, "the base", {**os.environ, "VIRTUAL_ENV": str(environment)})
    ask = (
        "import spin, timetrial, importlib.metadata as m; print(spin.__file__, spin.__cached__, m.version('timetrial'))"
    )
    ended = subprocess.run([python_in(environment), "-c", ask], capture_output=True, text=True, check=True)
    file, cached, installed = ended.stdout.split()
    assert Path(file).is_relative_to(environment)
    assert Path(cached).is_file()
    assert installed == version("timetrial")


@pytest.mark.skipif(find_spec("ensurepip") is None, reason="this Python can make no environments")
def test_temporary_files_of_an_install_lie_beside_the_environment(root: Path, tmp_path: Path) -> None:
    """Where they go with the gate's own folder: an installer that is killed leaves its behind."""
    script = "import sys, tempfile; open(sys.argv[1], 'w').write(tempfile.mkdtemp())"
    words = (sys.executable, "-c", script, str(tmp_path / "told"))
    side = tmp_path / "side"
    side.mkdir()
    make_environment(Installer(None, words, write_own_wheel(tmp_path)), side / ".venv", root, "the base", os.environ)
    assert Path((tmp_path / "told").read_text()).parents[1] == side
    assert [each.name for each in side.iterdir()] == [".venv"]


def test_the_running_timetrial_is_packed_whole(tmp_path: Path) -> None:
    """All its files, its dependencies and its pytest plugin; with it, each side runs the gate's own code."""
    with zipfile.ZipFile(write_own_wheel(tmp_path)) as wheel:
        package = Path(timetrial.__file__).parent
        assert {name for name in wheel.namelist() if name.endswith(".py")} == {
            f"timetrial/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")
        }
        about = f"timetrial-{version('timetrial')}.dist-info"
        assert "Requires-Dist: pytest-benchmark" in wheel.read(f"{about}/METADATA").decode()
        assert "[pytest11]" in wheel.read(f"{about}/entry_points.txt").decode()


def offered(root: Path, pyproject: str) -> Requirements:
    """What is to be installed of a project with this pyproject.toml."""
    (root / "pyproject.toml").write_text(textwrap.dedent(pyproject))
    return requirements_of(root)


def test_extras_and_groups_for_benchmarks_and_tests_are_installed(root: Path) -> None:
    """By their usual names, however written; a group with all that it includes; else dev."""
    offers = """
        [project]
        name = "My.Project"
        [project.optional-dependencies]
        Benchmarks = ["numpy"]
        docs = ["sphinx"]
        [dependency-groups]
        dev = ["ruff"]
        test = ["hypothesis", {include-group = "plugins"}]
        plugins = ["pytest-xdist"]
    """
    found = offered(root, offers)
    assert found == Requirements("my-project", ("Benchmarks",), ("test",), ("hypothesis", "pytest-xdist"))
    command = default_command(None, Path("py"), root, Path("own.whl"))
    assert command[4:] == ["--quiet", "own.whl", f"{root}[Benchmarks]", "hypothesis", "pytest-xdist"]
    command = default_command("uv", Path("py"), root, Path("own.whl"))
    assert command[-2:] == ["--group", f"{root / 'pyproject.toml'}:test"]
    assert offered(root, '[dependency-groups]\ndev = ["ruff"]').groups == ("dev",)


def test_timetrial_itself_brings_its_own(root: Path) -> None:
    """Each side then runs its own gate's code, which is what is compared."""
    offered(root, '[project]\nname = "timetrial"')
    assert default_command(None, Path("py"), root, Path("own.whl"))[5:] == [str(root)]


def test_a_folder_that_only_configures_tools_is_not_installed(root: Path) -> None:
    """But its requirements.txt is, and a setup.py would be."""
    (root / "requirements.txt").touch()
    assert offered(root, "[tool.ruff]") == Requirements(None, files=(root / "requirements.txt",))
    (root / "setup.py").touch()
    assert requirements_of(root).project == "project"


@pytest.mark.parametrize(
    ("pyproject", "said"),
    [
        ("[project", "can't read"),
        (
            '[dependency-groups]\ntest = [{include-group = "tests"}]\ntests = [{include-group = "test"}]',
            "Cyclic dependency group include while resolving test",
        ),
        ('[dependency-groups]\ntest = [{include-group = "gone"}]', "Dependency group 'gone' not found"),
        ('[dependency-groups]\ntest = "pytest"', "contained a string"),
        ('[dependency-groups]\ntest = ["==1"]', "==1"),
    ],
)
def test_a_pyproject_that_can_t_be_meant_is_an_error(root: Path, pyproject: str, said: str) -> None:
    """It names the file."""
    with pytest.raises(GateError, match=said) as caught:
        offered(root, pyproject)
    assert str(root / "pyproject.toml") in str(caught.value)
