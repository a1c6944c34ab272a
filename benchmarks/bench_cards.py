"""Scorecards over a year's ledger: one person, a team, the centre, and the closing of a month – on both databases.

Ten times: ten times the people, with the same entries, and ten times the readings.
"""

import statistics
import time
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from accounts.models import Team, User, UserRole
from benchmarks.bench_pages import statements_of
from benchmarks.centres import folder
from benchmarks.harness import Figure, benchmark, shared
from benchmarks.world import Centre
from core import clock, migrate
from core.db import Database, writing
from core.settings import load
from tests.support import postgres
from wiki.app import create_app
from wiki.kpi.models import Indicator, KpiReading
from wiki.kpi.ops import close
from wiki.kpi.periods import Period, of_moment
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule

ENTRIES = 1_000_000
PEOPLE = 1_000
TEAMS = 50
LOOKS = 15
ZONE = "Asia/Shanghai"  # the product's own
IMPORTED = ("cases_closed_24h", "calls_answered", "csat", "proactive_care")

# events as a centre has them: mostly uses and votes, a third that counts items, some credits
FILL = """
INSERT INTO ledger_entries (act_id, user_id, rule_id, rule, event, unit, points, uncapped, multiplier, source_kind,
    source_id, source, at, day, period, note, details)
WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < :entries - 1)
SELECT 1, 1 + (n / 20 + n * 7) % :people, :rule, CASE WHEN n % 20 = 19 THEN 'course.completed' ELSE 'made' END,
    CASE WHEN n % 20 < 11 THEN 'feedback.used' WHEN n % 20 < 13 THEN 'feedback.helpful'
         WHEN n % 20 < 17 THEN 'review.decided' WHEN n % 20 < 19 THEN 'revision.accepted' ELSE 'course.completed' END,
    CASE WHEN n % 20 = 19 THEN 'credits' ELSE 'points' END, 100, 100, 100, 'submission',
    n % 60000, 'made:' || n, :at, :day, {month}, '', {nothing}
FROM s
"""


def filled(name: str, people: int) -> Flask:
    """A centre of so many people with a year of entries and readings."""

    def build() -> Flask:
        settings: dict[str, Any] = {"var": folder("cards"), "demo": False}
        if name == "PostgreSQL":
            settings |= {"database_url": postgres.create(), "allow_unsafe_database": True}
        app = create_app(load(settings, environ={}))
        migrate.bring_up(app)
        database: Database = app.extensions["spiral.database"]
        with database.writer.begin() as connection:
            _people(connection, people)
            _ledger(connection, months())
            _readings(connection, people)
            if name == "PostgreSQL":
                connection.execute(sa.text("ANALYZE"))
        return app

    return shared(f"cards {name} {people}", build)


def months() -> list[Period]:
    """The running month and the eleven before it."""
    now = of_moment(clock.now(), ZONE)
    return [now.step(-n) for n in range(11, -1, -1)]


def _people(connection: sa.Connection, people: int) -> None:
    now = clock.now()
    connection.execute(sa.insert(Team), [{"id": n, "slug": f"t{n}", "name": f"{n} 班"} for n in range(1, TEAMS + 1)])
    connection.execute(
        sa.insert(User),
        [
            {
                "id": n,
                "username": f"p{n}",
                "name": f"员工{n}",
                "team_id": n % TEAMS + 1,
                "created_at": now,
                "active": True,
            }
            for n in range(1, people + 1)
        ],
    )
    roles = [{"user_id": n, "role": "rep"} for n in range(1, people + 1)]
    connection.execute(sa.insert(UserRole), [*roles, {"user_id": 1, "role": "manager"}])


