"""Names that would like to be markup, through every drawing of a pipeline and of its figures: they stay names."""

import re
import xml.etree.ElementTree as ET

import pytest

from core.db import writing
from tests.make import Make
from workflows.calendar_ops import DEFAULTS, save_calendar
from workflows.calendar_queries import OFFICE
from workflows.definitions import Definition, Seat, Stage

EVIL = """<script>alert(1)</script>"' onload="alert(2)" <b>"""
DRAWN = {"title", "desc", "g", "path", "polygon", "polyline", "line", "circle", "rect", "text", "tspan", "svg"}


@pytest.fixture
def named(app, make: Make) -> None:
    """A pipeline whose stages, team and calendar bear such names, and so do the people in it; all committed."""
    with writing():
        make.team("evil", name=EVIL)
        _name, week = DEFAULTS[OFFICE]
        save_calendar(None, "evil", name=EVIL, timezone="Asia/Shanghai", week=week)
        make.user("business", username="judge", name=EVIL, team="evil")
    both = (Seat(key="b", role="business", team="evil", people=("judge",)), Seat(key="q", role="qa"))
    stages = (
        Stage(key="first", name=EVIL, seats=both, need=1, calendar="evil"),
        Stage(key="last", name=EVIL, seats=(Seat(key="q", role="qa"),), returns_to="first"),
    )
    make.pipeline(definition=Definition(stages=stages))


def drawings(page: str, look: str) -> list[ET.Element]:
    """The pictures of this class, each by itself: one whose markup was broken open does not parse."""
    found = [ET.fromstring(one) for one in re.findall(rf'<svg class="{look}[^"]*".*?</svg>', page, re.S)]
    for tree in found:
        for one in tree.iter():
            assert one.tag in DRAWN
            assert not [name for name in one.attrib if name.startswith("on")]
    return found


def test_the_drawing_of_a_pipeline(named, make: Make, signed_in):
    pictures = drawings(signed_in(make.user("manager")).text("/admin/pipelines/faq"), "pipeline-picture")
    assert [picture.get("class") for picture in pictures] == ["pipeline-picture is-wide", "pipeline-picture is-upright"]
    for picture in pictures:
        said = "\n".join(picture.itertext())
        assert f"1 · {EVIL}" in said  # the stage
        assert f"({EVIL})" in said  # the team of a seat
        assert f"sent back to {EVIL}" in said


def test_the_charts_of_its_figures(named, make: Make, signed_in, clock):
    author, qa = make.actor("rep"), make.actor("qa", name=EVIL)
    for _each in range(6):
        made = make.submission(author, title=EVIL)
        make.submission(author, title=EVIL)
        clock.advance(hours=40)
        make.decide(made, qa, seat="q")
    charts = drawings(signed_in(make.user("manager")).text("/reviews/flow"), "chart")
    assert len(charts) == 3
    assert sum(EVIL in "\n".join(chart.itertext()) for chart in charts) == 2  # by week none is named
