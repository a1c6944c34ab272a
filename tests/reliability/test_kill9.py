"""kill -9 in the midst of decisions: none acknowledged is lost, none is doubled, nothing stands half done."""

import random
import threading
import time

import pytest
import sqlalchemy as sa

from core.db import reading
from core.outbox import OutboxJob
from tests.reliability.crowd import NOTHING, Crowd, Person
from wiki.articles import link_table
from wiki.articles.models import Article, Submission
from wiki.search import service
from wiki.search.listeners import TOPIC
from workflows.definitions import Escalation, Seat
from workflows.events import ReviewMoved
from workflows.models import Decision, Review
from workflows.rules import Verb

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]
PATIENCE = 400  # seconds a client goes on asking


def storm(crowd: Crowd, count: int, kills: int, clients: int = 6) -> None:  # noqa: C901 - a storm reads best whole
    again(crowd, drain=False)  # else what was decided without its promise could be mended before anybody looks
    crowd.people("rep", 1)
    judges = crowd.people("business", clients)
    rungs = (Escalation(after_hours=1, to="supervisor"),)
    crowd.judged_by(Seat(key="business", role="business"), remind_hours=(4,), escalate=rungs)
    tasks = crowd.tasks(count)
    acknowledged: dict[int, tuple[int, int]] = {}  # task → (decision, actor)
    odd: list[object] = []
    lock, finished = threading.Lock(), threading.Event()
    end = time.monotonic() + PATIENCE

    def work(who: Person, seed: int) -> None:
        mine = [task for task, _submission in tasks]
        random.Random(seed).shuffle(mine)
        for task in mine:
            if task in acknowledged:
                continue
            status, answer = crowd.must_decide(who, task, end, finished)
            with lock:
                if status == 200:
                    if task in acknowledged:
                        odd.append(("decided twice", task, acknowledged[task], answer))
                    acknowledged[task] = (int(answer["decision"]["id"]), who.id)
                elif status != 409:
                    odd.append((status, answer))
                elif answer.get("decided_by") == who.name:
                    odd.append(("refused its own decision", task, answer))

    def reap() -> None:
        for number in range(1, kills + 1):
            while len(acknowledged) < number * count // (kills + 1) and not finished.is_set():
                time.sleep(0.005)
            crowd.server.kill()
            try:
                crowd.server.start()
            except AssertionError as error:
                odd.append(str(error))
                finished.set()
                return

    threads = [threading.Thread(target=work, args=(who, n)) for n, who in enumerate(judges)]
    reaper = threading.Thread(target=reap)
    for thread in [*threads, reaper]:
        thread.start()
    for thread in threads:
        thread.join()
    finished.set()
    reaper.join()
    assert not odd, odd[:3]
    verdicts = crowd.sound(tasks)
    assert {task: (decision, actor) for decision, task, actor in verdicts} == acknowledged
    assert len(verdicts) == count, "every task was decided in the end"
    assert crowd.call(judges[0], "GET", "/reviews")[0] != NOTHING
    promised_as_decided()
    again(crowd, drain=True)
    again(crowd, drain=True)  # killed once more, while it begins to keep them
    found_in_the_end(count)


def again(crowd: Crowd, *, drain: bool) -> None:
    """The server is killed and started; from now on it keeps promises, or lets them stand."""
    crowd.server.kill()
    crowd.server.environment["SPIRAL_DRAIN"] = str(int(drain))
    crowd.server.start()


def promised_as_decided() -> None:
    """Nobody has kept a promise yet: each approval has its own, each once, and there is none without an approval."""
    with reading() as s:
        subject = sa.select(Decision.review_id, Decision.actor_id, Submission.article_id)
        subject = subject.join(Review, Review.id == Decision.review_id)
        decided = s.execute(subject.join(Submission, Submission.id == Review.subject_id)).all()
        jobs = s.execute(sa.select(OutboxJob.topic, OutboxJob.key, OutboxJob.payload)).all()
    for topic in (TOPIC, link_table.TOPIC):
        promised = sorted(job.key for job in jobs if job.topic == topic)
        assert promised == sorted(str(row.article_id) for row in decided), f"{topic} was promised otherwise"
    moves = [job.payload["data"] for job in jobs if job.payload.get("event") == ReviewMoved.__name__]
    told = sorted((move["review_id"], move["actor_id"]) for move in moves if move["verb"] == Verb.APPROVE)
    assert told == sorted((row.review_id, row.actor_id) for row in decided), "people would be told another story"


def found_in_the_end(published: int) -> None:
    """What each of the decisions promised was kept: every text that was approved is found, and nothing else."""
    end = time.monotonic() + PATIENCE
    waiting = sa.select(OutboxJob.parked_at).where(OutboxJob.topic == TOPIC)
    while True:
        with reading() as s:
            jobs = s.scalars(waiting).all()
            assert s.scalar(sa.select(sa.func.count()).where(Article.live)) == published
        if not jobs:
            break
        assert not any(jobs), "a promise was given up"
        assert time.monotonic() < end, f"{len(jobs)} promises were not kept"
        time.sleep(0.2)
    assert not service.verify()


def test_200_decisions_and_two_kills(crowd: Crowd) -> None:
    storm(crowd, 200, kills=2)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_1000_decisions_and_four_kills(crowd: Crowd) -> None:
    storm(crowd, 1000, kills=4, clients=50)
