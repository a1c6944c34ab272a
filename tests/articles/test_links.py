"""Links in articles: who is led where, what a rename, a retirement and a clash do, and what they cost."""

from urllib.parse import quote

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import outbox
from core.db import reading, session, writing
from core.permissions import can
from tests.clients import fewest
from wiki.articles import publishing
from wiki.articles.link_models import Link, Redirect
from wiki.articles.models import Article
from wiki.articles.permissions import P
from wiki.articles.queries import by_slug
from wiki.articles.titles import under
from wiki.training import ops as teaching


@pytest.fixture(autouse=True)
def _short_ways(app, make):
    make.pipeline("business", topic="faq")
    make.pipeline("business", topic="block")


def body(browser, slug: str, query: str = "") -> str:
    page = browser.text(f"/articles/{slug}{query}")
    return page[page.index('<div class="prose after">') : page.index("</article>")]


def secret(title: str, **about):
    return {"title": title, "audience": "restricted", "readers": ["role:qa"], **about}


def test_a_link_leads_to_the_article_however_its_title_is_written(make, signed_in):
    target = make.article(title="VPN 是綠燈，卻查不到", body="x").slug
    slug = make.article(title="a", body="看 [[ｖｐｎ是绿灯,却查不到|这里]]").slug
    assert f'<a class="wiki-link" href="/articles/{_quoted(target)}">这里</a>' in body(signed_in(make.user()), slug)


def _quoted(slug: str) -> str:
    return quote(slug)


def test_what_is_not_there_offers_to_write_it_with_its_title(make, signed_in):
    slug = make.article(title="a", body='[[没有的 "标题"]]').slug
    browser = signed_in(make.user())
    shown = body(browser, slug)
    assert 'class="wiki-missing"' in shown
    assert 'data-missing="write it"' in shown
    page = browser.get("/articles/named", query_string={"title": '没有的 "标题"'})
    assert page.status_code == 404
    assert "/new/faq?title=" in page.get_data(as_text=True)
    editor = browser.get("/new/faq", query_string={"title": '没有的 "标题"'}).get_data(as_text=True)
    assert "没有的 &#34;标题&#34;" in editor


def test_it_appears_as_soon_as_it_is_published(make, signed_in):
    slug = make.article(title="a", body="[[later]]").slug
    browser = signed_in(make.user())
    assert "wiki-missing" in body(browser, slug)
    assert "wiki-missing" in body(browser, slug)
    make.article(title="Later")
    assert 'href="/articles/later"' in body(browser, slug)


def test_a_rename_leaves_the_address_and_the_old_title_leads_on(make, signed_in):
    target = make.article(title="old name").slug
    slug = make.article(title="a", body="[[old name]] [[new name]]").slug
    browser = signed_in(make.user())
    assert body(browser, slug).count("wiki-missing") == 1
    make.article(article=target, title="new name")
    assert target == "old-name"
    assert body(browser, slug).count('href="/articles/old-name"') == 2
    answer = browser.get("/articles/named?title=OLD+name")
    assert (answer.status_code, answer.location) == (301, "/articles/old-name")
    assert browser.get("/articles/named?title=new+name").status_code == 302
    other = make.article(title="Old Name").slug  # the title belongs to another one now
    assert f'href="/articles/{other}"' in body(browser, slug)
    make.article(article=target, title="old name")  # and back: both have it
    assert "/articles/named?title=old+name" in body(browser, slug)


def test_two_of_one_title_are_a_choice(make, signed_in):
    first, second = make.article(title="same").slug, make.article(title="SAME").slug
    slug = make.article(title="a", body="[[same]]").slug
    browser = signed_in(make.user())
    assert 'href="/articles/named?title=same"' in body(browser, slug)
    page = browser.text("/articles/named?title=same")
    assert f"/articles/{first}" in page
    assert f"/articles/{second}" in page


def test_retired_is_gone(make, signed_in):
    target = make.article(title="target")
    slug = make.article(title="a", body="[[target]]").slug
    browser, boss = signed_in(make.user()), make.actor("manager")
    assert "wiki-link" in body(browser, slug)
    with writing():
        publishing.retire(session.get_one(Article, target.id), boss, reason="old")
    assert "wiki-missing" in body(browser, slug)


