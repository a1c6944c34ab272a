"""Must-read: asked, reminded, escalated, chased, proved; the banner of what is urgent."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.people import actor_of
from core import clock, outbox
from core.db import reading, session, writing
from core.errors import Forbidden, Invalid
from core.permissions import require
from wiki.articles.models import Article, Revision
from wiki.notifications.models import NoticeEntry
from wiki.training import chasing
from wiki.training import must_read_asking as asking
from wiki.training.acknowledging import acknowledge, asked_about, must_read
from wiki.training.must_read_rules import GRACE, deadline, is_for_supervisor, is_near
from wiki.training.permissions import P

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
times = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC))


@given(times, times, times)
def test_nobody_is_both_reminded_and_told_of_and_everybody_has_time(due_at, asked_at, now):
    due = deadline(due_at, asked_at)
    assert due > asked_at and due >= min(due_at, asked_at + GRACE)
    assert not (is_near(asked_at, due, now) and is_for_supervisor(due, now))
    if is_near(asked_at, due, now):
        assert asked_at <= now < due


def told(since: int = 0) -> tuple[set[tuple[str, str]], int]:
    """(who, what) told since, and where we are."""
    outbox.drain()
    with reading():
        rows = session.execute(
            sa.select(NoticeEntry.id, User.username, NoticeEntry.code)
            .join(User, User.id == NoticeEntry.user_id)
            .where(NoticeEntry.id > since, NoticeEntry.code.startswith("must_read"))
        ).all()
    return {(name, code) for _id, name, code in rows}, max([since, *(row[0] for row in rows)])


def again() -> None:
    with writing():
        asking.keep_asking()


@pytest.mark.both_databases
def test_a_major_change_is_asked_reminded_escalated_each_once_and_joiners_too(app, make):
    with clock.fixed(NOON):
        with writing():
            article = make.article(make.actor("rep", username="author"), kind="product", title="Fees")
            people = {
                name: make.user(role, username=name, team=team)
                for name, role, team in (
                    ("ann", "rep", "billing"), ("bob", "rep", "billing"), ("cat", "rep", "faults"),
                    ("sup", "supervisor", "billing"), ("far", "supervisor", "faults"), ("boss", "manager", None),
                )
            }  # fmt: skip
            team = people["ann"].team_id
        with writing():
            found = session.get_one(Article, article.id)
            with pytest.raises(Forbidden):
                asking.ask(actor_of(session.get_one(User, people["ann"].id)), found, due_at=NOON + 48 * HOUR)
            boss = actor_of(session.get_one(User, people["boss"].id))
            with pytest.raises(Invalid):
                asking.ask(boss, found, due_at=NOON)
            asking.ask(boss, found, due_at=NOON + 48 * HOUR, circle=[f"team:{team}"])
        heard, at = told()
        assert heard == {(name, "must_read_asked") for name in ("ann", "bob", "sup")}
        again()
        assert told(at)[0] == set()
        with writing():
            ann = actor_of(session.get_one(User, people["ann"].id))
            row = acknowledge(ann, session.get_one(Article, article.id))
            assert acknowledge(ann, session.get_one(Article, article.id)).id == row.id
    with clock.fixed(NOON + 25 * HOUR):
        again()
        again()
        heard, at = told(at)
        assert heard == {("bob", "must_read_due"), ("sup", "must_read_due")}
        with writing():
            new = make.user("rep", username="new", team="billing")
        again()
        heard, at = told(at)
        assert ("new", "must_read_asked") in heard
    with clock.fixed(NOON + 50 * HOUR):
        again()
        again()
        heard, at = told(at)
        # the supervisor is late, too: that the managers hear of the team's people who are left
        assert {who for who, what in heard if what == "must_read_overdue"} <= {"sup", "boss"} and heard
        with reading():
            found = session.get_one(Article, article.id)
            assert must_read(ann) == [] and [m.article.id for m in must_read(actor_of(new))] == [article.id]
            supervisor = actor_of(session.get_one(User, people["sup"].id))
            far = actor_of(session.get_one(User, people["far"].id))
            seen = chasing.people_of(supervisor, asked_about(found))
            assert {one.actor.username: one.confirmed_at is not None for one in seen} == {
                "ann": True, "bob": False, "sup": False, "new": False,
            }  # fmt: skip
            assert chasing.people_of(far, asked_about(found)) == [], "a supervisor sees the own team"
            (count,) = chasing.counts(boss)
            assert (count.asked, count.confirmed) == (4, 1)
            digest = session.get_one(Revision, found.revision_id).digest
            first, *rest = chasing.proof(boss, found)
            assert (first.username, first.at, first.version, first.digest) == ("ann", NOON, "1.0", digest)
            assert {one.username for one in rest} == {"bob", "sup", "new"}
            require(supervisor, P.CHASE)
        with writing():
            bob = people["bob"].id
            found = asked_about(session.get_one(Article, article.id))
            assert asking.remind(supervisor, found, [bob, ann.id]) == 1
            assert asking.remind(supervisor, found, [bob]) == 0
        assert told(at)[0] == {("bob", "must_read_due")}


def test_a_confirmed_text_is_not_asked_again_after_a_change_unless_somebody_asks(make, db):
    with clock.fixed(NOON):
        boss, rep = make.actor("manager"), make.actor("rep")
        article = make.article(kind="product")
        asking.ask(boss, article, due_at=NOON + HOUR, circle=["role:rep"])
        acknowledge(rep, article)
    with clock.fixed(NOON + HOUR):
        make.article(kind="product", article=article.slug, title=article.title)
        assert must_read(rep) == []
        asking.ask(boss, article, due_at=NOON + 5 * HOUR, circle=["role:rep"])
        assert [one.article.id for one in must_read(rep)] == [article.id]
        asking.close(boss, article)
        assert must_read(rep) == []


def test_the_banner_knows_its_own_page_when_the_address_is_chinese(app, make, signed_in):
    with writing():
        rep = make.user("rep")
        article = make.article(make.actor("rep"), kind="product", title="线路中断")
        asking.ask(make.actor("manager"), article, due_at=clock.now() + HOUR, circle=["role:rep"], urgent=True)
        slug = article.slug
    assert "Fold for an hour" in signed_in(rep).text(f"/articles/{slug}")


def test_the_banner_stands_on_every_page_until_it_is_confirmed(app, make, signed_in):
    with writing():
        rep, other = make.user("rep"), make.user("qa")
        article = make.article(make.actor("rep"), kind="product", title="Lines are down")
        asking.ask(
            make.actor("manager"), article, due_at=clock.now() + HOUR, circle=["role:rep"], urgent=True
        )  # fmt: skip
        slug = article.slug
    page, outsider = signed_in(rep), signed_in(other)
    mark, here = 'class="urgent ', f"/articles/{slug}"
    for path in ("/", "/search", "/courses", here, here):
        assert mark in page.text(path), path
    assert mark not in outsider.text("/") and "Fold for an hour" not in page.text("/")
    assert "Fold for an hour" in page.text(here)
    page.submit(here, to=f"/training/must-read/{slug}/fold")
    assert "is-folded" in page.text("/") and "Lines are down" in page.text("/")
    assert "is-folded" in page.text(here)
    page.submit(here, to=f"{here}/acknowledge")
    assert mark not in page.text("/") and mark not in page.text(here)


def test_a_deadline_that_no_calendar_holds_does_not_close_every_page(app, make, signed_in):
    with writing():
        boss, rep = make.user("manager"), make.user("rep")
        slug = make.article(make.actor("rep"), kind="product", title="Fees").slug
    browser, path = signed_in(boss), f"/training/must-read/{slug}"
    browser.get(path)
    late = {"due_at": "9999-12-31T23:00+00:00", "circle": f"user:{rep.id}", "urgent": "1"}
    assert browser.submit(path, late).status_code == 422
    assert signed_in(rep).get("/").status_code == 200


def test_the_pages_of_who_chases(app, make, signed_in):
    with writing():
        boss, rep = make.user("manager"), make.user("rep", team="billing", name="Late Larry")
        article = make.article(make.actor("rep", team="faults"), kind="product", title="Fees")
        slug, token = article.slug, f"team:{rep.team_id}"
    browser, path = signed_in(boss), f"/training/must-read/{slug}"
    assert "Nobody is asked" in browser.text(path)
    assert browser.submit(path, due_at="", to=path).status_code == 422
    assert "Nobody is called none." in browser.submit(path, due_at="2099-01-01T12:00", people="none").get_data(True)
    other = make.user("qa", name="Named Nina")
    named = {"due_at": "2099-01-01T12:00", "circle": token, "people": f"{other.username}，"}
    assert browser.submit(path, named).status_code == 303
    assert "Named Nina" in browser.text(path)
    text = browser.text(path)
    assert "Late Larry" in text and "Remind" in text and "Fees" in browser.text("/training/must-read")
    assert "2 people are reminded" in browser.submit(path, to=f"{path}/remind", follow=True).get_data(as_text=True)
    for form in ("csv", "xlsx"):
        assert browser.get(f"{path}/proof?form={form}").status_code == 200
        assert browser.get(f"/training/must-read?form={form}").status_code == 200
    assert "Late Larry" in browser.text(f"{path}/proof")
    assert signed_in(rep).get(path).status_code == 403
    browser.submit(path, stop="1")
    assert "Nobody is asked" in browser.text(path)


def test_the_proof_of_a_text_with_a_chinese_address_is_a_file(make, signed_in):
    """Its name goes into a header, which knows Latin letters alone."""
    boss = make.user("manager")
    slug = make.article(title="退费时限").slug
    answer = signed_in(boss).get(f"/training/must-read/{slug}/proof?form=csv")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert "filename*=UTF-8''proof-%E9%80%80" in answer.headers["Content-Disposition"]
