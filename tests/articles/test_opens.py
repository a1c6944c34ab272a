"""What is opened: remembered by reads, counted once in half an hour, and never for those who work on the text."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import buffers
from core.db import reading, session, writing
from wiki.articles import opens
from wiki.articles.open_models import ArticleOpen, ArticleOpenDay, OpenSource

pytestmark = pytest.mark.both_databases


def counted(article):
    buffers.flush_all()
    with reading():
        raw = session.execute(
            sa.select(ArticleOpen.user_id, ArticleOpen.source)
            .where(ArticleOpen.article_id == article.id)
            .order_by(ArticleOpen.id)
        ).all()
        days = session.execute(
            sa.select(ArticleOpenDay.day, ArticleOpenDay.opens, ArticleOpenDay.fetched)
            .where(ArticleOpenDay.article_id == article.id)
            .order_by(ArticleOpenDay.day)
        ).all()
    return [tuple(row) for row in raw], [tuple(row) for row in days]


def test_a_page_that_is_kept_counts_and_a_reload_does_not(make, signed_in, api, clock, query_count):
    author, reader = make.actor(), make.user()
    article = make.article(author)
    browser, address = signed_in(reader), f"/articles/{article.slug}"
    first = browser.get(address)
    first = browser.get(address)  # from now on the page is kept
    clock.advance(minutes=31)
    again = browser.get(address, headers={"If-None-Match": first.headers.get("ETag", "")})
    assert again.status_code == 304
    clock.advance(minutes=29)
    with query_count() as statements:
        assert browser.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert not [one for one in statements if not one.lstrip().upper().startswith(("SELECT", "BEGIN"))], "a read writes"
    script = api(make.user())
    assert script.get(address).status_code == 200
    raw, days = counted(article)
    assert [source for _user, source in raw] == [OpenSource.PAGE, OpenSource.PAGE, OpenSource.API]
    assert days == [(date(2026, 11, 16), 2, 1)]


def test_what_is_not_reading_is_not_counted(make, signed_in):
    author, owner, proposer = make.user(), make.user("qa"), make.user()
    article = make.article(actor_of(author))
    address = f"/articles/{article.slug}"
    make.submission(actor_of(proposer), article=article.slug, submitted=False)
    with writing():
        session.merge(article).owner_id = owner.id
    for who in (author, owner, proposer):
        assert signed_in(who).get(address).status_code == 200
    browser = signed_in(make.user())
    browser.head(address)
    browser.get(address, headers={"Sec-Purpose": "prefetch"})
    assert browser.get(f"{address}?rev=9.9").status_code == 404
    assert counted(article) == ([], [])


def test_two_processes_write_the_same_reader(make, clock, app):
    """The rows of another process are seen in the database, in whichever order they come; days are the centre's."""
    article, reader, other = make.article(), make.actor(), make.actor()
    at = clock.now().replace(hour=15, minute=50)  # 23:50 in Shanghai

    def opened(minute, who=reader, source=OpenSource.PAGE):
        return opens.Opened(at + timedelta(minutes=minute), who.id, article.id, article.revision_id, source)

    with writing():
        assert opens.keep([opened(0), opened(5), opened(5, other, OpenSource.EMBED)]) == 2
    with writing():
        assert opens.keep([opened(29, source=OpenSource.SEARCH), opened(31), opened(2)]) == 1
    raw, days = counted(article)
    assert len(raw) == 3
    assert days == [(date(2026, 11, 16), 2, 0), (date(2026, 11, 17), 1, 0)]
    clock.advance(days=179)
    with writing():
        opens.sweep()
    assert len(counted(article)[0]) == 3
    clock.advance(days=3)
    with writing():
        opens.sweep()
    assert counted(article) == ([], days), "the sums name nobody and stay"
