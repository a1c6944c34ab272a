"""Charts: what they draw, and what they never do."""

import inspect
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from decimal import Decimal

import pytest
from markupsafe import Markup

from core import charts
from core.charts import Series, bar, grouped, line, radar, spark, stacked

DRAWN = {
    "line": line(
        [Series("A", [1, None, 3]), Series("<b>", [2, 2, 2])], ["x", "y", "<z>"], title='"t"', target=Decimal("2.5")
    ),
    "bar": bar([1, None, -3], ["x", "y", "<z>"], title="<t>", desc="<d>", target=2),
    "spark": spark([3, 4, None, 5], title="<t>"),
    "radar": radar([Series("A", [90, None, 130])], ["a", "b", "<c>"], title="<t>"),
    "grouped": grouped([Series("<a>", [1, None, 3]), Series("b", [2, 4, 0])], ["x", "<y>", "z"], title="<t>", desc="d"),
    "grouped of nothing": grouped([], [], title="t"),
    "stacked": stacked([Series("<a>", [1, None, 3]), Series("b", [2, 4, 0])], ["x", "<y>", "z"], title="<t>"),
    "stacked of nothing": stacked([], [], title="t"),
    "line of nothing": line([Series("A", [None])], ["x"], title="t"),
    "bar of nothing": bar([], [], title="t"),
    "spark of nothing": spark([], title="t"),
    "flat line": line([Series("A", [5, 5])], ["x", "y"], title="t"),
    "line of zeros": line([Series("A", [0, 0])], ["x", "y"], title="t"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_chart_is_well_formed_and_says_what_it_is(name: str) -> None:
    tree = ET.fromstring(str(DRAWN[name]))
    assert tree.get("role") == "img"
    assert tree.get("aria-label")
    assert tree.findtext("title")


@pytest.mark.parametrize("name", DRAWN)
def test_no_chart_carries_a_style_attribute_or_a_number_that_is_none(name: str) -> None:
    assert not re.search(r"\sstyle=|nan|inf|None", str(DRAWN[name]))


def test_text_is_escaped() -> None:
    assert "<z>" not in DRAWN["line"]
    assert "&lt;z&gt;" in DRAWN["line"]
    assert "&lt;d&gt;" in DRAWN["bar"]


def test_a_missing_value_is_a_gap_and_never_zero() -> None:
    drawn = line([Series("A", [4, 5, None, 7, 8])], list("abcde"), title="t")
    assert drawn.count("<polyline") == 2
    assert drawn.count("<circle") == 4


def test_the_marks_on_the_axis_are_round_numbers_around_the_values() -> None:
    drawn = line([Series("A", [71, 88])], ["a", "b"], title="t", target=100)
    marks = re.findall(r'text-anchor="end">([\d.]+)<', str(drawn))
    assert marks == ["70", "80", "90", "100"]


def test_parts_stand_on_each_other() -> None:
    """1 and 2 are a part up to 1 and one from 1 to 3: the lower edge of the upper one is the top of the lower one."""
    drawn = str(stacked([Series("A", [1]), Series("B", [2]), Series("C", [0])], ["x"], title="t"))
    found = re.findall(r'class="band s(\d)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/>', drawn)
    (one, low, tall), (two, high, taller) = found[:2]
    assert (one, two) == ("1", "2")
    assert float(high) + float(taller) == pytest.approx(float(low), abs=0.11)
    assert float(taller) == pytest.approx(2 * float(tall), abs=0.11)


def test_grouped_bars_carry_their_figures() -> None:
    drawn = str(grouped([Series("A", [1.26, 7]), Series("B", [2, None])], ["x", "y"], title="t"))
    assert re.findall(r'class="value"[^>]*>([^<]+)<', drawn) == ["1.3", "7", "2"]
    assert drawn.count("<rect") == 3 + 2


HOSTILE = """<script>alert(1)</script>"' onload="alert(2)" <img src=x onerror=alert(3)>&quot;]]>"""
EVIL = (HOSTILE, Markup(HOSTILE))  # also where somebody says that it is safe


def hostile_charts(name: str) -> dict[str, Markup]:
    """Every chart with this word wherever it takes one."""
    series, words = [Series(name, [1, 2, 3]), Series(name, [3, None, 1])], {"title": name, "desc": name}
    return {
        "line": charts.line(series, [name] * 3, target=2, **words),
        "bar": charts.bar([1, None, 3], [name] * 3, target=2, **words),
        "grouped": charts.grouped(series, [name] * 3, **words),
        "stacked": charts.stacked(series, [name] * 3, **words),
        "waterfall": charts.waterfall(60, [(name, 5), (name, -2)], 63, (name, name), **words),
        "spark": charts.spark([1, 2, 3], title=name),
        "radar": charts.radar(series, [name] * 3, **words),
    }


def public_charts() -> list[str]:
    found = inspect.getmembers(charts, inspect.isfunction)
    return [name for name, one in found if one.__module__ == charts.__name__ and not name.startswith("_")]


@pytest.mark.parametrize("evil", EVIL, ids=["text", "said to be safe"])
@pytest.mark.parametrize("chart", public_charts())
def test_no_name_becomes_markup(chart: str, evil: str) -> None:
    """A chart without a case here is an error: ``hostile_charts`` draws each of them."""
    drawn, tame = (ET.fromstring(str(hostile_charts(name)[chart])) for name in (evil, "tame"))
    assert set(shape_of(drawn)) == set(shape_of(tame))
    assert drawn.get("aria-label") == drawn.findtext("{*}title") == HOSTILE


def shape_of(tree: ET.Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The elements of a drawing, each with the names of its attributes."""
    return ((one.tag, tuple(sorted(one.attrib))) for one in tree.iter())
