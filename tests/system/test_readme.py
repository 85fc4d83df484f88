"""The README's examples run as they stand there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

from timetrial import cli

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
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


@pytest.mark.parametrize("page", sorted(each.name for each in (ROOT / "docs").glob("*.md")))
def test_every_page_is_in_the_list_of_further_pages(page: str) -> None:
    """Where a newcomer looks for it."""
    _, _, more = README.read_text(encoding="utf-8").partition("\n## More\n")
    assert f"](docs/{page})" in more


PAGES = [README, *(ROOT / name for name in ("ARCHITECTURE.md", "CONTRIBUTING.md")), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_file_and_name_of_the_project_that_a_page_tells_of_is_there(page: Path) -> None:
    """Also after things have moved: files of the checkout, and what is to be imported from the package."""
    text = page.read_text(encoding="utf-8")
    files = set(re.findall(r"`((?:src/timetrial|benchmarks|fixtures|tests/(?:unit|system|plugin))/[\w/.]+)`", text))
    assert [each for each in files if not (ROOT / each).exists()] == []
    modules = "|".join(module.name for module in pkgutil.iter_modules([str(ROOT / "src/timetrial")]))
    for name in set(re.findall(rf"`(timetrial\.(?:{modules})\.[\w.]+)", text)):
        pkgutil.resolve_name(name)


@pytest.mark.parametrize("command", [*cli._COMMANDS])
def test_every_command_is_named(command: str) -> None:
    """What it is for stands around it."""
    assert f"timetrial {command}" in " ".join(README.read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "workload", sorted(each.stem.removeprefix("test_") for each in (ROOT / "benchmarks").glob("test_*.py"))
)
def test_every_workload_is_told_of(workload: str) -> None:
    """In one line in the README, and with what it settles in docs/workloads.md."""
    assert f"| `{workload}` | " in README.read_text(encoding="utf-8")
    assert f"\n## {workload}\n" in (ROOT / "docs" / "workloads.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [README, *(ROOT / "docs").glob("*.md")], ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    """To a file that is there, and a heading of it."""
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        to = page.parent / file if file else page
        assert to.exists(), file
        if anchor:
            headings = re.findall(r"^#+ (.*)$", to.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


PLACES = [README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "src").rglob("*.py")]
FROM_AN_INDEX = re.compile(
    r"(?:pip|pipx|uv|uvx)\b[^\n]*?\b(?:install|add|run|tool)\b[^\n]*?"
    r"[\s\"'](timetrial(?:\[[\w,]+\])?)(?!'s|[^\n]*@ git\+)"
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: str(place.relative_to(ROOT)))
def test_no_line_tells_people_to_install_from_an_index_that_lacks_it(place: Path) -> None:
    """From a checkout or a Git address it installs today."""
    wrong = [line for line in place.read_text(encoding="utf-8").splitlines() if FROM_AN_INDEX.search(line)]
    assert wrong == []


@pytest.mark.parametrize("line", ["pip install timetrial uv", 'pip install "timetrial[history]"', "uv add timetrial"])
def test_lines_that_would_fail_are_known(line: str) -> None:
    """Or the test above would pass for nothing."""
    assert FROM_AN_INDEX.search(line)


@pytest.mark.parametrize("line", ["pip install ./timetrial", 'pip install "timetrial @ git+https://host/t.git" uv'])
def test_lines_that_work_are_left(line: str) -> None:
    """Of a checkout and a Git address."""
    assert not FROM_AN_INDEX.search(line)
