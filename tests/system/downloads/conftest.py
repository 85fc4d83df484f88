"""What the tests of downloads share: each model, and where its file is to appear."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.download_openers import OPENERS


@pytest.fixture(params=OPENERS)
def model(request: pytest.FixtureRequest) -> str:
    """Each model's name."""
    name: str = request.param
    return name


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the file is to appear, in a folder of its own."""
    return tmp_path / "body.bin"
