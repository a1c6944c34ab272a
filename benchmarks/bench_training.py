"""The classroom of a large centre: 1,000 learners, 200 courses, texts that everybody is to confirm.

Ten times: ten times the learners in ten times the teams, two million duties.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, cast

import sqlalchemy as sa

from accounts.models import Team, User, UserRole
from accounts.people import actor_of
from benchmarks.centres import folder
from benchmarks.harness import Figure, benchmark, shared
from benchmarks.world import REPS, REVIEWERS, Centre, build
from core import caches, clock
from core.db import Points, UtcDateTime, reading, session, writing
from core.i18n import local
from wiki.training import audience
from wiki.training.audience_models import Duty
from wiki.training.banner import urgent_for
from wiki.training.models import (
    Acknowledgement,
    Assignment,
    Attempt,
    Course,
    Enrolment,
    Lesson,
    Question,
    Quiz,
)
from wiki.training.must_read_models import QuestionFigures, ReadingAsk

COURSES, ASKS, QUESTIONS, TEAMS, CHUNK = 200, 20, 10, 50, 5_000
TRAINER = 1


def school(times: int) -> Centre:
    """So many thousand learners in teams of twenty, and what they learnt; made once in a run."""
    return shared(f"school {times}", lambda: _school(times))


def _school(times: int) -> Centre:
    """Every course is assigned to every team and half of each has completed it; twenty texts are asked about."""
    place = build(folder("school"), articles=1_000, reviews=0, entries=0, indexed=False)
    with place.app.app_context(), writing():
        old = clock.now() - timedelta(days=40)
        _more_people(times)
        _courses(old)
        _called(times, old)
        _learnt(old)
        _asked_to_read(old)
        session.execute(sa.text("ANALYZE"))
    return place


def _put(kind: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        session.execute(sa.insert(kind), rows[start : start + CHUNK])


def _more_people(times: int) -> None:
    first, now = REVIEWERS + REPS + 2, clock.now()
    more = range(first, first + REPS * (times - 1))
    _put(Team, [{"id": n, "slug": f"team{n}", "name": f"{n} 班"} for n in range(TEAMS + 1, TEAMS * times + 1)])
    _put(User, [
        {"id": n, "username": f"rep{n}", "name": f"员工{n}", "team_id": n % (TEAMS * times) + 1, "created_at": now,
         "active": True} for n in more
    ])  # fmt: skip
    _put(UserRole, [{"user_id": n, "role": "rep"} for n in more])


def _courses(old: datetime) -> None:
    chance, now, courses = random.Random(11), clock.now(), range(1, COURSES + 1)
    _put(Course, [
        {"id": n, "slug": f"course-{n}", "title": f"课程 {n}", "state": "published", "requires": "everything",
         "credits": 2, "author_id": TRAINER, "created_at": old, "updated_at": old, "published_at": old}
        for n in courses
    ])  # fmt: skip
    _put(Lesson, [
        {"course_id": n, "position": p, "article_id": (n - 1) * 3 + p, "publication_id": (n - 1) * 3 + p,
         "marked_at": now if p == 1 and n % 4 == 0 else None, "created_at": old}
        for n in courses for p in (1, 2, 3)
    ])  # fmt: skip
    _put(Quiz, [
        {"id": n, "course_id": n, "position": 1, "title": "测验", "pass_mark": 60, "shuffle": True, "created_at": old}
        for n in courses
    ])  # fmt: skip
    _put(Question, [
        {"id": n * QUESTIONS + q, "quiz_id": n, "position": q, "kind": "single", "text": f"问题 {q}?",
         "option_texts": ["甲", "乙"], "key": ["a"], "created_at": old}
        for n in courses for q in range(QUESTIONS)
    ])  # fmt: skip
    _put(QuestionFigures, [
        {"question_id": n * QUESTIONS + q, "asked": 500, "right": chance.randint(50, 500)}
        for n in courses for q in range(QUESTIONS)
    ])  # fmt: skip


def _called(times: int, old: datetime) -> None:
    """Every course to every team, each until a day of its own."""
    chance, day = random.Random(12), local(clock.now()).date()
    calls = [(n, team) for n in range(1, COURSES + 1) for team in range(1, TEAMS * times + 1)]
    _put(Assignment, [
        {"id": at, "course_id": n, "team_id": team, "circle": f"team:{team}", "created_at": old,
         "due_on": day + timedelta(days=chance.randint(-30, 30)), "created_by_id": TRAINER}
        for at, (n, team) in enumerate(calls, 1)
    ])  # fmt: skip
    reached = sa.select(
        Assignment.id, Assignment.course_id, User.id, sa.literal(old, UtcDateTime), Assignment.due_on
    ).join(User, User.team_id == Assignment.team_id)
    columns = ["assignment_id", "course_id", "user_id", "since", "due_on"]
    session.execute(sa.insert(Duty).from_select(columns, reached.where(User.active)))


def _seven_in_ten(salt: int, one: Any, other: Any) -> sa.ColumnElement[bool]:
    """Always the same of ten, without order."""
    chance: sa.ColumnElement[int] = (one * 7919 + other * 10_007 + one * other * 31 + salt) % 997
    return chance < 698


def _learnt(old: datetime) -> None:
    """Seven in ten began each course, seven in ten of them completed it; so many rows that the database writes them."""
    row, learner = sa.func.row_number().over(order_by=(Course.id, User.id)), User.id > REVIEWERS
    full = _seven_in_ten(5, Course.id, User.id)
    begun = (
        sa.select(row, Course.id, User.id, sa.literal(old, UtcDateTime))
        .add_columns(sa.case((full, sa.literal(clock.now(), UtcDateTime))))
        .add_columns(sa.case((full, sa.literal(Decimal(2), Points))), sa.case((full, sa.func.printf("%016x", row))))
        .join(User, sa.and_(learner, User.active))
        .where(_seven_in_ten(3, Course.id, User.id))
    )
    columns = ["id", "course_id", "user_id", "created_at", "completed_at", "credits", "certificate"]
    session.execute(sa.insert(Enrolment).from_select(columns, begun))
    handed_in = sa.select(
        Enrolment.course_id, Enrolment.user_id, Enrolment.id, sa.literal(1), 30 + Enrolment.id * 7919 % 71,
        sa.literal(60), Enrolment.completed_at.is_not(None), sa.literal(clock.now(), UtcDateTime),
    )  # fmt: skip
    columns = ["quiz_id", "user_id", "enrolment_id", "number", "score", "pass_mark", "passed", "at"]
    session.execute(sa.insert(cast(sa.Table, Attempt.__table__)).from_select(columns, handed_in))


def _asked_to_read(old: datetime) -> None:
    now = clock.now()
    _put(ReadingAsk, [
        {"article_id": n, "revision_id": n, "circle": ["role:rep"], "due_at": now + timedelta(hours=n - 10),
         "urgent": n == 1, "asked_by_id": TRAINER, "created_at": old} for n in range(1, ASKS + 1)
    ])  # fmt: skip
    confirmed = sa.select(ReadingAsk.article_id, ReadingAsk.revision_id, User.id, sa.literal(now, UtcDateTime))
    confirmed = confirmed.join(User, sa.and_(User.active, User.id > REVIEWERS))
    some = confirmed.where(_seven_in_ten(7, ReadingAsk.article_id, User.id))
    session.execute(sa.insert(Acknowledgement).from_select(["article_id", "revision_id", "user_id", "at"], some))


def _page(times: int, path: str) -> Figure:
    place = school(times)
    client = place.app.test_client()
    name, _is, value = place.cookie("reviewer0").partition("=")
    client.set_cookie(name, value)
    took, spent = [], []
    for _turn in range(9):
        caches.forget_everything()
        began, before = time.perf_counter(), time.process_time()
        answer = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        spent.append((time.process_time() - before) * 1000)
        assert answer.status_code == 200, answer.status_code
    note = f"{REPS * times:,} learners × {COURSES} courses, {median(spent):.0f} ms of processor time"
    return Figure(median(took), f"{note}, slowest of 9: {max(took):.0f} ms")


@benchmark("trainer's desk", unit="ms", target=300, tenfold=3000)
def desk(times: int) -> Figure:
    """One trainer with all courses."""
    return _page(times, "/training/desk")


@benchmark("must-read, all texts with who has not", unit="ms", target=300, tenfold=3000)
def all_texts(times: int) -> Figure:
    """Twenty texts that are asked of everybody."""
    return _page(times, "/training/must-read")


@benchmark("must-read, chase list of one text", unit="ms", target=300, tenfold=3000)
def chase(times: int) -> Figure:
    """Three in ten of everybody, by team."""
    return _page(times, "/training/must-read/text-2")


def _each(times: int, work: Callable[[], object]) -> float:
    """Milliseconds, the median."""
    took = []
    for _turn in range(times):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[times // 2]


@benchmark("must-read check, what a page pays", unit="ms", target=1, tenfold=1)
def check(times: int) -> Figure:
    """The worst case: an urgent text waits for this person. After a write in brackets: the first look afterwards."""
    place = school(times)
    with place.app.app_context(), reading():
        who = actor_of(session.scalars(sa.select(User).where(User.username == "rep7")).one())
        urgent_for(who)
        warm = _each(500, lambda: urgent_for(who))

        def anew() -> None:
            caches.written()
            session.expunge_all()
            urgent_for(who)

        cold = _each(200, anew)
        count = len(urgent_for(who))
        session.execute(sa.select(1))
    return Figure(warm, f"first look after a write {cold:.2f} ms, {count} urgent")


@benchmark("a person moves, who is to take what follows", unit="ms", target=100, tenfold=1000)
def moving(times: int) -> Figure:
    """Two hundred assignments end and two hundred others reach them, of ten thousand and more; taken back each time."""
    place = school(times)
    took = []
    for turn in range(5):
        with place.app.app_context(), writing():
            who = session.scalars(sa.select(User).where(User.username == f"rep{turn}")).one()
            who.team_id = (who.team_id or 0) % 50 + 1
            session.flush()
            began = time.perf_counter()
            audience.follow(people=[who.id])
            took.append((time.perf_counter() - began) * 1000)
            session.rollback()
    return Figure(sorted(took)[len(took) // 2], f"slowest of 5: {max(took):.0f} ms")
