"""What docs/ci.md and the workflow say can be done, and the workflow asks for no more than it needs."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.system.gate.projects import new_project
from timetrial.commands import gate
from timetrial.gate.shards import shard_of
from timetrial.gate.sides.git import commit_of, repository_of

ROOT: Final = Path(__file__).parents[3]
WORKFLOW: Final = ROOT / "docs" / "gate-workflow.yml"
GUIDE: Final = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
_FENCED: Final = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
JOBS: Final[list[str]] = _FENCED.findall(GUIDE)
BLOCKS: Final = [
    textwrap.dedent(each) for each in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", _FENCED.sub("", GUIDE), re.MULTILINE)
]


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
    texts = [*BLOCKS, *JOBS, WORKFLOW.read_text(encoding="utf-8")]
    lines = [
        line for text in texts for line in text.splitlines() if "timetrial gate " in line and "posargs" not in line
    ]
    return [shlex.split(line.partition("timetrial gate ")[2].partition("||")[0]) for line in lines]


def test_every_gate_of_the_documents_can_be_typed() -> None:
    """Each option exists."""
    assert len(commands()) >= 4
    for words in commands():
        options = gate._parser().parse_args(words)
        assert options.base or options.base_python or options.merge


def test_the_matrix_measures_every_shard_and_one_job_merges_them() -> None:
    """Of so many as the command says."""
    (block,) = JOBS
    jobs = yaml.safe_load(block)
    numbers = jobs["measure"]["strategy"]["matrix"]["shard"]
    (command,) = (step["run"] for step in jobs["measure"]["steps"] if "--shard" in step.get("run", ""))
    assert f'--shard "${{{{ matrix.shard }}}}/{len(numbers)}"' in command
    assert [shard_of(f"{number}/{len(numbers)}").number for number in numbers] == list(range(1, len(numbers) + 1))
    assert jobs["gate"]["needs"] == "measure"
    assert "timetrial gate --merge shards/*.json" in [step.get("run") for step in jobs["gate"]["steps"]]


def test_all_shards_of_the_matrix_are_dealt_by_the_times_of_the_last_gate() -> None:
    """Which the last job keeps under the name that the first one looks for."""
    (block,) = JOBS
    jobs = yaml.safe_load(block)
    restore, upload = (step["with"] for step in jobs["times"]["steps"])
    assert jobs["measure"]["needs"] == "times"
    (download,) = (step["with"] for step in jobs["measure"]["steps"] if "download" in step.get("uses", ""))
    (command,) = (step["run"] for step in jobs["measure"]["steps"] if "--shard" in step.get("run", ""))
    assert command.endswith(f"--shard-times {download['path']}/{upload['path']}")
    assert download["pattern"] == upload["name"]
    copied, saved = jobs["gate"]["steps"][-2:]
    assert copied["run"].endswith(f" {restore['path']}")
    assert saved["with"] == {"path": restore["path"], "key": restore["key"]}
    assert restore["key"].startswith(restore["restore-keys"])


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


@pytest.mark.skipif(sys.platform == "win32", reason="the job runs on Linux")
@pytest.mark.parametrize("left", ["a table", None], ids=["after a gate", "after one that could not run"])
def test_the_comment_is_always_about_the_last_push(workflow: dict[str, Any], left: str | None, tmp_path: Path) -> None:
    """A gate that could not run leaves no table, and the one of the push before must not stay."""
    (step,) = (step for step in workflow["jobs"]["comment"]["steps"] if "run" in step)
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text('#!/bin/sh\nfor last; do :; done\nprintf "%s\\n" "$*" > arguments\ncp "$last" posted\n')
    gh.chmod(0o755)
    if left:
        (tmp_path / "gate.md").write_text(left)
    variables = {
        "PATH": f"{gh.parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "ada/spin",
        "PULL_REQUEST": "7",
        "RUN": "https://github.com/ada/spin/actions/runs/1/attempts/2",
    }
    assert {*step["env"]} - {"GH_TOKEN"} == {*variables} - {"PATH", "GITHUB_REPOSITORY"}
    subprocess.run(["sh", "-e"], input=step["run"], text=True, cwd=tmp_path, env=variables, check=True)
    assert (tmp_path / "arguments").read_text().startswith("pr comment 7 --repo ada/spin --edit-last --create-if-none")
    said = (tmp_path / "posted").read_text()
    assert said == (left or f"**The gate could not run** for the last push: [why]({variables['RUN']})\n")


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


@pytest.mark.skipif(shutil.which("sh") is None, reason="this platform has no sh")
@pytest.mark.parametrize("depth", [("--depth=1",), ()], ids=["one commit of one branch", "everything"])
def test_the_shell_lines_of_the_guide_bring_the_base(depth: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever the CI system has cloned; where HEAD branched off can be told too."""
    project = new_project(tmp_path / "project")
    main = project.commit("On main")
    project.git("switch", "--quiet", "--create", "topic", "HEAD~1")
    project.commit("On topic")
    bare, clone = tmp_path / "bare", tmp_path / "clone"
    project.git("clone", "--quiet", "--bare", str(project.top), str(bare))
    project.git("clone", "--quiet", *depth, "--branch=topic", bare.as_uri(), str(clone))
    (block,) = (block for block in BLOCKS if "git fetch" in block)
    fetches = "".join(line + "\n" for line in block.splitlines() if line.startswith("git fetch"))
    subprocess.run(["sh", "-e"], input=fetches, text=True, cwd=clone, check=True)
    assert commit_of(repository_of(clone), "origin/main") == main
    assert commit_of(repository_of(clone), "origin/main...") == project.git("rev-parse", "main~1")
