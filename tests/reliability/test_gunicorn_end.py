"""Gunicorn as it is shipped, told to end in the midst of work: requests are answered, jobs put down, nobody is left."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from core.db import lock, reading, session, writing
from core.hosts import Host
from core.outbox import OutboxJob, promise
from tests.reliability.crowd import crowd_at
from tests.reliability.sites import Machine, fresh_site, until
from wiki.search.listeners import TOPIC
from workflows.definitions import Seat
from workflows.models import Review, Task

pytestmark = [pytest.mark.soak, pytest.mark.server, pytest.mark.postgres, pytest.mark.timeout(300)]
GUNICORN = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:application"]
HELD_UP = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture
def machine(
    migrated_postgres: Callable[[], str], meilisearch_url: str, request: pytest.FixtureRequest
) -> Iterator[Machine]:
    with fresh_site(migrated_postgres, meilisearch_url, SPIRAL_WORKERS="2", **getattr(request, "param", {})) as found:
        made = found.machine()
        made.command = GUNICORN
        made.begin()
        until(lambda: made.get("/readyz")[0] == 200, f"Gunicorn serves\n{made.server.tail()}")
        yield made


def count(what: sa.Select[tuple[int]] | sa.TextClause) -> int:
    with reading() as s:
        return s.scalar(what) or 0


def in_hand() -> int:
    return count(sa.select(sa.func.count()).where(OutboxJob.leased_until.is_not(None)))


def hangs_up(machine: Machine) -> bool:
    """Nobody takes a new call."""
    line = http.client.HTTPConnection("127.0.0.1", machine.server.port, timeout=5, source_address=("127.0.0.2", 0))
    try:
        line.connect()
    except OSError:
        return True
    finally:
        line.close()
    return False


def test_it_ends_when_its_requests_are_answered_and_its_jobs_are_put_down(machine: Machine) -> None:
    with crowd_at(machine.server) as crowd:
        crowd.judged_by(Seat(key="business", role="business"))
        crowd.people("rep", 1)  # the author: the first of all
        (judge,) = crowd.people("business", 1)
        ((task, submission),) = crowd.tasks(1)
        said: list[int] = []
        asking = threading.Thread(target=lambda: said.append(crowd.decide(judge, task)[0]))
        machine.search.state = "silent"
        with writing():
            promise(TOPIC, "1")  # not by an article, whose own decisions would stand in the ledger
        until(lambda: in_hand() > 0, "a job is in hand, and waits for an answer")
        with writing():
            assert lock(Review, session.scalar(sa.select(Task.review_id).where(Task.id == task)))
            asking.start()
            until(lambda: count(HELD_UP) > 0, "a decision is under way")
            assert in_hand() > 0
            assert machine.server.process
            machine.server.process.terminate()
            until(lambda: hangs_up(machine), "nobody new is let in")
            machine.search.state = "cut"
            until(lambda: in_hand() == 0, "the job is put down while the request is still being answered")
            assert said == []
            assert machine.server.process.poll() is None
        asking.join(60)
        assert said == [200], machine.server.tail()
        assert machine.server.process.wait(60) == 0
        assert count(sa.select(sa.func.count()).select_from(Host)) == 0, "each process has signed off"
        assert len(crowd.sound([(task, submission)])) == 1
        with reading():
            waiting = session.scalars(sa.select(OutboxJob).where(OutboxJob.topic == TOPIC)).all()
        assert waiting, "what was promised waits for the next start"
        assert {(one.leased_by, one.parked_at) for one in waiting} == {(None, None)}


@pytest.mark.parametrize("machine", [{"SPIRAL_PROXIES": "1"}], indirect=True)
def test_behind_a_proxy_it_answers_everybody_until_the_proxy_has_others(machine: Machine) -> None:
    def asked(line: http.client.HTTPConnection, path: str) -> tuple[int, bool]:
        line.request("GET", path)
        answer = line.getresponse()
        answer.read()
        return answer.status, answer.will_close

    def line() -> http.client.HTTPConnection:
        source = ("127.0.0.2", 0)
        return http.client.HTTPConnection("127.0.0.1", machine.server.port, timeout=20, source_address=source)

    with crowd_at(machine.server):
        kept = line()
        assert asked(kept, "/login") == (200, False)
        assert machine.server.process
        machine.server.process.terminate()
        until(lambda: asked(line(), "/readyz") == (503, True), "it says that it leaves")
        until(
            lambda: asked(kept, "/login") == (200, True), "the line that was kept is answered, and not kept any longer"
        )
        while not hangs_up(machine):
            with contextlib.suppress(ConnectionRefusedError):
                assert asked(line(), "/login")[0] == 200
        assert machine.server.process.wait(60) == 0
        assert count(sa.select(sa.func.count()).select_from(Host)) == 0
