"""Content health over real rows: the kept figures say what the sources say, everybody sees what they may read, and what
is pressed happens."""

import csv
import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import outbox
from core.db import reading, session, writing
from core.permissions import allowed
from wiki.articles import lifecycle, opens
from wiki.articles.models import Article, Category
from wiki.articles.open_models import OpenSource
from wiki.articles.permissions import P as Articles
from wiki.feedback import figures, flagging
from wiki.feedback.ops import mark_used, say
from wiki.insight.health_queries import Wanted, examined, sick
from wiki.search import twins
from wiki.search.twin_models import Twin

ROLES = ("rep", "business", "qa", "training", "supervisor", "manager", "admin")


def opened(article, who, at, source=OpenSource.PAGE):
    return opens.Opened(at, who.id, article.id, article.revision_id, source)


def reasons(cases):
    return {case.row.slug: {one.reason.value: one.points for one in case.findings} for case in cases}


@pytest.mark.both_databases
def test_the_figures_say_what_the_sources_say(make, clock, app):
    """Votes of the present major version only, one for each person; own acts and programs count nothing."""
    author, manager = make.actor(), make.actor("manager")
    readers = [make.actor() for _ in range(4)]
    article, other = make.article(author, "script"), make.article(author)
    began = clock.now()
    with writing():
        for reader in readers:
            say(article, reader, helpful=False, comment="no")
        mark_used(article, readers[0])
        mark_used(article, author)
    article = make.article(author, "script", article=article.slug, significance="major")
    with writing():
        say(article, readers[0], helpful=True)
        say(article, readers[1], helpful=True)
        say(article, readers[1], helpful=False, reason="not_needed")
        say(article, author, helpful=True)
    article = make.article(author, "script", article=article.slug, significance="minor")
    with writing():
        say(article, readers[0], helpful=False)
        opens.keep([opened(article, readers[0], began), opened(other, readers[1], began, OpenSource.API)])
    clock.advance(days=91)
    with writing():
        figures.refresh()
        figures.refresh([article.id])
    with reading():
        found = {case.row.slug: case for case in examined(manager, Wanted())}
    facts = found[article.slug].facts
    assert (facts.helpful, facts.not_helpful, facts.used) == (0, 2, 1)
    assert facts.last_opened == date(2026, 11, 16) == facts.counted_since
    assert found[article.slug].row.opens == 0, "91 days ago"
    assert found[other.slug].facts.last_opened is None, "a program is no reader"
    told = reasons(found.values())
    assert told[article.slug] == {"badly_rated": 25, "unread": 10, "no_category": 5}
    assert told[other.slug] == {"unread": 10, "orphaned": 10, "no_category": 5}


@pytest.mark.both_databases
def test_the_worker_follows_what_readers_do(make, clock, app):
    article, other, reader = make.article(), make.article(), make.actor()
    figures._watch.since = None

    def turn():
        with writing():
            figures.follow()
        with reading():
            rows = session.execute(sa.select(figures.ArticleFigures.article_id, figures.ArticleFigures.helpful))
            return dict(rows.all())

    assert turn() == {article.id: 0, other.id: 0}
    with writing():
        say(article, reader, helpful=True)
    assert turn() == {article.id: 1, other.id: 0}


@pytest.mark.both_databases
def test_lists_show_what_the_viewer_may_read(make, clock, app):
    """Of a closed text nobody learns who may not read it: no line, no count, and not as the twin of another one."""
    author, qa, manager = make.actor(), make.user("qa"), make.actor("manager")
    shown = make.article(author, title="宽带断网怎么报障？")
    closed = make.article(author, title="宽带断网怎么报障?", audience="restricted", readers=["role:qa"])
    make.article(author, "block", title="块")
    with writing():
        lifecycle.keep(session.merge(shown), manager, owner="", verify_months=0, expires_at=None)
        session.add(Twin(article_id=shown.id, at=clock.now(), other_id=closed.id, percent=98, differs=False))
        flagging.flag(session.merge(closed), actor_of(qa), reason="wrong", comment="no")
    for role in ROLES:
        who = make.actor(role)
        with reading():
            cases = sick(who, Wanted())
            may = set(session.scalars(sa.select(Article.slug).where(allowed(who, Articles.READ))))
            seen = {case.row.slug for case in cases}
            watches = role in {"training", "supervisor", "manager"}
            assert seen == ({slug for slug in may if slug in {shown.slug, closed.slug}} if watches else set()), role
            twin = any(one.reason == "duplicate" for case in cases for one in case.findings)
            assert twin == (role == "manager"), role
    with reading():
        assert {case.row.slug for case in sick(author, Wanted())} == {closed.slug}, "its author keeps it"
        assert [case.row.slug for case in sick(manager, Wanted(reason="flagged"))] == [closed.slug]


