"""What holds for every template."""

from collections.abc import Iterable

import pytest
from flask import Flask
from jinja2 import nodes

from core.settings import ROOT

TEMPLATES = ROOT / "templates"
FRAME = "base.html"
FOR_ALL = {"locale", "page_lang", "new_entries"}  # what the frame sets for the pages in it


@pytest.fixture
def parsed(app: Flask) -> dict[str, nodes.Template]:
    paths = sorted(TEMPLATES.rglob("*.html"))
    return {str(path.relative_to(TEMPLATES)): app.jinja_env.parse(path.read_text("utf-8")) for path in paths}


def names(found: Iterable[nodes.Name], context: str) -> set[str]:
    return {one.name for one in found if one.ctx == context}


def test_no_page_asks_for_a_name_that_the_frame_has_taken(parsed: dict[str, nodes.Template]) -> None:
    """What the frame sets at its top stands in every block of every page, in place of what the view has given."""
    taken = {
        each.target.name for each in parsed[FRAME].find_all(nodes.Assign) if isinstance(each.target, nodes.Name)
    } - FOR_ALL
    assert "person" in taken, "the frame is read rightly"
    asked = {}
    for path, tree in parsed.items():
        parents = [one.template for one in tree.find_all(nodes.Extends)]
        if any(isinstance(one, nodes.Const) and one.value == FRAME for one in parents):
            inside = [name for block in tree.find_all(nodes.Block) for name in block.find_all(nodes.Name)]
            own = names(inside, "store") | names(inside, "param")
            if clash := (names(inside, "load") - own) & taken:
                asked[path] = clash
    assert asked == {}
