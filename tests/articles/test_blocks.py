"""Reusable blocks: shown where they are embedded, with their text of today, to those who may read them."""

import pytest

from accounts.people import actor_of
from core import outbox
from core.db import reading, session, writing
from core.errors import Invalid
from tests.clients import Browser
from wiki.articles import blocks, ops, publishing
from wiki.articles.kinds import KINDS
from wiki.articles.linking import Linker
from wiki.articles.models import Article, Submission
from wiki.articles.presenting import texts_of
from wiki.search import service
from wiki.search.engines.base import Query


@pytest.fixture(autouse=True)
def _short_ways(app, make):
    make.pipeline("business", topic="faq")
    make.pipeline("business", topic="block")


def body(browser: Browser, slug: str) -> str:
    page = browser.text(f"/articles/{slug}")
    return page[page.index('<div class="prose') : page.index("</article>")]


def found(make, words: str, *roles: str, kind: str = "") -> list[str]:
    who = make.actor(*roles)
    with reading():
        tokens = service.reader_of(who, blocks=kind == "block")
        return [hit.title for hit in service.search(Query(words, tokens), who).hits]


def test_a_change_of_a_block_shows_at_once_wherever_it_is_embedded(make, signed_in, api):
    block = make.article(kind="block", title="身份核验", body="先问**证件**。").slug
    slugs = [make.article(title=f"a{n}", body="前\n\n![[身份核验]]\n\n后").slug for n in range(2)]
    user = make.user()
    browser, script = signed_in(user), api(user)
    before = {slug: script.get(f"/articles/{slug}").headers["ETag"] for slug in slugs}
    for slug in slugs:
        shown = body(browser, slug)
        assert "<strong>证件</strong>" in shown
        assert "from block «身份核验», version 1.0" in shown
        etag = browser.get(f"/articles/{slug}").headers.get("ETag")
        assert browser.get(f"/articles/{slug}", headers={"If-None-Match": etag}).status_code == 304
    make.article(kind="block", article=block, title="身份核验", body="先问**姓名**。", significance="minor")
    for slug in slugs:
        assert browser.get(f"/articles/{slug}", headers={"If-None-Match": etag}).status_code == 200
        assert "<strong>姓名</strong>" in body(browser, slug)
        assert "version 1.1" in body(browser, slug)
        assert script.get(f"/articles/{slug}").headers["ETag"] != before[slug]
        answer = script.get(f"/articles/{slug}").json
        assert answer["body"] == "前\n\n![[身份核验]]\n\n后"
        assert "<strong>姓名</strong>" in answer["html"]


def test_search_follows_the_block(make):
    block = make.article(kind="block", title="part", body="alpaca").slug
    make.article(title="outer", body="![[part]]")
    inner = make.article(kind="block", title="inner", body="nothing yet").slug
    make.article(kind="block", article=block, title="part", body="bison\n\n![[inner]]")
    outbox.drain()
    assert found(make, "alpaca") == []
    assert found(make, "bison") == ["outer"]
    make.article(kind="block", article=inner, title="inner", body="camel")
    outbox.drain()
    assert found(make, "camel") == ["outer"]
    assert sorted(found(make, "camel", kind="block")) == ["inner", "part"], "blocks are found by those who ask for them"


def test_blocks_stand_in_no_list_of_articles(make, api, signed_in):
    make.article(kind="block", title="part", body="alpaca")
    outbox.drain()
    user = make.user()
    assert api(user).ok("GET", "/articles")["items"] == []
    assert [row["title"] for row in api(user).ok("GET", "/articles?kind=block")["items"]] == ["part"]
    assert api(user).ok("GET", "/search?q=alpaca")["items"] == []
    assert [row["title"] for row in api(user).ok("GET", "/search?q=alpaca&kind=block")["items"]] == ["part"]
    assert "part" not in signed_in(user).text("/search?q=alpaca").split("<main")[1].split("alpaca")[-1]


def closed(**about):
    return {"kind": "block", "audience": "restricted", "readers": ["role:qa"], **about}


def test_a_closed_block_in_an_open_article(make, signed_in, api):
    make.article(**closed(title="zzpart", body="zzsecret"))
    slug = make.article(title="outer", body="![[zzpart]]").slug
    outbox.drain()
    rep, qa = make.user("rep"), make.user("qa")
    assert "A part is not shown to you." in body(signed_in(rep), slug)
    assert "zz" not in body(signed_in(rep), slug)
    assert "zzsecret" in body(signed_in(qa), slug)
    assert "zzsecret" not in api(rep).ok("GET", f"/articles/{slug}")["html"]
    assert found(make, "zzsecret") == []
    assert found(make, "zzsecret", "qa") == [], "the words stand in the index only for those who may read them all"
    assert found(make, "zzsecret", "qa", kind="block") == ["zzpart"]


def test_the_author_is_told_at_submit(make, signed_in, api):
    make.article(**closed(title="narrow", body="x"))
    make.article(kind="block", title="wide", body="x")
    author = make.user("qa")
    with writing():
        who = actor_of(author)
        made = make.submission(who, submitted=False, title="a", body="![[narrow]]\n\n![[wide]]\n\n![[none]]").id
        rep = make.actor("rep")
        other = make.submission(rep, submitted=False, title="b", body="![[narrow]]").id
        head = session.get_one(Submission, other).head
        assert blocks.warnings(head, rep) == ["There is no block «narrow» yet: nothing is shown in its place."], (
            "what the author may not read is as good as missing"
        )
    said = api(author).ok("POST", f"/submissions/{made}/submit")["warnings"]
    assert said == [
        "Not everybody who may read this text may read the block «narrow»: they will not see that part.",
        "There is no block «none» yet: nothing is shown in its place.",
    ]
    browser = signed_in(author)
    key = {
        "title": "c",
        "body": "![[narrow]]",
        "question": "?",
        "answer": "!",
        "verb": "submit",
        "audience": "internal",
    }
    page = browser.post("/new/faq", data={**key, "csrf_token": browser.csrf("/new/faq")}, follow_redirects=True)
    assert "Not everybody who may read this text" in page.get_data(as_text=True)


