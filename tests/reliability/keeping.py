"""What the tests of backups, restores and migrations share: an installation with something of everything, its contents
table by table, and a rival process that commits as fast as it can."""

import contextlib
import hashlib
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from accounts.models import User
from accounts.people import actor_of
from core import audit, caches, chain, outbox
from core.db import Base, Database, writing
from core.settings import load
from tests.clients import Browser
from tests.make import Make
from tests.support.files import picture
from tests.training.conftest import School
from wiki.app import create_app
from wiki.articles import files
from wiki.feedback import ops as feedback
from wiki.training import learning
from wiki.training import ops as training
from wiki.training.acknowledging import acknowledge

# what a restore or a worker adds by itself
MOVING = {"outbox_jobs", "trail_entries", "trail_seals", "alembic_version", "login_sessions", "noted"}

LOAD = """
import sys
url, number = sys.argv[1], 0
names = "topic, key, payload, created_at, available_at, attempts"
values = "('load-{0}', '{1}', '{{}}', '2026-11-22 00:00:00', '2099-01-01 00:00:00', 0)"
if url.startswith("sqlite"):
    import sqlite3
    run = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, isolation_level=None).execute
    run("PRAGMA synchronous=FULL")
    begin = "BEGIN IMMEDIATE"
else:
    import psycopg
    run, begin = psycopg.connect(url, autocommit=True).execute, "BEGIN"
while True:
    number += 1
    run(begin)
    for half in "ab":
        run(f"INSERT INTO outbox_jobs ({names}) VALUES " + values.format(half, number))
    run("COMMIT")
    print(number, flush=True)
"""


def seeded(app: Flask, make: Make) -> tuple[User, str]:
    """People, texts with a picture and a past, votes, points, a course somebody took, a trail with a seal; (a manager,
    the text's address)."""
    with app.app_context():
        with writing():
            author, manager = make.user("rep", username="author", team="billing"), make.user("manager", username="boss")
            actor = actor_of(author)
            drawn = files.keep(actor, "a.png", picture(9))
            article = make.article(actor, title="套餐何时生效", body=f"次月一日零点。{drawn.markdown()}")
            make.article(actor, article=article.slug, body=f"次月一日零点起。{drawn.markdown()}")
            feedback.say(article, actor_of(manager), helpful=True, used_in_call=True)
            make.submission(actor, title="under review")
            taught(make, author, manager, article.slug)
            audit.record(actor, "spoke", subject_kind="test", subject_id=1, note="«words»")
            slug = article.slug
        outbox.drain()
        with writing():
            chain.seal()
    return manager, slug


def taught(make: Make, author: User, manager: User, slug: str) -> None:
    """A course on this text, which a team and a person are to take; one did, failed and passed; one read a notice."""
    school, rep = School(make), actor_of(author)
    course = school.course(lessons=0, published=False)
    trainer = make.actor("training")
    training.add_lesson(course, trainer, slug)
    training.publish(course, trainer)
    school.assign(course, team=author.team, due_on=date(2026, 12, 1))
    school.assign(course, user=manager)
    quiz = school.quiz(course)
    learning.confirm(course.lessons[0], rep)
    for wrong in (3, 0):
        learning.hand_in(quiz, rep, school.answers(quiz, wrong=wrong))
    notice = make.article(kind="notice", title="read this", fields={"acknowledge_by": "2026-11-25T00:00+08:00"})
    acknowledge(rep, notice)


def another(var: Path, url: str = "") -> Flask:
    """An application over an empty place; ``url`` of an empty PostgreSQL database, else SQLite in ``var``."""
    caches.forget_everything()
    place = {"var": var, "locale": "en", "allow_unsafe_database": True}
    app = create_app(load({**place, "database_url": url} if url else place, environ={}))
    app.testing = True
    app.test_client_class = Browser
    return app


def contents(database: Database, *, tables: Any = None, without: set[str] = MOVING) -> dict[str, str]:
    """The rows of each table, as (count and digest)."""
    found = {}
    with database.reader.connect() as connection:
        there = set(sa.inspect(connection).get_table_names())
        for table in tables or Base.metadata.tables.values():
            if table.name in there - without:
                rows = [repr(tuple(row)) for row in connection.execute(table.select())]
                found[table.name] = f"{len(rows)} {hashlib.sha256(''.join(sorted(rows)).encode()).hexdigest()[:16]}"
    return found


def seen(app: Flask, slug: str) -> dict[str, Any]:
    """What people see: they sign in, find, read, look at figures, and fetch the picture."""
    caches.forget_everything()
    with app.app_context():
        boss = app.test_client()
        assert isinstance(boss, Browser)
        boss.sign_in("boss")
        outbox.drain()
        page = boss.text(f"/articles/{slug}")
        drawn = page.split('src="/files/')[1].split('"')[0]
        answer = boss.get(f"/files/{drawn}")
        assert answer.status_code == 200
        found = {
            "hits": [hit["slug"] for hit in boss.get("/api/v1/search?q=套餐").json["items"]],
            "centre": boss.get("/api/v1/scorecards/centre").json,
            "ledger": boss.get("/api/v1/ledger?user=author").json["sum"],
            "picture": hashlib.sha256(answer.data).hexdigest(),
            "text": page[page.find("<main") :].count("零点起") and "零点起",
            "history": boss.get(f"/articles/{slug}/history").status_code,
        }
        assert found["hits"] == [slug]
        return found


@contextlib.contextmanager
def load_on(url: str) -> Iterator[Any]:
    """Another process commits, two rows each time, and says so; ``acknowledged()`` is the newest number it said."""
    process = subprocess.Popen([sys.executable, "-c", LOAD, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    newest = 0

    def acknowledged(at_least: int = 0) -> int:
        nonlocal newest
        assert process.stdout
        while newest < at_least:
            line = process.stdout.readline()
            assert line, "the writer ended"
            newest = int(line)
        return newest

    try:
        acknowledged(1)
        yield acknowledged
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def forked(act: Callable[[], object]) -> int:
    """The number of a process that does this and ends. It must touch no connection of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads: the child touches none of theirs
        child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            act()
        os._exit(0)
    return child
