"""A site of two machines, tried for real: what one does the other knows, and what falls is taken over."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from core import clock
from core.db import reading, session, writing
from core.outbox import OutboxJob
from tests.reliability.crowd import Crowd, Person, crowd_at, together
from tests.reliability.sites import Machine, Site, Visitor, fresh_site, token_call, until
from workflows.definitions import Seat

pytestmark = [pytest.mark.server, pytest.mark.postgres, pytest.mark.timeout(600)]
WORKER = ["-m", "flask", "--app", "wsgi", "worker"]


@pytest.fixture
def small(migrated_postgres: Callable[[], str], meilisearch_url: str) -> Iterator[Site]:
    with fresh_site(migrated_postgres, meilisearch_url, SPIRAL_DRAIN="0") as found:
        yield found


def begun(found: Site, **settings: str) -> tuple[Machine, Machine]:
    """Two machines that serve."""
    one, other = found.machine(**settings), found.machine(**settings)
    for machine in (one, other):
        machine.begin()
    for machine in (one, other):
        until(lambda m=machine: m.get("/readyz")[0] == 200, f"the server is ready\n{machine.server.tail()}")
    return one, other


def signed_in_on_one_is_signed_in_on_the_other(crowd: Crowd, one: Machine, other: Machine) -> None:
    (rep,) = crowd.people("rep", 1)
    with writing():
        person = crowd.make.user("business")
        username = person.username
    visitor = Visitor()
    visitor.sign_in(one.server.base, username)
    assert visitor.is_in(one.server.base)
    assert visitor.is_in(other.server.base)
    assert visitor.submit(other.server.base, "/reviews", "/logout")[0] in {302, 303}
    copy = Visitor()
    copy.cookies = visitor.cookies
    until(lambda: not visitor.is_in(one.server.base), "the sign-in ended on the other machine, too")
    assert rep.id


def guesses_count_together(crowd: Crowd, one: Machine, other: Machine) -> None:
    """Whoever guesses at two machines in turn is stopped as soon as at one."""
    with writing():
        names = [crowd.make.user("rep").username for _ in range(2)]

    def free(username: str, *machines: Machine) -> int:
        for number in range(40):
            base = machines[number % len(machines)].server.base
            status, _answer = token_call(base, "/tokens", {"username": username, "password": "wrong"})
            if status == 429:
                return number
            assert status == 401
        raise AssertionError("nobody was stopped")

    assert free(names[0], one) == free(names[1], one, other)


def of_two_decisions_one_holds(crowd: Crowd, one: Machine, other: Machine, rounds: int) -> None:
    judges = crowd.people("business", 2)
    here, there = Crowd(one.server), Crowd(other.server)
    tasks = crowd.tasks(rounds)
    for task, _submission in tasks:
        answers = together(
            lambda t=task: here.decide(judges[0], t), lambda t=task: there.decide(judges[1], t)
        )  # fmt: skip
        assert sorted(status for status, _body in answers) == [200, 409], answers
    assert len(crowd.sound(tasks)) == rounds


def found_on(machine: Machine, who: Person, words: str) -> bool:
    status, answer = Crowd(machine.server).call(who, "GET", f"/search?q={quote(words)}")
    assert status == 200
    return not answer["degraded"] and any(words in item["title"] for item in answer["items"])  # by the index itself


def a_text_of_one_is_found_on_the_other(crowd: Crowd, one: Machine, other: Machine) -> None:
    rep, judge = crowd.people("rep", 1)[0], crowd.people("business", 1)[0]
    with writing():
        made = crowd.make.submission(crowd.make.actor(), "faq", title="宽带移机怎么办理")
        task = crowd.make.tasks(made)[0].id
    assert Crowd(one.server).decide(judge, task)[0] == 200
    until(lambda: found_on(other, rep, "宽带移机怎么办理"), "the text is found on the other machine")


def a_cut_machine_says_so_and_the_other_goes_on(one: Machine, other: Machine, way: str) -> None:
    one.database.state = way
    until(lambda: one.get("/readyz")[0] == 503, "the cut machine is out of service")
    assert one.get("/healthz")[0] == 200, "its processes live"
    assert other.get("/readyz")[0] == 200
    assert other.get("/login")[0] == 200
    one.database.state = "opens"
    until(lambda: one.get("/readyz")[0] == 200, "it comes back by itself")


def what_a_dead_worker_had_in_hand_is_taken_over(crowd: Crowd, found: Site, other: Machine, wait: bool) -> None:
    """The first worker's line to the search server is silent: it is killed with jobs in hand."""
    rep = crowd.people("rep", 1)[0]
    first, second = found.machine(), found.machine()
    first.search.state = "silent"
    dying = first.run(*WORKER)
    with writing():
        crowd.make.article(title="投诉升级的话术")
    until(lambda: _in_hand() > 0, "a worker has jobs in hand")
    os.killpg(dying.pid, signal.SIGKILL)
    dying.wait(30)
    assert _in_hand() > 0
    living = second.run(*WORKER)
    try:
        if not wait:  # a minute passes
            with writing():
                session.execute(sa.update(OutboxJob).values(leased_until=clock.now() - timedelta(seconds=1)))
        until(lambda: found_on(other, rep, "投诉升级的话术"), "the second worker does what the first one left")
    finally:
        living.send_signal(signal.SIGTERM)
        assert living.wait(60) == 0


def _in_hand() -> int:
    with reading() as s:
        leased = sa.select(sa.func.count()).where(
            OutboxJob.leased_until > clock.now(), OutboxJob.topic == "search.index"
        )
        return s.scalar(leased) or 0


def strangers_do_not_start(found: Site) -> None:
    assert "SPIRAL_SECRET_KEY" in found.machine(SPIRAL_SECRET_KEY="x" * 40).refused()
    assert "SPIRAL_SEARCH_URL" in found.machine(SPIRAL_SEARCH_URL="-").refused()


def tried(found: Site, *, processes: int, workers: int, rounds: int, way: str, wait: bool) -> None:
    one, other = begun(found, SPIRAL_WORKERS=str(processes))
    with crowd_at(one.server) as crowd:
        crowd.judged_by(Seat(key="business", role="business"))
        signed_in_on_one_is_signed_in_on_the_other(crowd, one, other)
        guesses_count_together(crowd, one, other)
        of_two_decisions_one_holds(crowd, one, other, rounds)
        what_a_dead_worker_had_in_hand_is_taken_over(crowd, found, other, wait)
        working: list[subprocess.Popen[bytes]] = [found.made[-1].run(*WORKER) for _ in range(workers)]
        try:
            a_text_of_one_is_found_on_the_other(crowd, one, other)
            a_cut_machine_says_so_and_the_other_goes_on(one, other, way)
        finally:
            for worker in working:
                worker.send_signal(signal.SIGTERM)
            assert [worker.wait(60) for worker in working] == [0] * workers
    assert one.server.stop(60) == 0
    assert other.server.stop(60) == 0


@pytest.mark.soak
def test_two_machines_are_one_site(small: Site) -> None:
    tried(small, processes=1, workers=1, rounds=5, way="cut", wait=False)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("way", ["cut", "silent"])
def test_two_machines_with_several_processes_and_two_workers(small: Site, way: str) -> None:
    tried(small, processes=2, workers=2, rounds=200, way=way, wait=True)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_stranger_is_refused_at_its_start(small: Site) -> None:
    begun(small)
    strangers_do_not_start(small)