def test_closed_circles_stay_closed(make, signed_in, api):
    """Plain words in a published text; in a draft it looks as if there were nothing."""
    make.article(**secret("closed title"))
    slug = make.article(title="a", body="see [[closed title|these words]] and [[no such]]").slug
    rep, qa = make.user("rep"), make.user("qa")
    shown = body(signed_in(rep), slug)
    assert "see these words and" in shown
    assert "closed" not in shown
    assert 'href="/articles/closed-title"' in body(signed_in(qa), slug)
    browser = signed_in(rep)
    token = browser.csrf("/profile")
    for text in ("[[closed title]]", "![[closed title]]"):
        seen = browser.post("/preview", data={"text": text}, headers={"X-CSRFToken": token}).get_data(as_text=True)
        there = browser.post("/preview", data={"text": text.replace("closed title", "other words")},
                             headers={"X-CSRFToken": token}).get_data(as_text=True)  # fmt: skip
        assert seen.replace("closed title", "T").replace("closed+title", "T") == there.replace(
            "other words", "T"
        ).replace("other+words", "T")
    assert browser.get("/articles/named?title=closed+title").status_code == 404
    assert browser.get("/articles/titles?q=closed").json == {"items": []}
    states = {row["title"]: row["state"] for row in api(rep).ok("GET", f"/articles/{slug}/links")["links"]}
    assert states == {"closed title": "closed", "no such": "missing"}
    assert "closed-title" not in str(api(rep).ok("GET", f"/articles/{slug}/links"))


def test_the_title_of_a_closed_circle_leads_nowhere_once_the_article_is_open(make, signed_in):
    author = make.actor("rep")
    target = make.article(author, **secret("closed title")).slug
    make.article(author, article=target, title="open title", audience="internal", readers=[])
    slug = make.article(title="a", body="[[closed title]] [[open title]]").slug
    assert body(signed_in(make.user()), slug).count("wiki-missing") == 1
    with reading():
        assert session.scalars(sa.select(Redirect)).all() == []


def test_backlinks_show_what_the_reader_may_read(make, signed_in, api):
    target = make.article(title="target").slug
    make.article(title="open one", kind="faq", body="[[target]]")
    make.article(**secret("zzclosed one", body="[[target]]"))
    rep, qa = make.user("rep"), make.user("qa")
    assert "open one" in signed_in(rep).text(f"/articles/{target}/dependants")
    assert "zzclosed" not in signed_in(rep).text(f"/articles/{target}/dependants")
    assert "zzclosed" in signed_in(qa).text(f"/articles/{target}/dependants")
    assert [row["title"] for row in api(rep).ok("GET", f"/articles/{target}/links")["dependants"]] == ["open one"]


def test_courses_depend_on_it(make, signed_in):
    target = make.article(title="target").slug
    trainer = make.user("training")
    with writing():
        course = teaching.create_course(actor_of(trainer), teaching.CourseSpec("the course"))
        teaching.add_lesson(course, actor_of(trainer), target)
    assert "the course" in signed_in(trainer).text(f"/articles/{target}/dependants")
    assert "the course" not in signed_in(make.user()).text(f"/articles/{target}/dependants"), "not open yet"


def test_links_that_lead_nowhere(make, signed_in):
    gone = make.article(title="gone")
    make.article(title="one", body="[[gone]] [[missing]] [[twice]]")
    make.article(title="=two", body="[[gone|those words]]")
    make.article(title="twice")
    make.article(title="Twice")
    boss = make.user("manager")
    with writing():
        publishing.retire(session.get_one(Article, gone.id), actor_of(boss), reason="old")
    outbox.drain()
    browser = signed_in(boss)
    page = browser.text("/admin/links")
    assert page.index('<th scope="row">gone') < page.index('<th scope="row">missing')
    assert "/articles/one/edit" in page
    file = browser.get("/admin/links?form=csv").get_data().decode("utf-8-sig").splitlines()
    assert file[1:] == [
        "gone,retired,,'=two,those words,/articles/two",
        "gone,retired,,one,gone,/articles/one",
        "missing,not written yet,,one,missing,/articles/one",
        "twice,several articles have this title,,one,twice,/articles/one",
    ]


