"""Charts as pictures: every point has its mark, names keep apart, and text from outside is text."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

from timetrial.languages import Text
from timetrial.report.draw.distributions import Distribution, Tail, draw_distributions
from timetrial.report.draw.labels import spread
from timetrial.report.draw.lines import Lines, Spot, draw_lines
from timetrial.report.draw.marks import looks_of
from timetrial.report.draw.rows import Dot, Row, draw_rows
from timetrial.report.draw.same import same
from timetrial.report.draw.scatter import Place, draw_scatter, front
from timetrial.report.draw.svg import curve, text


def lines(**series: list[Spot]) -> Lines:
    """A chart of them over 1, 2 and 4."""
    return Lines([1, 2, 4], series, same("size"), same("items/s"), str, str)


def test_a_line_has_a_mark_for_each_point_and_a_band_between_its_intervals() -> None:
    """A void point has a mark of its own, and no line leads there."""
    spots = [Spot(1, 10, 9, 11), Spot(2, 20, 18, 22), Spot(4, 30, 25, 35, void=True)]
    svg = ET.fromstring(draw_lines(lines(threads=spots)).svg)
    by_class = {each.get("class"): each.get("d", "") for each in svg}
    assert by_class["line c-t mark m-t"].count("L") == 1
    assert by_class["void v-t"].count("L") == 0
    assert by_class["band f-t"].endswith("Z")


def test_variants_of_a_model_differ_by_their_dash_and_models_by_their_mark() -> None:
    """So that nobody needs the colour."""
    looks = looks_of(["threads", "threads[requests]", "processes"])
    assert looks["threads"].dash != looks["threads[requests]"].dash
    assert looks["threads"].marks() != looks["processes"].marks()


def test_names_at_line_ends_are_moved_apart_and_stay_within() -> None:
    """In their order."""
    placed = spread([50, 52, 54, 95], [13, 13, 13, 13], 0, 100)
    assert all(after - before >= 13 for before, after in pairwise(placed))
    assert placed[-1] <= 87


def test_a_name_with_markup_is_shown_as_it_is() -> None:
    """And so is what no page can show."""
    assert text("<script>\x00", (0.0, 0.0)) == "<text>&lt;script&gt;\\x00</text>"
    svg = draw_lines(lines(**{"<script>alert(1)</script>": [Spot(1, 1, 1, 1), Spot(2, 2, 2, 2)]})).svg
    assert "<script" not in svg


def test_a_text_in_two_languages_stands_there_twice_marked_by_its_language() -> None:
    """The page shows one."""
    assert re.findall(r'lang="([\w-]+)">([^<]+)', text(Text("axis", "轴"), (0.0, 0.0))) == [
        ("en", "axis"),
        ("zh-CN", "轴"),
    ]


def test_rows_show_dots_with_their_range_and_bars_with_their_parts() -> None:
    """An anchor for each row."""
    dots, anchors = draw_rows([Row("serial", [Dot(1.0, 0.5, 2.0)]), Row("threads", [Dot(3.0)])], same("time"), str)
    assert (dots.count('class="range'), dots.count('class="mark'), len(anchors)) == (1, 2, 2)
    bars, _ = draw_rows([Row("serial", parts=[("r-client", 1.0), ("r-server", 2.0)])], same("time"), str)
    assert bars.count("v11h") == 2


def test_the_front_is_those_that_nothing_beats_in_both() -> None:
    """Less memory and more throughput."""
    places = [Place("serial", "s", 1, 1), Place("threads", "t", 2, 5), Place("processes", "p", 3, 4)]
    assert [place.label for place in front(places)] == ["s", "t"]
    svg, anchors = draw_scatter(places, same("memory"), same("items/s"), str, str)
    assert (svg.count('class="mark'), svg.count('class="void'), len(anchors)) == (2, 1, 3)


def test_a_distribution_is_a_line_with_room_for_its_tail() -> None:
    """Marks at p50, p99 and the slowest; the one beside has hollow ones, and no name of its own."""
    quantiles = [(0.0, 1.0), (50.0, 2.0), (90.0, 3.0), (99.0, 9.0), (99.95, 30.0)]
    closed = [(0.0, 1.0), (50.0, 2.0), (99.5, 4.0)]
    drawn = [Distribution("threads", quantiles), Distribution("threads", closed, beside=True)]
    svg, ends = draw_distributions(drawn, same("items"), same("time"), str)
    by_class = {each.get("class"): each.get("d", "") for each in ET.fromstring(svg)}
    assert by_class["line c-t"].startswith("M46 218l")
    assert (by_class["mark m-t"].count("L"), by_class["void v-t"].count("L")) == (2, 1)
    assert "line beside c-t" in by_class
    assert svg.count(">threads<") == 1
    assert ends[0][0] > ends[1][0]


def test_each_nine_takes_as_much_room_as_the_one_before() -> None:
    """From 0 to 90 as from 90 to 99 and on to 99.9."""
    scale = Tail(99.95, 0.0, 330.0)
    at = [scale(value) for value in (0, 90, 99, 99.9)]
    assert [round(after - before) for before, after in pairwise(at)] == [100, 100, 100]
    assert scale.ticks() == [0, 50, 90, 99, 99.9]


def test_a_curve_leaves_out_what_a_straight_line_passes_and_keeps_every_bend() -> None:
    """To less than a pixel; each step is told from the end of the one before."""
    bent = [(0.0, 0.0), (10.0, 10.2), (20.0, 20.0), (30.0, 20.3), (40.0, 5.0)]
    assert curve(bent) == "M0 0l20 20 10 0 10-15"
    assert curve(bent[:1] * 2) == "M0 0l0 0"
