"""The page's content: the answer, the ranking, the charts that the figures allow, each traced to its source."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")

from tests.unit.report.page.made_up import (
    ENVIRONMENT,
    computing,
    cores,
    environment,
    fetching,
    history,
    others,
    results,
    suite,
    trial,
    whole,
    write,
)
from timetrial.claims import Finding, Look, all_claims
from timetrial.environment.identity import NO_FAIR_BASELINE
from timetrial.report.escaped import in_html
from timetrial.report.page import claims as page_claims
from timetrial.report.page import words
from timetrial.report.page.figure import Behind, Table
from timetrial.report.page.markdown import page_markdown
from timetrial.report.page.page import Page, PlacePart, page_of
from timetrial.report.page.ranking import Ranking
from timetrial.report.page.render import render
from timetrial.report.page.spreadsheet import page_csv
from timetrial.results.collect import collect
from timetrial.trial.void import Kind

GATE = Path(__file__).parents[2] / "results" / "data" / "gate.json"


def page(folder: Path, *runs: list[dict[str, Any]]) -> Page:
    """A run's page."""
    for number, benchmarks in enumerate(runs):
        write(folder, f"{number}.json", results(benchmarks))
    return page_of(collect([folder]))


def place(folder: Path, benchmarks: list[dict[str, Any]]) -> PlacePart:
    """What the page says of its only place."""
    (found,) = page(folder, benchmarks).places
    return found


def ranking(folder: Path, benchmarks: list[dict[str, Any]]) -> Ranking:
    """Of its only workload."""
    (details,) = place(folder, benchmarks).overview
    return details.ranking


def test_one_workload_is_answered_by_its_model_with_the_gain(tmp_path: Path) -> None:
    """In both languages, with the same numbers."""
    told = place(tmp_path, [trial("t.py::t", "w", "serial", 8.0), trial("t.py::t", "w", "threads", 1.0)]).headline
    assert told.en.startswith("For w, use threads, 8 at once: 8.")
    assert told.zh.startswith("w：请用多线程，并发数 8，速度是串行的 8.")


def test_of_several_workloads_it_counts_who_leads_who_ties_and_who_has_no_answer(tmp_path: Path) -> None:
    """And names the largest gain."""
    found = place(tmp_path, whole())
    assert found.headline.en == (
        "Of 7 comparisons of 6 workloads, coroutines lead in 1, threads in 1, processes+coroutines in 1, "
        "3 end in a tie, 1 has no answer."
    )
    assert found.more is not None
    assert found.more.en.endswith("coroutines[aiohttp], 256 at once, in fetch_pages.")


def test_ties_share_the_first_place_and_void_trials_have_none(tmp_path: Path) -> None:
    """The simplest of those that tie is advised."""
    files = [each for each in others() if "files" in each["fullname"]]
    files.append(
        trial(
            "benchmarks/test_files.py::test_files",
            "files",
            "interpreters",
            1e-4,
            void="disturbed",
            parameters={"files": 32, "kind": "fsync"},
        )
    )
    rows = [(row.trial.way.model, row.place) for row in ranking(tmp_path, files).rows]
    assert rows == [
        ("threads", 1),
        ("processes", 1),
        ("serial", 3),
        ("coroutines[usual]", 4),
        ("coroutines[aiofiles]", 5),
        ("interpreters", None),
    ]


def test_a_sweep_is_drawn_as_throughput_p99_and_memory_with_its_crossover(tmp_path: Path) -> None:
    """The first screen shows the curve whose lead changes hands."""
    found = place(tmp_path, fetching())
    kinds = [figure.key.rpartition("-")[2] for work in found.workloads for figure in work.figures]
    assert kinds == ["throughput", "p99", "memory", "latency", "cpu", "pareto"]
    assert found.hero is not None
    assert found.hero.note is not None
    assert "coroutines[aiohttp] overtake" in found.hero.note.en
    assert found.hero.svg.count('class="cross"') >= 1


