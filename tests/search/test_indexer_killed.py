"""kill -9 of the indexer at any point: whoever comes next finds everything, and nobody repairs anything."""

import random
import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from core import outbox
from core.actors import Actor
from core.db import reading, session, writing
from core.settings import Settings
from tests.make import Make
from tests.support.server import ROOT
from wiki.articles.content import Content
from wiki.articles.models import Article
from wiki.articles.publishing import Row, import_row, retire
from wiki.search import service
from wiki.search.engines.base import Query
from wiki.search.listeners import LOOK, mend

MOST = {"drain": 260, "rebuild": 700}  # about as many lines as the longest order takes


@pytest.fixture
def indexer(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.search.indexer", str(settings.var), settings.database]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def told(indexer: subprocess.Popen[str], order: str, lines: int) -> str:
    assert indexer.stdin
    assert indexer.stdout
    indexer.stdin.write(f"{order} {lines}\n")
    indexer.stdin.flush()
    return indexer.stdout.readline().strip()


def change_something(manager: Actor, chance: random.Random, number: int) -> None:
    """An article more, or one less."""
    with writing():
        live = session.scalars(sa.select(Article).where(Article.live)).all()
        if len(live) > 6 and chance.random() < 0.4:
            retire(chance.choice(live), manager, reason="过期")
        else:
            title = f"第{number}号资费说明"
            import_row(manager, Row(title, "faq", Content(title=title, body=f"{title}，每月多十元。")))


def fresh_start(app: Flask) -> None:
    """A process that knows nothing of what was before does what is waiting and what is looked after every minute."""
    service.engine().close()
    service.init_app(app)
    with writing():
        session.execute(sa.update(outbox.OutboxJob).values(leased_until=None))  # a dead worker's lease has run out
    outbox.drain()
    with writing():
        mend()
    outbox.drain()
    with reading():
        assert not session.scalar(sa.select(outbox.OutboxJob.id).where(outbox.OutboxJob.topic == LOOK))


def everything_is_found(reader: Actor) -> None:
    with reading():
        for row in session.execute(sa.select(Article.id, Article.title).where(Article.live)):
            page = service.search(Query(row.title, service.reader_of(reader)), reader)
            assert (page.engine, page.hits[0].id) == ("embedded", str(row.id))
    assert service.verify() == ([], [], [])


def storm(app: Flask, make: Make, indexer: subprocess.Popen[str], rounds: int) -> None:
    chance = random.Random(rounds)
    manager, rep = make.actor("manager"), make.actor("rep")
    kills = 0
    for number in range(rounds):
        for each in range(chance.randint(1, 3)):
            change_something(manager, chance, 10 * number + each)
        order = chance.choice(("drain", "drain", "rebuild"))
        lines, micros = chance.randint(0, MOST[order]), chance.randint(100, 60_000)
        answer = told(indexer, order, chance.choice((lines, -micros)))
        assert answer in {"killed", "whole 0"}
        kills += answer == "killed"
        if chance.random() < 0.5:  # else the next one comes upon what two have left behind
            fresh_start(app)
            everything_is_found(rep)
    fresh_start(app)
    everything_is_found(rep)
    assert len(list((app.config["SPIRAL"].var / "search").glob("g*"))) <= rounds
    assert told(indexer, "rebuild", 1_000_000) == "whole 0"
    assert len(list((app.config["SPIRAL"].var / "search").glob("g*"))) == 1, "nothing of the killed ones is left"
    assert kills > rounds // 2, "most of them were killed in the midst of it"


def test_ten_kills_need_no_repair(app: Flask, make: Make, indexer: subprocess.Popen[str]) -> None:
    storm(app, make, indexer, 10)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_three_hundred_kills_need_no_repair(app: Flask, make: Make, indexer: subprocess.Popen[str]) -> None:
    storm(app, make, indexer, 300)