def test_several_at_once_and_as_a_file(make, signed_in, clock):
    manager, taker = make.user("manager"), make.user("qa", team="billing")
    first, second, third = (make.article(title=f"text {n}") for n in range(3))
    with writing():
        lifecycle.keep(session.merge(third), actor_of(manager), owner="", verify_months=0, expires_at=None)
    browser = signed_in(manager)
    page = "/insight/health"
    assert browser.submit(page, act="look", slug=[]).status_code == 422
    done = browser.submit(page, {"slug": [first.slug, third.slug]}, act="look", follow=True).get_data(as_text=True)
    assert "Done for 1 text." in done and "give it an owner first" in done
    browser.submit(page, {"slug": [third.slug]}, act="owner", owner=taker.username)
    assert browser.submit(page, {"slug": [second.slug]}, act="retire").status_code == 422
    browser.submit(page, {"slug": [second.slug]}, act="retire", note="old")
    with reading() as s:
        assert s.get(Article, first.id).verify_due_at == clock.now()
        assert s.get(Article, third.id).owner_id == taker.id
        assert not s.get(Article, second.id).live
    clock.advance(days=2)
    browser.sign_in(manager)
    rows = list(csv.DictReader(io.StringIO(browser.get(f"{page}?form=csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert [(row["Title"], row["Score"], row["To be looked at again"]) for row in rows] == [
        ("text 0", "20", "15"),
        ("text 2", "5", "0"),
    ]
    assert browser.get(f"{page}?form=xlsx").status_code == 200
    assert "Its look is 2 days late" in browser.text(f"{page}/{first.slug}")
    watcher = signed_in(make.user("supervisor"))
    told = watcher.submit(page, {"slug": [first.slug]}, act="retire", note="x", follow=True).get_data(as_text=True)
    assert "Done for" not in told
    keeper = signed_in(taker)
    with writing():
        session.get(Article, third.id).verify_due_at = clock.now() - timedelta(days=1)
    assert "My texts that need me" in keeper.text("/")


def test_twins_are_found_through_the_index(make, app, clock):
    author = make.actor()
    about = {"question": "纸质账单还能不能寄到家里？"}
    one = make.article(author, title="纸质账单寄送", fields={**about, "answer": "每月 10 日寄出。"})
    two = make.article(author, title="账单邮寄服务", fields={**about, "answer": "每月 15 日寄出。"})
    three = make.article(author, title="宽带断网怎么报障", fields={"question": "断网怎么办，要等多久？"})
    outbox.drain()
    with writing():
        twins.hand_over()
    outbox.drain()
    with reading() as s:
        found = {row.article_id: (row.other_id, row.differs) for row in s.scalars(sa.select(Twin))}
    assert found == {one.id: (two.id, True), two.id: (one.id, True), three.id: (None, False)}
    with writing():
        twins.hand_over()
        assert outbox.waiting(twins.TOPIC) == 0, "nothing was published since"


@pytest.mark.both_databases
def test_what_is_left_out_before_the_rules_is_well(make, clock, app):
    """The statement that narrows is as wide as the rules, for a text of each reason and one that is well."""
    author, manager, reader = make.actor(), make.actor("manager"), make.actor()
    with writing():
        session.add(Category(slug="c", name="c", path="c", position=0))
    about = {"category": "c"}
    names = ("well", "flagged", "stale", "ending", "rated", "unread", "ownerless", "links", "used")
    found = {name: make.article(author, title=name, **about) for name in names if name != "links"}
    found["links"] = make.article(author, title="links", body="see [[nothing of this name]]", **about)
    found["script"] = make.article(author, "script", title="script", **about)
    found["loose"] = make.article(author, title="loose")
    found["block"] = make.article(author, "block", title="block")
    began = clock.now()
    clock.advance(days=95)
    now = clock.now()
    with writing():
        rows = {name: session.merge(row) for name, row in found.items()}
        lifecycle.keep(rows["ownerless"], manager, owner="", verify_months=0, expires_at=None)
        lifecycle.ask_to_look(rows["stale"], manager)
        rows["ending"].expires_at = now + timedelta(days=13)
        flagging.flag(rows["flagged"], reader, reason="wrong", comment="no")
        for one in (make.actor(), make.actor(), make.actor()):
            say(rows["rated"], one, helpful=False)
        opens.keep([opened(row, reader, began if name == "unread" else now) for name, row in rows.items()])
        figures.refresh()
    with reading():
        everything = [case for case in examined(manager, Wanted()) if case.findings]
        assert {case.row.slug for case in sick(manager, Wanted())} == {case.row.slug for case in everything}
        assert {case.row.title for case in everything} == set(found) - {"well", "used"}