def test_throughput_p99_and_memory_have_their_intervals_as_bands_and_in_their_tables(tmp_path: Path) -> None:
    """A band for each of the three models, and for serial, which is the same at each concurrency."""
    (work,) = place(tmp_path, fetching()).workloads
    for figure in work.figures[:3]:
        assert figure.svg.count('class="band') == 4, figure.key
        assert isinstance(figure.table, Table)
        assert re.fullmatch(r".+ \(.+–.+\)", figure.table.rows[0][1].en), figure.key


def test_p99_of_too_few_items_for_an_upper_end_has_its_band_up_to_the_slowest(tmp_path: Path) -> None:
    """Of a hundred items any could be below the true percentile."""
    found = fetching()
    for each in found:
        latency = each["extra_info"]["timetrial"]["accounting"]["latency"]
        latency.pop("p99_high_ms", None)
        latency.update(p99_ms=40.0, p99_low_ms=30.0, max_ms=50.0)
    p99 = place(tmp_path, found).workloads[0].figures[1]
    assert isinstance(p99.table, Table)
    assert p99.table.rows[0][1] == "40.0 ms (30.0 ms–50.0 ms)"


def test_latencies_are_drawn_whole_the_open_loop_beside_the_closed_one(tmp_path: Path) -> None:
    """Of files that hold a few percentiles alone, these are joined."""
    whole_ones = fetching()
    (work,) = place(tmp_path, whole_ones).workloads
    (latency,) = [figure for figure in work.figures if figure.key.endswith("latency")]
    assert latency.title.en == "Latency of an item, open loop and closed"
    assert latency.svg.count('class="line beside') == 3
    assert len(latency.anchors) == 6
    steps = [each.count(" ") for each in re.findall(r'd="[^"]+l([^"]+)" class="line', latency.svg)]
    assert min(steps) >= 4
    for each in whole_ones:
        for loop in ("accounting", "open_loop"):
            (each["extra_info"]["timetrial"][loop] or {}).get("latency", {}).pop("quantiles_ms", None)
    (work,) = place(tmp_path, whole_ones).workloads
    (latency,) = [figure for figure in work.figures if figure.key.endswith("latency")]
    assert latency.svg.count('class="line') == 6


def test_speed_up_is_drawn_with_the_ideal_where_cores_bound_it(tmp_path: Path) -> None:
    """And not where waiting is overlapped, which goes far beyond the cores."""
    (work,) = place(tmp_path, computing()).workloads
    (speedup,) = [figure for figure in work.figures if figure.key.endswith("speedup")]
    assert speedup.svg.count('class="rule"') == 2
    assert [str(cell) for cell in speedup.table.head] == ["workers", "threads", "processes", "processes+coroutines"]  # type: ignore[union-attr]


def test_what_the_article_does_stands_beside_the_best_there_is(tmp_path: Path) -> None:
    """The costliest first."""
    (usual, *_) = place(tmp_path, others()).together
    first, second = usual.table.rows
    assert [str(cell) for cell in first[:2]] == ["download", "threads[article]-8"]  # type: ignore[index]
    assert str(second[1]) == "coroutines[usual]-8"  # type: ignore[index]


def test_every_chart_names_its_source_and_has_an_anchor_for_each_row_of_its_table(tmp_path: Path) -> None:
    """So that hovering, the table and the file agree."""
    found = page(tmp_path, whole())
    figures = [*found.figures]
    assert len(figures) >= 10
    for figure in figures:
        assert figure.source.en
        assert len(figure.anchors) == len(figure.table.rows), figure.key


def test_the_page_is_one_file_that_fetches_nothing(tmp_path: Path) -> None:
    """Far below its limit, with a script of under 10 KB."""
    html = render(page(tmp_path, whole()))
    assert len(html.encode()) < 150_000
    script = html[html.index("<script>") : html.index("</script>")]
    assert len(script.encode()) < 10_000
    assert re.findall(r'(?:src|href|action)="(?!#)[^"]*"', html) == []
    assert re.findall(r"url\((?!#)[^)]*", html) == []


