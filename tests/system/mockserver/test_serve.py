"""``timetrial serve`` runs the mock server by hand."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from timetrial.cli import main

COMMAND = [sys.executable, "-m", "timetrial.cli", "serve"]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C can't be sent to one process there")
def test_a_site_is_served_until_ctrl_c(tmp_path: Path) -> None:
    """It says where, and at the end what was counted."""
    file = tmp_path / "site.toml"
    file.write_text('[[route]]\npath = "/hello"\nbody = "hello"\n')
    process = subprocess.Popen([*COMMAND, str(file)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[2]
    with urllib.request.urlopen(f"{url}/hello", timeout=20) as answer:
        assert answer.read() == b"hello"
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "1 requests over 1 connections; answers: 1 x 200" in rest


def test_a_site_that_cannot_be_read_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit status 2 and no traceback."""
    file = tmp_path / "site.toml"
    file.write_text('[[route]]\npath = "/hello"\ndelay = 3\n')
    assert main(["serve", str(file)]) == 2
    assert "route 1: there is no option 'delay'" in capsys.readouterr().err
