"""Courses: made, published, assigned to a team, read lesson by lesson, and their quizzes taken."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import Team, Tier
from accounts.rules import Role
from core.db import session
from wiki.demo.hours import CALLS_FROM, CALLS_UNTIL, some_time, worked_back
from wiki.demo.plan import Do, Plan, World
from wiki.training import assigning, learning, ops, outline, practice, quizzes, versions
from wiki.training.models import Course
from wiki.training.practice_queries import reports_of, sessions_of, tasks_of
from wiki.training.practice_rules import Verdict
from wiki.training.rules import Kind, spec

Raw = Mapping[str, Any]


def plan_courses(plan: Plan) -> None:
    """Every course with what its learners have done so far."""
    for course in plan.library.courses:
        zone = plan.library.zone(course["author"])
        chance = plan.chance(course["title"])
        day = plan.present.day(course["assigned_days_ago"], zone)
        assigned = some_time(day, zone, chance, since=time(9), until=time(9, 30))
        plan.at(worked_back(assigned, 5, zone), _make(course, _begins(plan, course)))
        plan.at(assigned, _assign(course, plan.present.day(-course["due_in_days"], zone)))
        _learners(plan, course, assigned)
        if "also" in course:
            plan.at(_morning(plan, course, course["also"]["days_ago"]), _assign_also(course))
        if "renewed" in course:
            plan.at(_morning(plan, course, course["renewed"]["days_ago"]), _renew(course))
        begins = _begins(plan, course)
        if begins is not None:
            _meet_and_practise(plan, course, begins)


def _morning(plan: Plan, course: Raw, days_ago: int) -> datetime:
    zone = plan.library.zone(course["author"])
    return some_time(plan.present.day(days_ago, zone), zone, plan.chance(course["title"], days_ago), until=time(11))


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


def _begins(plan: Plan, course: Raw) -> datetime | None:
    """When the people of a course meet, if they do."""
    if "session" not in course:
        return None
    zone = plan.library.zone(course["author"])
    return datetime.combine(plan.present.day(course["session"]["days_ago"], zone), time(14), zone)


def _meet_and_practise(plan: Plan, course: Raw, began: datetime) -> None:
    """Who attempted the quiz was at the session and has the task signed; who is still reading waits for it."""
    zone = plan.library.zone(course["author"])
    through = sorted({attempt["by"] for attempt in course["attempts"]})
    plan.at(began + timedelta(hours=1, minutes=10), _attend(course, through))
    for number, username in enumerate(through):
        said = began + timedelta(hours=1, minutes=20 + number)
        plan.at(said, _say_done(course, username))
        plan.at(said + timedelta(minutes=30), _sign(course, username))
    for progress in course["progress"][-1:]:
        day = plan.present.day(1, plan.library.zone(progress["by"]))
        plan.at(datetime.combine(day, time(17), zone), _say_done(course, progress["by"]))


# ── the acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _make(course: Raw, begins: datetime | None) -> Do:
    def make(world: World) -> None:
        actor = world.actors[course["author"]]
        about = ops.CourseSpec(course["title"], course["summary"], Decimal(course["credits"]))
        made = ops.create_course(actor, about)
        world.courses[course["title"]] = made
        for number, lesson in enumerate(course["lessons"], 1):
            if number in course.get("modules", {}):
                outline.add_module(made, actor, course["modules"][number])
            ops.add_lesson(made, actor, world.articles[lesson["article"]].slug, task=lesson["task"])
        if begins is not None:
            _practice(world, course, made, begins)
        asked = tuple(_question(world, question) for question in course["quiz"])
        about_quiz = quizzes.QuizSpec(course["title"], course["pass_mark"], course["attempts_allowed"])
        quizzes.add_quiz(made, actor, about_quiz, asked)
        ops.publish(made, actor)

    return make


def _practice(world: World, course: Raw, made: Course, begins: datetime) -> None:
    actor, meets, task = world.actors[course["author"]], course["session"], course["sign_off"]
    about = practice.SessionSpec(meets["title"], meets["place"], begins, begins + timedelta(hours=1), meets["seats"])
    practice.save_session(made, actor, about)
    practice.save_task(made, actor, task["title"], task["what"])


def _attend(course: Raw, usernames: list[str]) -> Do:
    def attend(world: World) -> None:
        made = world.courses[course["title"]]
        there = [world.actors[username].id for username in usernames]
        practice.note_attendance(sessions_of(made.id)[0], world.actors[course["author"]], listed=there, present=there)

    return attend


def _say_done(course: Raw, username: str) -> Do:
    def say_done(world: World) -> None:
        task = tasks_of(world.courses[course["title"]].id)[0]
        practice.say_done(task, world.actors[username], course["sign_off"]["note"])

    return say_done


def _sign(course: Raw, username: str) -> Do:
    def sign(world: World) -> None:
        task = tasks_of(world.courses[course["title"]].id)[0]
        report = reports_of([task.id], world.actors[username].id)[-1]
        practice.judge(report, world.actors[course["author"]], Verdict.SIGNED)

    return sign


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
        assigning.assign(world.courses[course["title"]], world.actors[course["author"]], team=team, due_on=due_on)

    return assign


def _assign_also(course: Raw) -> Do:
    """Beside its team: everybody who has all of this, each with days of their own."""

    def assign(world: World) -> None:
        named = course["also"]
        team = session.scalars(sa.select(Team).where(Team.slug == named["team"])).one()
        tier = session.scalars(sa.select(Tier).where(Tier.slug == named["tier"])).one()
        made, actor = world.courses[course["title"]], world.actors[course["author"]]
        assigning.assign(made, actor, role=Role(named["role"]), team=team, tier=tier, days=named["days"])

    return assign


def _renew(course: Raw) -> Do:
    """The next version has a lesson more; whoever is under way finishes the first."""

    def renew(world: World) -> None:
        made, actor = world.courses[course["title"]], world.actors[course["author"]]
        ops.add_lesson(made, actor, world.articles[course["renewed"]["article"]].slug)
        versions.renew(made, actor, course["renewed"]["note"], move=False)

    return renew


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
