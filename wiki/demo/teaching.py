"""Courses: made, published, assigned to a team, read lesson by lesson, and their quizzes taken."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import Team
from core.db import session
from wiki.demo.hours import CALLS_FROM, CALLS_UNTIL, some_time, worked_back
from wiki.demo.plan import Do, Plan, World
from wiki.training import learning, ops, quizzes
from wiki.training.rules import Kind, spec

Raw = Mapping[str, Any]


def plan_courses(plan: Plan) -> None:
    """Every course with what its learners have done so far."""
    for course in plan.library.courses:
        zone = plan.library.zone(course["author"])
        chance = plan.chance(course["title"])
        day = plan.present.day(course["assigned_days_ago"], zone)
        assigned = some_time(day, zone, chance, since=time(9), until=time(9, 30))
        plan.at(worked_back(assigned, 5, zone), _make(course))
        plan.at(assigned, _assign(course, plan.present.day(-course["due_in_days"], zone)))
        _learners(plan, course, assigned)


def _learners(plan: Plan, course: Raw, assigned: datetime) -> None:
    """Who attempted has read every lesson by then; the others as far as ``progress`` says."""
    first: dict[str, datetime] = {}
    for number, attempt in enumerate(course["attempts"]):
        zone, chance = plan.library.zone(attempt["by"]), plan.chance(course["title"], attempt["by"], number)
        day = plan.present.day(attempt["days_ago"], zone)
        at = max(some_time(day, zone, chance, since=time(13), until=CALLS_UNTIL), assigned + timedelta(hours=3))
        plan.at(at, _hand_in(course, attempt["by"], attempt["wrong"]))
        first.setdefault(attempt["by"], at)
    read = {username: (len(course["lessons"]), at) for username, at in first.items()}
    for progress in course["progress"]:
        username, zone = progress["by"], plan.library.zone(progress["by"])
        yesterday = some_time(plan.present.day(1, zone), zone, plan.chance(course["title"], username), since=time(13))
        read.setdefault(username, (progress["lessons_read"], yesterday))
    for username, (count, until) in read.items():
        _read(plan, course, username, count, until)


def _read(plan: Plan, course: Raw, username: str, count: int, until: datetime) -> None:
    """The first lessons, one after another, the last a while before ``until``."""
    zone, chance, at = plan.library.zone(username), plan.chance("reads", course["title"], username), until
    for number in range(count, 0, -1):
        at = worked_back(at, chance.uniform(0.2, 0.6), zone, since=CALLS_FROM, until=CALLS_UNTIL)
        plan.at(at, _confirm(course, username, number))


# ── the acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _make(course: Raw) -> Do:
    def make(world: World) -> None:
        actor = world.actors[course["author"]]
        about = ops.CourseSpec(course["title"], course["summary"], Decimal(course["credits"]))
        made = ops.create_course(actor, about)
        world.courses[course["title"]] = made
        for lesson in course["lessons"]:
            ops.add_lesson(made, actor, world.articles[lesson["article"]].slug, task=lesson["task"])
        asked = tuple(_question(world, question) for question in course["quiz"])
        about_quiz = quizzes.QuizSpec(course["title"], course["pass_mark"], course["attempts_allowed"])
        quizzes.add_quiz(made, actor, about_quiz, asked)
        ops.publish(made, actor)

    return make


def _question(world: World, raw: Raw) -> Any:
    kind = Kind(raw["kind"])
    key: Any = [number - 1 for number in raw["correct"]]
    if kind is Kind.TRUE_FALSE:
        key = "true" if raw["correct"] == [1] else "false"
    article_id = world.articles[raw["article"]].id
    return spec(kind, raw["text"], raw["options"], key, explanation=raw["explanation"], article_id=article_id)


def _assign(course: Raw, due_on: Any) -> Do:
    def assign(world: World) -> None:
        team = session.scalars(sa.select(Team).where(Team.slug == course["team"])).one()
        ops.assign(world.courses[course["title"]], world.actors[course["author"]], team=team, due_on=due_on)

    return assign


def _confirm(course: Raw, username: str, number: int) -> Do:
    def confirm(world: World) -> None:
        learning.confirm(ops.find_lesson(world.courses[course["title"]], number), world.actors[username])

    return confirm


def _hand_in(course: Raw, username: str, wrong: list[int]) -> Do:
    def hand_in(world: World) -> None:
        quiz = world.courses[course["title"]].quizzes[0]
        given = {
            question.id: _wrong(question) if number in wrong else list(question.key)
            for number, question in enumerate(quiz.questions, 1)
        }
        learning.hand_in(quiz, world.actors[username], given)

    return hand_in


def _wrong(question: Any) -> list[str]:
    """Something that is not the key: the first option that is not right."""
    return [next(option.id for option in question.options if option.id not in question.key)]
