"""A page that is kept shows a change at once, also one of something that merely stands on it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts import ops as people
from accounts.models import User
from accounts.people import actor_of
from accounts.places import save_team, save_tier
from core.db import reading, session, writing
from wiki.articles.link_models import LinkChange
from wiki.articles.ops import add_category, add_service
from wiki.articles.queries import by_slug
from wiki.training import ops as teaching
from wiki.training.models import Course

FOR_ALL = sa.select(sa.func.count()).select_from(LinkChange).where(LinkChange.article_id.is_(None))


@pytest.fixture(autouse=True)
def _short_ways(app, make):
    make.pipeline("business", topic="faq")
    make.pipeline("business", topic="notice")


def looked_at(browser, slug: str) -> str:
    """The page, which is kept from now on."""
    browser.text(f"/articles/{slug}")
    return str(browser.text(f"/articles/{slug}"))


def test_a_kept_page_is_not_made_again(make, signed_in, monkeypatch):
    slug, browser = make.article(title="a").slug, signed_in(make.user())
    looked_at(browser, slug)
    monkeypatch.setattr("wiki.articles.views._page", lambda _slug: pytest.fail("made again"))
    assert "<h1>a</h1>" in browser.text(f"/articles/{slug}")


@pytest.mark.both_databases
def test_another_name_of_whoever_wrote_it(make, signed_in):
    author = make.actor(name="陈旧名")
    slug, browser = make.article(author, title="a").slug, signed_in(make.user())
    assert "陈旧名" in looked_at(browser, slug)
    with writing():
        people.change_own(author, name="程新名")
    page = browser.text(f"/articles/{slug}")
    assert "程新名" in page
    assert "陈旧名" not in page


def test_another_name_of_where_it_belongs(make, signed_in):
    with writing():
        add_category("bills", "旧账单", parent=None)
        add_service("5g", "旧五计")
    slug, browser = make.article(title="a", category="bills", services=["5g"]).slug, signed_in(make.user())
    page = looked_at(browser, slug)
    assert "旧账单" in page
    assert "旧五计" in page
    with writing():
        add_category("bills", "新账单", parent=None)
    assert "新账单" in looked_at(browser, slug)
    with writing():
        add_service("5g", "新五计")
    assert "新五计" in browser.text(f"/articles/{slug}")


def test_another_name_of_whom_it_is_for(make, signed_in):
    with writing():
        team = save_team(None, "night", name="旧夜班")
        tier = save_tier(None, "gold", name="旧金牌", position=1)
        fields = {"audience_ack": [f"team:{team.id}", f"tier:{tier.id}"]}
    slug, browser = make.article(kind="notice", title="a", fields=fields).slug, signed_in(make.user())
    assert "旧夜班、旧金牌" in looked_at(browser, slug)
    with writing():
        save_team(None, "night", name="新夜班")
    assert "新夜班、旧金牌" in looked_at(browser, slug)
    with writing():
        save_tier(None, "gold", name="新金牌", position=1)
    assert "新夜班、新金牌" in browser.text(f"/articles/{slug}")


def test_a_notice_begins_to_hold(make, signed_in, clock):
    begins = clock.now() + timedelta(minutes=30)
    slug = make.article(kind="notice", title="a", fields={"effective_from": begins.isoformat()}).slug
    browser = signed_in(make.user())
    before = looked_at(browser, slug)
    clock.advance(minutes=31)
    assert browser.text(f"/articles/{slug}") != before


def test_another_title_of_the_course_that_teaches_it(make, signed_in):
    trainer = make.actor("training")
    article = make.article(title="a")
    with writing():
        course = teaching.create_course(trainer, teaching.CourseSpec("旧课名"))
        teaching.add_lesson(course, trainer, article.slug)
        teaching.publish(course, trainer)
    browser = signed_in(make.user())
    assert "旧课名" in looked_at(browser, article.slug)
    with writing():
        course = session.get_one(Course, course.id)
        teaching.change_course(course, trainer, teaching.CourseSpec("新课名"))
    assert "新课名" in browser.text(f"/articles/{article.slug}")


def test_only_another_name_concerns_all_pages(make, signed_in):
    person = make.actor(name="原名")
    with writing():
        people.change_own(person, name="原名", locale="zh_Hans")
        add_category("new", "新的", parent=None)
        make.user(name="另一位")
    with reading():
        assert session.scalar(FOR_ALL) == 0
    with writing():
        people.change_own(person, name="别名")
    with reading():
        assert session.scalar(FOR_ALL) == 1
        assert by_slug("nothing") is None
        assert actor_of(session.get_one(User, person.id)).name == "别名"
