"""The search server is away: publishing and finding go on, the page says so, nothing leaks, all is caught up."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from core import health, outbox
from core.db import reading, session, writing
from core.settings import Settings, load
from tests.clients import Browser, Script
from tests.make import Make
from tests.support.flaky import MODES, Door
from wiki.articles.content import Content
from wiki.articles.models import Article
from wiki.articles.publishing import Row, import_row, retire
from wiki.search import service
from wiki.search.engines import remote_server
from wiki.search.engines.remote import Meilisearch
from wiki.search.listeners import TOPIC, mend, mend_all


@pytest.fixture
def door(meilisearch_url: str) -> Iterator[Door]:
    with Door(urlsplit(meilisearch_url).port or 0) as door:
        yield door


@pytest.fixture
def settings(engine: str, tmp_path, meilisearch_url: str, door: Door, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose search server stands behind the door, and is asked again at once after it failed."""
    monkeypatch.setattr(remote_server, "ASKING", 60)
    monkeypatch.setattr(remote_server, "PAUSE", 0.0)
    parts = urlsplit(meilisearch_url)
    url = f"meilisearch://{parts.username}@127.0.0.1:{door.port}{parts.path}"
    chosen = {"var": tmp_path, "database_url": engine, "search_url": url, "locale": "en", "threads": 4}
    return load({**chosen, "allow_unsafe_database": True}, environ={})


def publish(make: Make, title: str, **more: object) -> int:
    manager = make.actor("manager")
    with writing():
        import_row(manager, Row(title, "faq", Content(title=title, body=f"{title}的说明", **more)))
        return int(session.scalars(sa.select(Article.id).where(Article.title == title)).one())


def approved(make: Make, api: Callable[..., Script], title: str) -> None:
    """Handed in, and approved by a request, as on any other day."""
    make.pipeline("business")
    made, judge = make.submission(title=title, body=f"{title}的说明"), api(make.user("business"))
    (task,) = judge.ok("GET", "/reviews")["items"]
    judge.ok("POST", f"/reviews/{task['id']}/decisions", {"verb": "approve", "version": task["version"]})
    assert judge.ok("GET", f"/submissions/{made.id}")["article"]


def asked(script: Script, question: str) -> tuple[list[str], str, bool]:
    answer = script.ok("GET", "/search?q=" + question)
    assert answer["total"] == len(answer["items"])
    return [item["title"] for item in answer["items"]], answer["engine"], answer["degraded"]


def waiting() -> list[outbox.OutboxJob]:
    with reading() as s:
        return list(s.scalars(sa.select(outbox.OutboxJob).where(outbox.OutboxJob.topic == TOPIC)))


def said_of_search() -> health.Finding:
    return next(finding for finding in health.examine() if finding.name == "search")


