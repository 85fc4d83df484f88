"""Trials of async tests: inside the loop that runs them, on the loop that was asked for, and never unawaited."""

from __future__ import annotations

import pytest

from tests.plugin.suites import Stored, Suite


def test_an_async_test_awaits_its_trial_inside_its_own_loop(suite: Suite, stored: Stored) -> None:
    """The rounds run in the loop that pytest-asyncio started."""
    tests = """
    LOOPS = set()

    async def where(item):
        LOOPS.add(id(asyncio.get_running_loop()))
        return item

    @pytest.mark.asyncio
    @pytest.mark.workload(Workload("where", async_task=where, reference=list), models=["coroutines"])
    async def test_one(trial):
        await trial([1, 2, 3], concurrency=2)
        assert LOOPS == {id(asyncio.get_running_loop())}
    """
    result = suite(tests)
    result.assert_outcomes(passed=1)
    assert stored()["benchmarks"][0]["stats"]["rounds"] >= 2


def test_the_event_loop_that_is_asked_for_reaches_async_tests_too(suite: Suite, stored: Stored) -> None:
    """Those with a trial; and the loop is none of their parameters."""
    pytest.importorskip("uvloop")
    tests = """
    async def where(item):
        return type(asyncio.get_running_loop()).__module__

    WHERE = Workload("where", async_task=where, reference=lambda items: ["uvloop"] * len(items))

    @pytest.mark.asyncio
    @pytest.mark.parametrize("size", [3])
    @pytest.mark.workload(WHERE, models=["coroutines"])
    async def test_one(trial, size):
        await trial(list(range(size)), concurrency=2)

    @pytest.mark.asyncio
    async def test_another():
        assert await where(1) != "uvloop"
    """
    suite(tests, "--trial-event-loop=uvloop", only=False).assert_outcomes(passed=2)
    suite(tests, "--trial-event-loop=uvloop", "--trial-accounting").assert_outcomes(passed=1, skipped=1)
    (benchmark,) = stored()["benchmarks"]
    assert benchmark["name"] == "test_one[coroutines-3]"
    assert benchmark["extra_info"]["timetrial"]["parameters"] == {"size": 3}
    assert benchmark["extra_info"]["timetrial"]["event_loop"] == "uvloop.Loop"
    assert benchmark["extra_info"]["timetrial"]["void"] == []


def test_an_async_test_that_runs_on_another_loop_than_was_asked_for_is_void(
    suite: Suite, stored: Stored, pytester: pytest.Pytester
) -> None:
    """A project that makes its own loops is heard first, and then the trial says so."""
    pytest.importorskip("uvloop")
    pytester.makeconftest(
        """
        import asyncio

        def pytest_asyncio_loop_factories():
            return {"own": asyncio.SelectorEventLoop}
        """
    )
    tests = """
    @pytest.mark.asyncio
    @pytest.mark.workload(DOUBLE, models=["coroutines"])
    async def test_one(trial):
        await trial([1, 2, 3], concurrency=2)
    """
    suite(tests, "--trial-event-loop=uvloop").assert_outcomes(passed=1)
    (void,) = stored()["benchmarks"][0]["extra_info"]["timetrial"]["void"]
    assert void["kind"] == "fallback"
    assert "SelectorEventLoop, and uvloop was asked for" in void["reason"]
    assert "pytest-asyncio 1.4" in void["fix"]


def test_a_forgotten_await_is_an_error_and_not_a_fast_result(suite: Suite) -> None:
    """Nothing was measured, and the message says what to write."""
    tests = """
    @pytest.mark.asyncio
    @pytest.mark.workload(DOUBLE, models=["coroutines"])
    async def test_one(trial):
        trial([1, 2, 3])
    """
    result = suite(tests)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*never awaited: write await trial(...)*"])


KEPT = {
    "a client": """
    import aiohttp
    async def kept(item):
        global KEPT
        KEPT = KEPT or aiohttp.ClientSession()
        try:
            async with KEPT.get(URL) as page:
                return await page.text()
        except RuntimeError as error:
            raise ConnectionError("as clients wrap what they meet") from error
    """,
    "a lock": """
    async def kept(item):
        global KEPT
        KEPT = KEPT or asyncio.Lock()
        async with KEPT:
            await asyncio.sleep(0)
        return item
    """,
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_plain_async_task_keeps_from_loop_to_loop_gets_a_hint(suite: Suite, kept: str) -> None:
    """A global client is opened in the reference's loop, or in another test's, and can't be used in this one."""
    tests = f"""
    KEPT = URL = None{kept}
    @pytest.fixture(autouse=True)
    def url(mock_server):
        global URL
        URL = mock_server.page(size_bytes=1, key=1)
    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.workload(Workload("kept", async_task=kept), models=["coroutines"])
    def test_kept(trial, number):
        trial([1, 2, 3], concurrency=2)
    """
    result = suite(tests, "-p", "no:warnings")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*each trial and its reference have an event loop of their own*async_resource=*"])
