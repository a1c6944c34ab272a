"""Bringing a picture into a text without any script: a file field in the editor, the Markdown written by the server."""

import io

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading, session, writing
from core.markup import render
from tests.support.files import pdf, picture
from wiki.articles import files
from wiki.articles.file_forms import without
from wiki.articles.file_models import FileEntry, FileReference
from wiki.articles.models import Revision, Submission


def write(browser, page: str = "/new/faq", *, data: bytes = b"", name: str = "a.png", **fields: str):
    """Fill the editor and press a button."""
    given = {"title": "A title", "verb": "save", **fields, "csrf_token": browser.csrf(page)}
    if data:
        given["file"] = (io.BytesIO(data), name)
    return browser.post(page, data=given, content_type="multipart/form-data")


def newest() -> Revision:
    with reading():
        return session.scalars(sa.select(Revision).order_by(Revision.id.desc()).limit(1)).one()


def test_the_picture_stands_at_the_end_of_the_text_after_saving(make, signed_in):
    browser = signed_in(make.user())
    answer = write(browser, data=picture(), body="First words.", file_words="The bill")
    assert answer.status_code == 302
    body = newest().body
    assert body.startswith("First words.\n\n![The bill](/files/")
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(FileReference)) == 1
    page = browser.text(answer.location)
    assert "?size=small" in page
    assert "Take out of the text" in page


def test_a_document_becomes_a_link(make, signed_in):
    browser = signed_in(make.user())
    write(browser, data=pdf(), name="规则.pdf")
    assert newest().body.startswith("[规则](/files/")


def test_what_cannot_be_taken_is_said_at_the_field_and_nothing_typed_is_lost(make, signed_in):
    browser = signed_in(make.user())
    answer = write(browser, data=b"<svg/>", name="a.svg", body="Do not lose me")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "allowed are PNG" in page
    assert "Do not lose me" in page
    with reading():
        assert session.scalar(sa.select(sa.func.count(Submission.id))) == 0


def test_when_the_text_is_refused_its_picture_is_not_kept_either(make, signed_in):
    answer = write(signed_in(make.user()), data=picture(), title="x" * 300, body="words")
    assert answer.status_code == 422
    assert "/files/1/" not in answer.get_data(as_text=True)
    with reading():
        assert session.scalar(sa.select(sa.func.count(FileEntry.id))) == 0


def test_a_preview_shows_the_picture(make, signed_in):
    page = write(signed_in(make.user()), data=picture(), verb="preview").get_data(as_text=True)
    assert 'loading="lazy" src="/files/' in page


def test_a_page_knows_how_large_its_pictures_will_be(make, signed_in):
    author = make.user()
    with writing():
        who = actor_of(session.merge(author))
        mine, other = files.keep(who, "a.png", picture(30, 20)), files.keep(make.actor(), "b.png", picture(77, 66))
        make.article(who, body=f"{mine.markdown()} {other.markdown()}", title="With pictures")
    page = signed_in(author).text("/articles/with-pictures")
    assert f'<img alt="a" height="20" loading="lazy" src="{mine.url}" width="30">' in page
    assert f'<img alt="b" loading="lazy" src="{other.url}">' in page  # of somebody else's nothing is told


def test_what_is_ticked_is_taken_out_of_the_text(make, signed_in):
    browser = signed_in(make.user())
    where = write(browser, data=picture(), body="Before").location
    body = newest().body
    number = body.partition("/files/")[2].partition("/")[0]
    write(browser, where, body=body + "\nAfter", answer=body, remove_file=number)
    assert newest().body == "Before\n\nAfter"
    assert newest().fields["answer"].strip() == "Before"


def test_only_the_first_page_without_a_file_asks_nothing_of_the_store(make, signed_in):
    write(signed_in(make.user()), body="plain")
    with reading():
        assert session.scalar(sa.select(sa.func.count(FileEntry.id))) == 0


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("![a](/files/7/a.png)", ""),
        ("before ![a](/files/7/a.png) after", "before  after"),
        ("one\n\n![a](/files/7/a.png)\n\ntwo", "one\n\ntwo"),
        ("[the rules](/files/7/r.pdf \"title\") and more", " and more"),
        ("![a](/files/71/a.png)", "![a](/files/71/a.png)"),
        ("/files/7/a.png as typed", "/files/7/a.png as typed"),
        ("gaps stay\n\n\n\nwhere they were", "gaps stay\n\n\n\nwhere they were"),
    ],
)  # fmt: skip
def test_taking_out(text, left):
    assert without(text, [7]) == left


def test_taking_out_of_a_hostile_text_is_quick():
    assert without("![" * 50_000, [7])
    assert without("![a](/files/7/" * 10_000, [7])


OURS = ["/files/7/a.png", "/files/7/账单.png", "/files/7/a.png?size=small", "/files/7/a%20b.png"]
OTHERS = ["http://evil.example/x.png", "https://evil.example/x.png", "//evil.example/x.png", "x.png", "/logout",
          "/files/7/../../logout", "/files/../logout", "/files/7/a.png?x=1", "/files/x/a.png", "/files/7/"]  # fmt: skip


@pytest.mark.parametrize("address", OURS)
def test_a_picture_kept_here_is_shown_when_it_comes_into_view(address):
    assert render(f"![words]({address})") == f'<p><img alt="words" loading="lazy" src="{address}"></p>'


@pytest.mark.parametrize("address", OTHERS)
def test_a_picture_elsewhere_is_a_link_and_nothing_is_fetched(address):
    html = render(f"![words]({address})")
    assert "<img" not in html
    assert f'<a href="{address}" rel="nofollow noopener noreferrer">words</a>' in html


def test_a_picture_elsewhere_inside_a_link_is_its_words():
    html = render("[![words](http://evil.example/x.png)](https://good.example)")
    assert html == '<p><a href="https://good.example" rel="nofollow noopener noreferrer">words</a></p>'


@pytest.mark.parametrize("wrap", ["- {}", "> {}", "| {} |\n|---|\n| b |", "# {}", "**{}**", "1. a\n\n    {}"])
def test_nowhere_in_a_text_is_anything_fetched_from_elsewhere(wrap):
    assert "<img" not in render(wrap.format("![a](http://evil.example/x.png)"))


def test_an_address_that_runs_something_is_not_even_a_link():
    assert "javascript" not in render("![a](javascript:alert(1))")
