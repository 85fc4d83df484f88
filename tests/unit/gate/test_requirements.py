"""What projects offer for their benchmarks and tests is found, in whichever tool's form they say it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from timetrial.errors import GateError
from timetrial.gate.sides.poetry import pep508_of, specifier_of
from timetrial.gate.sides.requirements import Requirements, Wanted, requirements_of, what_brings

PROJECTS: dict[str, tuple[dict[str, str], Requirements]] = {
    "poetry groups": (
        {
            "pyproject.toml": """
                [build-system]
                requires = ["poetry-core"]
                [tool.poetry]
                name = "My.Thing"
                [tool.poetry.dependencies]
                python = "^3.11"
                [tool.poetry.group.bench.dependencies]
                python = "^3.11"
                msgspec = "^0.19"
                attrs = {version = ">=23", extras = ["cov"], python = ">=3.12"}
                [tool.poetry.group.docs.dependencies]
                sphinx = "*"
            """
        },
        Requirements("my-thing", lines=("msgspec>=0.19,<0.20", "attrs[cov]>=23 ; python_version >= '3.12'")),
    ),
    "poetry's older table": (
        {"pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dev-dependencies]\npytest = "~8.1"\n'},
        Requirements("a", lines=("pytest>=8.1,<8.2",)),
    ),
    "poetry extras": (
        {"pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.extras]\ntest = ["pytest"]\nspeed = ["x"]\n'},
        Requirements("a", extras=("test",)),
    ),
    "pdm": (
        {"pyproject.toml": '[project]\nname = "a"\n[tool.pdm.dev-dependencies]\ntest = ["x>1", "-e file:///b"]\n'},
        Requirements("a", lines=("x>1",)),
    ),
    "hatch": (
        {
            "pyproject.toml": """
                [project]
                name = "a"
                [tool.hatch.envs.default]
                dependencies = ["ruff"]
                [tool.hatch.envs.hatch-test]
                extra-dependencies = ["x"]
                [tool.hatch.envs.bench]
                dependencies = ["y"]
            """
        },
        Requirements("a", lines=("x", "y")),
    ),
    "hatch's default": (
        {"pyproject.toml": '[project]\nname = "a"\n[tool.hatch.envs.default]\ndependencies = ["x"]\n'},
        Requirements("a", lines=("x",)),
    ),
    "uv's older list": (
        {"pyproject.toml": '[project]\nname = "a"\n[tool.uv]\ndev-dependencies = ["x"]\n'},
        Requirements("a", lines=("x",)),
    ),
    "setup.cfg": (
        {
            "setup.py": "from setuptools import setup; setup()",
            "setup.cfg": "[metadata]\nname = a_b\n[options.extras_require]\ntesting =\n    x\n    y>1\ndocs = z\n",
        },
        Requirements("a-b", extras=("testing",)),
    ),
    "setup.py": (
        {"setup.py": "TEST = ['x']\nEXTRAS = {'test': TEST, 'docs': ['y']}\nsetup(name='a', extras_require=EXTRAS)\n"},
        Requirements("ROOT", extras=("test",)),
    ),
    "requirements-test.txt": (
        {"pyproject.toml": '[project]\nname = "a"\n', "requirements-test.txt": "x", "requirements-dev.txt": "y"},
        Requirements("a", files=(Path("requirements-test.txt"),)),
    ),
    "requirements/bench.txt": (
        {"setup.py": "", "requirements.txt": "z", "requirements/bench.txt": "x", "dev-requirements.txt": "y"},
        Requirements("ROOT", files=(Path("requirements.txt"), Path("requirements/bench.txt"))),
    ),
    "dev_requirements.txt": (
        {"pyproject.toml": '[project]\nname = "a"\n', "dev_requirements.txt": "y"},
        Requirements("a", files=(Path("dev_requirements.txt"),)),
    ),
    "what the gate is told": (
        {
            "pyproject.toml": """
                [project]
                name = "a"
                [project.optional-dependencies]
                test = ["x"]
                speed = ["y"]
                [dependency-groups]
                ci = ["z"]
                [tool.timetrial.gate]
                extras = ["speed"]
                groups = ["ci"]
                requirements = ["ci.txt"]
            """,
            "ci.txt": "w",
        },
        Requirements("a", ("test", "speed"), ("ci",), ("z",), (Path("ci.txt"),)),
    ),
}


def _write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_text(textwrap.dedent(content))


@pytest.mark.parametrize(("files", "expected"), PROJECTS.values(), ids=PROJECTS)
def test_each_tool_s_form_is_read(files: dict[str, str], expected: Requirements, tmp_path: Path) -> None:
    """By the usual names: for benchmarks and tests first, and dev where there is none of those."""
    _write(tmp_path, files)
    found = requirements_of(tmp_path)
    assert (found.project if expected.project != "ROOT" else "ROOT") == expected.project
    assert (found.extras, found.groups, found.grouped) == (expected.extras, expected.groups, expected.grouped)
    assert found.files == tuple(tmp_path / file for file in expected.files)
    assert found.lines == expected.lines


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("*", ""),
        ("^1.2.3", "<2,>=1.2.3"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^1", "<2,>=1"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1", "<2,>=1"),
        ("1.2.*", "==1.2.*"),
        ("1.4", "==1.4"),
        ("==1.4", "==1.4"),
        (">=1.4,<2", "<2,>=1.4"),
        (">=1.4 <2", "<2,>=1.4"),
        ("~=1.4", "~=1.4"),
        ("!=1.5", "!=1.5"),
        (">= 1.4", ">=1.4"),
        ("^1 || ^2", ""),
        ("nonsense", ""),
    ],
)
def test_poetry_s_constraints_are_said_as_everybody_says_them(constraint: str, specifier: str) -> None:
    """What can't be said is left out, and never an error."""
    assert sorted(filter(None, specifier_of(constraint).split(","))) == sorted(filter(None, specifier.split(",")))


