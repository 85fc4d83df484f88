"""Whatever makes a program do something else is noticed, and what can't is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.gate.same_code.conftest import Noted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="benchmarks are noted in forked processes")

Note = Callable[[Mapping[str, str]], Noted]

PROGRAM = {
    "README.md": "hello",
    "data/at_import.txt": "import",
    "data/at_run.txt": "run",
    "spin/__init__.py": "from .functions import add, unused\nfrom . import patches\n",
    "spin/functions.py": """
from .limits import LIMIT, STEP as step
from .limits import *

def add(x, y=3, *, z=4):
    '''Adds.'''
    return x + y + z + rarely(x)

def rarely(x):
    if x > 1000:
        return seldom(x)
    return LIMIT + step

def seldom(x):
    return x * 3

def unused():
    return 1
""",
    "spin/limits.py": "LIMIT = 10\nSTEP = 2\nOTHER = 5\nSTARRED = 6\nTABLE = {'a': 1, 'b': [2, 3]}\n",
    "spin/patches.py": """
from . import targets
def replacement():
    return 'patched'
targets.function = replacement
targets.LEVEL = 7
""",
    "spin/targets.py": "LEVEL = 1\ndef function():\n    return 'plain'\ndef level():\n    return LEVEL\n",
    "spin/closures.py": """
def multiplier(by):
    def times(x):
        return x * by
    return times
TRIPLE = multiplier(3)
MADE = [multiplier(each) for each in (1, 2)]
""",
    "spin/decorated.py": """
import functools
def adding(more):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*given):
            return function(*given) + more
        return wrapper
    return decorate
@adding(100)
def decorated(x):
    return x
@functools.lru_cache
def cached(x):
    return x + 1
HANDLERS = {}
def register(function):
    HANDLERS[function.__name__] = function
    return function
@register
def handle(x):
    return -x
""",
    "spin/classes.py": """
class Meta(type):
    def __new__(meta, name, bases, space):
        made = super().__new__(meta, name, bases, space)
        made.tag = f'meta {name}'
        return made
class WithMeta(metaclass=Meta):
    pass
class Base:
    kinds = []
    size = 5
    def __init_subclass__(cls):
        Base.kinds.append(cls.__name__)
    @property
    def area(self):
        return self.size * 2
    def __eq__(self, other):
        return self.size == other.size + 1
    def dispatch(self, name):
        return getattr(self, 'visit_' + name)()
    def visit_leaf(self):
        return 'leaf'
class Child(Base):
    size = 6
class Plain:
    weight = 3
    def heavy(self):
        return self.weight
CONFIG = Plain()
""",
    "spin/lazy.py": "def load():\n    from . import lazily\n    return lazily.VALUE + lazily.made()\n",
    "spin/lazily.py": "VALUE = 1\ndef made():\n    return 20\nif VALUE:\n    VALUE = VALUE + 1\n",
    "spin/reading.py": """
import os
from pathlib import Path
HERE = Path(__file__).parent.parent / 'data'
IMPORTED = (HERE / 'at_import.txt').read_text()
def read():
    return (HERE / 'at_run.txt').read_text() + str((HERE / 'flag').exists()) + str(sorted(os.listdir(HERE)))
def generate():
    space = {}
    exec('def made(): return 5', space)
    return space['made']()
def reflect(limits):
    return getattr(limits, 'OTH' + 'ER')
""",
    "bench.py": """
import spin
from spin import closures, decorated, classes, lazy, limits, reading, targets
from spin.functions import STARRED
def run():
    child = classes.Child()
    return [
        spin.add(1), limits.TABLE['b'], STARRED, targets.function(), targets.level(), closures.TRIPLE(4),
        [each(2) for each in closures.MADE], decorated.decorated(1), decorated.cached(2),
        decorated.HANDLERS['handle'](3),
        classes.WithMeta.tag, child.area, child == child, child.dispatch('leaf'), classes.Base.kinds,
        classes.CONFIG.heavy(), classes.CONFIG.weight, lazy.load(), reading.IMPORTED, reading.read(),
        reading.generate(),
        reading.reflect(limits),
    ]
