"""``timetrial serve``: a server by hand, for any client, until it is told to end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from timetrial.cli import main

SERVE = [sys.executable, "-u", "-m", "timetrial.cli", "serve"]


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_it_serves_until_ctrl_c_and_says_what_was_asked_for() -> None:
    """The first line tells the address, the last one how many requests came."""
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.match(r"serving on (http://127\.0\.0\.1:\d+) ", process.stdout.readline())
        assert found
        with urllib.request.urlopen(f"{found[1]}/page/1000/7", timeout=10) as response:
            assert len(response.read()) == 1000
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "1 requests answered over 1 connections\n"
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("content", ["rubbish = [", "[[nonsense]]\nx = 1\n"])
def test_a_site_that_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    """Exit status 2, and a message that names the file."""
    site = tmp_path / "site.toml"
    site.write_text(content)
    assert main(["serve", str(site)]) == 2
    assert "site.toml" in capsys.readouterr().err