def test_poetry_s_sources_are_requirements_that_every_installer_reads(tmp_path: Path) -> None:
    """From git, a URL, a folder; for some platforms or Pythons; optional ones not."""
    lines = pep508_of(
        {
            "a": {"git": "https://example.org/a.git", "tag": "v1"},
            "b": {"path": "../b", "develop": True},
            "c": [{"version": "^1", "python": "<3.12"}, {"version": "^2", "markers": "sys_platform == 'linux'"}],
            "d": {"version": "*", "optional": True},
            "e": {"url": "https://example.org/e.whl"},
        },
        tmp_path,
    )
    assert [Requirement(line).name for line in lines] == ["a", "b", "c", "c", "e"]
    assert lines[0] == "a @ git+https://example.org/a.git@v1"
    assert lines[1] == f"b @ {(tmp_path.parent / 'b').as_uri()}"


def test_what_the_command_line_names_is_for_sides_that_name_nothing(tmp_path: Path) -> None:
    """And a side that has it not, such as an older base, goes without."""
    wanted = Wanted(("speed", "no-such"), ("ci", "no-such"), ("ci.txt", "no-such.txt"))
    _write(
        tmp_path,
        {"pyproject.toml": '[project]\nname = "a"\n[dependency-groups]\nci = ["z"]\nqa = ["q"]\n', "ci.txt": ""},
    )
    found = requirements_of(tmp_path, wanted)
    assert (found.extras, found.groups, found.files) == ((), ("ci",), (tmp_path / "ci.txt",))
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write('[tool.timetrial.gate]\ngroups = ["qa"]\n')
    assert requirements_of(tmp_path, wanted).groups == ("qa",)


@pytest.mark.parametrize("named", ['groups = ["x"]', 'requirements = ["x"]'])
def test_what_is_named_and_not_there_is_refused(named: str, tmp_path: Path) -> None:
    """A typing error must not leave something out."""
    _write(tmp_path, {"pyproject.toml": f'[project]\nname = "a"\n[tool.timetrial.gate]\n{named}\n'})
    with pytest.raises(GateError, match="'x'"):
        requirements_of(tmp_path)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("numpy", 'extras = ["fast"]'),
        ("yaml", 'groups = ["ci"]'),
        ("tomli_w", 'groups = ["qa"]'),
        ("redis", 'requirements = ["requirements/services.txt"]'),
        ("sklearn", '"{root}", "pytest-benchmark", "scikit-learn"]'),
    ],
)
def test_a_missing_module_has_its_advice(module: str, said: str, tmp_path: Path) -> None:
    """What of the project brings it, and the line to add; else an install line that would work here."""
    project = """
        [project]
        name = "a"
        [project.optional-dependencies]
        fast = ["NumPy>=2"]
        [dependency-groups]
        ci = ["pyyaml"]
        [tool.poetry.group.qa.dependencies]
        tomli-w = "*"
    """
    _write(tmp_path, {"pyproject.toml": project, "requirements/services.txt": "# x\nredis==5\n"})
    assert said in what_brings(module, tmp_path)
