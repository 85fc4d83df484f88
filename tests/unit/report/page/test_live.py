"""The report on loopback: the page of the files as they are, for this machine alone."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from tests.unit.report.page.made_up import results, trial, write
from timetrial.report.page.live import LiveReport, server_of
from timetrial.report.page.page import page_of
from timetrial.report.page.render import render
from timetrial.results.collect import collect


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Where the report of a folder is served."""
    live = LiveReport([tmp_path], lambda version: render(page_of(collect([tmp_path])), live=version))
    with server_of(live, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def get(url: str, **headers: str) -> str:
    """What is answered."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        text: str = answer.read().decode()
        return text


def test_it_waits_for_the_first_run_and_follows_each_change(url: str, tmp_path: Path) -> None:
    """Its version changes with the files, which is when the page loads itself anew."""
    assert "holds no files of results" in get(url)
    before = get(f"{url}version")
    write(tmp_path, "a.json", results([trial("t.py::t", "crunch", model, 1.0) for model in ("serial", "threads")]))
    assert get(f"{url}version") != before
    assert "crunch" in get(url)
    assert get(f"{url}version") == get(f"{url}version")


def test_another_name_for_this_machine_is_refused(url: str) -> None:
    """A page from elsewhere could have made one point here."""
    with pytest.raises(HTTPError, match="403") as refused:
        get(url, Host="evil.example")
    refused.value.close()
    with pytest.raises(HTTPError, match="404") as missing:
        get(f"{url}other")
    missing.value.close()
