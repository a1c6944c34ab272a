"""The machine's clock is put back an hour: what happened keeps its order, and what was promised is done."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.models import LoginSession
from core import audit, caches, chain, outbox
from core.db import reading, session, writing
from wiki.articles import queries
from wiki.articles.models import Article
from wiki.scoring import rebuilding
from workflows.models import Decision

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def kept():
    """What a handler of this test was asked to do."""
    done = []
    outbox.handler("test.clock")(lambda jobs: done.extend(job.key for job in jobs))
    yield done
    outbox._handlers.pop("test.clock")


def test_the_trail_keeps_its_order_and_its_seals(app, clock):
    with writing():
        audit.record(None, "first", subject_kind="test", subject_id=1)
        chain.seal()
    clock.set(clock.now() - AN_HOUR)
    with writing():
        audit.record(None, "second", subject_kind="test", subject_id=1)
    with writing():
        chain.seal()
    with reading() as s:
        assert [row.verb for row in s.scalars(audit.trail("test", 1))] == ["first", "second"]
        assert chain.verify().unsealed == 0


def test_a_promise_made_before_is_kept_at_once_and_one_for_later_waits(app, clock, kept):
    with writing():
        outbox.promise("test.clock", "now")
        outbox.promise("test.clock", "later", at=clock.now() + timedelta(minutes=5))
    clock.set(clock.now() - AN_HOUR)
    outbox.drain()
    assert kept == ["now"]
    clock.set(clock.now() + AN_HOUR + timedelta(minutes=6))
    outbox.drain()
    assert kept == ["now", "later"]


def test_what_a_dead_worker_held_is_not_held_for_an_hour(app, clock, kept):
    """It took the job and died; then the clock was put back."""
    with writing():
        outbox.promise("test.clock", "mine")
    assert outbox._claim("dead", None)
    clock.set(clock.now() - AN_HOUR)
    clock.advance(minutes=2)
    outbox.drain()
    assert kept == ["mine"]


def test_a_text_goes_its_way_while_the_clock_is_put_back_at_every_step(app, make, api, signed_in, clock):
    """Everybody stays signed in, every act counts, and each history tells them in the order in which they happened."""
    make.pipeline("business", "qa")
    rep = make.user("rep")
    author, judges = api(rep), {role: api(make.user(role)) for role in ("business", "qa")}
    browser, slug = signed_in(rep), None
    text = {"kind": "faq", "title": "几点开门", "fields": {"question": "几点?", "answer": "九点。"}}

    def back(*, hours: int = 1) -> None:
        clock.set(clock.now() - hours * AN_HOUR)
        caches.forget_everything()

    for number in range(2):
        body = {**text, "body": f"第{number}次"} | ({"article": slug} if slug else {})
        made = author.ok("POST", "/submissions", body)["id"]
        back()
        author.ok("POST", f"/submissions/{made}/submit", {})
        for judge in judges.values():
            back()
            (task,) = judge.ok("GET", "/reviews")["items"]
            judge.ok("POST", f"/reviews/{task['id']}/decisions", {"verb": "approve", "version": task["version"]})
        slug = author.ok("GET", f"/submissions/{made}")["article"]
        outbox.drain()
    back(hours=24)
    assert browser.get(f"/articles/{slug}/history").status_code == 200, "nobody was signed out"
    with reading() as s:
        assert s.scalars(sa.select(LoginSession.user_id)).all() == [rep.id]
        article = s.scalars(sa.select(Article).where(Article.slug == slug)).one()
        assert "第1次" in article.revision.body, "what was approved last is what people read"
        told = list(s.scalars(queries.history(article.id)))
        assert [(one.major, one.minor) for one in told] == sorted(
            [(one.major, one.minor) for one in told], reverse=True
        )
        assert [one.id for one in told] == sorted((one.id for one in told), reverse=True)
        decided = s.scalars(sa.select(Decision).order_by(Decision.id)).all()
        assert [one.decided_at for one in decided] == sorted((one.decided_at for one in decided), reverse=True), (
            "the clock went back"
        )
        verbs = [row.verb for row in s.scalars(audit.trail("submission", made))]
        assert [verb for verb in verbs if verb == "approve"] == ["approve"] * 2
        assert verbs.index("submit") < verbs.index("approve")
    with writing():
        assert rebuilding.verify() == []
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 4
