"""Publication before review as people and programs meet it."""

from datetime import UTC, datetime, timedelta

import pytest

from core import caches, clock, outbox
from core.db import session, writing
from wiki.articles import provisional
from wiki.articles.models import Article, Submission
from wiki.articles.provisional_ends import keep_deadlines

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
WHY = "The network is down in the whole town."


@pytest.fixture
def centre(make):
    """Users by role, and a text under review."""
    with writing():
        users = {role: make.user(role, username=role, name=f"The {role}")
                 for role in ("rep", "business", "qa", "supervisor", "manager")}  # fmt: skip
        number = make.submission(make.actor("rep"), title="Router reset", body="turn it off").id
    return users, number


def slug_of(number: int) -> str:
    with writing():
        made = session.get_one(Submission, number)
        return session.get_one(Article, made.article_id).slug


def test_two_people_publish_with_clicks(centre, signed_in):
    users, number = centre
    manager, supervisor, rep = (signed_in(users[role]) for role in ("manager", "supervisor", "rep"))
    page = f"/submissions/{number}"
    assert "Publish in an emergency" in manager.text(page)
    assert "turn it off" not in supervisor.text(page), "a supervisor without a seat does not read it yet"
    assert manager.submit(page, {"reason": WHY}, to=f"{page}/emergency").status_code == 302
    home = supervisor.text("/")
    assert "Needs your signature" in home
    assert WHY in home
    assert "Needs your signature" in supervisor.text("/reviews")
    assert "Needs your signature" not in manager.text("/")
    assert "Read and sign" in supervisor.text("/provisional")
    assert "turn it off" in supervisor.text(page)
    with writing():
        seen = session.get_one(Submission, number).head_revision_id
    assert supervisor.submit(page, {"revision": seen}, to=f"{page}/emergency/confirm").status_code == 302
    article = rep.text(f"/articles/{slug_of(number)}")
    assert "Published in an emergency, not yet reviewed" in article
    assert "The manager" in article
    assert "Needs your signature" not in supervisor.text("/")
    late = supervisor.submit(page, {"revision": seen}, to=f"{page}/emergency/confirm")
    assert late.status_code == 409
    assert rep.get("/provisional").status_code == 403


def test_marks_wherever_readers_meet_it(centre, make, signed_in, api):
    users, number = centre
    with writing():
        provisional.publish_workaround(session.get_one(Submission, number), make.actor("manager"), WHY)
    outbox.drain()
    rep, script, slug = signed_in(users["rep"]), api(users["rep"]), slug_of(number)
    for path in ("/search?q=router", "/search/typing?q=router", "/", f"/articles/{slug}", f"/articles/{slug}/history",
                 "/similar?title=router+reset"):  # fmt: skip
        text = rep.text(path)
        assert "ot yet validated" in text, path
    shown = script.ok("GET", f"/articles/{slug}")["provisional"]
    assert shown["kind"] == "workaround"
    assert shown["deadline"]
    assert script.ok("GET", "/search?q=router")["items"][0]["provisional"] == "workaround"
    assert script.ok("GET", "/suggest?q=router")["items"][0]["provisional"] == "workaround"
    assert script.ok("GET", "/articles")["items"][0]["provisional"]["kind"] == "workaround"


def test_a_kept_page_notices_the_end(centre, make, signed_in):
    users, number = centre
    rep = signed_in(users["rep"])
    with writing():
        provisional.publish_workaround(session.get_one(Submission, number), make.actor("manager"), WHY)
    page = f"/articles/{slug_of(number)}"
    assert "not yet validated" in rep.text(page)
    assert "not yet validated" in rep.text(page)
    with writing():
        make.approved(session.get_one(Submission, number))
    text = rep.text(page)
    assert "not yet validated" not in text
    assert "approved by" in text


def test_the_reviewer_sees_that_it_is_visible_and_compares_with_what_was_before(make, signed_in):
    with writing():
        article = make.article(make.actor("rep"), title="old title")
        made = make.submission(make.actor("rep"), article=article.slug, title="new title")
        manager = make.actor("manager")
        provisional.ask_emergency(made, manager, WHY)
        provisional.confirm_emergency(made, make.actor("supervisor"))
        task, judge, number = make.task(made).id, make.user("business"), made.id
    text = signed_in(judge).text(f"/reviews/{task}")
    assert "Readers see this text already" in text
    assert "version 1.0" in text
    assert "old" in text
    assert "Before its review" in signed_in(judge).text(f"/submissions/{number}")


def test_what_was_rolled_back_is_told(centre, make, signed_in, api):
    users, number = centre
    with clock.fixed(NOON), writing():
        provisional.publish_workaround(session.get_one(Submission, number), make.actor("manager"), WHY)
    slug = slug_of(number)
    with clock.fixed(NOON + timedelta(hours=24)), writing():
        keep_deadlines()
    caches.forget_everything()
    outbox.drain()
    manager, script = signed_in(users["manager"]), api(users["rep"])
    assert script.get(f"/articles/{slug}").status_code == 404
    assert script.ok("GET", "/search?q=router")["total"] == 0
    assert "rolled back" in manager.text("/provisional")
    panel = manager.text(f"/submissions/{number}")
    assert "the review was not done in time" in panel
    assert "Make visible as a workaround" not in panel


def test_programs_do_the_same(centre, api):
    users, number = centre
    manager, supervisor = api(users["manager"]), api(users["supervisor"])
    path = f"/submissions/{number}/emergency"
    assert manager.post(path, {}).status_code == 422
    asked = manager.ok("POST", path, {"reason": WHY})
    assert (asked["state"], asked["revision"], asked["article"]) == ("asked", 1, None)
    assert supervisor.post(f"{path}/confirm", {"revision": 7}).json["code"] == "moved"
    made = supervisor.ok("POST", f"{path}/confirm", {"revision": 1})
    assert (made["state"], made["article"]) == ("published", slug_of(number))
    assert manager.post(f"{path}/take-back").json["code"] == "moved"
    assert manager.post(f"/submissions/{number}/workaround", {"reason": WHY}).json["code"] == "already-published"
