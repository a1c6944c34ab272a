"""Whatever keeps promises is called twice, out of order, and killed at every statement: the end is always the same.

One small centre, made once, in whose outbox a promise of every topic waits; each way of keeping them begins from a copy
of it. A handler without a promise in there fails the test. (The index killed in the midst of its own files:
tests/search/test_indexer_killed.py; a mail between wire and row: tests/notifications/test_mail.py.)
"""

import contextlib
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

import wiki.app  # noqa: F401 - registers every handler
from core import buffers, caches, checks, clock, outbox
from core.db import session, writing
from core.outbox import Job, OutboxJob
from core.settings import load
from tests.make import Make
from tests.reliability.faults import Dump, Killed, difference, dump, faults, killed
from wiki.app import create_app
from wiki.articles.content import Content
from wiki.articles.models import Article
from wiki.articles.publishing import Row, import_row, retire
from wiki.exchange import ops as imports
from wiki.notifications.models import NoticeChoice
from wiki.notifications.rules import Group, Mail
from wiki.search import listeners, service, spelling, twins

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
TOPICS = sorted(outbox.handlers())
SEED = int(os.environ.get("FAULT_SEED", "1"))
SAMPLE = 1  # statements at which the short form kills


def test_no_handler_is_left_out(centre: Path) -> None:
    with opened(centre):
        assert sorted({job.topic for job in waiting()}) == TOPICS


@contextlib.contextmanager
def opened(var: Path) -> Iterator[Flask]:
    """The application over this folder, as a process that knows nothing of what was before."""
    caches.forget_everything()
    buffers.forget_all()
    about = {"var": var, "database_url": f"sqlite:///{var}/spiral.db", "locale": "en", "secret_key": "k" * 40}
    app = create_app(load(about, environ={}))
    app.testing = True
    with app.app_context(), clock.fixed(NOW):
        yield app
        service.engine().close()
    app.extensions["spiral.database"].close()


@pytest.fixture(scope="module")
def centre(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    var = tmp_path_factory.mktemp("centre")
    shutil.copyfile(sqlite_template, var / "spiral.db")
    with opened(var) as app:
        promise_everything(Make())
        with app.extensions["spiral.database"].writer.connect() as connection:
            connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return var


def article(manager: Any, title: str, body: str) -> int:
    import_row(manager, Row(title, "faq", Content(title=title, body=body)))
    return int(session.scalars(sa.select(Article.id).where(Article.title == title)).one())


def promise_everything(make: Make) -> None:
    with writing():
        manager, author = make.actor("manager", name="boss"), make.actor("rep", name="author", team="billing")
        judges = [make.user("business", name=f"judge {n}") for n in range(2)]
        for judge in judges:
            judge.email = f"{judge.username}@example.com"
            session.add(NoticeChoice(user_id=judge.id, topic=Group.WAITS, mail=Mail.AT_ONCE))
        old = article(manager, "宽带移机办理", "见[[宽带提速方法]]。")
        article(manager, "宽带报修登记", "先登记,再派单。")
        make.submission(author, title="first")
    outbox.drain(lane=outbox.MAIN)  # the mails about it wait now; search, too
    outbox.drain(lane="search")
    key, path = imports.keep_file("表.csv", "编号,标题,正文\nK-1,几点开门,九点。\nK-2,,x\n".encode())
    with writing():
        made = imports.begin(manager, key, "表.csv", path.read_bytes(), ["编号", "标题", "正文"], [])
        names = dict(zip(["编号", "标题", "正文"], ["id", "title", "body"], strict=True))
        imports.choose(made, way="publish", kind="faq", category="", audience="", mapping=names)
        imports.check(made, manager)
    with writing():
        article(manager, "宽带提速方法", "宽带提速的说明,每月多十元。")
        article(manager, "宽带提速办法", "宽带提速的说明,每月多二十元。")
        retire(session.get_one(Article, old), manager, reason="过期")
        for number in range(3):
            make.submission(author, title=f"next {number}")
        twins.hand_over()
        spelling.remember()
        listeners.mend()
        listeners.mend_all()
        checks.look_again()
        outbox.promise(listeners.REBUILD, "index")
        session.execute(sa.update(OutboxJob).values(available_at=NOW))


def waiting() -> list[OutboxJob]:
    with writing() as s:
        return list(s.scalars(sa.select(OutboxJob).order_by(OutboxJob.id)))


def everything() -> tuple[Dump, str]:
    """What is so in the end: the tables – of the outbox what is promised, not how often – and the index."""
    found = dump(without=frozenset({"outbox_jobs", "health_states"}))  # how it is depends on when one looks
    found["outbox_jobs"] = type(found["users"])({job.topic: 1 for job in waiting()})
    return found, repr(service.engine().stats().documents) + repr(service.verify())


Way = Callable[[Flask, str, Sequence[Job]], None]


def call(topic: str, jobs: Sequence[Job]) -> None:
    """As the outbox calls: who is called again is told of what is due, in whatever order."""
    outbox.handlers()[topic](jobs)


def once(_app: Flask, topic: str, jobs: Sequence[Job]) -> None:
    call(topic, jobs)


def twice(_app: Flask, topic: str, jobs: Sequence[Job]) -> None:
    call(topic, jobs)
    call(topic, jobs)


def out_of_order(_app: Flask, topic: str, jobs: Sequence[Job]) -> None:
    """The last first, each alone, and the first once more."""
    for job in [*reversed(jobs), jobs[-1], jobs[0]]:
        call(topic, [job])


def killed_at(number: int) -> Way:
    def way(app: Flask, topic: str, jobs: Sequence[Job]) -> None:
        with faults(app, at=number, error=killed) as seen, contextlib.suppress(Killed):
            call(topic, jobs)
        assert seen.met == (number <= len(seen.statements)), "nothing swallows the end of a process"
        call(topic, jobs)

    return way


def result(centre: Path, place: Path, topic: str, way: Way) -> tuple[tuple[Dump, str], int]:
    """What is so afterwards, and how many statements wrote."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(centre, place)
    with opened(place) as app:
        jobs = [Job(row.topic, row.key, row.payload) for row in waiting() if row.topic == topic]
        with faults(app) as seen:
            way(app, topic, jobs)
        return everything(), len(seen.statements)


@pytest.mark.parametrize("topic", TOPICS)
def test_twice_out_of_order_and_killed_is_once(topic: str, centre: Path, tmp_path: Path) -> None:
    _all_the_same(topic, centre, tmp_path / "var", SAMPLE)


@pytest.mark.soak
@pytest.mark.parametrize("topic", TOPICS)
def test_killed_at_every_statement_is_once(topic: str, centre: Path, tmp_path: Path) -> None:
    _all_the_same(topic, centre, tmp_path / "var", 10_000)


def _all_the_same(topic: str, centre: Path, place: Path, most: int) -> None:
    (tables, index), statements = result(centre, place, topic, once)
    chosen = random.Random(f"{SEED} {topic}").sample(range(1, statements + 1), min(most, statements))
    ways = {"twice": twice, "out of order": out_of_order, **{f"killed at {n}": killed_at(n) for n in sorted(chosen)}}
    for name, way in ways.items():
        (other, other_index), _statements = result(centre, place, topic, way)
        assert difference(tables, other) == {}, name
        assert other_index == index, name