""",
}

# Each changes what the program does: the file, what stands there, and what stands there then.
MUTATIONS: Sequence[tuple[str, str, str]] = [
    ("spin/functions.py", "return x + y + z + rarely(x)", "return x + y - z + rarely(x)"),
    ("spin/functions.py", "y=3", "y=30"),
    ("spin/functions.py", "z=4", "z=40"),
    ("spin/functions.py", "return LIMIT + step", "return LIMIT - step"),
    ("spin/functions.py", "import *", "import *\nSTARRED = 60"),
    ("spin/limits.py", "LIMIT = 10", "LIMIT = 11"),
    ("spin/limits.py", "STEP = 2", "STEP = 3"),
    ("spin/limits.py", "OTHER = 5", "OTHER = 50"),
    ("spin/limits.py", "STARRED = 6", "STARRED = 61"),
    ("spin/limits.py", "[2, 3]", "[2, 4]"),
    ("spin/limits.py", "OTHER = 5", "OTHER = 5\nTABLE2 = None\nLIMIT = LIMIT + 1"),
    ("spin/patches.py", "'patched'", "'patched anew'"),
    ("spin/patches.py", "targets.function = replacement\n", ""),
    ("spin/patches.py", "targets.LEVEL = 7", "targets.LEVEL = 8"),
    ("spin/patches.py", "targets.LEVEL = 7", "setattr(targets, 'LEV' + 'EL', 9)"),
    ("spin/__init__.py", "from . import patches\n", ""),
    ("spin/closures.py", "multiplier(3)", "multiplier(5)"),
    ("spin/closures.py", "(1, 2)", "(1, 3)"),
    ("spin/closures.py", "x * by", "x + by"),
    ("spin/decorated.py", "@adding(100)", "@adding(200)"),
    ("spin/decorated.py", "@adding(100)\n", ""),
    ("spin/decorated.py", "+ more", "- more"),
    ("spin/decorated.py", "return x + 1", "return x + 2"),
    ("spin/decorated.py", "return -x", "return -2 * x"),
    ("spin/decorated.py", "@functools.lru_cache", "@adding(1)"),
    ("spin/classes.py", "f'meta {name}'", "f'{name}'"),
    ("spin/classes.py", "    pass\nclass Base", "    pass\nWithMeta.tag = 'set'\nclass Base"),
    ("spin/classes.py", "size = 6", "size = 7"),
    ("spin/classes.py", "self.size * 2", "self.size * 3"),
    ("spin/classes.py", "other.size + 1", "other.size"),
    ("spin/classes.py", "'leaf'\nclass", "'tree'\nclass"),
    ("spin/classes.py", "weight = 3", "weight = 4"),
    ("spin/classes.py", "class Plain:", "class More(Base):\n    pass\nclass Plain:"),
    ("spin/classes.py", "Base.kinds.append", "Base.kinds.insert(0, 1) or Base.kinds.append"),
    ("spin/lazily.py", "VALUE + 1", "VALUE + 2"),
    ("spin/lazily.py", "return 20", "return 21"),
    ("spin/lazy.py", "from . import lazily", "from . import lazily\n    lazily.VALUE = 3"),
    ("spin/reading.py", "return 5", "return 6"),
    ("data/at_import.txt", "import", "imported"),
    ("data/at_run.txt", "run", "ran"),
    ("bench.py", "spin.add(1)", "spin.add(2)"),
    ("bench.py", "def run():", "targets.LEVEL = 4\ndef run():"),
]

# Whoever uses getattr or exec may mean any name; without that, what is looked up can be told.
STRAIGHTFORWARD: Sequence[tuple[str, str, str]] = [
    ("spin/classes.py", "getattr(self, 'visit_' + name)()", "self.visit_leaf()"),
    ("spin/reading.py", "getattr(limits, 'OTH' + 'ER')", "limits.OTHER"),
    ("spin/reading.py", "exec('def made(): return 5', space)", "space['made'] = lambda: 5"),
]

# None of these can: what isn't read, isn't run and isn't named, and what only people read.
HARMLESS: Sequence[tuple[str, str, str]] = [
    ("README.md", "hello", "hello, world"),
    ("spin/functions.py", "def unused", "# nobody calls it\ndef unused"),
    ("spin/functions.py", "    return 1\n", "    return 11\n\n\n"),
    ("spin/targets.py", "LEVEL = 1\n", "LEVEL = 1\n\n\n"),
    ("spin/patches.py", "def replacement():", "def replacement():  # in its place"),
    ("spin/decorated.py", "HANDLERS = {}\n", "HANDLERS = {}\ndef helper_of_nobody(x):\n    return x\n"),
    ("spin/closures.py", "def multiplier", "NOT_NAMED = 5\ndef multiplier"),
    ("bench.py", "import spin\n", "import spin\n# a comment\n"),
]


def mutated(*changes: tuple[str, str, str]) -> dict[str, str]:
    """The program with these changes, of which each is still possible after those before."""
    files = dict(PROGRAM)
    for name, old, new in changes:
        files[name] = files[name].replace(old, new, 1)
    return files


@pytest.fixture(scope="module")
def base(note: Note) -> Noted:
    """The program as it is."""
    found = note(PROGRAM)
    assert not found.unseen
    return found


@pytest.fixture(scope="module")
def straightforward(note: Note) -> Noted:
    """The program without getattr and exec."""
    return note(mutated(*STRAIGHTFORWARD))


def test_a_program_is_the_same_code_as_itself_in_another_folder(base: Noted, note: Note) -> None:
    """Where it lies makes no difference."""
    assert note(PROGRAM).is_same_code_as(base)


@pytest.mark.parametrize("change", MUTATIONS, ids=lambda each: f"{each[0]}-{each[2][:20]!r}")
def test_what_a_program_does_otherwise_is_noticed(change: tuple[str, str, str], base: Noted, note: Note) -> None:
    """Bytecode, constants, defaults, closures, decorators, metaclasses, lazy imports, monkeypatches, data."""
    other = note(mutated(change))
    assert other.result != base.result, "the mutation does nothing"
    assert not other.is_same_code_as(base)


@pytest.mark.parametrize("change", HARMLESS, ids=lambda each: f"{each[0]}-{each[2][:20]!r}")
def test_what_makes_no_difference_is_the_same_code(
    change: tuple[str, str, str], straightforward: Noted, note: Note
) -> None:
    """Otherwise every commit would have to be measured."""
    assert note(mutated(*STRAIGHTFORWARD, change)).is_same_code_as(straightforward)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.sampled_from([*MUTATIONS, *HARMLESS]), min_size=1, max_size=3, unique=True))
def test_of_all_changes_together_none_that_differs_is_taken_for_the_same(
    changes: list[tuple[str, str, str]], base: Noted, note: Note
) -> None:
    """Whatever a program returns otherwise, it is measured."""
    other = note(mutated(*changes))
    assert other.result == base.result or not other.is_same_code_as(base)


def test_a_branch_that_was_not_taken_counts(base: Noted, note: Note) -> None:
    """It may be taken the next time: what is mentioned is as good as called."""
    other = note(mutated(("spin/functions.py", "return x * 3", "return x * 4")))
    assert other.result == base.result
    assert not other.is_same_code_as(base)


UNSEEN = {
    "subprocess": ("import subprocess, sys", "subprocess.run([sys.executable, '-c', ''])", "a process was started"),
    "command": ("import os", "os.system('true')", "a command was run"),
    "library": ("import ctypes", "ctypes.CDLL('libc.so.6')", "a library was loaded by ctypes"),
    "elsewhere": (
        "import socket",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))",
        "it talked to 192.0.2.1",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")
@pytest.mark.parametrize("way", UNSEEN)
def test_what_cannot_be_seen_is_measured(way: str, note: Note) -> None:
    """Another program, native code, another machine."""
    imports, call, said = UNSEEN[way]
    found = note({"bench.py": f"{imports}\ndef run():\n    {call}\n"})
    assert any(said in each for each in found.unseen), found.unseen
    assert not found.is_same_code_as(found)


WORKERS = """
import multiprocessing
import working
def run():
    with multiprocessing.get_context('fork').Pool(1) as pool:
        return pool.map(working.work, [1, 2])
