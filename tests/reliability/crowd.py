"""A real server with people at it: its data is made in this process, beside it; then everything goes over HTTP."""

import contextlib
import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core.audit import TrailEntry
from core.db import reading, writing
from core.settings import load
from tests.make import Make
from tests.support import postgres
from tests.support.server import Server, servers
from wiki.app import create_app
from wiki.scoring.models import LedgerEntry
from workflows.definitions import Definition, Seat, Stage
from workflows.models import Decision, Pipeline, Review, RoundPerson, Task
from workflows.rules import TaskState, Verb

JUDGED = "faq"  # the kind whose pipeline a test may choose
NOTHING = -1  # the status of a request that got no answer


@dataclass(frozen=True)
class Person:
    """Somebody with a token."""

    id: int
    name: str
    token: str
    username: str = ""


@dataclass
class Crowd:
    """A server, and what stands in its database."""

    server: Server
    make: Make = field(default_factory=Make)
    paid_before: int = 0  # the last row of the ledger that is of others
    first: int = 0  # the author of what is handed in: the one who came first

    def people(self, role: str, count: int) -> list[Person]:
        """So many people of a role, each with a token."""
        with writing():
            users = [self.make.user(role, name=f"{role} {n}", password=None) for n in range(count)]
            self.first = self.first or users[0].id
            return [Person(user.id, user.name, self.make.token(user), user.username) for user in users]

    def tasks(self, count: int, kind: str = "faq") -> list[tuple[int, int]]:
        """So many submissions handed in: (task, submission)."""
        with writing() as s:
            author = actor_of(s.get_one(User, self.first) if self.first else self.make.user())
            made = [self.make.submission(author, kind) for _ in range(count)]
            return [(self.make.tasks(one)[0].id, one.id) for one in made]

    def judged_by(self, *seats: Seat, **stage: Any) -> None:
        """From now on FAQs pass one stage of these seats."""
        with writing():
            self.make.pipeline(topic=JUDGED, definition=Definition(stages=(Stage(key="first", seats=seats, **stage),)))

    def after_others(self) -> None:
        """What others arranged with ``judged_by`` is no more, and what they earned is theirs."""
        with writing() as s:
            self.paid_before = s.scalar(sa.select(sa.func.max(LedgerEntry.id))) or 0
            versions = sa.update(Pipeline).where(Pipeline.key == JUDGED)
            s.execute(versions.values(active=False))
            s.execute(versions.where(Pipeline.version == 1).values(active=True))

    def seats(self, submission: int) -> dict[str, int]:
        """The open tasks of a submission, by seat."""
        with reading() as s:
            found = sa.select(Task.seat, Task.id).join(Review, Review.id == Task.review_id)
            mine = found.where(Review.subject_id == submission, Task.state == TaskState.OPEN)
            return {row.seat: row.id for row in s.execute(mine)}

    def call(self, who: Person, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """One call on a connection of its own; ``NOTHING`` when no whole answer came."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.port, timeout=120, source_address=("127.0.0.2", 0)
        )  # another address: a socket to a port that nobody holds could otherwise meet itself
        headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            connection.request(method, "/api/v1" + path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            return NOTHING, None
        finally:
            connection.close()

    def decide(self, who: Person, task: int, *, key: str = "", version: int = 1) -> tuple[int, Any]:
        """Approve."""
        return self.call(who, "POST", f"/reviews/{task}/decisions", {"verb": "approve", "version": version}, key)

    def must_decide(self, who: Person, task: int, until: float, gone: threading.Event) -> tuple[int, Any]:
        """Approve; ask again with the same key until an answer comes, as a program does when the line was cut."""
        while True:
            status, answer = self.decide(who, task, key=f"{who.id}-{task}")
            if status != NOTHING or time.monotonic() > until or gone.is_set():
                return status, answer
            time.sleep(0.1)

    def sound(self, tasks: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
        """Nothing is doubled and nothing half done; the verdicts: (decision, task, actor)."""
        ids = [task for task, _submission in tasks]
        subjects = [submission for _task, submission in tasks]
        with reading() as s:
            verdicts = [
                tuple(row)
                for row in s.execute(
                    sa.select(Decision.id, Decision.task_id, Decision.actor_id).where(
                        Decision.task_id.in_(ids), Decision.verb != Verb.COMMENT
                    )
                )
            ]
            assert len({task for _id, task, _actor in verdicts}) == len(verdicts), "a task was decided twice"
            trail = s.execute(
                sa.select(TrailEntry.subject_id, TrailEntry.actor_id).where(
                    TrailEntry.verb == Verb.APPROVE, TrailEntry.subject_id.in_(subjects)
                )
            )
            where = dict(tasks)
            told = sorted((where[task], actor) for _id, task, actor in verdicts)
            assert sorted(tuple(row) for row in trail) == told, "the trail tells another story"
            sources = [f"decision:{decision}" for decision, _task, _actor in verdicts]
            paid = s.scalars(
                sa.select(LedgerEntry.source).where(
                    LedgerEntry.source.like("decision:%"), LedgerEntry.id > self.paid_before
                )
            ).all()
            assert sorted(paid) == sorted(sources), "the ledger tells another story"
            for task in s.scalars(sa.select(Task).where(Task.id.in_(ids))):
                decided = any(task.id == of for _id, of, _actor in verdicts)
                assert (task.state is TaskState.DONE) == decided, (
                    f"task {task.id} is {task.state} and decided={decided}"
                )
                assert task.state is TaskState.OPEN or (task.alarm_at is None and task.blocked_at is None)
            self._acted(s, subjects)
            lost = s.execute(
                sa.select(Review.id).where(
                    Review.state == "in_review",
                    ~sa.exists().where(Task.review_id == Review.id, Task.state == TaskState.OPEN),
                )
            ).all()
            assert not lost, "a review waits for nobody"
            return verdicts

    def _acted(self, s: Any, subjects: list[int]) -> None:
        """Who counts as having filled a seat of a round that goes on, is who did."""
        rounds = sa.select(Task.round_id).join(Review, Review.id == Task.review_id)
        mine = set(s.scalars(rounds.where(Review.subject_id.in_(subjects))))
        waiting = set(s.scalars(rounds.where(Review.subject_id.in_(subjects), Task.state == TaskState.OPEN)))
        people = sa.select(RoundPerson.round_id, RoundPerson.user_id).where(RoundPerson.round_id.in_(mine))
        acted = {tuple(row) for row in s.execute(people)}
        verdict = sa.and_(Decision.verb != Verb.COMMENT, Decision.on_behalf_of_id.is_(None))
        given = {tuple(row) for row in s.execute(sa.select(Decision.round_id, Decision.actor_id).where(verdict))}
        assert acted <= given, "somebody is barred who did nothing"
        assert {one for one in given if one[0] in waiting} <= acted, "somebody could judge twice"


@contextlib.contextmanager
def crowd_at(server: Server) -> Iterator[Crowd]:
    """Nobody yet, at this server; this process works on its database beside it."""
    with at_work_beside(server):
        yield Crowd(server)


@contextlib.contextmanager
def at_work_beside(server: Server) -> Iterator[None]:
    """This process works on the server's database, too."""
    about = {name.removeprefix("SPIRAL_").lower(): v for name, v in server.environment.items() if "SPIRAL_" in name}
    app = create_app(load({**about, "locale": "en"}, environ={}))
    with app.app_context():
        yield
    app.extensions["spiral.database"].close()


SETTINGS: dict[str, Any] = {"SPIRAL_DEMO": "0", "SPIRAL_ALLOW_UNSAFE_DATABASE": "1", "SPIRAL_LOCALE": "en"}


@pytest.fixture(scope="session")
def common_crowd(sqlite_template: Path, migrated_template: str) -> Iterator[Callable[[str], Crowd]]:
    """Of each kind of database the crowd that races of one worker share: a server takes longer to start."""
    with contextlib.ExitStack() as until_the_end:
        start = until_the_end.enter_context(servers())
        known: dict[str, tuple[Server, Make]] = {}

        def join(kind: str) -> Crowd:
            if kind not in known:
                if kind == "postgresql":
                    url = postgres.create(migrated_template)
                    until_the_end.callback(postgres.drop, url)
                    server = start(**SETTINGS, SPIRAL_DATABASE_URL=url)
                else:
                    server = start(**SETTINGS, database=sqlite_template)
                known[kind] = server, Make()
            server, make = known[kind]
            assert server.healthy(), server.tail()
            return Crowd(server, make)

        yield join


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def crowd(
    request: pytest.FixtureRequest,
    start_server: Callable[..., Server],
    sqlite_template: Path,
    migrated_postgres: Callable[[], str],
) -> Iterator[Crowd]:
    """A started server without a demo, on both databases, whose tables are there already: making them takes longer than
    many a race. Marked ``common_server``, a test shares it with others so marked, and their people are there, too."""
    shared = request.node.get_closest_marker("common_server")
    if shared and shared.args != (False,) and os.environ.get("SOAK") != "1":
        found = request.getfixturevalue("common_crowd")(request.param)
        with at_work_beside(found.server):
            found.after_others()
            yield found
        return
    if request.param == "postgresql":
        server = start_server(**SETTINGS, SPIRAL_DATABASE_URL=migrated_postgres())
    else:
        server = start_server(**SETTINGS, database=sqlite_template)
    with crowd_at(server) as found:
        yield found


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Do these at the same instant, each in a thread; their answers in order."""
    gate, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int) -> None:
        gate.wait()
        answers[number] = acts[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    return answers
