"""Temporary folders that are held while they are in use."""

from __future__ import annotations

import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from timetrial.system.held_folder import LAUNCH, held_folder


def test_ctrl_c_while_a_folder_is_removed_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone, and then Ctrl-C has its effect."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rmtree = shutil.rmtree

    def interrupted(folder: Path, *, ignore_errors: bool) -> None:
        signal.raise_signal(signal.SIGINT)
        rmtree(folder, ignore_errors=ignore_errors)

    def use() -> None:
        with held_folder(LAUNCH) as folder:
            (folder / "figures.json").touch()
            monkeypatch.setattr(shutil, "rmtree", interrupted)

    with pytest.raises(KeyboardInterrupt):
        use()
    assert list(tmp_path.iterdir()) == []
