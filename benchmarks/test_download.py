"""The article's second example: download a large file and show the progress meanwhile, in constant memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from fixtures.download_openers import OPENERS
from fixtures.download_proof import expected_files, taken
from fixtures.downloads import Order
from fixtures.executors import stateless
from timetrial import Workload

if TYPE_CHECKING:
    from timetrial.mockserver import MockServer
    from timetrial.pytest_plugin.fixture import Trial

MB: Final = 2**20
_DOT_EVERY_S: Final = 0.5


def article_threads(orders: Sequence[Order]) -> list[Path]:
    """As in the article: one thread downloads, the other prints a dot every half second until a flag is set."""
    return [_ArticleDownload(order).run() for order in orders]


class _ArticleDownload:
    """The weak points are left in, but for one: there, a failure is lost and leaves the dots running for ever.

    The whole body is held in memory, nobody checks the status, the flag is unguarded, and the end is noticed up to
    half a second late.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._done = False
        self._failure: Exception | None = None

    def run(self) -> Path:
        threads = [threading.Thread(target=self._download), threading.Thread(target=self._print_dots)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failure is not None:
            raise self._failure
        return self._order.path

    def _download(self) -> None:
        import requests

        try:
            with requests.Session() as session:  # what requests.get does, but without proxies from the environment
                session.trust_env = False
                self._order.path.write_bytes(session.get(self._order.url).content)
        except Exception as error:  # noqa: BLE001 - raised again by run()
            self._failure = error
        finally:
            self._done = True

    def _print_dots(self) -> None:
        while not self._done:
            print(".", end="", flush=True)
            time.sleep(_DOT_EVERY_S)


DOWNLOAD = Workload(
    "download",
    reference=expected_files,
    comparable=taken,
    implementations=OPENERS,
    variants={
        "article": Workload(
            "as in the article", implementations={"threads": stateless(article_threads, workers=1, client="requests")}
        )
    },
)


def unfit(model: str, scale: str, size: str) -> str | None:
    """Why a model has no place beside the others."""
    del size
    if scale == "gate" and model.endswith("[article]"):
        return "the article's way ends at the next half second, whatever it did before"
    return None


@pytest.mark.workload(DOWNLOAD, unless=unfit)
@pytest.mark.trial_points("size", quick=["1MB"], default=["16MB"], article=["256MB"], gate=["16MB"])
def test_download(trial: Trial, mock_server: MockServer, tmp_path: Path, size: str) -> None:
    """One download has nothing to do in parallel: what is left is each model's cost of telling how far it is."""
    url = mock_server.stream(size_bytes=int(size.removesuffix("MB")) * MB)
    trial([Order(url, tmp_path / "body.bin")], concurrency=1, server=mock_server)
