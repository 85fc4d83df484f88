"""The report in headless Chromium: it draws, speaks both languages, fits every screen, and everybody can use it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("msgspec")
pytest.importorskip("numpy")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

from playwright.sync_api import Browser, sync_playwright

from tests.unit.report.page.made_up import environment, others, results, trial, whole, write
from tests.unit.report.page.test_run import findings
from tests.unit.report.page.test_run import page as run_page
from timetrial.languages import Text
from timetrial.report.page.live import LiveReport, server_of
from timetrial.report.page.page import page_of
from timetrial.report.page.render import render
from timetrial.results.collect import collect
from timetrial.search.notes import Note

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LONG = "a_name_without_a_break_" * 5
EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
HIDDEN = "() => [...document.querySelectorAll('td:not([lang])')].filter(e => !e.getBoundingClientRect().height).length"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with all that a report can hold, two places, and a workload that is markup."""
    folder = tmp_path_factory.mktemp("results")
    evil = [trial("t.py::evil", EVIL, model, s, accounted=True) for model, s in (("serial", 2.0), ("threads", 1.0))]
    evil += [trial("t.py::long", LONG, f"{model}[{LONG}]", s) for model, s in (("serial", 2.0), ("threads", 1.0))]
    write(folder, "a.json", results([*whole(), *evil]))
    write(folder, "b.json", results(others(), "2026-01-01", where=environment("3.12.1")))
    (folder / "half.json").write_text("{", encoding="utf-8")
    path = folder / "report.html"
    path.write_text(render(page_of(collect([folder]))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all."""
    with sync_playwright() as driver:
        # Without a sandbox, which Chromium refuses to root, as in CI; it opens nothing but our own file.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Shown:
    """The page in a window, with what it complained of."""

    def __init__(self, browser: Browser, report: Path, **window: Any) -> None:
        self.complaints: list[str] = []
        self.page = browser.new_context(
            **{"locale": "en-US", "viewport": {"width": 1280, "height": 900}, **window}
        ).new_page()
        self.page.set_default_timeout(5_000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.goto(report.as_uri())

    def _note(self, url: str) -> None:
        if not url.startswith("file:"):
            self.complaints.append(f"asked for {url}")

    def overflow(self) -> list[str]:
        """What stands out on the right, apart from tables that can be scrolled."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll('body *:not(.unseen)')]
                .filter(e => !e.closest('.scroll,pre,.unseen,.skip,#readout') && e.getBoundingClientRect().width > 0)
                .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                .map(e => e.outerHTML.slice(0, 120))"""
        )
        return found


@pytest.fixture(scope="module")
def shown(chromium: Browser, report: Path) -> Shown:
    """On a desk, in English, in light."""
    return Shown(chromium, report)


@pytest.fixture(scope="module")
def phone(chromium: Browser, report: Path) -> Shown:
    """On a phone, in Chinese, in dark."""
    return Shown(chromium, report, locale="zh-CN", color_scheme="dark", viewport={"width": 375, "height": 760})


def test_nothing_complains_nothing_is_fetched_and_markup_in_a_name_does_nothing(shown: Shown, phone: Shown) -> None:
    """The name is on the page as it is."""
    assert shown.complaints == []
    assert phone.complaints == []
    assert shown.page.title().startswith("Of 9 comparisons of 8 workloads")
    assert shown.page.locator("h3", has_text=EVIL).count() == 1


def test_every_chart_has_its_marks(shown: Shown) -> None:
    """As many as its table has rows, or more, and all within the picture."""
    charts = shown.page.evaluate(
        """() => { const above = f => f.querySelector('use[href$="-drawn"]');
          const drawn = f => above(f) ? $(above(f).getAttribute('href')) : f;
          const $ = selector => document.querySelector(selector);
          return [...document.querySelectorAll('figure.chart')].map(f => ({
            key: f.id, marks: drawn(f).querySelectorAll('.mark,.void,.part').length,
            width: f.querySelector('svg').getBoundingClientRect().width,
            outside: [...f.querySelectorAll('svg :is(text,path,rect,use)')].filter(e => {
              const a = e.getBoundingClientRect(), b = f.getBoundingClientRect();
              return a.width && (a.right > b.right + 12 || a.left < b.left - 12);
            }).map(e => e.outerHTML.slice(0, 90))}))}"""
    )
    assert len(charts) > 15
    assert [chart for chart in charts if not chart["marks"] or chart["width"] < 200 or chart["outside"]] == []


def test_nothing_overflows_on_a_desk_or_on_a_phone(shown: Shown, phone: Shown) -> None:
    """Wide tables scroll by themselves."""
    assert shown.overflow() == []
    assert phone.overflow() == []


def test_the_browsers_language_is_spoken_and_the_switch_changes_it(shown: Shown, phone: Shown) -> None:
    """Of every text one language shows; numbers are the same in both."""
    seen = "() => [...document.querySelectorAll('e-,z-')].filter(e => e.checkVisibility()).map(e => e.localName)"
    assert {*phone.page.evaluate(seen)} == {"z-"}
    assert phone.page.evaluate("document.documentElement.lang") == "zh-CN"
    assert phone.page.title().startswith("8项工作负载的9项比较中")
    assert {*shown.page.evaluate(seen)} == {"e-"}
    before = shown.page.locator(".overview").first.inner_text()
    shown.page.get_by_text("中文", exact=True).click()
    after = shown.page.locator(".overview").first.inner_text()
    assert {*shown.page.evaluate(seen)} == {"z-"}
    shown.page.get_by_text("English", exact=True).click()
    numbers = [[word for word in text.split() if word[0].isdigit() and "×" in word] for text in (before, after)]
    assert numbers[0] == numbers[1] != []


def test_without_scripts_the_page_is_complete_and_its_switch_works(chromium: Browser, report: Path) -> None:
    """Charts, tables and both languages are in the file."""
    page = Shown(chromium, report, java_script_enabled=False).page
    page.get_by_text("中文", exact=True).click()
    assert page.locator("h1").inner_text().startswith("8项")
    assert page.locator("figure.chart svg").count() > 15


def test_the_keyboard_reaches_every_control_and_reads_every_chart(shown: Shown) -> None:
    """Tab goes through them all; arrows walk along a chart."""
    page = shown.page
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('a[href],summary,.picture,.sort button,.language input:checked')]
            .filter(e => e.checkVisibility() && !e.closest('details:not([open])') || e.tagName === 'SUMMARY').length"""
    )
    reached = set()
    for _ in range(wanted + 60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                """() => { const e = document.activeElement;
                    if (e === document.body || e.matches('.scroll')) return null;
                    return e.dataset.seen ??= String(Math.random()); }"""
            )
        )
    assert len(reached - {None}) >= wanted
    page.locator(".picture").first.focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#readout").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator("#readout").inner_text() != first
    page.keyboard.press("Escape")
    assert page.locator("#readout").is_hidden()


