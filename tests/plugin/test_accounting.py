"""The accounting round and the open loop, which come after the timed rounds and lose none of them."""

from __future__ import annotations

import pytest

from tests.plugin.suites import Stored, Suite


def test_an_accounting_round_tells_what_the_work_cost(suite: Suite, stored: Stored) -> None:
    """CPU and memory of each role, latencies of each item, and nothing left behind."""
    tests = """
    async def doze(item):
        await asyncio.sleep(0.02)
        return 2 * item

    @pytest.mark.workload(Workload("doze", task=double, async_task=doze), models=["threads", "processes", "coroutines"])
    def test_one(trial):
        trial([1, 2, 3], concurrency=2)
    """
    result = suite(tests, "--trial-accounting")
    result.stdout.fnmatch_lines(["*timetrial: what each model costs*", "*model *CPU: client*", "  coroutines*"])
    trials = [bench["extra_info"]["timetrial"] for bench in stored()["benchmarks"]]
    accounts = {each["model"]: each for each in trials}
    for figures in accounts.values():
        account = figures["accounting"]
        assert account["roles"]["client"]["memory_peak_bytes"] > 1_000_000
        assert account["latency"]["count"] == 3 * account["rounds"]
        assert account["rounds"] >= 3
        assert account["latency"]["p99_low_ms"] <= account["latency"]["p99_ms"]
        assert account["latency"]["quantiles_ms"]["50"] == pytest.approx(account["latency"]["p50_ms"], rel=1e-3)
        client = account["roles"]["client"]
        assert 1_000_000 < client["memory_low_bytes"] <= client["memory_peak_bytes"]
        assert account["sampler"]["core_share"] < 0.02
        assert account["leftovers"] == []
    assert accounts["processes"]["accounting"]["roles"]["worker"]["processes_max"] == 2
    assert accounts["coroutines"]["accounting"]["loop_lag"] is not None


@pytest.mark.parametrize(
    ("option", "figure", "told"),
    [
        ("--trial-accounting", "accounting", "no accounting: later, threads: RuntimeError: not twice; *item*"),
        ("--trial-open-loop=0.5", "open_loop", "no open loop: later, threads: RuntimeError: not twice; *item*"),
    ],
)
def test_what_fails_after_the_timed_rounds_does_not_lose_them(
    suite: Suite, stored: Stored, option: str, figure: str, told: str
) -> None:
    """The error is told at the end, and kept beside the rounds."""
    tests = """
    import contextlib

    OPENED = []

    def open_once(slots):
        OPENED.append(slots)
        return contextlib.nullcontext(len(OPENED))

    def work(item, opened):
        if opened > 2:
            raise RuntimeError("not twice")
        return item

    @pytest.mark.workload(Workload("later", task=work, resource=open_once, reference=list), models=["threads"])
    def test_one(trial):
        trial([1, 2] * 200, concurrency=2)
    """
    result = suite(tests, option)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["later *threads*", told])
    (bench,) = stored()["benchmarks"]
    figures = bench["extra_info"]["timetrial"]
    assert len(bench["stats"]["data"]) >= 2
    assert figures[figure] is None
    assert figures[f"{figure}_error"].startswith("RuntimeError: not twice")
