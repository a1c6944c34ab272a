"""Boards and the quality of figures over a year of a large centre: 1,000 people, 1,000,000 entries of the ledger."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

import sqlalchemy as sa

from accounts.models import Team, User, UserRole
from accounts.people import actor_of
from accounts.rules import Role
from benchmarks.centres import folder
from benchmarks.harness import Figure, benchmark, shared
from core import caches, migrate
from core.db import reading, session, writing
from core.settings import load
from wiki.app import create_app
from wiki.kpi import cuika
from wiki.kpi.models import Indicator, KpiReading, SubjectKind
from wiki.kpi.periods import parse
from wiki.scoring import boards_queries, boards_rules, boards_showing
from wiki.scoring.models import ScoringAct, ScoringRule

PEOPLE, TEAMS, ENTRIES = 1_000, 35, 1_000_000
MONTHS = [f"2025-{n:02d}" for n in range(12, 13)] + [f"2026-{n:02d}" for n in range(1, 12)]
AT = datetime(2026, 11, 1, tzinfo=UTC)
IMPORTED = ("cases_closed_24h", "calls_answered", "csat", "proactive_care")
RULES = (("used", "feedback.used", 30), ("helpful", "feedback.helpful", 50), ("accepted.faq", "article.accepted", 600))


def _people() -> list[int]:
    teams = [Team(slug=f"t{n}", name=f"Team {n}") for n in range(TEAMS)]
    session.add_all(teams)
    session.flush()
    users = [
        User(username=f"rep{n}", name=f"Rep {n}", team_id=teams[n % TEAMS].id, created_at=AT, locale="en")
        for n in range(PEOPLE)
    ]
    users.append(User(username="boss", name="Boss", created_at=AT, locale="en"))
    session.add_all(users)
    session.flush()
    session.add_all(UserRole(user_id=one.id, role=Role.REP) for one in users[:-1])
    session.add(UserRole(user_id=users[-1].id, role=Role.MANAGER))
    session.flush()
    return [one.id for one in users[:-1]]


def _ledger(people: list[int], count: int) -> None:
    chance = random.Random(3)
    rules = {rule.code: rule.id for rule in session.scalars(sa.select(ScoringRule))}
    act = ScoringAct(
        event="feedback.used", source_kind="feedback", source_id=1, source="bench", people=[1], at=AT, day=AT.date(),
        amount=1, period=MONTHS[0], details={}, recorded_at=AT,
    )  # fmt: skip
    session.add(act)
    session.flush()
    for start in range(0, count, 50_000):
        rows = []
        for n in range(start, min(start + 50_000, count)):
            code, event, cents = RULES[0 if n % 10 < 7 else 1 if n % 10 < 9 else 2]
            rows.append((n, chance.choice(people), rules[code], code, event, cents, MONTHS[n % 12]))
        session.execute(
            sa.text(
                "INSERT INTO ledger_entries (act_id, user_id, rule_id, rule, event, unit, points, uncapped, "
                "multiplier, source_kind, source_id, source, at, day, period, note, details) "
                "VALUES (:act, :u, :ri, :r, :e, 'points', :c, :c, 100, 'feedback', :n, :s, "
                "'2026-11-01 00:00:00.000000', :d, :p, '', '{}')"
            ),
            [
                {"act": act.id, "u": u, "ri": ri, "r": r, "e": e, "c": c, "n": n, "s": f"b{n}", "d": f"{p}-05", "p": p}
                for n, u, ri, r, e, c, p in rows
            ],
        )


def _readings(people: list[int]) -> None:
    chance = random.Random(5)
    ids = {one.code: one.id for one in session.scalars(sa.select(Indicator).where(Indicator.code.in_(IMPORTED)))}
    rows = [
        {
            "indicator_id": ids[code],
            "subject_kind": SubjectKind.PERSON,
            "subject_id": user_id,
            "period": month,
            "number": 1,
            "numerator": chance.randint(80, 100),
            "denominator": chance.randint(100, 110),
            "source": "crm.csv",
            "at": AT,
        }
        for code in IMPORTED
        for user_id in people
        for month in MONTHS
    ]
    session.execute(sa.insert(KpiReading), rows)


def year(times: int) -> "Year":
    """The centre, made once for all these benchmarks."""
    return shared(f"year of boards {times}", lambda: Year(times))


class Year:
    """An application over a database with a year of figures."""

    def __init__(self, times: int) -> None:
        place = folder(f"boards-{times}")
        self.app = create_app(load({"var": place, "database_url": f"sqlite:///{place / 'boards.db'}"}, environ={}))
        migrate.bring_up(self.app)
        self.entries = ENTRIES // 10 * times
        with self.app.app_context(), writing():
            self.people = _people()
            _ledger(self.people, self.entries)
            _readings(self.people)
        with self.app.app_context(), writing():
            session.execute(sa.text("ANALYZE"))

    def timed(self, work: Callable[[], object]) -> Figure:
        """The median of five runs, each in a transaction of its own, in milliseconds."""
        took = []
        for _n in range(5):
            with self.app.app_context(), reading():
                began = time.perf_counter()
                work()
                took.append((time.perf_counter() - began) * 1000)
        return Figure(median(took), f"{self.entries:,} entries, worst {max(took):.0f} ms")


@benchmark("boards: contributors of a month among 1,000 people", unit="ms", target=300, tenfold=300)
def contributors(times: int) -> Figure:
    """Quality × reuse of everybody, with places."""

    def work() -> None:
        given = boards_queries.contributions("2026-11")
        boards_rules.places({user: one.amount for user, one in given.items()}, boards_queries.hidden())

    return year(times).timed(work)


@benchmark("boards: own place in a half-year", unit="ms", target=300, tenfold=300)
def own_place(times: int) -> Figure:
    """The sums of everybody over six months."""
    months = [f"2026-{n:02d}" for n in range(6, 12)]
    return year(times).timed(lambda: boards_rules.places(boards_queries.sums(months), boards_queries.hidden()))


@benchmark("boards: a team in a half-year", unit="ms", target=300, tenfold=300)
def team(times: int) -> Figure:
    """Thirty people's sums over six months."""
    months = [f"2026-{n:02d}" for n in range(6, 12)]
    return year(times).timed(lambda: boards_queries.sums(months, year(times).people[:30]))


@benchmark("boards: level and badges of one person", unit="ms", target=100, tenfold=100)
def standing(times: int) -> Figure:
    """A thousand entries, replayed."""

    def work() -> None:
        caches.forget_everything()
        boards_showing.standing(year(times).people[7])

    return year(times).timed(work)


@benchmark("boards: quality of figures for 1,000 people", unit="ms", target=2000, tenfold=2000)
def quality(times: int) -> Figure:
    """Every indicator of a month judged from half a year of readings."""
    boss = sa.select(User).where(User.username == "boss")
    return year(times).timed(lambda: cuika.board(actor_of(session.scalars(boss).one()), parse("2026-10")))