def test_names_from_results_are_text_wherever_they_stand(tmp_path: Path) -> None:
    """A workload, a model, a parameter, a test, a reason and a file that are all markup."""
    evil = "<script>alert(1)</script>"
    trials = [
        trial(f"{evil}.py::t", evil, model, 1.0, parameters={evil: evil}, accounted=True, opened=True, void=void)
        for model, void in (("serial", None), (f"threads[{evil}]", None), ("processes", evil))
    ]
    html = render(page(tmp_path, trials))
    assert html.count("<script") == 1
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "benchmarks",
    [
        [],
        [trial("t.py::t", "w", "serial", 1.0)],
        [trial("t.py::t", "w", "serial", 1.0, void="disturbed")],
        [trial("t.py::t", "w", "threads", 0.0), trial("t.py::t", "w", "serial", 0.0)],
        [trial("t.py::t", "w", "threads", 1.0, rounds=1), trial("t.py::t", "w", "serial", 1.0, rounds=1)],
    ],
    ids=["nothing", "one model", "all void", "no time passed", "one round"],
)
def test_a_run_with_little_in_it_is_a_page_all_the_same(tmp_path: Path, benchmarks: list[dict[str, Any]]) -> None:
    """That says what there is, and fails nowhere."""
    html = render(page(tmp_path, benchmarks))
    assert "</html>" in html


def test_an_accounting_of_another_form_leaves_its_charts_out(tmp_path: Path) -> None:
    """Strange figures are no figures."""
    strange: list[dict[str, Any]] = [trial("t.py::t", "w", model, 1.0) for model in ("serial", "threads")]
    for each, account in zip(
        strange, ({"roles": 3}, {"roles": {"client": {"cpu_user_s": "x"}}, "rounds": 1}), strict=True
    ):
        each["extra_info"]["timetrial"]["accounting"] = account
    assert [figure for work in place(tmp_path, strange).workloads for figure in work.figures] == []


def test_several_places_are_parts_of_their_own(tmp_path: Path) -> None:
    """Nothing of one Python stands in another's tables."""
    for version in ("3.12.1", "3.13.1"):
        write(tmp_path, f"{version}.json", results(others(), where=environment(version)))
    parts = page_of(collect([tmp_path])).places
    assert [{details.ranking.trials[0].file.name for details in part.overview} for part in parts] == [
        {"3.13.1.json"},
        {"3.12.1.json"},
    ]


def test_a_benchmark_that_changed_is_drawn_with_the_run_that_it_changed_at(tmp_path: Path) -> None:
    """The others stand in the table with their course."""
    history(tmp_path, 30, changed_at=20)
    (part,) = page_of(collect([tmp_path])).places
    assert part.history is not None
    assert (part.history.runs, part.history.changed) == (30, 1)
    (figure,) = part.history.figures
    assert figure.subject == "t.py::test_parse[threads-8]"
    assert isinstance(figure.table, Table)
    assert [str(row[1]) for row in figure.table.rows] == ["20", "10"]
    assert str(figure.table.rows[1][0]).endswith("0000014000")
    assert figure.svg.count('class="change"') == 1


def test_a_thousand_runs_are_still_a_light_page(tmp_path: Path) -> None:
    """Each chart has as many points as can be told apart."""
    history(tmp_path, 1000, changed_at=600)
    html = render(page_of(collect([tmp_path])))
    assert "1000 runs" in html
    assert len(html.encode()) < 200_000


def test_workloads_that_several_places_measured_stand_side_by_side(tmp_path: Path) -> None:
    """A column each, named by what sets the places apart."""
    for version in ("3.12.1", "3.13.1"):
        write(tmp_path, f"{version}.json", results(others(), where=environment(version)))
    beside = page_of(collect([tmp_path])).side_by_side
    assert beside is not None
    assert [str(cell) for cell in beside.table.head] == ["workload", "CPython 3.12.1", "CPython 3.13.1"]
    assert beside.figure is not None
    assert isinstance(beside.figure.table, Table)
    assert len(beside.figure.anchors) == len(beside.figure.table.rows) == 3
    assert {str(row[1]).partition("×")[0] for row in beside.figure.table.rows} == {"1.00"}


