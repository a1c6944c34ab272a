"""PostgreSQL hangs, hangs up, says half of it – and comes back: a clear 503, nothing half done, no restart."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from core import outbox, patience
from core.db import reading, session, writing
from core.settings import Settings, load
from tests.clients import Browser
from tests.make import Make
from tests.support.wire import MODES, Wire
from wiki.articles.models import Submission

pytestmark = pytest.mark.postgres
FAQ = {"kind": "faq", "title": "几点开门?", "fields": {"question": "几点?", "answer": "九点。"}}
SENTENCE = "The database does not answer. Nothing was changed; try again in a moment."


def where(url: str) -> tuple[str, int] | str:
    """What listens at the address of a database."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    return f"{folder}/.s.PGSQL.{parts.port or 5432}" if folder else (parts.hostname or "", parts.port or 5432)


@pytest.fixture
def wire(migrated_postgres: Callable[[], str], request: pytest.FixtureRequest) -> Iterator[Wire]:
    request.node.url = migrated_postgres()
    with Wire(where(request.node.url)) as wire:
        yield wire


@pytest.fixture
def settings(wire: Wire, tmp_path: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose database is reached over the wire."""
    monkeypatch.setattr(patience, "PAUSE", 600.0)  # until a test says that it is over
    monkeypatch.setattr(patience, "ASKING", 60.0)
    parts = urlsplit(request.node.url)
    user = parts.netloc.rpartition("@")[0] or "postgres"
    url = f"postgresql://{user}@127.0.0.1:{wire.port}{parts.path}?connect_timeout=2"
    about = {"var": tmp_path, "database_url": url, "locale": "en", "threads": 4, "allow_unsafe_database": True}
    return load(about, environ={})


@pytest.fixture
def engine() -> None:
    """One database, named above."""


@contextlib.contextmanager
def impatient(wire: Wire, app: Flask) -> Iterator[patience.Watch]:
    """Inside, the database is in trouble and given up soon; afterwards it is back, and everything may take its time."""
    watch = app.extensions["spiral.database"].watch
    with pytest.MonkeyPatch.context() as hurried:
        hurried.setattr(patience, "IN_REQUESTS", 0.6)
        hurried.setattr(patience, "IN_WORK", 0.6)
        hurried.setattr(patience, "ASKING", 0.3)
        yield watch
    wire.mode = "opens"
    watch._silent_until = 0.0  # the pause is over


def count() -> int:
    with reading():
        return session.scalar(sa.select(sa.func.count()).select_from(Submission)) or 0


@pytest.mark.parametrize("mode", MODES)
def test_gone_and_back(
    mode: str, wire: Wire, app: Flask, make: Make, api: Callable[..., Any], signed_in: Callable[..., Browser]
) -> None:
    app.config["PROPAGATE_BUGS"] = False
    user = make.user("rep")
    script, browser = api(user), signed_in(user)
    token = browser.csrf("/new/faq")
    assert script.post("/submissions", FAQ).status_code == 201

    with impatient(wire, app):
        wire.mode = mode
        if mode == "refuses":
            wire.cut()
        for _ in range(2):
            refused = script.post("/submissions", FAQ, Idempotency_Key="k")
            assert (refused.status_code, refused.json["code"]) == (503, "database-away")
            assert refused.json["detail"] == SENTENCE
        typed = {"verb": "save", "title": "typed", "question": "几点?", "answer": "九点。", "csrf_token": token}
        page = browser.post("/new/faq", data=typed)
        assert page.status_code == 503
        assert SENTENCE in page.get_data(as_text=True)
        assert "九点。" in page.get_data(as_text=True), "nothing typed is lost"
        assert app.test_client().get("/healthz").status_code == 200
        ready = app.test_client().get("/readyz")
        assert ready.status_code == 503
        assert "does not answer" in ready.get_data(as_text=True)

    assert script.post("/submissions", FAQ, Idempotency_Key="k").status_code == 201
    assert browser.get("/submissions/mine").status_code == 200
    assert app.test_client().get("/readyz").status_code == 200
    assert count() == 2
    outbox.drain()


def test_a_hanging_server_is_waited_for_once(wire: Wire, app: Flask, make: Make, api: Callable[..., Any]) -> None:
    """Whoever asks after that is refused at once, so that not every thread of the server waits."""
    script = api(make.user("rep"))
    script.ok("GET", "/submissions")
    with impatient(wire, app):
        wire.mode = "hangs"
        assert script.get("/submissions").status_code == 503
        before = wire.calls
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda: answers.append(script.get("/submissions").status_code)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [503] * 8
        assert wire.calls == before
    assert script.get("/submissions").status_code == 200


def test_a_slow_statement_takes_nobody_else_along(
    wire: Wire, app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cancelled, and the server, which answers to that, stays trusted."""
    monkeypatch.setattr(patience, "IN_REQUESTS", 0.6)
    with app.test_request_context(), pytest.raises(sa.exc.OperationalError, match="did not answer within"), reading():
        session.execute(sa.text("SELECT pg_sleep(30)"))
    assert app.extensions["spiral.database"].watch._silent_until == 0.0
    monkeypatch.setattr(patience, "IN_REQUESTS", 60.0)
    with app.test_request_context(), reading():
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        assert session.scalar(sa.text(running)) == 0


def test_the_worker_goes_on_when_it_is_back(wire: Wire, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setitem(outbox._handlers, "test", lambda jobs: done.set())
    worker = outbox.Worker(app, every=0.05)
    worker.mates = []
    worker.start()
    try:
        with impatient(wire, app) as watch:
            wire.mode = "refuses"
            wire.cut()
            worker.join(0.3)
        end, promised = time.monotonic() + 120, False
        while not done.wait(0.1) and time.monotonic() < end:
            watch._silent_until = 0.0  # the worker may have found it silent a moment later than this test
            with contextlib.suppress(sa.exc.OperationalError):
                if not promised:
                    with writing():
                        outbox.promise("test", "a")
                    promised = True
        assert done.is_set()
    finally:
        worker.stop()
