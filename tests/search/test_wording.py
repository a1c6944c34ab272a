"""The wording in a result: made when the text is indexed, and never that of another revision."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import g
from markupsafe import Markup

from accounts.people import actor_of
from core import markup, outbox
from core.db import reading, session, writing
from tests.clients import Browser
from tests.make import Make
from wiki.articles.content import Content
from wiki.articles.models import Revision
from wiki.articles.publishing import Row, import_row
from wiki.search import service, wording
from wiki.search.engines.base import Query
from wiki.search.presenting import shown

TEXT = "请您**先别急**，看[[套餐说明]]。\n\n![[核验身份]]"


@pytest.fixture
def revision(make: Make) -> Revision:
    with writing():
        import_row(
            make.actor("manager"), Row("x", "faq", Content(title="退费怎么办理", body="正文", fields={"answer": TEXT}))
        )
    outbox.drain()
    with reading():
        return session.query(Revision).one()


def test_what_is_carried_is_what_would_be_rendered(revision: Revision) -> None:
    carried = wording.packed(revision)
    assert wording.unpacked(carried, revision.id) == wording.of(revision)
    assert wording.of(revision).html == markup.render(TEXT)
    assert wording.of(revision).blocks


def test_it_is_not_used_for_another_revision_or_renderer(revision: Revision, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = wording.packed(revision)
    assert wording.unpacked(carried, revision.id + 1) is None
    monkeypatch.setattr(markup, "RENDERER_VERSION", markup.RENDERER_VERSION + 1)
    assert wording.unpacked(carried, revision.id + 2) is None
    assert wording.unpacked(wording.packed(revision), revision.id) == wording.of(revision)


def test_what_an_index_says_is_cleaned(revision: Revision) -> None:
    seal = json.loads(wording.packed(revision))[0]
    found = wording.unpacked(json.dumps([seal, "<p onclick=x>a<script>b</script></p>", "a", False]), revision.id)
    assert found
    assert found.html == "<p>a</p>"


def test_a_row_is_the_same_with_and_without_what_is_carried(
    make: Make, revision: Revision, signed_in: Callable[..., Browser]
) -> None:
    user = make.user("rep")
    browser = signed_in(user)
    with browser.application.test_request_context(), reading():
        g.actor = actor_of(session.merge(user))
        page = service.search(Query("退费", service.reader_of(g.actor)), g.actor)
        (row,) = shown(page.hits)
        (same,) = shown([replace(page.hits[0], carried="")])
    assert row == same
    assert "套餐说明" in row["wording"]
    assert row["copy"].startswith("请您")


@pytest.mark.parametrize(
    "html",
    ["<p>a</p>", "<p>a<br>b</p><ul><li>c</li></ul>", "a &lt; b", "", "a<img src=x onerror=y>", "<p id=x>"],
)
def test_what_was_cleaned_before_is_safe_whoever_kept_it(html: str) -> None:
    assert markup.cleaned_before(html) == markup.clean(html)


@pytest.mark.parametrize("html", ["a<mark>b</mark>c", "<mark>b", "<script>x</script>", "a</mark><mark>", "&amp;", ""])
def test_marks_and_text_are_all_that_stays(html: str) -> None:
    found = markup.marked(html)
    assert isinstance(found, Markup)
    assert all(piece.startswith(("mark>", "/mark>")) for piece in found.split("<")[1:])
