"""The classroom of a large centre: 1,000 learners, 200 courses, texts that everybody is to confirm."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from accounts.models import User, UserRole
from accounts.people import actor_of
from benchmarks.centres import centre
from benchmarks.harness import Figure, benchmark
from benchmarks.world import REPS, Centre
from core import caches, clock
from core.db import UtcDateTime, reading, session, writing
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

COURSES, LEARNERS, ASKS, QUESTIONS, CHUNK = 200, range(51, 51 + REPS), 20, 10, 5_000
TRAINER = 1


def _put(kind: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        session.execute(sa.insert(kind), rows[start : start + CHUNK])


def _school(place: Centre) -> None:
    """Every course is assigned to every team and half of each has completed it; twenty texts are asked about: once."""
    with place.app.app_context(), writing():
        if session.scalar(sa.select(ReadingAsk.id).limit(1)) is not None:
            return
        chance, now = random.Random(11), clock.now()
        day, old = local(now).date(), now - timedelta(days=40)
        if session.get(UserRole, (TRAINER, "training")) is None:
            session.add(UserRole(user_id=TRAINER, role="training"))
            session.flush()
        courses = range(1, COURSES + 1)
        _put(Course, [
            {"id": n, "slug": f"course-{n}", "title": f"课程 {n}", "state": "published", "requires": "everything",
             "credits": 2, "author_id": TRAINER, "created_at": old, "updated_at": old, "published_at": old}
            for n in courses
        ])  # fmt: skip
        _put(Lesson, [
            {"course_id": n, "position": p, "article_id": n * 5 + p, "publication_id": n * 5 + p - 0,
             "marked_at": now if p == 1 and n % 4 == 0 else None, "created_at": old}
            for n in courses if n * 5 + 3 < place.articles for p in (1, 2, 3)
        ])  # fmt: skip
        _put(Quiz, [
            {"id": n, "course_id": n, "position": 1, "title": "测验", "pass_mark": 60, "shuffle": True,
             "created_at": old} for n in courses
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
        calls = [(n, team, day + timedelta(days=chance.randint(-30, 30))) for n in courses for team in range(1, 51)]
        _put(Assignment, [
            {"id": at, "course_id": n, "team_id": team, "circle": f"team:{team}", "due_on": due, "created_at": old,
             "created_by_id": TRAINER} for at, (n, team, due) in enumerate(calls, 1)
        ])  # fmt: skip
        reached = sa.select(
            Assignment.id, Assignment.course_id, User.id, sa.literal(old, UtcDateTime), Assignment.due_on
        ).join(User, User.team_id == Assignment.team_id)
        columns = ["assignment_id", "course_id", "user_id", "since", "due_on"]
        session.execute(sa.insert(Duty).from_select(columns, reached.where(User.active)))
        begun = [(n, user) for n in courses for user in LEARNERS if chance.random() < 0.7]
        done = [chance.random() < 0.7 for _one in begun]
        _put(Enrolment, [
            {"id": at, "course_id": n, "user_id": user, "created_at": old, "completed_at": now if full else None,
             "credits": 2 if full else None, "certificate": f"{at:016x}" if full else None}
            for at, ((n, user), full) in enumerate(zip(begun, done, strict=True), 1)
        ])  # fmt: skip
        _put(Attempt, [
            {"quiz_id": n, "user_id": user, "enrolment_id": at, "number": 1, "score": chance.randint(30, 100),
             "pass_mark": 60, "reached": full, "at": now}
            for at, ((n, user), full) in enumerate(zip(begun, done, strict=True), 1)
        ])  # fmt: skip
        _put(ReadingAsk, [
            {"article_id": n, "revision_id": n, "circle": ["role:rep"], "due_at": now + timedelta(hours=n - 10),
             "urgent": n == 1, "asked_by_id": TRAINER, "created_at": old} for n in range(1, ASKS + 1)
        ])  # fmt: skip
        _put(Acknowledgement, [
            {"article_id": n, "revision_id": n, "user_id": user, "at": now}
            for n in range(1, ASKS + 1) for user in LEARNERS if chance.random() < 0.6
        ])  # fmt: skip
        session.execute(sa.text("ANALYZE"))


def _page(path: str) -> Figure:
    place = centre(1)
    _school(place)
    client = place.app.test_client()
    name, _is, value = place.cookie("reviewer0").partition("=")
    client.set_cookie(name, value)
    took = []
    for _turn in range(9):
        caches.forget_everything()
        began = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.status_code
    note = f"{REPS:,} learners × {COURSES} courses, slowest of 9: {max(took):.0f} ms"
    return Figure(sorted(took)[len(took) // 2], note)


@benchmark("trainer's desk", unit="ms", target=300)
def desk() -> Figure:
    """One trainer with all courses."""
    return _page("/training/desk")


@benchmark("must-read, all texts with who has not", unit="ms", target=300)
def all_texts() -> Figure:
    """Twenty texts that are asked of a thousand people."""
    return _page("/training/must-read")


@benchmark("must-read, chase list of one text", unit="ms", target=300)
def chase() -> Figure:
    """Four hundred people in fifty teams."""
    return _page("/training/must-read/text-2")


def _each(times: int, work: Callable[[], object]) -> float:
    """Milliseconds, the median."""
    took = []
    for _turn in range(times):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[times // 2]


@benchmark("must-read check, what a page pays", unit="ms", target=1)
def check() -> Figure:
    """The worst case: an urgent text waits for this person. After a write in brackets: the first look afterwards."""
    place = centre(1)
    _school(place)
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


@benchmark("a person moves, who is to take what follows", unit="ms", target=100)
def moving() -> Figure:
    """Ten thousand assignments are asked, two hundred end and two hundred others reach them; taken back each time."""
    place = centre(1)
    _school(place)
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