def test_titles_while_typing(make, signed_in):
    make.article(title="[旧] 套餐说明")
    make.article(title="套餐生效")
    make.article(kind="block", title="套餐提示", body="x")
    browser = signed_in(make.user())
    items = browser.get("/articles/titles?q=套餐&blocks=0").json["items"]
    assert [(one["title"], one["insert"]) for one in items] == [
        ("套餐生效", "套餐生效"),
        ("[旧] 套餐说明", "［旧］ 套餐说明"),
    ]
    assert [one["title"] for one in browser.get("/articles/titles?q=套餐&blocks=1").json["items"]] == ["套餐提示"]
    assert browser.get("/articles/titles?q=%25").json == {"items": []}


def test_what_links_cost(make, signed_in, query_count):
    """A page without links takes no statement more; with links one, whatever their number; a block one more."""
    for number in range(12):
        make.article(title=f"target {number}")
    make.article(kind="block", title="part", body="[[target 11]]")
    texts = {
        "none": "no link",
        "one": "[[target 1]]",
        "many": " ".join(f"[[target {n}]]" for n in range(11)) + " [[missing]]",
        "block": "![[part]]\n\n[[target 1]]",
    }
    slugs = {name: make.article(title=name, body=text).slug for name, text in texts.items()}
    outbox.drain()
    browser = signed_in(make.user())
    live = {
        name: fewest(query_count, lambda s=slug: browser.text(f"/articles/{s}?rev=1.0")) for name, slug in slugs.items()
    }
    assert {name: count - live["none"] for name, count in live.items()} == {"none": 0, "one": 1, "many": 1, "block": 3}
    kept = {fewest(query_count, lambda s=slug: browser.text(f"/articles/{s}")) for slug in slugs.values()}
    assert len(kept) == 1, "what is kept costs the same"


def test_lists_look_titles_up_once(make, signed_in, api, query_count):
    make.article(title="target")
    for number in range(3):
        make.article(title=f"some text {number}", fields={"question": "?", "answer": "[[target]] some"})
    script = api(make.user())
    few = fewest(query_count, lambda: script.ok("GET", "/articles"))
    for number in range(3, 9):
        make.article(title=f"some text {number}", fields={"question": "?", "answer": "[[target]] [[other]] some"})
    assert fewest(query_count, lambda: script.ok("GET", "/articles")) == few


def test_the_etag_of_the_api_follows(make, api):
    slug = make.article(title="a", body="[[later]]").slug
    script = api(make.user())
    first = script.get(f"/articles/{slug}").headers["ETag"]
    assert script.get(f"/articles/{slug}").headers["ETag"] == first
    make.article(title="later")
    answer = script.get(f"/articles/{slug}")
    assert answer.headers["ETag"] != first
    assert answer.json["body"] == "[[later]]"
    assert 'href="/articles/later"' in answer.json["html"]


@pytest.mark.both_databases
def test_two_that_name_each_other_are_published(app, make):
    make.article(title="a", body="[[b]]")
    make.article(title="b", body="[[a]]")
    outbox.drain()
    with reading():
        rows = session.execute(sa.select(Article.title, Link.to_id).join(Link, Link.from_id == Article.id)).all()
        named = dict(session.execute(sa.select(Article.id, Article.title)).all())
    assert {(title, named[to]) for title, to in rows} == {("a", "b"), ("b", "a")}


def test_no_article_takes_the_address_of_a_page(make):
    assert make.article(title="Titles").slug == "titles-2"
    assert make.article(title="named").slug == "named-2"


def test_a_review_shows_links_as_the_reviewer_sees_them(make, signed_in):
    make.article(**secret("closed title"))
    make.article(title="target")
    with writing():
        made = make.submission(make.actor("rep"), title="a", body="[[target]] [[closed title]]")
        task = make.task(made).id
    page = signed_in(make.user("business")).text(f"/reviews/{task}")
    assert 'href="/articles/target"' in page
    assert 'class="wiki-missing"' in page


def test_who_may_read_it_is_led_there(make):
    """The statement that finds articles under a title asks the same as the door."""
    slug = make.article(**secret("closed title")).slug
    for role in ("rep", "qa", "manager", "admin"):
        who = make.actor(role)
        with reading():
            (found,) = under(["closedtitle"], who)["closedtitle"]
            assert found.open is can(who, P.READ, by_slug(slug)), role