@pytest.mark.parametrize("mode", MODES)
def test_an_outage_stops_nothing_leaks_nothing_and_is_caught_up(
    mode: str,
    door: Door,
    make: Make,
    api: Callable[..., Script],
    signed_in: Callable[..., Browser],
    clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rep = api(make.user("rep"))
    old = publish(make, "宽带移机办理")
    publish(make, "宽带报修登记")
    outbox.drain()
    found, *how = asked(rep, "宽带移机")
    assert (found[0], *how) == ("宽带移机办理", "meilisearch", False)

    door.mode = mode
    monkeypatch.setattr(remote_server, "ASKING", 0.1)  # patience with one that hangs; what is decided is the same
    monkeypatch.setattr(remote_server, "TELLING", 0.1)
    before = door.calls
    approved(make, api, "宽带提速方法")
    publish(make, "宽带挽留底价", audience="restricted", readers=["role:supervisor"])
    with writing():
        retire(session.get_one(Article, old), make.actor("manager"), reason="过期")
    assert door.calls == before, "nobody who approves, publishes or retires waits for the search server"
    assert waiting(), "what it is to be told waits"
    for _ in range(outbox.TRIES + 2):  # an hour and more
        clock.advance(minutes=6)
        outbox.drain()
    assert {job.attempts for job in waiting()} == {0}
    assert {job.parked_at for job in waiting()} == {None}

    found, engine, degraded = asked(rep, "宽带")
    assert (sorted(found), engine, degraded) == (["宽带报修登记", "宽带提速方法"], service.FALLBACK, True)
    assert rep.ok("GET", "/suggest?q=宽带")["degraded"] is True
    page = signed_in(make.user("rep")).get("/search?q=宽带").get_data(as_text=True)
    assert "The search index does not answer" in page
    assert "挽留底价" not in page
    finding = said_of_search()
    assert not finding.well
    assert "promises wait for its return" in finding.said

    door.mode = "opens"
    door.released.set()
    monkeypatch.setattr(remote_server, "ASKING", 60)
    monkeypatch.setattr(remote_server, "TELLING", 60)
    clock.advance(seconds=6)
    outbox.drain()
    assert waiting() == []
    assert not service.verify()
    found, *how = asked(rep, "宽带提速")
    assert (found[0], *how) == ("宽带提速方法", "meilisearch", False)
    found, *how = asked(rep, "宽带")
    assert (set(found), *how) == ({"宽带提速方法", "宽带报修登记"}, "meilisearch", False)
    assert said_of_search().well


def test_readers_do_not_queue_before_a_server_that_hangs(
    door: Door, make: Make, api: Callable[..., Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many at once nobody asks it while it is known to hang; then one tries it, and the others do not wait."""
    readers = [api(make.user("rep")) for _ in range(8)]
    publish(make, "宽带移机办理")
    outbox.drain()
    monkeypatch.setattr(remote_server, "PAUSE", 600.0)
    monkeypatch.setattr(remote_server, "ASKING", 0.1)
    door.mode = "hangs"
    assert asked(readers[0], "宽带")[1] == service.FALLBACK
    before = door.calls
    monkeypatch.setattr(remote_server, "ASKING", 60)  # who asks now hangs until it is released
    answer = ["宽带移机办理"], service.FALLBACK, True
    with ThreadPoolExecutor(len(readers)) as crowd:
        assert list(crowd.map(asked, readers, itertools.repeat("宽带"))) == [answer] * len(readers)
        assert door.calls == before
        monkeypatch.setattr(engine_of(), "_pause_until", 0.0)
        asking = [crowd.submit(asked, reader, "宽带") for reader in readers]
        answered = itertools.islice(as_completed(asking, timeout=20), len(readers) - 1)
        assert [each.result() for each in answered] == [answer] * (len(readers) - 1)
        assert (sum(not each.done() for each in asking), door.calls) == (1, before + 1), "one tries it"
        door.released.set()
        assert [each.result() for each in asking] == [answer] * len(readers)
    assert door.calls == before + 1


def engine_of() -> remote_server.Server:
    """What all readers of this application ask."""
    engine = service.engine()
    assert isinstance(engine, Meilisearch)
    return engine.server


REFUSED = {"message": "the document is odd", "code": "invalid_document_fields", "type": "invalid_request"}
BROKEN = {"message": "no room left", "code": "no_space_left_on_device", "type": "system"}


def test_a_task_that_was_accepted_and_fails_is_tried_again_shown_and_parked(door: Door, make: Make, clock) -> None:
    publish(make, "宽带移机办理")
    outbox.drain()
    door.failing = REFUSED
    publish(make, "宽带提速方法")
    for turn in range(outbox.TRIES):
        outbox.drain()
        (job,) = waiting()
        assert (job.attempts, "the document is odd" in (job.error or "")) == (turn + 1, True)
        clock.advance(minutes=6)
    assert waiting()[0].parked_at is not None
    assert "the document is odd" in said_of_search().said
    assert not said_of_search().well
    door.failing = None
    with writing():
        outbox.retry(waiting()[0].id)
    outbox.drain()
    assert waiting() == []
    assert said_of_search().well
    assert not service.verify()


def test_a_task_that_fails_by_the_servers_fault_is_waited_for(door: Door, make: Make, clock) -> None:
    publish(make, "宽带移机办理")
    outbox.drain()
    door.failing = BROKEN
    publish(make, "宽带提速方法")
    for _ in range(outbox.TRIES + 1):
        outbox.drain()
        (job,) = waiting()
        assert (job.attempts, "no room left" in (job.error or "")) == (0, True)
        clock.advance(seconds=6)
    door.failing = None
    outbox.drain()
    assert waiting() == []
    assert not service.verify()


def test_what_was_lost_is_found_by_looking(make: Make, clock) -> None:
    kept, changed = publish(make, "宽带移机办理"), publish(make, "宽带提速方法")
    outbox.drain()
    with reading():
        (document,) = service.documents([str(changed)])
    service.engine().delete([str(kept)])
    service.engine().index([replace(document, stamp="of yesterday"), replace(document, id="987654")])
    found = service.verify()
    assert (found.missing, found.surplus, found.stale) == ([str(kept)], ["987654"], [str(changed)])
    with writing():
        mend_all()
    clock.advance(hours=1)
    outbox.drain()
    assert not service.verify()


def test_looking_mends_what_was_given_up(door: Door, make: Make, clock) -> None:
    publish(make, "宽带移机办理")
    outbox.drain()
    door.failing = REFUSED
    publish(make, "宽带提速方法")
    with writing():
        mend()
    for _ in range(outbox.TRIES):
        outbox.drain()
        clock.advance(minutes=6)
    with reading() as s:
        jobs = s.scalars(sa.select(outbox.OutboxJob)).all()
    assert {job.topic for job in jobs if job.parked_at is not None} >= {TOPIC}
    door.failing = None
    with writing():
        mend()
    outbox.drain()
    assert not service.verify()


def test_a_lost_index_is_made_anew(make: Make, api: Callable[..., Script], clock) -> None:
    publish(make, "宽带移机办理")
    outbox.drain()
    engine = service.engine()
    assert isinstance(engine, Meilisearch)
    engine.drop()
    rep = api(make.user("rep"))
    assert asked(rep, "宽带")[1:] == (service.FALLBACK, True)
    with writing():
        mend()
    outbox.drain()
    assert asked(rep, "宽带")[1:] == ("meilisearch", False)