"""


def test_what_forked_workers_run_counts(note: Note) -> None:
    """They write down what they run as they run it."""
    programs = [{"bench.py": WORKERS, "working.py": f"def work(x):\n    return x + {more}\n"} for more in (1, 2)]
    one, other = map(note, programs)
    assert one.is_same_code_as(note(programs[0]))
    assert "function {files}/working.py work" in one.facts
    assert not one.is_same_code_as(other)


def test_a_worker_that_is_started_anew_and_does_not_join_is_measured(note: Note) -> None:
    """Here nobody has told Python's start to take part, as the gate's environments do."""
    found = note({"bench.py": WORKERS.replace("'fork'", "'spawn'"), "working.py": "def work(x):\n    return x\n"})
    assert "a worker process could not be seen" in found.unseen


def test_noting_is_no_tracer_of_the_project_s_own_where_that_is_timetrial() -> None:
    """Before Python 3.12 it is a tracer, set by a file that is then the project's."""
    program = """
from timetrial.measure.execution.watching import watch
from timetrial.measure.execution.whose import Whose
from timetrial.system import own_package
watching = watch(Whose([], [f"{own_package.FOLDER}/"]))
with watching.resting():
    pass
print(list(watching.notes.of("unseen")))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


VERSION = """
import importlib.metadata
import spin
def run():
    return importlib.metadata.metadata("spin")["Name"], importlib.metadata.version("spin"), spin.add(1)
"""


def test_the_version_of_the_project_itself_makes_no_difference(note: Note) -> None:
    """Where it is drawn from git, it is another one in each commit; what else the project says of itself counts."""

    def installed(version: str, more: str = "") -> dict[str, str]:
        metadata = f"Metadata-Version: 2.1\nName: spin\nVersion: {version}\n{more}\nReadme of {version}\n"
        told = f"spin-{version}.dist-info"
        return {
            "bench.py": VERSION,
            "site-packages/spin/__init__.py": "def add(x):\n    return x + 1\n",
            f"site-packages/{told}/METADATA": metadata,
            f"site-packages/{told}/RECORD": f"spin/__init__.py,,\n{told}/METADATA,,\n",
        }

    one, other = note(installed("1.0.dev1+g1234567")), note(installed("1.0.dev22+gabcdef0"))
    assert one.result != other.result
    assert "file {metadata}/METADATA" in one.facts
    assert one.is_same_code_as(other)
    assert not one.is_same_code_as(note(installed("1.0", "Requires-Python: >=3.12\n")))


VARIABLE = """
import os
def run():
    return os.environ.get('SPIN_LEVEL'), os.getenv('SPIN_OTHER', '')
"""


def test_variables_that_are_read_count_with_their_values(note: Note) -> None:
    """Those that nobody reads don't."""
    base = note({"bench.py": VARIABLE})
    assert {"variable SPIN_LEVEL", "variable SPIN_OTHER"} <= set(base.facts)
    assert base.facts["variable SPIN_LEVEL"] == "absent"
    assert "variable PATH" not in base.facts