def test_pointing_at_a_chart_gives_the_numbers_of_its_table(shown: Shown) -> None:
    """Those of the nearest value."""
    figure = shown.page.locator("figure.chart[id$=throughput]").first
    figure.locator(".picture").hover(position={"x": 32, "y": 80})
    told = shown.page.locator("#readout").inner_text()
    row = figure.locator("tbody tr").first
    assert [cell for cell in row.locator("td").all_text_contents() if cell.strip() not in told] == []


def test_a_click_on_a_tables_head_sorts_it_by_its_figures(shown: Shown) -> None:
    """9.0 ms stand before 10 ms, and after 900 µs."""
    shown.page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    table = shown.page.locator("table.ranked").first
    table.get_by_role("button", name="an item").click()
    units = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}
    cells = [cell.split() for cell in table.locator("tbody tr td:nth-child(4)").all_text_contents()]
    times = [float(number) * units[unit] for number, unit in cells]
    assert times == sorted(times)
    shown.page.evaluate("document.querySelectorAll('details').forEach(e => e.open = false)")


def test_printing_loses_nothing(shown: Shown, tmp_path: Path) -> None:
    """Folded tables are unfolded on paper."""
    path = tmp_path / "report.pdf"
    shown.page.pdf(path=path, format="A4")
    assert path.stat().st_size > 50_000
    shown.page.emulate_media(media="print")
    hidden = shown.page.evaluate(HIDDEN)
    shown.page.emulate_media(media="screen")
    assert hidden == 0
    if (reader := shutil.which("pdftotext")) is not None:
        import subprocess

        text = subprocess.run([reader, "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        assert "threads[article]" in text
        assert "other processes took 41 %" in text


def test_it_is_drawn_within_a_fifth_of_a_second(shown: Shown) -> None:
    """Of the page's own processor time, from the file to the last mark: others may have the processor in between."""
    chromium = shown.page.context.new_cdp_session(shown.page)
    chromium.send("Performance.enable", {"timeDomain": "threadTicks"})
    times_s = []
    for _ in range(3):
        shown.page.reload()
        metrics = chromium.send("Performance.getMetrics")["metrics"]
        times_s.append(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))
    assert 0.001 < min(times_s) < 0.2, times_s


def test_a_served_page_loads_itself_anew_when_a_run_goes_on(chromium: Browser, tmp_path: Path) -> None:
    """Without a click, and without a complaint."""
    write(tmp_path, "a.json", results([trial("t.py::a", "first_one", model, 1.0) for model in ("serial", "threads")]))
    live = LiveReport([tmp_path], lambda version: render(page_of(collect([tmp_path])), live=version))
    with server_of(live, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            page = chromium.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            more = [trial("t.py::b", "second_one", model, 1.0) for model in ("serial", "threads")]
            write(tmp_path, "b.json", results(more, "2026-12-01"))
            page.get_by_role("link", name="second_one").first.wait_for(timeout=15_000)
            page.close()
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def run_shown(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The page of ``timetrial run`` on a phone, in Chinese, in dark, with notes and what was left out."""
    found = findings()
    found.notes.append(Note("random", Text("it seeds random numbers", "它设置随机数种子"), Text("draw", "请抽取")))
    found.left_out["interpreters"] = Text("there are none", "此处没有")
    path = tmp_path_factory.mktemp("run") / "run.html"
    path.write_text(render(run_page(found)), encoding="utf-8")
    return Shown(chromium, path, locale="zh-CN", color_scheme="dark", viewport={"width": 375, "height": 760})


def test_a_runs_page_fits_a_phone_and_complains_of_nothing(run_shown: Shown) -> None:
    """With its curve, its costs and its code, which scroll by themselves."""
    assert run_shown.complaints == []
    assert run_shown.overflow() == []
    assert run_shown.page.locator("figure.chart svg").count() == 3


def test_a_runs_page_tells_its_reason_and_its_notes_in_the_readers_language(run_shown: Shown) -> None:
    """Nothing but code, names and figures is in another."""
    assert run_shown.page.locator("p.more").inner_text() == "因为它有 90% 的时间在等待，多线程可以重叠这些等待。"
    assert run_shown.page.locator("ul.left-out").inner_text().split("\n") == [
        "它设置随机数种子；请抽取。",
        "processes 最多试到并发数 4：再多已无助益，或启动太久、超出给定时间。",
        "interpreters 未参与比较：此处没有。",
    ]


def test_the_keyboard_reads_a_runs_charts(run_shown: Shown) -> None:
    """Arrow by arrow, as on any page."""
    run_shown.page.locator("figure.chart[id$=throughput] .picture").focus()
    run_shown.page.keyboard.press("ArrowRight")
    assert "多线程" in run_shown.page.locator("h1").inner_text()
    assert "threads" in run_shown.page.locator("#readout").inner_text()
    run_shown.page.keyboard.press("Escape")


def test_printing_a_runs_page_loses_nothing(run_shown: Shown, tmp_path: Path) -> None:
    """Its code, its notes and every row of its tables."""
    run_shown.page.pdf(path=tmp_path / "run.pdf", format="A4")
    assert (tmp_path / "run.pdf").stat().st_size > 20_000
    run_shown.page.emulate_media(media="print")
    hidden = run_shown.page.evaluate(HIDDEN)
    run_shown.page.emulate_media(media="screen")
    assert hidden == 0


def test_axe_finds_nothing_serious(shown: Shown, phone: Shown, run_shown: Shown) -> None:
    """Names, contrast, roles, order: in light and dark, in both languages."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for window in (shown, phone, run_shown):
        found = axe.run(window.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []
