"""What docs/ci.md and the workflow say can be done, and the workflow asks for no more than it needs."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from timetrial.commands import gate

ROOT: Final = Path(__file__).parents[3]
WORKFLOW: Final = ROOT / "docs" / "gate-workflow.yml"
GUIDE: Final = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS: Final = [textwrap.dedent(each) for each in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", GUIDE, re.MULTILINE)]


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    """The workflow as GitHub reads it: as YAML, but for ``on``, which stands for True in YAML 1.1."""
    content = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return {"on" if name is True else name: part for name, part in content.items()}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Of all jobs."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def commands() -> list[list[str]]:
    """Every ``timetrial gate …`` of the guide and the workflow, as words."""
    texts = [*BLOCKS, WORKFLOW.read_text(encoding="utf-8")]
    lines = [
        line for text in texts for line in text.splitlines() if "timetrial gate " in line and "posargs" not in line
    ]
    return [shlex.split(line.partition("timetrial gate ")[2].partition("||")[0]) for line in lines]


def test_every_gate_of_the_documents_can_be_typed() -> None:
    """Each option exists."""
    assert len(commands()) >= 4
    for words in commands():
        options = gate._parser().parse_args(words)
        assert options.base or options.base_python


def test_the_workflow_asks_for_no_more_than_it_needs(workflow: dict[str, Any]) -> None:
    """Read by default; the one job that may comment runs nothing of the pull request's."""
    assert workflow["permissions"] == {"contents": "read"}
    assert "permissions" not in workflow["jobs"]["gate"]
    assert workflow["jobs"]["comment"]["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in workflow["jobs"]["comment"]["steps"])
    assert workflow["on"] == {"pull_request": None}


def test_the_workflow_has_the_history_and_keeps_the_raw_data(workflow: dict[str, Any]) -> None:
    """``fetch-depth: 0``, and an artifact also of a gate that fails."""
    by_action = {step["uses"].partition("@")[0]: step for step in steps(workflow) if "uses" in step}
    assert by_action["actions/checkout"]["with"] == {"fetch-depth": 0, "persist-credentials": False}
    upload = by_action["actions/upload-artifact"]
    assert (upload["with"]["path"], upload["if"]) == ("results/gate", "${{ !cancelled() }}")


def test_every_action_is_pinned_to_a_major_and_every_job_ends(workflow: dict[str, Any]) -> None:
    """And no shell line holds an expression, through which a branch's name could run something."""
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps(workflow) if "uses" in step)
    assert all(job["timeout-minutes"] <= 30 for job in workflow["jobs"].values())
    assert not any("${{" in step["run"] for step in steps(workflow) if "run" in step)


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed here")
def test_actionlint_finds_nothing() -> None:
    """The checker that knows GitHub's own rules."""
    ended = subprocess.run(["actionlint", str(WORKFLOW)], capture_output=True, text=True, check=False)
    assert ended.stdout == ""


def test_the_tox_environment_of_the_guide_is_the_project_s_own() -> None:
    """But for the release, which stands in the checkout's place, and a selection."""
    told, own = (configparser.ConfigParser(interpolation=None) for _ in range(2))
    told.read_string(next(block for block in BLOCKS if "[testenv:gate]" in block))
    own.read(ROOT / "tox.ini", encoding="utf-8")
    assert own["testenv:gate"]["commands"].startswith(told["testenv:gate"]["commands"].removesuffix("}"))


@pytest.mark.skipif(shutil.which("sh") is None, reason="this platform has no sh")
def test_the_shell_lines_of_the_guide_are_shell() -> None:
    """Parsed, not run."""
    lines = [block for block in BLOCKS if "testenv" not in block]
    assert len(lines) == 3
    for block in lines:
        subprocess.run(["sh", "-n"], input=block, text=True, check=True)
