"""Who is told who else is writing, and until when."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading
from tests.clients import Browser
from tests.make import Make
from wiki.articles import presence
from wiki.articles.models import Presence
from wiki.articles.presence import Other

SignedIn = Callable[..., Browser]


def test_two_in_one_text_see_each_other_until_one_leaves(db, make: Make):
    author, judge = make.actor("rep", name="陈宇"), make.actor("business", name="钱薇")
    made = make.submission(author)
    presence.seen(author, "a", submission=made)
    presence.seen(author, "a2", submission=made)
    presence.seen(judge, "b", submission=made)
    assert presence.others(judge, made, None) == [Other("陈宇", same=True)], "one person, however many windows"
    assert presence.others(author, made, None) == [Other("钱薇", same=True)]
    presence.left(judge, "b")
    assert presence.others(author, made, None) == []


def test_it_fades_and_is_swept(db, make: Make, clock):
    author, judge = make.actor("rep"), make.actor("business")
    made = make.submission(author)
    presence.seen(author, "a", submission=made)
    clock.advance(seconds=59)
    assert presence.others(judge, made, None)
    clock.advance(seconds=2)
    assert presence.others(judge, made, None) == []
    presence.seen(author, "a", submission=made)
    assert presence.others(judge, made, None), "renewed"
    clock.advance(hours=13)
    presence.sweep()
    assert db.scalars(sa.select(Presence)).all() == []


def test_two_changes_of_one_open_article(db, make: Make):
    article = make.article()
    one, two = make.actor("rep", name="甲"), make.actor("rep", name="乙")
    draft = make.submission(one, article=article.slug, submitted=False)
    presence.seen(one, "a", submission=draft)
    presence.seen(two, "b", article=article)
    assert presence.others(two, None, article) == [Other("甲", same=False)]
    assert presence.others(one, draft, article) == [Other("乙", same=False)]
    assert presence.others(make.actor("rep"), None, make.article()) == []


def test_a_closed_circle_tells_no_names(db, make: Make):
    circle = make.article(audience="restricted", readers=["role:qa"])
    one, two, outside = make.actor("qa", name="甲"), make.actor("qa"), make.actor("rep")
    draft = make.submission(one, article=circle.slug, submitted=False, audience="restricted", readers=["role:qa"])
    presence.seen(one, "a", submission=draft)
    assert presence.others(two, None, circle) == [Other("", same=False)], "somebody, no more"
    assert presence.others(outside, None, circle) == []


def test_a_closed_text_of_an_open_article_tells_no_name(db, make: Make):
    article, one = make.article(), make.actor("qa", name="甲")
    draft = make.submission(one, article=article.slug, submitted=False, audience="restricted", readers=["role:qa"])
    presence.seen(one, "a", submission=draft)
    assert presence.others(make.actor("rep"), None, article) == [Other("", same=False)]


def test_who_judges_blind_learns_no_reviewers_name_and_theirs_is_not_told(db, make: Make, monkeypatch):
    author, judge, blind = make.actor("rep", name="甲"), make.actor("business", name="乙"), make.actor("qa", name="丙")
    made = make.submission(author)
    monkeypatch.setattr(presence, "blind_since", lambda who, kind, number: 1 if who.id == blind.id else None)
    for who in (author, judge, blind):
        presence.seen(who, f"page-{who.id}", submission=made)
    assert sorted(o.name for o in presence.others(author, made, None)) == ["", "乙"]
    assert sorted(o.name for o in presence.others(judge, made, None)) == ["", "甲"]
    assert sorted(o.name for o in presence.others(blind, made, None)) == ["", "甲"]


@pytest.mark.both_databases
def test_over_the_wire(make: Make, signed_in: SignedIn):
    author, judge = make.user("rep", name="陈宇"), make.user("business", name="钱薇")
    made = make.submission(actor_of(author))
    page = f"/submissions/{made.id}/edit"
    mine, theirs = signed_in(author), signed_in(judge)
    data = {"submission": str(made.id), "csrf_token": mine.csrf(page)}
    assert mine.put("/presence/mine", data=data).json == {"others": None, "elsewhere": False}
    html = theirs.text(page)
    assert "陈宇 is editing this now" in html, "also without a script"
    told = theirs.put("/presence/theirs", data={"submission": str(made.id), "csrf_token": theirs.csrf(page)})
    assert "陈宇 is editing this now" in told.json["others"]
    assert mine.post("/presence/mine/left", data={"csrf_token": data["csrf_token"]}).status_code == 204
    assert "is editing this now" not in theirs.text(page)


def test_looking_writes_nothing(make: Make, signed_in: SignedIn):
    author = make.user("rep")
    made = make.submission(actor_of(author), submitted=False)
    signed_in(author).text(f"/submissions/{made.id}/edit")
    with reading() as s:
        assert s.scalars(sa.select(Presence)).all() == []


def test_strangers_get_no_answer(make: Make, signed_in: SignedIn):
    made = make.submission(submitted=False)
    stranger = signed_in(make.user("rep"))
    token = stranger.csrf("/new/faq")
    assert stranger.put("/presence/x", data={"submission": str(made.id), "csrf_token": token}).status_code == 404
    assert stranger.put("/presence/x", data={"article": "nowhere", "csrf_token": token}).status_code == 404