def _ledger(connection: sa.Connection, spans: list[Period]) -> None:
    rule = connection.scalar(sa.select(ScoringRule.id).limit(1))
    now = clock.now()
    act = {
        "id": 1, "event": "made", "source_kind": "made", "source_id": 1, "source": "made", "people": [], "amount": 1,
        "at": now, "day": now.date(), "period": str(spans[-1]), "details": {}, "recorded_at": now,
    }  # fmt: skip
    connection.execute(sa.insert(ScoringAct), [act])
    people = connection.scalar(sa.select(sa.func.count()).select_from(User)) or 1
    month = "CASE " + " ".join(f"WHEN n < {ENTRIES} * {i} / 12 THEN '{p}'" for i, p in enumerate(spans, 1)) + " END"
    nothing = "'{}'" if connection.dialect.name == "sqlite" else "CAST('{}' AS JSONB)"
    said = sa.text(FILL.replace("{month}", month).replace("{nothing}", nothing))
    when = now - timedelta(days=20)
    bound = said.bindparams(
        sa.bindparam("at", when, LedgerEntry.__table__.c.at.type),
        sa.bindparam("day", when.date(), sa.Date()),
    )
    connection.execute(bound, {"entries": ENTRIES, "people": people, "rule": rule})


def _readings(connection: sa.Connection, people: int) -> None:
    now = clock.now()
    ids = dict(connection.execute(sa.select(Indicator.code, Indicator.id)).all())
    subjects = [
        ("centre", 0),
        *(("team", n) for n in range(1, TEAMS + 1)),
        *(("person", n) for n in range(1, people + 1)),
    ]
    rows = (
        {
            "indicator_id": ids[code], "subject_kind": kind, "subject_id": number, "period": str(month), "number": 1,
            "numerator": 80 + number % 20, "denominator": 100, "source": "made.csv", "at": now,
        }
        for month in months() for code in IMPORTED for kind, number in subjects
    )  # fmt: skip
    waiting = list(rows)
    for start in range(0, len(waiting), 50_000):
        connection.execute(sa.insert(KpiReading), waiting[start : start + 50_000])


def page(name: str, times: int, path: str) -> Figure:
    """The median of some looks at a page, one after the other, in one process; the manager looks."""
    app = filled(name, PEOPLE * times)
    client = _signed_in(app)
    for _turn in range(3):
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    took = []
    for _turn in range(LOOKS):
        began = time.perf_counter()
        client.get(path)
        took.append((time.perf_counter() - began) * 1000)
    said = statements_of(app, client, path)
    return Figure(statistics.median(took), f"{name}, {PEOPLE * times:,} people, {ENTRIES:,} entries, {said} SQL")


def _signed_in(app: Flask) -> Any:
    place = Centre(app.config["SPIRAL"].var, app, 0, 0, ENTRIES)
    client = app.test_client()
    cookie, _is, value = place.cookie("p1").partition("=")
    client.set_cookie(cookie, value)
    return client


def closing(name: str, times: int) -> Figure:
    """How long it takes to freeze a month for everybody."""
    app = filled(name, PEOPLE * times)
    period = _next_to_close(app)
    with app.app_context():
        began = time.perf_counter()
        with writing():
            count = close(None, period)
        took = time.perf_counter() - began
    return Figure(took, f"{name}, {count:,} cards frozen")


def _next_to_close(app: Flask) -> Period:
    closed = app.extensions.setdefault("bench.closed", [])
    period = months()[-2 - len(closed)]
    closed.append(period)
    return period


def _rows() -> None:
    for name in ("SQLite", "PostgreSQL"):
        _page_row(name, "a person's card", "/scorecard/p77", 100)
        _page_row(name, "a team's card", "/scorecard/team/t7", 300)
        _page_row(name, "the centre's card", "/scorecard/centre", 300)
        _close_row(name)


def _page_row(name: str, words: str, path: str, target: float) -> None:
    # ten times the people is a goal of growth, not a promise of the same time
    told = f"{words} over a million entries, {name}"

    @benchmark(told, unit="ms", target=target, tenfold=target * 2, named=name == "PostgreSQL")
    def measure(times: int) -> Figure:
        return page(name, times, path)


def _close_row(name: str) -> None:
    told = f"closing a month of cards, {name}"

    @benchmark(told, unit="s", target=60, tenfold=600, named=name == "PostgreSQL")
    def measure(times: int) -> Figure:
        return closing(name, times)


_rows()
