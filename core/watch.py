"""What happens is counted and told: a line and a number for each request, for each batch of jobs, for what is slow.

A line names the address by its template and people by their number: what was typed, searched for or sent, and the
secret in a link, never get here.
"""

import logging
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from flask import Response, current_app, g, has_request_context, request
from sqlalchemy.pool import QueuePool

from core.line import Line
from core.metrics import Counter, Timer, book
from core.settings import Settings

requests_log = logging.getLogger("spiral.request")
jobs_log = logging.getLogger("spiral.job")
slow_log = logging.getLogger("spiral.slow")

REQUESTS = Timer("spiral_request_seconds", "Answers, and how long they took.", ("route", "method", "status"))
JOBS = Timer("spiral_job_seconds", "Batches of the outbox, and how long they took.", ("topic", "result"))
WAITS = Timer("spiral_write_wait_seconds", "Waits for the right to write.")
HOLDS = Timer("spiral_write_hold_seconds", "How long the right to write was held.")
SLOW = Counter("spiral_slow_statements_total", "Statements slower than SPIRAL_SLOW_STATEMENT_MS.")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STATUS = ("", "1xx", "2xx", "3xx", "4xx", "5xx")
QUIET = frozenset({"health.process", "health.ready", "health.numbers", "static"})  # asked every few seconds
GIVEN = re.compile(r"[A-Za-z0-9_-]{8,32}")

about: ContextVar[str] = ContextVar("spiral_about", default="")  # the job or chore that this thread is at


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def begin() -> None:
    """The request has a number – that of the proxy in front, where one is believed – and its time runs."""
    settings: Settings = current_app.config["SPIRAL"]
    given = request.headers.get("X-Request-Id", "") if settings.proxies else ""
    # a number to find lines by and no secret: asking the system for chance lets other threads in, at every request
    g.request_id = given if GIVEN.fullmatch(given) else f"{random.getrandbits(64):016x}"
    g.began = time.perf_counter()
    _share(settings)


def _share(settings: Settings) -> None:
    """Others can read what this process counts, from its first request or job on; a test counts for itself."""
    if not book.asked and not current_app.testing:
        book.share(settings.var / "metrics")


def ended(response: Response) -> None:
    """The request is counted, and has its line."""
    began = g.get("began")
    if began is None:
        return
    took, asked = time.perf_counter() - began, request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's way
    rule, method, status = asked.url_rule, asked.method, response.status_code
    route = rule.rule if rule is not None else "none"
    if method not in METHODS:
        method = "other"
    REQUESTS.observe(took, route, method, STATUS[min(status // 100, 5)])
    settings: Settings = current_app.config["SPIRAL"]
    slow = settings.slow_request_ms and took * 1000 >= settings.slow_request_ms
    level = logging.WARNING if slow else logging.DEBUG if asked.endpoint in QUIET and status < 400 else logging.INFO
    if requests_log.isEnabledFor(level):
        _tell(level, route, method, status, took, slow=bool(slow))


def _tell(level: int, route: str, method: str, status: int, took: float, *, slow: bool) -> None:
    actor = g.get("actor")
    who = actor.id if actor is not None else None
    ms = round(took * 1000, 1)
    requests_log.log(
        level,
        "%s %s %s %s ms %s%s",
        method,
        route,
        status,
        ms,
        f"user {who}" if who is not None else "nobody",
        " slow" if slow else "",
        extra={"told": {"method": method, "route": route, "status": status, "ms": ms, "user": who, "slow": slow}},
    )


# ── the worker ───────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def job(topic: str, count: int) -> Iterator[None]:
    """A batch of jobs of one topic: counted by how it ended, and told in a line."""
    _share(current_app.config["SPIRAL"])
    token, began, result = about.set(f"job {topic}"), time.perf_counter(), "done"
    try:
        yield
    except BaseException as error:
        result = type(error).__name__ if type(error).__name__ == "Postponed" else "failed"
        raise
    finally:
        took = time.perf_counter() - began
        JOBS.observe(took, topic, result.lower())
        ms = round(took * 1000, 1)
        told = {"topic": topic, "jobs": count, "result": result.lower(), "ms": ms}
        level = logging.DEBUG if topic.endswith(".look") and result == "done" else logging.INFO  # each half-minute
        jobs_log.log(level, "%s: %d %s in %s ms", topic, count, result.lower(), ms, extra={"told": told})
        about.reset(token)


@contextmanager
def chore(name: str) -> Iterator[None]:
    """What is done now and then; told when it is slow."""
    token, began = about.set(f"chore {name}"), time.perf_counter()
    try:
        yield
    finally:
        took = round((time.perf_counter() - began) * 1000, 1)
        limit = current_app.config["SPIRAL"].slow_request_ms
        level = logging.WARNING if limit and took >= limit else logging.DEBUG
        jobs_log.log(level, "chore %s in %s ms", name, took, extra={"told": {"chore": name, "ms": took}})
        about.reset(token)


# ── the database ─────────────────────────────────────────────────────────────────────────────────────────────────────


class WritePool(QueuePool):
    """The pool of the writing engine: waiting for a connection of it is waiting for the right to write.

    Where there is one connection, writers have it in the order in which they asked. SQLAlchemy's queue gives it to
    whoever comes by at the right moment: of fifty who wrote without pause some got it never, and a 503 after 30 s.
    """

    def __init__(self, *words: Any, **about: Any) -> None:
        super().__init__(*words, **about)
        self._line = Line()

    def _do_get(self) -> Any:
        asked = time.perf_counter()
        entry = self._in_turn() if self.size() == 1 else super()._do_get()
        entry.info["asked"] = asked
        return entry

    def _in_turn(self) -> Any:
        if not self._line.join(self._timeout):
            raise sa.exc.TimeoutError(f"others wrote for {self._timeout:.0f} s")
        try:
            return super()._do_get()
        finally:
            self._line.leave()


def writes(engine: sa.Engine) -> None:
    """How long writers wait – in line, and for other processes – and how long they hold up the others."""

    @sa.event.listens_for(engine, "begin")
    def held(connection: sa.Connection) -> None:
        now, info = time.perf_counter(), connection.info
        info["held"] = now
        if (asked := info.pop("asked", None)) is not None:
            WAITS.observe(now - asked)

    @sa.event.listens_for(engine, "checkin")
    def given_back(_dbapi: Any, record: Any) -> None:
        since = record.info.pop("held", None) if record is not None else None
        if since is not None:
            HOLDS.observe(time.perf_counter() - since)


def statements(engine: sa.Engine, slower_than_ms: int) -> None:
    """Statements of requests and jobs that take longer are told, without what was bound to them.

    What an administrator's command does may take as long as it likes.
    """
    limit = slower_than_ms / 1000

    @sa.event.listens_for(engine, "before_cursor_execute")
    def before(connection: sa.Connection, *_rest: Any) -> None:
        connection.info["began"] = time.perf_counter()

    @sa.event.listens_for(engine, "after_cursor_execute")
    def after(connection: sa.Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        took = time.perf_counter() - connection.info["began"]
        if took >= limit and (about.get() or has_request_context()):
            SLOW.add()
            sql, ms = " ".join(statement.split())[:600], round(took * 1000, 1)
            slow_log.warning("a statement took %s ms: %s", ms, sql, extra={"told": {"ms": ms, "statement": sql}})
