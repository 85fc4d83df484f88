"""The crawl: every page of the site once under every model, and a page that fails is named."""

from __future__ import annotations

import pytest

from benchmarks.test_crawl import CRAWL, Visit
from tests.system.workloads.proving import notes_of, prove
from timetrial import MockServer, models
from timetrial.errors import VoidTrialError
from timetrial.mockserver import View

pytestmark = pytest.mark.timeout(120)

MODELS = models.model_ids(CRAWL)


@pytest.mark.parametrize("model", MODELS)
def test_another_site_voids_the_trial(mock_server: MockServer, model: str) -> None:
    """The digest is of every page that was found."""
    items = [Visit(mock_server.site(pages=20, size_bytes=600), 0)]
    prove(CRAWL, model, items)
    with pytest.raises(VoidTrialError, match="the result of item 0"):
        prove(CRAWL, model, items, done=[Visit(mock_server.site(pages=20, size_bytes=601), 0)])


@pytest.mark.parametrize("model", MODELS)
def test_a_page_that_fails_is_named_and_the_next_crawl_is_whole(mock_space: View, model: str) -> None:
    """No page of a crawl that failed turns up in the next one, and none is fetched twice."""
    name, variant = models.split(model)
    good = Visit(mock_space.site(pages=30, size_bytes=600), 0)
    broken = Visit(mock_space.site(pages=30, size_bytes=600, status=500, nth=1, seed=2), 0)
    with models.get(name).open(CRAWL.variant(variant), 4) as executor:
        with pytest.raises(Exception, match="500") as failure:
            executor.run([broken])
        assert "/site/" in notes_of(failure.value)
        with mock_space.expect(by_status={200: 30}):
            [found] = executor.run([good])
    assert len(found) == 30
