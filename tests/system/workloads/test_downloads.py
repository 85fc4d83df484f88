"""Several downloads at once: each file is proved, a cut one is whole in the end, and a failing one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.test_downloads import DOWNLOADS, MODELS
from fixtures.downloads import DownloadError, Order
from fixtures.resumed_downloads import JOB_HEADER, TRIES
from tests.system.workloads.proving import notes_of, prove
from timetrial import MockServer, models
from timetrial.errors import VoidTrialError
from timetrial.mockserver import View

pytestmark = pytest.mark.timeout(120)

SIZE_BYTES = 300_000


def orders_of(server: View, folder: Path, **behaviour: object) -> list[Order]:
    """Three files."""
    return [Order(server.stream(SIZE_BYTES, key=key, **behaviour), folder / f"{key}.bin") for key in range(3)]  # type: ignore[arg-type]


@pytest.mark.parametrize("model", MODELS)
def test_another_file_voids_the_trial(mock_server: MockServer, tmp_path: Path, model: str) -> None:
    """It is the bytes on the disk that count; each file is removed once it is proved."""
    orders = orders_of(mock_server, tmp_path)
    prove(DOWNLOADS, model, orders)
    assert list(tmp_path.iterdir()) == []
    other = Order(mock_server.stream(SIZE_BYTES, key=9), tmp_path / "9.bin")
    with pytest.raises(VoidTrialError, match="the result of item 2"):
        prove(DOWNLOADS, model, orders, done=[*orders[:2], other])


@pytest.mark.parametrize("model", MODELS)
def test_a_cut_file_is_whole_in_the_end(mock_space: View, tmp_path: Path, model: str) -> None:
    """By its rest, of which no byte comes twice; or anew."""
    orders = orders_of(mock_space, tmp_path, cut_after_bytes=200_000, first=1, per=JOB_HEADER)
    name, variant = models.split(model)
    by_status = {200: 3} if variant == "anew" else {206: 3}
    with (
        models.get(name).open(DOWNLOADS.variant(variant), 2) as executor,
        mock_space.expect(by_status=by_status, requests_faulted=3),
    ):
        files = executor.run(orders)
    assert [DOWNLOADS.comparable(file) for file in files] == DOWNLOADS.reference(orders)  # type: ignore[misc]


@pytest.mark.parametrize("model", MODELS)
def test_a_file_that_always_breaks_off_is_named_and_leaves_nothing(
    mock_space: View, tmp_path: Path, model: str
) -> None:
    """Without what a server needs for the rest, and without luck."""
    orders = orders_of(mock_space, tmp_path)
    wrong = Order(mock_space.stream(SIZE_BYTES, key=2, fault="reset_in_headers"), tmp_path / "wrong.bin")
    with pytest.raises(DownloadError, match=f"after {TRIES} tries") as failure:
        prove(DOWNLOADS, model, orders, done=[*orders[:2], wrong])
    assert repr(wrong) in notes_of(failure.value)
    assert not [each for each in tmp_path.iterdir() if "wrong" in each.name or "part" in each.name]


@pytest.mark.parametrize("model", ["serial", "coroutines"])
def test_an_answer_that_is_not_the_file_is_an_error(mock_space: View, tmp_path: Path, model: str) -> None:
    """And no file."""
    order = Order(mock_space.stream(10, status=404), tmp_path / "no.bin")
    with (
        models.get(model).open(DOWNLOADS, 1) as executor,
        pytest.raises(DownloadError, match="answered 404 instead of the file"),
    ):
        executor.run([order])
    assert list(tmp_path.iterdir()) == []
