"""The thumbnails are proved, and a photograph that can't be read is named, under every model."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from benchmarks.test_images import IMAGES
from fixtures.photographs import take_photographs
from tests.system.workloads.proving import notes_of, prove
from timetrial import models
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)

MODELS: Final = models.model_ids(IMAGES)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three small ones."""
    return take_photographs(tmp_path_factory.mktemp("photos"), 3, 80)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_makes_the_same_thumbnails(photos: list[Path], model: str) -> None:
    """Byte for byte, in the photographs' order."""
    assert all(each.startswith(b"\xff\xd8") for each in prove(IMAGES, model, photos).results)


@pytest.mark.parametrize("model", MODELS)
def test_a_wrong_thumbnail_voids_the_trial(photos: list[Path], model: str) -> None:
    """Here that of the photograph before it."""
    with pytest.raises(VoidTrialError, match=r"the result of item 1, .* differs from the serial reference"):
        prove(IMAGES, model, photos, done=[photos[0], photos[0], photos[2]])


@pytest.mark.parametrize("model", MODELS)
def test_a_photograph_that_breaks_off_is_named(photos: list[Path], tmp_path: Path, model: str) -> None:
    """Pillow's own error doesn't say which it was."""
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photos[1].read_bytes()[:1000])
    with pytest.raises(OSError, match="truncated") as failure:
        prove(IMAGES, model, photos, done=[photos[0], broken, photos[2]])
    assert "broken.jpg" in notes_of(failure.value)
