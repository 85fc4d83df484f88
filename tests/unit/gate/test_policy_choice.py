"""The base's policy counts, since a pull request must not choose the rule that it is judged by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.gate.projects import Project, new_project
from timetrial.errors import GateError
from timetrial.gate.policy import GatePolicy
from timetrial.gate.policy_choice import choose_policy

SECTION = "[tool.timetrial.gate]\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository whose first commit has a margin of 2 %, tagged ``base``."""
    made = new_project(tmp_path / "spin")
    made.write("pyproject.toml", f"{SECTION}margin = 0.02\n")
    made.commit("a policy")
    made.git("tag", "base")
    return made


def lines_of(project: Project, named: str | None = None) -> str:
    """What is said of the choice."""
    return "\n".join(choose_policy(project.top, "base", named).lines())


def test_the_base_s_policy_counts_and_each_difference_is_told(project: Project) -> None:
    """Committed or not."""
    project.write("pyproject.toml", f'{SECTION}margin = 4.0\ndetect = 8.0\nmay_be_missing = ["*"]\n')
    assert choose_policy(project.top, "base", None).policy == GatePolicy(margin=0.02)
    said = lines_of(project)
    assert said.startswith("policy: the base's (base) counts, and the candidate's differs from it in\n")
    for line in ("margin: 0.02 here, 4.0 in", "detect: 0.05 here, 8.0 in", 'may_be_missing: [] here, ["*"] in'):
        assert f"  {line} the candidate's" in said


def test_where_nothing_differs_nothing_is_said(project: Project) -> None:
    """Most gates."""
    assert lines_of(project) == ""


def test_a_new_file_in_a_nearer_folder_does_not_take_the_policy_over(project: Project) -> None:
    """The base has none there, so its own is the one above."""
    project.write("tests/pyproject.toml", f"{SECTION}alpha = 0.4\n")
    chosen = choose_policy(project.top / "tests", "base", None)
    assert chosen.policy == GatePolicy(margin=0.02)
    assert any("alpha" in line for line in chosen.lines())


def test_a_policy_that_the_candidate_takes_away_still_counts(project: Project) -> None:
    """A deleted file and a broken one too."""
    (project.top / "pyproject.toml").unlink()
    assert choose_policy(project.top, "base", None).policy == GatePolicy(margin=0.02)
    project.write("pyproject.toml", "tool = {")
    assert choose_policy(project.top, "base", None).policy == GatePolicy(margin=0.02)
    assert "can't read the gate's policy" in lines_of(project)


def test_a_base_without_a_policy_has_the_defaults(project: Project) -> None:
    """The change that brings the first policy is told how to be judged by it."""
    project.git("rm", "--quiet", "pyproject.toml")
    project.commit("none")
    project.git("tag", "--force", "base")
    project.write("pyproject.toml", f'{SECTION}install = ["make"]\n')
    assert choose_policy(project.top, "base", None).policy == GatePolicy()
    assert 'install: not set here, ["make"] in the candidate\'s' in lines_of(project)


def test_the_command_line_may_choose_the_candidate_s(project: Project) -> None:
    """Which is told, with what the base had."""
    project.write("pyproject.toml", f"{SECTION}margin = 0.03\n")
    assert choose_policy(project.top, "base", "candidate").policy == GatePolicy(margin=0.03)
    said = lines_of(project, "candidate")
    assert "policy: the candidate's, as --policy candidate says, counts" in said
    assert "margin: 0.02 here, 0.03 in the candidate's (which counts)" in said


def test_the_command_line_may_name_a_file(project: Project, tmp_path: Path) -> None:
    """With a base and without."""
    file = tmp_path / "gate.toml"
    file.write_text(f"{SECTION}margin = 0.04\n")
    for base in ("base", None):
        chosen = choose_policy(project.top, base, str(file))
        assert chosen.policy == GatePolicy(margin=0.04)
        assert chosen.lines()[0].startswith(f"policy: that of {file} counts")
    with pytest.raises(GateError, match=r"can't read the gate's policy from .*none\.toml"):
        choose_policy(project.top, "base", str(tmp_path / "none.toml"))
    with pytest.raises(GateError, match="it is no plain file"):
        choose_policy(project.top, "base", str(tmp_path))


def test_a_base_whose_policy_is_broken_names_the_way_out(project: Project) -> None:
    """It can't be mended in the past."""
    project.write("pyproject.toml", f"{SECTION}margn = 1\n")
    project.commit("a typing error")
    project.git("tag", "--force", "base")
    project.write("pyproject.toml", f"{SECTION}margin = 0.01\n")
    with pytest.raises(GateError, match=r"(?s)pyproject\.toml of base: .*knows no 'margn'.*--policy candidate"):
        choose_policy(project.top, "base", None)
    assert choose_policy(project.top, "base", "candidate").policy == GatePolicy()


def test_a_policy_behind_a_link_is_followed_in_the_base(project: Project) -> None:
    """As it is in the working tree."""
    project.write("config/gate.toml", f"{SECTION}margin = 0.007\n")
    (project.top / "pyproject.toml").unlink()
    (project.top / "pyproject.toml").symlink_to("config/gate.toml")
    project.commit("a link")
    project.git("tag", "--force", "base")
    assert choose_policy(project.top, "base", None).policy == GatePolicy(margin=0.007)


def test_without_a_base_it_is_the_folder_s_own(project: Project) -> None:
    """Two environments, or two stored files, have no revision to take it from."""
    assert choose_policy(project.top, None, None).policy == GatePolicy(margin=0.02)