@pytest.fixture(scope="module")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """A report on three Pythons, of which the one measured last is free-threaded with its GIL on."""
    folder = tmp_path_factory.mktemp("pythons")
    unfair = {**environment("3.12.0"), "python": {**ENVIRONMENT["python"], "free_threaded_build": True}}
    for number, where in enumerate((environment("3.14.0"), environment("3.13.1"), unfair)):
        write(folder, f"{number}.json", results(others(), f"2026-01-0{number + 1}T00:00:00", where=where))
    return page_of(collect([folder]))


def test_a_free_threaded_build_with_its_gil_on_is_flagged_and_is_nobodys_baseline(pythons: Page) -> None:
    """In the page, the Markdown, and a column of the spreadsheet; the others stand by their versions."""
    beside = pythons.side_by_side
    assert beside is not None
    assert [str(cell) for cell in beside.table.head[1:]] == [
        "CPython 3.13.1",
        "CPython 3.14.0",
        "CPython 3.13.1t with the GIL: no fair baseline",
    ]
    assert beside.figure is not None
    assert isinstance(beside.figure.table, Table)
    assert str(beside.figure.table.head[1]) == "times as fast as CPython 3.13.1"
    assert render(pythons).count(NO_FAIR_BASELINE) == page_markdown(pythons, "en").count(NO_FAIR_BASELINE) == 1
    rows = csv.DictReader(page_csv(pythons).splitlines())
    flagged = {row["where"].partition(" on ")[0]: row["no_fair_baseline"] for row in rows}
    assert flagged == {
        "CPython 3.13.1": "False",
        "CPython 3.14.0": "False",
        "CPython 3.13.1t with the GIL": "True",
    }


def test_the_markdown_sets_pythons_side_by_side(pythons: Page) -> None:
    """A column each, and a line for every workload that several measured."""
    lines = page_markdown(pythons, "en").splitlines()
    at = lines.index("**Machines and Pythons side by side**")
    assert lines[at + 2].startswith("| workload | CPython 3.13.1 | CPython 3.14.0 | CPython 3.13.1t with the GIL")
    assert lines[at + 4].startswith("| crawl pages=200 | 1.02k/s by processes+coroutines, 8 at once | ")


def test_the_last_gates_verdicts_are_judged_from_its_pairs(tmp_path: Path) -> None:
    """One that is cut off is named, and the page is made all the same."""
    write(tmp_path, "a.json", results(others()))
    (tmp_path / "gate").mkdir()
    shutil.copy(GATE, tmp_path / "gate" / "1.json")
    gate = page_of(collect([tmp_path]), [tmp_path]).gate
    assert gate is not None
    assert gate.table.rows
    (tmp_path / "gate" / "2.json").write_text("{", encoding="utf-8")
    page = page_of(collect([tmp_path]), [tmp_path])
    assert page.gate is None
    assert "2.json is not JSON" in page.left_out[0]


def test_claims_are_counted_and_each_tells_its_figures_its_source_and_what_would_settle_it(tmp_path: Path) -> None:
    """As timetrial claims judges them."""
    found = page(tmp_path, cores())
    claims = found.places[0].claims
    assert claims is not None
    assert claims.tally.inconclusive + claims.tally.decided + claims.tally.not_testable == len(claims.verdicts)
    html = render(found)
    assert all(in_html(verdict.claim.sentence.zh) in html for verdict in claims.verdicts)


def test_the_machines_own_ceiling_stands_in_the_speed_up_where_it_was_measured(tmp_path: Path) -> None:
    """In place of the number of cores."""
    found = place(tmp_path, [*cores(), *computing()])
    (speedup,) = [each for work in found.workloads for each in work.figures if each.key.endswith("speedup")]
    assert "this machine: 3." in speedup.svg


