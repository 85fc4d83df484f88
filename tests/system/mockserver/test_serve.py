"""``timetrial serve`` runs the mock server by hand."""

from __future__ import annotations

import re
import signal
import socket
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


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    """With exit status 2; nothing of the server's own process, which is no crash."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [*COMMAND, "--port", str(port)]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1
    assert f"port {port} of 127.0.0.1 cannot be had: " in run.stderr
    assert re.search("in use|10048|10013", run.stderr)
    assert "choose another one, or 0 for any that is free" in run.stderr