@pytest.mark.both_databases
def test_a_block_never_shows_itself(app, make):
    one = make.article(kind="block", title="one", body="![[two]]").slug
    with pytest.raises(Invalid, match="would show itself, through «one»"):
        make.article(kind="block", title="two", body="![[one]]")
    with pytest.raises(Invalid, match="would show itself"):
        make.article(kind="block", title="self", body="text\n\n![[ＳＥＬＦ]]")
    make.article(kind="block", article=one, title="uno", body="no more")
    make.article(kind="block", title="two", body="![[uno]]")
    with pytest.raises(Invalid, match="would show itself"):
        make.article(kind="block", article=one, title="uno", body="![[two]]")


def test_three_deep_and_no_deeper(make):
    make.article(kind="block", title="three", body="end")
    make.article(kind="block", title="two", body="![[three]]")
    make.article(kind="block", title="one", body="![[two]]")
    make.article(title="article", body="![[one]]")
    with pytest.raises(Invalid, match="3 deep"):
        make.article(kind="block", title="nought", body="![[one]]")
    make.article(title="another", body="![[four]]")
    with pytest.raises(Invalid, match="A block needs a text"):
        make.article(kind="block", title="empty", body=" ")


def test_below_and_above_count_together(make):
    make.article(kind="block", title="outer", body="![[middle]]")
    middle = make.article(kind="block", title="middle", body="x").slug
    make.article(kind="block", title="deep", body="![[deepest]]")
    make.article(kind="block", title="deepest", body="end")
    with pytest.raises(Invalid, match="3 deep"):
        make.article(kind="block", article=middle, title="middle", body="![[deep]]")
    make.article(kind="block", article=middle, title="middle", body="![[deepest]]")


def test_a_circle_that_came_by_import_is_shown_safely(make, signed_in):
    """Imports are not handed in: what shows itself is cut where it would begin again."""
    boss = make.actor("manager")
    with writing():
        for title, other in (("one", "two"), ("two", "one")):
            content = ops.Content(title=title, body=f"words of {title}\n\n![[{other}]]")
            publishing.import_row(boss, publishing.Row(title, "block", content))
    outbox.drain()
    shown = body(signed_in(make.user()), "one")
    assert shown.count("words of two") == 1
    assert "stand in each other too deeply" in shown


def test_a_page_shows_fifty_blocks_at_most(app, make):
    make.article(kind="block", title="part", body="words")
    article = make.article(title="a", body="![[part]]\n\n" * 60)
    who = make.actor()
    with app.test_request_context(), reading():
        row = session.get_one(Article, article.id)
        linker = Linker(who)
        assert str(linker.shown(texts_of(row.revision))["body"]).count("<p>words</p>") == 50
        assert linker.copies(row.revision)["body"].count("words") == 50


def test_words_for_the_clipboard_are_those_that_are_seen(make, signed_in):
    make.article(kind="block", title="part", body="say **this**")
    make.article(**closed(title="hidden", body="zzsecret"))
    slug = make.article(title="a", fields={"question": "?", "answer": "![[part]]\n\n![[hidden]]\n\nend"}).slug
    page = signed_in(make.user("rep")).text(f"/articles/{slug}")
    assert 'data-copy="say this' in page
    assert "zzsecret" not in page


def test_reviewers_see_where_it_is_seen(make, signed_in):
    block = make.article(kind="block", title="part", body="x").slug
    make.article(title="open outer", body="![[part]]")
    make.article(title="zzclosed outer", body="![[part]]", audience="restricted", readers=["role:qa"])
    with writing():
        made = make.submission(make.actor(), "block", article=block, title="part", body="y")
        task = make.task(made).id
    page = signed_in(make.user("business")).text(f"/reviews/{task}")
    assert "Where this block is seen" in page
    assert "open outer" in page
    assert "zzclosed" not in page


def test_a_new_block_is_judged_by_its_own_pipeline(app):
    from wiki.articles.pipelines import DEFAULT_PIPELINES

    assert [stage.key for stage in DEFAULT_PIPELINES["block"].stages] == ["business", "qa"]
    assert KINDS["block"].fields == ()


def test_experts_from_outside_see_no_part_that_is_not_public(make, client):
    from workflows import experts

    make.article(kind="block", title="part", body="internal words")
    with writing():
        made = make.submission(make.actor(), title="a", body="x\n\n![[part]]\n\n[[part|named]]")
        judge = make.actor("business")
        _asked, secret = experts.ask_outside(make.task(made).id, judge, name="Somebody", question="?")
    page = client.get(f"/expert/{secret}").get_data(as_text=True)
    assert "A part is not shown to you" in page
    assert "named" in page
    assert "internal words" not in page


def test_the_card_of_a_script_shows_links_and_blocks(make, signed_in):
    make.pipeline("business", topic="script")
    make.article(kind="block", title="part", body="say **this**")
    fields = {"scenario": "x", "say": "![[part]]\n\n[[part|named]]"}
    slug = make.article(kind="script", title="a", fields=fields).slug
    page = signed_in(make.user()).text(f"/articles/{slug}/card")
    assert "say <strong>this</strong>" in page
    assert 'class="wiki-link"' in page