def test_a_whole_suite_is_a_page_of_less_than_300_kb(tmp_path: Path) -> None:
    """With the accounting round and the open loop of every trial, and with what claims say of it."""
    found = page(tmp_path, suite(accounted=True, opened=True))
    trials = [each for details in found.places[0].overview for each in details.ranking.trials]
    assert len(trials) >= 230
    assert found.claims is not None
    assert len(found.claims.judged) > 30
    assert 200_000 < len(render(found).encode()) < 270_000


def test_five_pythons_are_a_page_of_less_than_300_kb(tmp_path: Path) -> None:
    """Of a first look at the suite, fifty trials with each."""
    for minor in range(11, 16):
        write(tmp_path, f"{minor}.json", results(suite(1, claims=False), where=environment(f"3.{minor}.1")))
    found = page_of(collect([tmp_path]))
    assert sum(len(each.ranking.trials) for part in found.places for each in part.overview) > 250
    assert len(render(found).encode()) < 300_000


def test_of_a_workload_with_many_sizes_the_clearest_stands_on_the_first_screen(tmp_path: Path) -> None:
    """With how many others there are, which its section shows."""
    trials = [
        trial("t.py::t", "w", model, s, parameters={"size": size})
        for size, threads_s in ((1, 1.0), (10, 0.3), (100, 0.9))
        for model, s in (("serial", 1.0), ("threads", threads_s))
    ]
    ((details, others, section),) = place(tmp_path, trials).clearest
    assert (details.ranking.parameters, others, section) == ("size=10", 2, "p1-w1")


def test_a_claim_that_fails_on_what_is_stored_is_named_and_the_others_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One strange figure is no reason to have no report."""

    def fails(look: Look) -> Finding:
        del look
        raise KeyError("strange")

    first, *others_of_all = all_claims()
    monkeypatch.setattr(page_claims, "all_claims", lambda: [replace(first, find=fails), *others_of_all])
    found = page(tmp_path, cores())
    claims = found.places[0].claims
    assert claims is not None
    assert len(claims.verdicts) == len(others_of_all)
    assert any(first.id in each for each in found.left_out)


def test_a_reader_of_chinese_is_told_what_kind_of_void_it_is(tmp_path: Path) -> None:
    """Every kind there is has its words; the reason follows as the run told it."""
    html = render(page(tmp_path, others()))
    assert "<z->作废（受到干扰）</z-></b> other processes took 41 %" in html
    assert all(words.void(kind).zh != words.VOID.zh for kind in Kind)


def test_a_claim_stands_on_the_page_once_with_what_each_place_says_of_it(tmp_path: Path) -> None:
    """And the places in which it was not measured."""
    for version, trials in (("3.12.1", cores()), ("3.13.1", cores()), ("3.14.1", others())):
        write(tmp_path, f"{version}.json", results(trials, where=environment(version)))
    found = page_of(collect([tmp_path]))
    assert found.claims is not None
    (cores_help,) = [each for each in found.claims.judged if each.claim.id == "cpu-processes"]
    assert [name for name, _ in cores_help.verdicts] == ["CPython 3.13.1", "CPython 3.12.1"]
    assert cores_help.unknown == ["CPython 3.14.1"]
    html = render(found)
    assert html.count(in_html(cores_help.claim.threshold.because.en)) == 1
    assert cores_help.claim not in found.claims.missing


def test_a_workloads_parameters_stand_below_each_other_in_one_table(tmp_path: Path) -> None:
    """With one head, and a line for each that says who is best; charts point to their part of it."""
    trials = [
        trial("t.py::t", "w", model, s, parameters={"size": size}, accounted=True)
        for size in (1, 100)
        for model, s in (("serial", 1.0), ("threads", 0.3))
    ]
    found = page(tmp_path, trials)
    html = render(found)
    assert html.count('<table class="sort ranked"') == 1
    for size, key in ((1, "p1-t1"), (100, "p1-t2")):
        assert f"<tbody id={key}><tr><th class=of colspan=" in html, size
    behind = [figure.table for work in found.places[0].workloads for figure in work.figures]
    assert {each.key for each in behind if isinstance(each, Behind)} <= {"p1-t1", "p1-t2"}
