"""Transactions, promises, caches, health."""
# ruff: noqa: PT012 - the block is the transaction that must fail

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.models import Throttle, User
from core import caches, chores, clock, health, outbox
from core.db import after_commit, reading, session, writing
from core.errors import Invalid


@pytest.mark.both_databases
def test_no_read_modify_write_is_lost(app):
    with writing():
        session.add(Throttle(key="x", failures=0, updated_at=clock.now()))

    def add() -> None:
        with app.app_context():
            for _ in range(10):
                with writing() as s:
                    row = s.get_one(Throttle, "x", with_for_update=True)
                    row.failures += 1

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading() as s:
        assert s.get_one(Throttle, "x").failures == 80


def test_an_exception_rolls_back(app, make):
    with pytest.raises(Invalid), writing():
        make.user(username="gone")
        raise Invalid({"x": "y"})
    with reading() as s:
        assert s.scalar(sa.select(User.id)) is None


def test_transactions_do_not_nest(app):
    with writing(), pytest.raises(RuntimeError), writing():
        pass


@pytest.mark.both_databases
def test_a_promise_is_kept_once_and_a_broken_one_parked(app, clock, monkeypatch):
    seen = []

    def handler(jobs) -> None:
        seen.extend(job.key for job in jobs)
        if any(job.key == "poison" for job in jobs):
            raise ValueError("poison")

    monkeypatch.setitem(outbox._handlers, "test", handler)
    with writing():
        for key in ("a", "a", "b", "poison"):
            outbox.promise("test", key)
    assert outbox.drain() == 3
    for _ in range(outbox.TRIES):
        clock.advance(minutes=10)
        outbox.drain()
    with reading():
        assert outbox.given_up() == 1
        assert outbox.waiting() == 0
    assert seen.count("b") <= 2


def test_a_promise_of_a_rolled_back_act_is_none(app):
    with pytest.raises(ValueError), writing():
        outbox.promise("test", "a")
        raise ValueError
    with reading():
        assert outbox.waiting() == 0


def test_a_cache_forgets_the_oldest():
    cache = caches.Cache(2)
    for number in range(3):
        cache.put(number, str(number))
    assert [cache.get(number) for number in range(3)] == [None, "1", "2"]


def test_a_cache_forgets_in_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(caches.time, "monotonic", lambda: now[0])
    cache = caches.Cache(2, seconds=1.0)
    cache.put("a", "b")
    now[0] = 1.1
    assert cache.get("a") is None


@pytest.mark.parametrize("how", ["clear", "forget"])
def test_what_was_forgotten_while_it_was_read_is_not_brought_back(app, how):
    cache = caches.Cache(2)
    with reading():
        assert cache.get("a") is None
        cache.clear() if how == "clear" else cache.forget("a")  # as the commit of somebody else does now
        cache.put("a", "what was true at the beginning")
    assert cache.get("a") is None
    with reading():
        cache.put("a", "what is true since")
    assert cache.get("a") == "what is true since"


def test_a_transaction_is_current_until_somebody_commits(app):
    def commits() -> None:
        with app.app_context(), writing() as s:
            s.add(Throttle(key="x", failures=0, updated_at=clock.now()))

    with reading():
        assert caches.is_current()
        other = threading.Thread(target=commits)
        other.start()
        other.join()
        assert not caches.is_current()
    with reading():
        assert caches.is_current()


def test_health_names_what_is_wrong(app, client, clock):
    assert client.get("/readyz").status_code == 200
    with writing():
        outbox.promise("test", "a")
    clock.advance(minutes=6)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["reasons"][0].startswith("outbox: 1 promises wait")
    assert client.get("/healthz").status_code == 200


def test_health_of_a_database_that_is_behind(app, client):
    with writing() as s:
        s.execute(sa.text("UPDATE alembic_version SET version_num = '0001_core'"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "db upgrade" in answer.json["reasons"][0]


def test_healthz_asks_no_database(client, query_count):
    client.set_cookie("spiral", "anything")
    with query_count() as statements:
        assert client.get("/healthz").status_code == 200
    assert statements == []


def test_everything_is_examined(app):
    assert {finding.name for finding in health.examine() if not finding.well} == set()


def test_chores_are_done_when_due(app, monkeypatch):
    done = []
    monkeypatch.setattr(chores, "_chores", {lambda: done.append(1): chores.Turn(100.0)})
    monkeypatch.setattr(chores, "_done", {})
    chores.run_due()
    chores.run_due()
    assert done == [1]


def test_a_chore_that_fails_is_not_left_for_its_whole_turn(app, monkeypatch, clock):
    now, done, began = [1000.0], [], clock.at

    def chore() -> None:
        done.append(now[0])
        if len(done) == 1:
            raise OSError("away")

    monkeypatch.setattr(chores.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(chores, "_chores", {chore: chores.Turn(6 * 3600.0)})
    monkeypatch.setattr(chores, "_done", {})
    for second in (0, 30, 61, 62, 3600, 6 * 3600 + 62):
        now[0] = 1000.0 + second
        clock.set(began + timedelta(seconds=second))
        chores.run_due()
    assert done == [1000.0, 1061.0, 1000.0 + 6 * 3600 + 62]


def test_what_waited_for_the_commit_of_something_undone_is_not_done(app, make):
    """A view that answers a refusal rolls back by itself, and its transaction then ends like any other."""
    done = []
    with writing():
        make.user(username="gone")
        after_commit(lambda: done.append("undone"))
        session.rollback()
        with session.begin_nested() as point:
            after_commit(lambda: done.append("kept"))
            point.commit()
        make.user(username="stays")
    assert done == ["kept"]
