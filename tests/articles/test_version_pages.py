"""History, comparison, going back and origins as people and programs meet them."""

import re

import pytest

from core.db import session, writing
from core.errors import Conflict, NotFound
from tests.clients import fewest
from tests.make import Make
from wiki.articles import ops
from wiki.articles.models import Article, Audience, Submission, SubmissionState
from wiki.articles.restoring import restore
from wiki.articles.versions import points_of

WHY = "the fee has changed"


@pytest.fixture
def told(make: Make):
    """An article of two versions and a proposal under review, with its people."""
    with writing():
        people = {name: make.user("rep", name=f"The {name}") for name in ("author", "reader")}
        people |= {role: make.user(role, name=f"The {role}") for role in ("business", "manager")}
        make.pipeline("business")
        author = make.actor("rep", name="The writer")
        slug = make.article(
            author, title="退费流程", body="退费须在五个工作日内办结。\n\n| 项 | 限 |\n|---|---|\n| 甲 | 一 |"
        ).slug
        made = make.submission(
            author,
            article=slug,
            title="退费流程",
            body="退费须在三个工作日内办结。\n\n| 项 | 限 |\n|---|---|\n| 甲 | 二 |",
        )
        made.reason = WHY
        make.approved(made)
        make.submission(author, article=slug, title="退费流程", body="退费须在两个工作日内办结。", significance="minor")
    return people, slug, author


def test_the_history_names_who_approved(told, signed_in):
    people, slug, _author = told
    page = signed_in(people["reader"]).text(f"/articles/{slug}/history")
    assert "The writer" in page
    assert re.search(r'class="approval">[^<]*\S', page), "who approved stands in the row"
    assert "Not published" not in page, "a reader knows nothing of the proposal's text"
    assert "draft 1" in signed_in(people["business"]).text(f"/articles/{slug}/history")


def test_the_past_asks_the_same_few_questions(make: Make, signed_in, query_count):
    with writing():
        author, reader = make.actor("rep"), make.user("rep")
        make.pipeline("business")
        slug = make.article(author, body="甲").slug
        make.article(author, article=slug, body="甲乙")
    browser = signed_in(reader)

    def asked(page: str) -> int:
        return fewest(query_count, lambda: browser.text(page))

    pages = [f"/articles/{slug}/{page}" for page in ("history", "diff", "blame")]
    before = [asked(page) for page in pages]
    with writing():
        for n in range(4):
            make.article(author, article=slug, body="甲乙" + "丙" * n)
    assert all(now <= then for now, then in zip([asked(page) for page in pages], before, strict=True))


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("", "<td><del>一</del><ins>二</ins></td>"),
        ("&text=source", "| <del>一</del><ins>二</ins> |"),
        ("&look=side", "<td><del>一</del></td>"),
        ("&look=side&text=source", "| <ins>二</ins> |"),
    ],
)
def test_four_ways_to_look(told, signed_in, query: str, seen: str):
    people, slug, _author = told
    page = signed_in(people["reader"]).text(f"/articles/{slug}/diff?from=1.0&to=2.0{query}")
    assert seen in re.sub(r'<span class="sign">.</span>', "", page)


def test_a_proposal_is_compared_by_those_who_may_read_it(told, signed_in):
    people, slug, author = told
    with writing():
        (draft,) = [p.key for p in points_of(author, ops.readable_article(author, slug)) if p.publication is None]
    page = f"/articles/{slug}/diff?from=2.0&to={draft}"
    assert "两个" in signed_in(people["business"]).text(page)
    assert signed_in(people["reader"]).get(page).status_code == 404
    assert signed_in(people["reader"]).get(f"/articles/{slug}/diff?from=r0&to=r99999").status_code == 404


def test_going_back_is_a_proposal(told, signed_in):
    people, slug, _author = told
    reader = signed_in(people["reader"])
    answer = reader.submit(f"/articles/{slug}/history", {"version": "1.0"}, to=f"/articles/{slug}/restore")
    assert answer.status_code == 302
    editor = reader.text(answer.headers["Location"])
    assert "五个工作日" in editor
    assert "Back to version 1.0" in editor
    again = reader.submit(f"/articles/{slug}/history", {"version": "1.0"}, to=f"/articles/{slug}/restore")
    assert again.headers["Location"] == answer.headers["Location"], "one wish, one draft"
    with writing():
        assert session.query(Article).one().version == "2.0", "readers see what they saw"


@pytest.mark.both_databases
def test_restoring(app, make: Make):
    with writing():
        author, other = make.actor("rep"), make.actor("rep")
        slug = make.article(author, title="一", body="旧的正文。").slug
        make.article(author, article=slug, title="一", body="新的正文。")
        article = ops.readable_article(other, slug)
        draft = restore(other, article, "1.0")
        assert (draft.head.body, draft.state, draft.author_id) == ("旧的正文。", SubmissionState.DRAFT, other.id)
        assert draft.base_revision_id == article.revision_id
        assert restore(other, article, "1.0").id == draft.id
        ops.withdraw(draft, other)
        assert restore(other, article, "1.0").id != draft.id
        with pytest.raises(NotFound):
            restore(other, article, "7.0")
        with pytest.raises(Conflict):
            restore(other, article, "2.0")


def test_going_back_opens_nothing(db, make: Make):
    author = make.actor("qa")
    closed = {"audience": "restricted", "readers": ["role:qa"]}
    once_open = make.article(author, title="甲", body="公开的。")
    make.article(author, article=once_open.slug, title="甲", body="内部的。", **closed)
    assert restore(author, once_open, "1.0").head.audience is Audience.RESTRICTED
    once_closed = make.article(author, title="乙", body="内部的。", **closed)
    make.article(author, article=once_closed.slug, title="乙", body="公开的。")
    assert restore(author, once_closed, "1.0").head.readers == ["role:qa"]


def test_who_wrote_what(told, signed_in, api):
    people, slug, _author = told
    page = signed_in(people["reader"]).text(f"/articles/{slug}/blame")
    assert "The writer" in page
    assert re.search(r'class="by-run">三个?<sup>2\.0</sup>', page)
    answer = api(people["reader"]).ok("GET", f"/articles/{slug}/blame")
    assert answer["version"] == "2.0"
    assert [one["share"] for one in answer["contributors"]] == ["100.00"]
    body = [one for one in answer["passages"] if one["field"] == "body"]
    assert [run["version"] for run in body[0]["runs"]] == ["1.0", "2.0", "1.0"]
    assert body[0]["sources"][0]["approved_by"]


def test_a_hidden_version_is_not_named(make: Make, signed_in):
    with writing():
        author = make.actor("qa", name="The secret one")
        slug = make.article(
            author, title="丙", body="内部时写下的一句话，后来公开了。", audience="restricted", readers=["role:qa"]
        ).slug
        opener = make.actor("qa", name="The opener")
        make.article(opener, article=slug, title="丙", body="内部时写下的一句话，后来公开了。\n\n新的一段话。")
        reader = make.user("rep")
    page = signed_in(reader).text(f"/articles/{slug}/blame")
    assert "The opener" in page
    assert "The secret one" not in page
    assert "an earlier version that is not open to you" in page


def test_the_reviewer_sees_the_same_comparison(told, signed_in):
    people, slug, _author = told
    with writing():
        task = make_task(slug)
    page = signed_in(people["business"]).text(f"/reviews/{task}?look=side&text=source")
    assert "cmp is-side" in page
    assert 'data-field="body"' in page


def make_task(slug: str) -> int:
    made = session.query(Submission).filter_by(state=SubmissionState.IN_REVIEW).one()
    return Make().task(made).id
