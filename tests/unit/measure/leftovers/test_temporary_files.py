"""Temporary files of a round are in a folder of their own, in workers too, and the folder goes with the round."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from timetrial.measure.leftovers.temporary_files import temporary_place


def test_temporary_files_are_in_the_folder_and_nowhere_else_afterwards() -> None:
    """Those of this process and of what it starts; all is as before at the end, and the folder is gone."""
    before = tempfile.gettempdir(), os.environ.get("TMPDIR")
    with temporary_place() as place:
        tempfile.mkstemp()
        ask = "import tempfile; print(tempfile.gettempdir())"
        told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
        assert Path(told) == place.folder
        assert len(list(place.folder.iterdir())) == 1
    assert not place.folder.exists()
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before


def test_a_worker_that_the_place_is_sent_to_uses_it() -> None:
    """Even if its environment is another one, as behind a fork server that was there before."""
    with temporary_place() as place:
        ask = (
            "import json, pickle, sys, tempfile; tempfile.gettempdir(); pickle.load(sys.stdin.buffer); "
            "print(json.dumps(tempfile.gettempdir()))"
        )
        environment = {**os.environ, "TMPDIR": str(place.folder.parent)}
        done = subprocess.run(
            [sys.executable, "-c", ask], input=pickle.dumps(place), capture_output=True, check=True, env=environment
        )
        assert Path(json.loads(done.stdout)) == place.folder


def test_the_folder_goes_when_the_round_fails() -> None:
    """And the error is the round's own."""
    with pytest.raises(ZeroDivisionError), temporary_place() as place:
        raise ZeroDivisionError
    assert not place.folder.exists()
