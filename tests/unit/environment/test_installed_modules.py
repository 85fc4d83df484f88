"""The project's modules come from where it is installed, by name; its tests come from the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path, PurePosixPath

import pytest

from timetrial.environment.installed_modules import InstalledProject, modules_of

LISTINGS = {
    "a package": (["spin/__init__.py", "spin/core.py", "spin/sub/__init__.py"], {"spin"}),
    "a package with compiled parts": (["spin/__init__.py", "spin/_fast.cpython-311-x86_64-linux-gnu.so"], {"spin"}),
    "modules": (["spin.py", "_spin.abi3.so", "spin-1.dist-info/METADATA"], {"spin", "_spin"}),
    "a namespace": (["corp/spin/__init__.py", "corp/other.py"], {"corp.spin", "corp.other"}),
    "a nested namespace": (["corp/tools/spin/__init__.pyd"], {"corp.tools.spin"}),
    "two packages": (["spin/__init__.py", "turn/__init__.py"], {"spin", "turn"}),
    "scripts and data": (["../../bin/spin", "spin/data.json", "../../lib/x.py", "spin/__init__.py"], {"spin"}),
    "what can't be imported": (["spin-tool/x.py", "spin.dist-info/x.py"], set()),
    "an editable install": (["__editable___spin_finder.py", "spin.pth"], {"__editable___spin_finder"}),
}


@pytest.mark.parametrize(("files", "expected"), LISTINGS.values(), ids=LISTINGS)
def test_the_names_of_a_distribution(files: list[str], expected: set[str]) -> None:
    """Each is the outermost that has code of its own."""
    assert modules_of(map(PurePosixPath, files)) == expected


PLACES = InstalledProject(Path("/src"), {"spin": Path("/lib"), "corp.spin": Path("/lib/corp")})


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("spin", "/lib"),
        ("spin.core", "/lib"),
        ("spin.sub.deep", "/lib"),
        ("corp.spin.x", "/lib/corp"),
        ("corp", None),
        ("corp.other", None),
        ("spinner", None),
        ("spin.tests", None),
        ("spin.tests.test_core", None),
        ("spin.test_core", None),
        ("spin.conftest", None),
        ("spin.testing", "/lib"),
        ("numpy", None),
    ],
)
def test_where_a_module_has_to_come_from(name: str, place: str | None) -> None:
    """A test within a package is no part of what users get."""
    assert PLACES.holds(name) == (Path(place) if place else None)


def test_a_module_from_elsewhere_is_astray() -> None:
    """By name, with its file."""
    found = {"spin": "/lib/spin/__init__.py", "spin.core": "/src/spin/core.py"}
    assert PLACES.astray(found) == {"spin.core": "/src/spin/core.py"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A flat checkout of ``spin``, another version of which is installed in ``lib`` beside it."""
    for folder, value in (("checkout", "source"), ("lib", "installed")):
        package = tmp_path / folder / "spin"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("from spin.core import value\n")
        (package / "core.py").write_text(f"def value(_item=None):\n    return {value!r}\n")
    about = tmp_path / "lib" / "spin-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: Spin\nVersion: 1\n")
    (about / "RECORD").write_text("spin/__init__.py,,\nspin/core.py,,\n")
    inside = tmp_path / "checkout" / "spin" / "tests"
    inside.mkdir()
    (inside / "__init__.py").write_text("")
    (inside / "helper.py").write_text("from spin.core import value\n")
    return tmp_path / "checkout"


def _run(checkout: Path, script: str, *, name: str | None = "spin") -> str:
    file = checkout.parent / "script.py"
    file.write_text(
        textwrap.dedent(
            f"""
            import sys
            from pathlib import Path
            from timetrial.environment.installed_finder import install
            from timetrial.environment.installed_modules import installed_project

            ROOT, LIB = Path({str(checkout)!r}), {str(checkout.parent / "lib")!r}
            sys.path[:0] = [str(ROOT), str(ROOT / "src"), LIB]
            if __name__ == "__main__":
                project = installed_project(ROOT, {name!r})
                install(project)
            """
        )
        + textwrap.dedent(script)
    )
    return subprocess.run([sys.executable, file], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_what_is_installed_goes_before_what_lies_beside_the_tests(checkout: Path) -> None:
    """Also where the checkout is the first folder that Python looks into; its tests are found all the same."""
    script = """
        import spin, spin.tests.helper
        found = project.found(sys.modules)
        print(spin.value(), spin.tests.helper.value(), sorted(found), project.astray(found))
    """
    assert _run(checkout, script) == "installed installed ['spin', 'spin.core'] {}"


def test_a_project_that_is_not_installed_is_imported_from_its_folder(checkout: Path) -> None:
    """Many suites of benchmarks are of no distribution."""
    assert _run(checkout, "import spin; print(spin.value(), dict(project.places))", name="other") == "source {}"


def test_an_editable_install_is_imported_from_its_source(checkout: Path) -> None:
    """Wherever that is."""
    elsewhere = checkout.parent / "elsewhere"
    (checkout / "spin").rename(checkout / "spun")
    (elsewhere / "src" / "spin").mkdir(parents=True)
    (elsewhere / "src" / "spin" / "__init__.py").write_text("def value():\n    return 'editable'\n")
    about = checkout.parent / "lib" / "spin-1.dist-info"
    url = {"url": (elsewhere).as_uri(), "dir_info": {"editable": True}}
    (about / "direct_url.json").write_text(json.dumps(url))
    assert _run(checkout, "import spin; print(spin.value())") == "editable"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_import_what_is_installed(method: str, checkout: Path) -> None:
    """A pool's workers look into the same folders as the process that starts them."""
    if method != "spawn" and sys.platform == "win32":
        pytest.skip("it has neither")
    script = f"""
        from timetrial import models
        from timetrial import Workload
        if __name__ == "__main__":
            import spin
            with models.get("processes", start_method={method!r}).open(Workload("w", task=spin.value), 2) as executor:
                print(executor.run([1, 2]))
    """
    assert _run(checkout, script) == "['installed', 'installed']"


def test_tests_of_any_name_come_from_the_checkout_in_started_processes_too(checkout: Path) -> None:
    """By what pytest says; a helper beside one is a test's, in a package that is not installed."""
    perf = checkout / "spin" / "perf"
    perf.mkdir()
    for name in ("__init__", "helper", "perf_sort"):
        (perf / f"{name}.py").write_text("")
    script = f"""
        import subprocess
        from timetrial.environment.installed_finder import note_test_file
        note_test_file(project, Path({str(perf / "perf_sort.py")!r}))
        import spin.perf.helper, spin.perf.perf_sort
        child = "from timetrial.environment.installed_finder import install_as_told as t; t(); import sys; "
        child += "sys.path[:0] = " + repr(sys.path[:3]) + "; import spin, spin.perf.perf_sort; print(spin.value())"
        print(subprocess.check_output([sys.executable, "-c", child], text=True).strip())
        print(project.astray(project.found(sys.modules)))
    """
    assert _run(checkout, script) == "installed\n{}"
