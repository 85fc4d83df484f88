"""The README's examples run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = re.findall(r"```python\n# (\w+)\.py\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_has_examples() -> None:
    """Without them the test below would pass for nothing."""
    assert [name for name, _ in EXAMPLES] == ["test_shrink", "test_fetch"]


@pytest.mark.parametrize(("name", "source"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_of_the_readme_runs_as_it_stands(pytester: pytest.Pytester, name: str, source: str) -> None:
    """A reader who copies it gets trials that pass, a table and a results file."""
    pytester.makepyfile(**{name: source})
    result = pytester.runpytest_subprocess("--benchmark-only", "--trial-scale=quick")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*the fastest model of each workload*", "results: results*.json"])


def test_every_option_of_the_readme_exists(pytester: pytest.Pytester) -> None:
    """The table of options is the one of --help."""
    documented = set(re.findall(r"^\| `(--trial-[a-z-]+)", README.read_text(encoding="utf-8"), re.MULTILINE))
    shown = pytester.runpytest_subprocess("--help").stdout.str()
    known = set(re.findall(r"^\s+(--trial-[a-z-]+)", shown, re.MULTILINE))
    assert documented == known
